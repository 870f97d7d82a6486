public import Events

/// Decodes CSV (RFC 4180), or tabs instead of commas, into the columns of a batch.
///
/// A column belongs to the signal whose path, joined by dots, is its header. An empty field is missing; what the others
/// mean is said at `TextCells`. A quoted field may hold separators, doubled quotes and line breaks. Each record is
/// counted in the receipt as one line; one with another number of fields than the header is rejected as `column_count`,
/// one with text behind a closing quote as `malformed_line`. A header that comes again is ignored.
public struct CSVDecoder: ~Copyable, Sendable {
    /// The target of each column of the file, or a negative number.
    private var columns: [Int32] = []
    /// The columns of a batch that no column of the file is for.
    private var absent: [RecordColumn] = []
    private let fields: FieldTable
    private let schemaColumns: SchemaColumns
    private var hidden = HiddenNumbers()
    private let separator: UInt8
    private let numbers = DecimalReader()
    private let times: TimeForm
    /// The header as it is in the file, without its line break.
    private var headerLine: [UInt8] = []
    private var headerStart: UInt8 = 0
    private let isMixed: Bool

    /// The first record that the last call rejected, if it rejected any.
    public private(set) var rejectedLine: RejectedLine?

    /// Creates a decoder for files with this header.
    ///
    /// - Parameters:
    ///   - schema: Which column is which; columns it does not name are stepped over.
    ///   - header: Names of the columns, see `header(in:separator:)`.
    ///   - separator: A comma or a tab.
    public init(schema: Schema, header: [String], separator: UInt8 = UInt8(ascii: ",")) {
        schemaColumns = SchemaColumns(schema)
        fields = FieldTable(schemaColumns)
        self.separator = separator
        times = TimeForm(schema)
        isMixed = schema.format.isMixed
        use(header: header, line: [])
    }

    /// Goes on with a file that has another header.
    ///
    /// - Parameters:
    ///   - header: Names of its columns.
    ///   - line: The header's bytes without the line break, or none.
    mutating func use(header: [String], line: [UInt8]) {
        columns = header.map { Int32(truncatingIfNeeded: fields.find($0) ?? -1) }
        // Of two columns with one name the last counts, as of two members of a JSON object.
        var seen: Set<Int32> = []
        for index in columns.indices.reversed() where columns[index] >= 0 && !seen.insert(columns[index]).inserted {
            columns[index] = -1
        }
        var absent = Set(schemaColumns.all)
        for index in seen { unsafe absent.remove(fields.targets[Int(index)].column) }
        self.absent = Array(absent)
        headerLine = line
        headerStart = line.first ?? 0
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
    /// No bytes consumed although `from..<to` is all the batch's bytes means that one record is larger than the batch.
    /// Bytes behind the returned count may have changed.
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
        let rows = hidden.rows(batch, columns: Int(schemaColumns.hidden))
        fields.bind(rows)
        let (firstRow, capacity) = (batch.rowCount, batch.rowCapacity)
        var row = firstRow
        var at = from
        unsafe withUnsafeTemporaryAllocation(of: TextTarget.self, capacity: columns.count + 1) { targets in
            guard let first = targets.baseAddress else { return }
            unsafe plan(targets, rows)
            let reader = unsafe CSVReader(
                cells: TextCells(rows: rows, numbers: numbers, times: times), bytes: bytes, targets: first,
                targetsEnd: first + columns.count, separator: separator, to: to, isFinal: isFinal)
            while at < to, row < capacity {
                let start = at
                let first = bytes[at]
                // Most lines begin with neither of these; nothing else is looked at for them.
                if first <= Byte.carriageReturn || first == headerStart {
                    switch unusual(bytes, &at, to, isFinal, batch) {
                    case .record: break
                    case .done: continue
                    case .incomplete: return
                    }
                }
                do throws(RejectionReason) {
                    // The record goes on behind what there is: it comes again.
                    guard try reader.record(&at, row: row) else { return }
                    row &+= 1
                } catch {
                    refuse(error, start, at, batch)
                    at = min(at &+ 1, to)
                }
            }
        }
        for column in absent { rows.clear(column, firstRow..<row) }
        batch.receipt.accept(UInt64(truncatingIfNeeded: row &- firstRow))
        batch.rowCount = row
        for difference in schemaColumns.differences { rows.subtract(difference, firstRow..<row) }
        return at &- from
    }

    /// Fills `plan` with the targets in the order of the columns.
    ///
    /// So a record steps from one target to the next, and looks none of them up.
    private func plan(_ plan: UnsafeMutableBufferPointer<TextTarget>, _ rows: RowWriter) {
        let unknown = unsafe TextTarget(FieldDraft(), cells: rows.cells(.none))
        for (place, index) in columns.enumerated() {
            let target = unsafe index < 0 ? unknown : fields.targets[Int(index)]
            unsafe plan.initializeElement(at: place, to: target)
        }
    }

    /// What a line that begins unusually turned out to be.
    private enum Unusual {
        case record, done, incomplete
    }

    /// Deals with blank lines, NUL bytes and a header that comes again.
    private func unusual(
        _ bytes: ByteWindow, _ at: inout Int, _ to: Int, _ isFinal: Bool, _ batch: EventBatch
    ) -> Unusual {
        if bytes[at] == Byte.newline || (bytes[at] == Byte.carriageReturn && bytes[at &+ 1] == Byte.newline) {
            if at &+ 1 == to, bytes[at] != Byte.newline, !isFinal { return .incomplete }
            batch.receipt.ignore(.blankLine)
            at = min(bytes.newline(from: at) &+ 1, to)
            return .done
        }
        if bytes[at] == 0 {
            while at < to, bytes[at] == 0 { at &+= 1 }
            batch.receipt.ignore(.nulBytes)
            return .done
        }
        guard isHeader(bytes, at, to) else { return .record }
        batch.receipt.ignore(.header)
        at = min(at &+ headerLine.count &+ (bytes[at &+ headerLine.count] == Byte.newline ? 1 : 2), to)
        return .done
    }

    private mutating func refuse(_ reason: RejectionReason, _ start: Int, _ end: Int, _ batch: EventBatch) {
        if isMixed, reason == .columnCount {
            batch.receipt.ignore(.otherText)
            return
        }
        batch.receipt.reject(reason)
        if rejectedLine == nil { rejectedLine = RejectedLine(reason: reason, range: range(start, end)) }
    }

    /// Whether the line at `at` is the header once more.
    private func isHeader(_ bytes: ByteWindow, _ at: Int, _ to: Int) -> Bool {
        let length = headerLine.count
        guard length > 0, to &- at >= length, bytes[at] == headerLine[0] else { return false }
        for i in 0..<length where bytes[at &+ i] != headerLine[i] { return false }
        let behind = bytes[at &+ length]
        return behind == Byte.newline
            || (behind == Byte.carriageReturn && at &+ length < to && bytes[at &+ length &+ 1] == Byte.newline)
    }
}

/// Reads single records of a table: everything that the hot path touches, as plain values.
@safe
private struct CSVReader {
    let cells: TextCells
    let bytes: ByteWindow
    /// What to do with the first column.
    let targets: UnsafeMutablePointer<TextTarget>
    /// Behind the last one.
    let targetsEnd: UnsafeMutablePointer<TextTarget>
    let separator: UInt8
    /// Offset of the sentinel.
    let to: Int
    let isFinal: Bool

    /// Decodes the record at `at` into a row and moves `at` behind its line break; `false` if the record has no end.
    ///
    /// At a fault `at` is at the line break that ends the record.
    @inline(__always)
    func record(_ at: inout Int, row: Int) throws(RejectionReason) -> Bool {
        var (place, hasValue) = (at, false)
        var target = unsafe targets
        do throws(RejectionReason) {
            while true {
                guard unsafe target < targetsEnd else { throw .columnCount }
                if unsafe target.pointee.action == .number {
                    var end = place
                    if let number = cells.numbers.readJSON(bytes, &end) {
                        let isInside = bytes[end] == separator
                        if isInside || isEnd(end) {
                            let value = unsafe number * target.pointee.scale
                            guard value.magnitude < .infinity else { throw .nonfinite }
                            unsafe target.pointee.set(value, row)
                            hasValue = true
                            unsafe target += 1
                            if isInside {
                                place = end &+ 1
                                continue
                            }
                            place = end
                            break
                        }
                    }
                }
                guard let field = try field(&place) else { return false }
                if field.to > field.from {
                    hasValue = unsafe try cells.set(target, bytes, field.from, field.to, row) || hasValue
                } else {
                    unsafe target.pointee.clear(row)
                }
                unsafe target += 1
                if bytes[place] != separator { break }
                place &+= 1
            }
            if bytes[place] == Byte.carriageReturn { place &+= 1 }
            // Without a line break of its own this may be half a record.
            if place >= to, !isFinal { return false }
            guard unsafe target == targetsEnd else { throw .columnCount }
            guard hasValue else { throw .noSignal }
            at = min(place &+ 1, to)
            return true
        } catch {
            let end = CSVRecord.end(bytes, min(place, to), to, separator)
            if end >= to, !isFinal { return false }
            at = end
            throw error
        }
    }

    /// Whether a field ends at `end`.
    @inline(__always)
    private func isEnd(_ end: Int) -> Bool {
        let byte = bytes[end]
        return byte == separator || byte == Byte.newline
            || (byte == Byte.carriageReturn && bytes[end &+ 1] == Byte.newline)
    }

    /// The field at `place`, which moves to what ends it; `nil` if a quote is not closed yet.
    @inline(__always)
    private func field(_ place: inout Int) throws(RejectionReason) -> (from: Int, to: Int)? {
        if bytes[place] == Byte.quote { return try quoted(&place) }
        let from = place
        // Separators and line breaks are among the lowest bytes; texts have few others of those.
        let bound = UInt64(max(separator, Byte.newline) &+ 1) &* ByteWindow.ones
        var seen: UInt64 = 0
        while true {
            let word = bytes.word(place)
            // Exact up to the first hit.
            let hits = (word &- bound) & ~word & ByteWindow.highs
            if hits == 0 {
                seen |= word
                place &+= 8
                continue
            }
            let step = hits.trailingZeroBitCount &>> 3
            seen |= word & (1 &<< UInt64(8 &* step) &- 1)
            place &+= step
            if bytes[place] == separator || bytes[place] == Byte.newline { break }
            place &+= 1
        }
        let isASCII = seen & ByteWindow.highs == 0
        var end = place
        if bytes[end] == Byte.newline, end > from, bytes[end &- 1] == Byte.carriageReturn {
            end &-= 1
            place = end
        }
        if !isASCII, !UTF8Sequence.isValid(bytes, from, end) { throw .invalidUTF8 }
        return (from, end)
    }

    /// A quoted field, unquoted in place.
    private func quoted(_ place: inout Int) throws(RejectionReason) -> (from: Int, to: Int)? {
        let from = place &+ 1
        var (read, write) = (from, from)
        while true {
            guard read < to else {
                if !isFinal { return nil }
                place = to
                throw .malformedLine
            }
            let byte = bytes[read]
            if byte == Byte.quote {
                guard bytes[read &+ 1] == Byte.quote, read &+ 1 < to else { break }
                read &+= 1
            }
            bytes[write] = byte
            write &+= 1
            read &+= 1
        }
        place = read &+ 1
        guard place <= to, isEnd(place) else { throw .malformedLine }
        // What follows the field must not look like a part of it.
        bytes[write] = Byte.quote
        guard UTF8Sequence.isValid(bytes, from, write) else { throw .invalidUTF8 }
        return (from, write)
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
        // Most lines have no quotes.
        var at = from
        while at < to {
            let word = bytes.word(at)
            let found =
                ByteWindow.zeroBytes(word ^ (0x0A &* ByteWindow.ones))
                | ByteWindow.zeroBytes(word ^ (0x22 &* ByteWindow.ones))
            if found != 0 {
                at &+= found.trailingZeroBitCount &>> 3
                break
            }
            at &+= 8
        }
        if at >= to { return to }
        return bytes[at] == Byte.newline ? at : walk(bytes, from, to, separator).end
    }

    /// Number of fields, before any of them is read.
    var fieldCount: Int { Self.walk(bytes, at, to, separator).fields }

    /// The line break that ends the record at `from`, or `to`, and the number of fields before it.
    private static func walk(
        _ bytes: ByteWindow, _ from: Int, _ to: Int, _ separator: UInt8
    ) -> (end: Int, fields: Int) {
        var isQuoted = false
        var isFieldStart = true
        var isQuotedField = false
        var fields = 1
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
                return (at, fields)
            }
            isFieldStart = !isQuoted && byte == separator
            if isFieldStart {
                isQuotedField = false
                fields &+= 1
            }
            at &+= 1
        }
        return (to, fields)
    }

    /// A field without its quotes.
    typealias Field = (from: Int, to: Int)

    /// The next field, or `nil` behind the last or at a fault.
    mutating func next() -> Field? {
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
