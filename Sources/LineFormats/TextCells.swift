import Events

/// Writes values that have no types, as CSV and logfmt have them, into the cells of a row.
///
/// They mean what the same text means in JSON, except that in a numeric column `NA`, `N/A`, `NaN`, `null`, `None` and
/// `\N` in any case are missing too; that numbers may be written `+5`, `.5`, `007`; and that `True` and `False` are the
/// categories `true` and `false`.
struct TextCells {
    let rows: RowWriter
    let numbers: DecimalReader
    let times: TimeForm

    /// Writes one value that is not empty; whether it is a value of a signal, or a status.
    @inline(__always)
    func set(
        _ target: UnsafePointer<TextTarget>, _ bytes: ByteWindow, _ from: Int, _ to: Int, _ row: Int
    ) throws(RejectionReason) -> Bool {
        switch unsafe target.pointee.action {
        case .skip, .descend, .payload: return false
        case .number:
            var at = from
            if let number = numbers.readJSON(bytes, &at), at == to {
                let value = unsafe number * target.pointee.scale
                guard value.magnitude < .infinity else { throw .nonfinite }
                unsafe target.pointee.set(value, row)
                return true
            }
            return unsafe try setUnusual(target.pointee, bytes, from, to, row)
        case .text:
            // A version 1.0 is not version 1; as classes they are the same number.
            let isSignal = unsafe target.pointee.isSignal
            unsafe target.pointee.set(isSignal ? spelling(bytes, from, to) : range(from, to), row)
            return isSignal
        case .timestamp, .identifier, .status, .length, .moment:
            return unsafe try setOther(target.pointee, bytes, from, to, row)
        }
    }

    /// A number that is not written as JSON writes it, or something else.
    @inline(never)
    private func setUnusual(
        _ target: TextTarget, _ bytes: ByteWindow, _ from: Int, _ to: Int, _ row: Int
    ) throws(RejectionReason) -> Bool {
        let (start, end) = trimmed(bytes, from, to)
        if start == end || isMissing(bytes, start, end) {
            target.clear(row)
            return false
        }
        let number = number(bytes, start, end).map { $0 * target.scale }
        if let number, !number.isFinite { throw .nonfinite }
        let boolean: Double? = bytes.isWord(start, end, "true") ? 1 : bytes.isWord(start, end, "false") ? 0 : nil
        target.set(number ?? boolean ?? NumberMark.invalid, row)
        return true
    }

    private func setOther(
        _ target: TextTarget, _ bytes: ByteWindow, _ from: Int, _ to: Int, _ row: Int
    ) throws(RejectionReason) -> Bool {
        switch target.action {
        case .timestamp:
            guard let timestamp = times.timestamp(bytes, from, to, numbers) else { throw .invalidTimestamp }
            target.set(timestamp, row)
            return false
        case .identifier:
            let spelling = spelling(bytes, from, to)
            target.set(IdentifierHash.hash(bytes, Int(spelling.offset), Int(spelling.length)), row)
            return false
        case .status:
            let status = StatusNames.status(bytes, from, to, namesAnError: target.namesAnError, numbers)
            target.set(status.rawValue, row)
            return true
        case .length:
            target.set(Double(UTF8Sequence.scalars(bytes, from, to)) * target.scale, row)
            return true
        case .moment:
            target.set(times.moment(bytes, from, to, numbers, scale: target.scale) ?? NumberMark.invalid, row)
            return target.isSignal
        case .skip, .descend, .payload, .number, .text: return false
        }
    }

    private func number(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Double? {
        var at = from
        guard let number = numbers.read(bytes, &at, .lenient), at == to else { return nil }
        return number
    }

    /// The bytes that name a category: whole numbers and booleans as JSON records spell them.
    @inline(__always)
    private func spelling(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> ByteRange {
        let first = bytes[from]
        if first | 0x20 == 0x74 || first | 0x20 == 0x66 {
            if bytes.isWord(from, to, "true") || bytes.isWord(from, to, "false") {
                for at in from..<to { bytes[at] |= 0x20 }
            }
        } else if Byte.isDigit(first) || first == Byte.minus {
            var end = from
            if numbers.readJSON(bytes, &end) != nil, end == to {
                return range(from, WholeNumber.shorten(bytes, from, to))
            }
        }
        return range(from, to)
    }

    private func trimmed(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> (Int, Int) {
        var (start, end) = (from, to)
        while start < end, bytes[start] == Byte.space { start &+= 1 }
        while end > start, bytes[end &- 1] == Byte.space { end &-= 1 }
        return (start, end)
    }

    private func isMissing(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Bool {
        bytes.isWord(from, to, "na") || bytes.isWord(from, to, "n/a") || bytes.isWord(from, to, "nan")
            || bytes.isWord(from, to, "null") || bytes.isWord(from, to, "none") || bytes.isWord(from, to, "\\n")
    }
}

/// Where the values of one column go.
@safe
struct TextTarget {
    /// The first cell of its column in the batch at hand.
    var cells: UnsafeMutableRawPointer
    var scale: Double
    var action: FieldAction
    var isSignal: Bool
    var namesAnError: Bool
    var column: RecordColumn

    /// What a field of a schema says.
    init(_ draft: FieldDraft, cells: UnsafeMutableRawPointer) {
        unsafe self.cells = cells
        (scale, action, column) = (draft.scale, draft.action, draft.column)
        (isSignal, namesAnError) = (draft.column.isSignal, draft.namesAnError)
    }

    /// What a field of a record says.
    init(_ field: RecordField) {
        unsafe cells = field.cells
        (scale, action, column) = (field.scale, field.action, field.column)
        (isSignal, namesAnError) = (field.isSignal, field.namesAnError)
    }

    /// Writes one cell, which must be of the column's type.
    @inline(__always)
    func set<Cell: BitwiseCopyable>(_ cell: Cell, _ row: Int) {
        unsafe cells.assumingMemoryBound(to: Cell.self)[row] = cell
    }

    /// Makes the cell of a row missing.
    func clear(_ row: Int) {
        switch action {
        case .skip, .descend, .payload: break
        case .number, .length, .moment: set(NumberMark.missing, row)
        case .text: set(ByteRange.missing, row)
        case .timestamp: set(EventBatch.noTimestamp, row)
        case .identifier: set(0 as UInt64, row)
        case .status: set(Status.success.rawValue, row)
        }
    }
}
