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

    /// Writes one cell of a column of this type.
    func set<Cell: BitwiseCopyable>(_ cell: Cell, _ column: RecordColumn, _ row: Int) {
        unsafe cells(column).assumingMemoryBound(to: Cell.self)[row] = cell
    }

    /// The first cell of a column.
    ///
    /// A field without a column gets the first one, and writes nothing.
    func cells(_ column: RecordColumn) -> UnsafeMutableRawPointer {
        switch column {
        case .none, .timestamp: unsafe UnsafeMutableRawPointer(timestamps)
        case .identifier: unsafe UnsafeMutableRawPointer(identifiers)
        case .model: unsafe UnsafeMutableRawPointer(models)
        case .version: unsafe UnsafeMutableRawPointer(versions)
        case .status: unsafe UnsafeMutableRawPointer(statuses)
        case .number(let index): unsafe UnsafeMutableRawPointer(numbers + Int(index) &* stride)
        case .text(let index): unsafe UnsafeMutableRawPointer(texts + Int(index) &* stride)
        }
    }
}

extension RecordField {
    /// Writes one cell of the column, which must be of this type.
    @inline(__always)
    func set<Cell: BitwiseCopyable>(_ cell: Cell, _ row: Int) {
        unsafe cells.assumingMemoryBound(to: Cell.self)[row] = cell
    }

    /// Makes the cell of a row missing.
    func clear(_ row: Int) {
        switch action {
        case .skip, .descend: break
        case .number: set(NumberMark.missing, row)
        case .text: set(ByteRange.missing, row)
        case .timestamp: set(EventBatch.noTimestamp, row)
        case .identifier: set(0 as UInt64, row)
        case .status: set(Status.success.rawValue, row)
        }
    }
}
