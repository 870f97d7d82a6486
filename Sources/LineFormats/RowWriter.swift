import Events

/// The columns of a batch as plain pointers, so that writing a cell touches no reference count.
///
/// Rows are below the batch's `rowCapacity` and columns those of its schema; whoever uses a writer has checked both.
@safe
struct RowWriter {
    let timestamps: UnsafeMutablePointer<Int64>
    let identifiers: UnsafeMutablePointer<UInt64>
    let models: UnsafeMutablePointer<ByteRange>
    let versions: UnsafeMutablePointer<ByteRange>
    let statuses: UnsafeMutablePointer<UInt8>
    let numbers: UnsafeMutablePointer<Double>
    let texts: UnsafeMutablePointer<ByteRange>
    let stride: Int
    let numberColumns: Int
    let textColumns: Int

    init(_ batch: EventBatch) {
        unsafe timestamps = batch.timestamps
        unsafe identifiers = batch.identifiers
        unsafe models = batch.models
        unsafe versions = batch.versions
        unsafe statuses = batch.statuses
        unsafe numbers = batch.numbers
        unsafe texts = batch.texts
        stride = batch.rowCapacity
        numberColumns = batch.numberColumnCount
        textColumns = batch.textColumnCount
    }

    /// Makes every cell of a row missing and its status success.
    @inline(__always)
    func clear(_ row: Int) {
        unsafe timestamps[row] = EventBatch.noTimestamp
        unsafe identifiers[row] = 0
        unsafe models[row] = .missing
        unsafe versions[row] = .missing
        unsafe statuses[row] = Status.success.rawValue
        for column in 0..<numberColumns { unsafe numbers[column &* stride &+ row] = NumberMark.missing }
        for column in 0..<textColumns { unsafe texts[column &* stride &+ row] = .missing }
    }

    @inline(__always)
    func setNumber(_ value: Double, _ column: Int, _ row: Int) {
        unsafe numbers[column &* stride &+ row] = value
    }

    @inline(__always)
    func setText(_ range: ByteRange, _ column: Int, _ row: Int) {
        unsafe texts[column &* stride &+ row] = range
    }

    /// Makes the cell of one field missing.
    func clear(_ field: RecordField, _ row: Int) {
        switch field.action {
        case .skip, .descend: break
        case .number: setNumber(NumberMark.missing, Int(field.column), row)
        case .text: setText(.missing, Int(field.column), row)
        case .timestamp: unsafe timestamps[row] = EventBatch.noTimestamp
        case .identifier: unsafe identifiers[row] = 0
        case .model: unsafe models[row] = .missing
        case .version: unsafe versions[row] = .missing
        case .status: unsafe statuses[row] = Status.success.rawValue
        }
    }
}
