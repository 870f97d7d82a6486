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
    /// Numbers that are no column of the batch, laid out as those that are.
    let hidden: UnsafeMutablePointer<Double>
    let stride: Int
    let numberColumns: Int
    let textColumns: Int
    let hiddenColumns: Int

    /// - Parameter hidden: Room for `hiddenColumns` columns as long as the batch's; any address if there are none.
    init(_ batch: EventBatch, hidden: UnsafeMutablePointer<Double>? = nil, hiddenColumns: Int = 0) {
        unsafe timestamps = batch.timestamps
        unsafe identifiers = batch.identifiers
        unsafe models = batch.models
        unsafe versions = batch.versions
        unsafe statuses = batch.statuses
        unsafe numbers = batch.numbers
        unsafe texts = batch.texts
        unsafe self.hidden = hidden ?? batch.numbers
        stride = batch.rowCapacity
        numberColumns = batch.numberColumnCount
        textColumns = batch.textColumnCount
        self.hiddenColumns = unsafe hidden == nil ? 0 : hiddenColumns
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
        for column in 0..<hiddenColumns { unsafe hidden[column &* stride &+ row] = NumberMark.missing }
    }

    /// Makes the cells of some rows of one column missing.
    func clear(_ column: RecordColumn, _ range: Range<Int>) {
        switch column {
        case .none, .payload: break
        case .timestamp: for row in range { unsafe timestamps[row] = EventBatch.noTimestamp }
        case .identifier: for row in range { unsafe identifiers[row] = 0 }
        case .model: for row in range { unsafe models[row] = .missing }
        case .version: for row in range { unsafe versions[row] = .missing }
        case .status: for row in range { unsafe statuses[row] = Status.success.rawValue }
        case .number(let index): for row in range { unsafe numbers[Int(index) &* stride &+ row] = NumberMark.missing }
        case .text(let index): for row in range { unsafe texts[Int(index) &* stride &+ row] = .missing }
        case .hidden(let index): for row in range { unsafe hidden[Int(index) &* stride &+ row] = NumberMark.missing }
        }
    }

    /// Clears the rows from `row + cleared` up to `end`, and counts them as cleared.
    @inline(__always)
    func clear(_ row: Int, through end: Int, _ cleared: inout Int) {
        while row &+ cleared < end {
            clear(row &+ cleared)
            cleared &+= 1
        }
    }

    /// Writes the cell of a column in `row` into the cells of the rows behind it, up to `end`.
    func spread(_ column: RecordColumn, _ row: Int, to end: Int) {
        func copy<Cell: BitwiseCopyable>(_ type: Cell.Type) {
            let cells = unsafe cells(column).assumingMemoryBound(to: type)
            for other in (row &+ 1)..<end { unsafe cells[other] = cells[row] }
        }
        guard row &+ 1 < end else { return }
        // A status is a byte; all other cells are eight.
        if column == .status { copy(UInt8.self) } else { copy(UInt64.self) }
    }

    /// Takes from a column of moments the one that it is measured from, in the rows given.
    func subtract(_ difference: SchemaColumns.Difference, _ range: Range<Int>) {
        let values = unsafe numbers + difference.column &* stride
        for row in range {
            let start: Double
            if let index = difference.hidden {
                start = unsafe hidden[index &* stride &+ row]
            } else {
                let time = unsafe timestamps[row]
                start = time == EventBatch.noTimestamp ? NumberMark.missing : Double(time) / 1e9
            }
            let value = unsafe values[row]
            // A mark is NaN: what lacks either end is missing, what has an invalid one is invalid.
            if value.isNaN { continue }
            let rest = value - start
            unsafe values[row] = start.isNaN ? start : rest.isFinite ? rest : NumberMark.invalid
        }
    }

    /// The first cell of a column.
    ///
    /// A field without a column gets the first one, and writes nothing.
    func cells(_ column: RecordColumn) -> UnsafeMutableRawPointer {
        switch column {
        case .none, .timestamp, .payload: unsafe UnsafeMutableRawPointer(timestamps)
        case .identifier: unsafe UnsafeMutableRawPointer(identifiers)
        case .model: unsafe UnsafeMutableRawPointer(models)
        case .version: unsafe UnsafeMutableRawPointer(versions)
        case .status: unsafe UnsafeMutableRawPointer(statuses)
        case .number(let index): unsafe UnsafeMutableRawPointer(numbers + Int(index) &* stride)
        case .text(let index): unsafe UnsafeMutableRawPointer(texts + Int(index) &* stride)
        case .hidden(let index): unsafe UnsafeMutableRawPointer(hidden + Int(index) &* stride)
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
    func clear(_ row: Int) { TextTarget(self).clear(row) }
}
