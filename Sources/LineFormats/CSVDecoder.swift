public import Events

/// Decodes CSV (RFC 4180), or tabs instead of commas, into the columns of a batch.
///
/// A column belongs to the signal whose path, joined by dots, is its header. Values mean what they mean in JSON
/// records, with these differences that come from CSV having no types: an empty field is missing; in a numeric column
/// `NA`, `N/A`, `NaN`, `null`, `None` and `\N` in any case are missing too; numbers may be written `+5`, `.5`, `007`;
/// and `True` and `False` are the categories `true` and `false`. A quoted field may hold separators, doubled quotes and
/// line breaks. Each record is counted in the receipt as one line; one with another number of fields than the header is
/// rejected as `column_count`, one with text behind a closing quote as `malformed_line`.
public struct CSVDecoder: ~Copyable {
    private let columns: [FieldDraft]
    private let separator: UInt8
    private let timestampUnit: TimestampUnit
    private let numbers = DecimalReader()

    /// The first record that the last call rejected, if it rejected any.
    public private(set) var rejectedLine: RejectedLine?

    /// Creates a decoder for files with this header.
    ///
    /// - Parameters:
    ///   - schema: Which column is which; columns it does not name are stepped over.
    ///   - header: Names of the columns, see `header(in:separator:)`.
    ///   - separator: A comma or a tab.
    public init(schema: Schema, header: [String], separator: UInt8 = UInt8(ascii: ",")) {
        var targets: [String: FieldDraft] = [:]
        func add(_ path: [String]?, _ action: FieldAction, _ column: RecordColumn, scale: Double = 1) {
            guard let path, let last = path.last else { return }
            var field = FieldDraft()
            field.action = action
            field.column = column
            field.scale = scale
            field.namesAnError = StatusNames.namesAnError(last)
            let name = path.joined(separator: ".")
            if targets[name] == nil { targets[name] = field }
        }
        var (numberCount, textCount): (Int32, Int32) = (0, 0)
        for signal in schema.signals {
            switch signal.kind {
            case .numeric:
                add(signal.path, .number, .number(numberCount), scale: signal.scale)
                numberCount += 1
            case .categorical:
                add(signal.path, .text, .text(textCount))
                textCount += 1
            }
        }
        add(schema.timestamp, .timestamp, .timestamp)
        add(schema.identifier, .identifier, .identifier)
        add(schema.model, .text, .model)
        add(schema.version, .text, .version)
        add(schema.status, .status, .status)
        columns = header.map { targets[$0] ?? FieldDraft(action: .skip) }
        self.separator = separator
        timestampUnit = schema.timestampUnit
    }

    /// The fields of the first record in `text`, and the number of bytes it takes with its line break.
    ///
    /// A UTF-8 byte order mark before it is skipped. `nil` if the record is malformed or not valid UTF-8; a `text` that
    /// ends within the record counts as ending it.
    public static func header(in text: [UInt8], separator: UInt8 = UInt8(ascii: ",")) -> (names: [String], end: Int)? {
        withTerminated(text) { bytes, count in
            let start = bytes.half(0) & 0xFF_FFFF == 0xBF_BBEF && count >= 3 ? 3 : 0
            let end = CSVRecord.end(bytes, start, count, separator)
            guard let fields = fields(bytes, start, end, separator) else { return nil }
            return (fields, min(end &+ 1, count))
        }
    }

    /// The fields of the record `from..<to` as text, or `nil` if it is malformed.
    static func fields(_ bytes: ByteWindow, _ from: Int, _ to: Int, _ separator: UInt8) -> [String]? {
        guard UTF8Sequence.isValid(bytes, from, to) else { return nil }
        var record = CSVRecord(bytes, from, to, separator)
        var fields: [String] = []
        while let field = record.next() { fields.append(bytes.string(field.from, field.to)) }
        return record.isMalformed ? nil : fields
    }

    /// Decodes the whole records in `batch.bytes[from..<to]` into rows, until the batch has no free row.
    ///
    /// Bytes beyond the returned count are as they were. No bytes consumed although `from..<to` is all the batch's
    /// bytes means that one record is larger than the batch.
    ///
    /// - Parameters:
    ///   - batch: Made for the schema of this decoder.
    ///   - from: Offset of the start of a record behind the header.
    ///   - to: Offset after the last byte to look at, at most `batch.byteCapacity`.
    ///   - isFinal: Whether nothing follows, so that the last record may lack its line break.
    /// - Returns: Number of bytes consumed, a whole number of records.
    public mutating func decodeLines(in batch: EventBatch, from: Int, to: Int, isFinal: Bool) -> Int {
        precondition(from >= 0 && from <= to && to <= batch.byteCapacity)
        rejectedLine = nil
        let bytes = unsafe ByteWindow(batch.bytes)
        let next = bytes[to]
        bytes[to] = Byte.newline
        defer { bytes[to] = next }
        let rows = RowWriter(batch)
        var at = from
        while at < to, batch.rowCount < batch.rowCapacity {
            let end = CSVRecord.end(bytes, at, to, separator)
            if end == to && !isFinal { break }
            do throws(RejectionReason) {
                if try decode(bytes, at, end, rows, batch.rowCount) {
                    batch.receipt.accept()
                    batch.rowCount &+= 1
                } else {
                    batch.receipt.ignore(.blankLine)
                }
            } catch {
                batch.receipt.reject(error)
                if rejectedLine == nil { rejectedLine = RejectedLine(reason: error, range: range(at, end)) }
            }
            at = min(end &+ 1, to)
        }
        return at &- from
    }

    /// Decodes one record into a row; `false` if it is blank.
    private func decode(
        _ bytes: ByteWindow, _ from: Int, _ to: Int, _ rows: RowWriter, _ row: Int
    ) throws(RejectionReason) -> Bool {
        if from == to || (to == from &+ 1 && bytes[from] == Byte.carriageReturn) { return false }
        guard UTF8Sequence.isValid(bytes, from, to) else { throw .invalidUTF8 }
        rows.clear(row)
        var record = CSVRecord(bytes, from, to, separator)
        var column = 0
        var hasValue = false
        while let field = record.next() {
            guard column < columns.count else { throw .columnCount }
            if field.to > field.from, try set(columns[column], bytes, field.from, field.to, rows, row) {
                hasValue = true
            }
            column &+= 1
        }
        if record.isMalformed { throw .malformedLine }
        guard column == columns.count else { throw .columnCount }
        guard hasValue else { throw .noSignal }
        return true
    }

    /// Writes one field that is not empty into its cell; whether it is a value of a signal, or a status.
    private func set(
        _ field: FieldDraft, _ bytes: ByteWindow, _ from: Int, _ to: Int, _ rows: RowWriter, _ row: Int
    ) throws(RejectionReason) -> Bool {
        switch field.action {
        case .skip, .descend: return false
        case .number:
            let (start, end) = trimmed(bytes, from, to)
            if start == end || isMissing(bytes, start, end) { return false }
            let number = number(bytes, start, end).map { $0 * field.scale }
            if let number, !number.isFinite { throw .nonfinite }
            let boolean: Double? = bytes.isWord(start, end, "true") ? 1 : bytes.isWord(start, end, "false") ? 0 : nil
            rows.set(number ?? boolean ?? NumberMark.invalid, field.column, row)
        case .text:
            rows.set(spelling(bytes, from, to), field.column, row)
            return field.column.isSignal
        case .timestamp:
            var timestamp = TimestampReader.timestamp(bytes, from, to)
            if timestamp == nil, let number = number(bytes, from, to) {
                timestamp = TimestampReader.timestamp(number, timestampUnit)
            }
            guard let timestamp else { throw .invalidTimestamp }
            rows.set(timestamp, field.column, row)
            return false
        case .identifier:
            let spelling = spelling(bytes, from, to)
            rows.set(IdentifierHash.hash(bytes, Int(spelling.offset), Int(spelling.length)), field.column, row)
            return false
        case .status:
            let status = StatusNames.status(bytes, from, to, namesAnError: field.namesAnError, numbers)
            rows.set(status.rawValue, field.column, row)
        }
        return true
    }

    private func number(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Double? {
        var at = from
        guard let number = numbers.read(bytes, &at, .lenient), at == to else { return nil }
        return number
    }

    /// The bytes that name a category: whole numbers and booleans as JSON records spell them.
    private func spelling(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> ByteRange {
        if bytes.isWord(from, to, "true") || bytes.isWord(from, to, "false") {
            for at in from..<to { bytes[at] |= 0x20 }
        }
        if numbers.skipJSON(bytes, from) == to { return range(from, WholeNumber.shorten(bytes, from, to)) }
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

/// Walks the fields of one CSV record; quoted ones are unquoted in place.
struct CSVRecord {
    private let bytes: ByteWindow
    private let to: Int
    private let separator: UInt8
    private var at: Int
    private var isDone = false
    /// Whether something other than a separator follows a closing quote, or a quote is never closed.
    private(set) var isMalformed = false

    /// A record without its line break.
    init(_ bytes: ByteWindow, _ from: Int, _ to: Int, _ separator: UInt8) {
        self.bytes = bytes
        self.separator = separator
        at = from
        self.to = to > from && bytes[to &- 1] == Byte.carriageReturn ? to &- 1 : to
    }

    /// Offset of the line break that ends the record at `from`, or `to`: the first one outside quoted fields.
    static func end(_ bytes: ByteWindow, _ from: Int, _ to: Int, _ separator: UInt8) -> Int {
        var isQuoted = false
        var isFieldStart = true
        var isQuotedField = false
        var at = from
        while at < to {
            let byte = bytes[at]
            if isQuoted {
                // A doubled quote closes and opens at once.
                if byte == Byte.quote { isQuoted = false }
            } else if byte == Byte.quote {
                isQuoted = isFieldStart || (isQuotedField && bytes[at &- 1] == Byte.quote)
                if isFieldStart { isQuotedField = true }
            } else if byte == Byte.newline {
                return at
            }
            isFieldStart = !isQuoted && byte == separator
            if isFieldStart { isQuotedField = false }
            at &+= 1
        }
        return to
    }

    /// The next field, or `nil` behind the last or at a fault.
    mutating func next() -> (from: Int, to: Int)? {
        guard !isDone, !isMalformed else { return nil }
        let from = at
        guard at < to, bytes[at] == Byte.quote else {
            while at < to, bytes[at] != separator { at &+= 1 }
            let end = at
            finishField()
            return (from, end)
        }
        at &+= 1
        var write = at
        while at < to {
            if bytes[at] == Byte.quote {
                guard at &+ 1 < to, bytes[at &+ 1] == Byte.quote else { break }
                at &+= 1
            }
            bytes[write] = bytes[at]
            write &+= 1
            at &+= 1
        }
        at &+= 1
        guard at <= to, at == to || bytes[at] == separator else {
            isMalformed = true
            return nil
        }
        // What follows the field must not look like a part of it.
        bytes[write] = Byte.quote
        finishField()
        return (from &+ 1, write)
    }

    private mutating func finishField() {
        isDone = at >= to
        at &+= 1
    }
}
