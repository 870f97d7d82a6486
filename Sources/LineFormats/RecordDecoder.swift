public import Events

/// A line that was rejected, for the log: where it is, and why.
public struct RejectedLine: Sendable, Equatable {
    /// Why.
    public var reason: RejectionReason
    /// Where in the batch's bytes.
    ///
    /// Escapes before the fault may be resolved already, in place.
    public var range: ByteRange
}

/// Decodes JSON records, one per line, into the columns of a batch.
///
/// A decoder belongs to one source: it is compiled from the schema once and learns the order in which the source writes
/// its keys. Decoding allocates nothing and counts no references. A record becomes a whole row or nothing at all, and
/// every line is counted in the batch's receipt exactly once; a run of NUL bytes before a line (what a truncated file
/// leaves) counts as one ignored line of its own.
///
/// What the values mean:
///
/// - Numeric signal: a number, times the signal's scale; text that as a whole is a JSON number; `true` 1 and `false` 0;
///   null and empty text are missing; all else, `NaN` and the infinities too, is invalid. A number too large for
///   `Double` rejects the line as `nonfinite`.
/// - Categorical signal, model, version, identifier: text as it is; a number by its spelling, whole ones without
///   fraction (`1.0` is `1`); `true` and `false`; null and empty text are missing; objects and arrays are invalid.
/// - Timestamp: RFC 3339 text, or a number (or text that is one) in the schema's unit; null and empty text are none;
///   all else rejects the line as `invalid_timestamp`.
/// - Status: a known name, an HTTP code or a boolean (`true` is success, in a field named after errors an error); a
///   name nobody knows is an error.
///
/// A key given twice counts as given last. Unknown keys of the record and of `Schema.featureObjects` are counted in
/// `EventBatch.unexpectedFields`. A record that has neither a value for any signal nor a status is rejected as
/// `no_signal`, and, if the schema has nothing but outcomes, one without an identifier as `no_identifier`. Otherwise
/// the grammar is RFC 8259 to the letter, also in values that nobody asks for, except that members of objects may be
/// `NaN`, `Infinity` and `-Infinity`, as Python writes them.
public struct RecordDecoder: ~Copyable, Sendable {
    private let plan: RecordPlan
    private let numbers = DecimalReader()
    private let times: TimeForm
    /// Whether a record without an identifier is rejected.
    private let needsIdentifier: Bool
    private var hidden = HiddenNumbers()
    private let tables: InstanceTables
    /// Whether lines that are no records stand between those that are.
    private let isMixed: Bool
    /// Serial number of the record, to see an object that is given twice.
    private var serial: UInt64 = 0

    /// A line that the last call rejected, if it rejected any: the first.
    public private(set) var rejectedLine: RejectedLine?

    /// Compiles a schema.
    ///
    /// Of two fields with one path the first one gets its values.
    public init(schema: Schema) { self.init(schema: schema, isLearning: true) }

    /// Compiles a schema.
    ///
    /// - Parameter isLearning: Whether forms of tables are remembered, which changes nothing but the time it takes.
    init(schema: Schema, isLearning: Bool) {
        plan = RecordPlan(schema)
        times = TimeForm(schema)
        needsIdentifier = schema.isOfOutcomes
        isMixed = schema.format.isMixed
        tables = InstanceTables(schema, isLearning: isLearning)
    }

    /// Whether a record may become several rows, so that decoding may stop before the last whole line.
    var isExpanding: Bool { !tables.isEmpty }

    /// Number of tables that were read by a form known from an earlier one.
    var tablesOfKnownForm: UInt64 { tables.columns.reduce(0) { $0 + $1.forms.uses } }

    /// Decodes the whole lines in `batch.bytes[from..<to]` into rows, until the batch has no free row.
    ///
    /// Bytes beyond the last whole line are as they were, so an unfinished one can be moved and continued; so are all
    /// beyond the returned count unless the schema has tables of instances.
    ///
    /// - Parameters:
    ///   - batch: Made for the schema of this decoder.
    ///   - from: Offset of the start of a line.
    ///   - to: Offset after the last byte to look at, at most `batch.byteCapacity`.
    ///   - isFinal: Whether nothing follows: what is left without a newline is a line, rejected as `partial_line`
    ///     unless it is a whole record.
    ///   - isFileStart: Whether `from` is the start of a file, where a UTF-8 byte order mark is allowed.
    /// - Returns: Number of bytes consumed, a whole number of lines.
    public mutating func decodeLines(
        in batch: EventBatch, from: Int, to: Int, isFinal: Bool, isFileStart: Bool = false
    ) -> Int {
        decode(in: batch, from: from, to: to, isFinal: isFinal, isFileStart: isFileStart, partial: .partialLine)
    }

    /// Does what `decodeLines` says; `partial` is why a last line without newline is rejected, if not for its content.
    private mutating func decode(
        in batch: EventBatch, from: Int, to: Int, isFinal: Bool, isFileStart: Bool, partial: RejectionReason?
    ) -> Int {
        precondition(from >= 0 && from <= to && to <= batch.byteCapacity)
        precondition(batch.numberColumnCount == plan.numberColumns && batch.textColumnCount == plan.textColumns)
        rejectedLine = nil
        let bytes = unsafe ByteWindow(batch.bytes)
        let wholeLines = bytes.endOfLastLine(from: from, to: to)
        let end = isFinal ? to : wholeLines
        let next = bytes[end]
        bytes[end] = Byte.newline
        defer { bytes[end] = next }
        let rows = hidden.rows(batch, columns: plan.hiddenColumns)
        let scanner = unsafe JSONScanner(bytes, resolved: plan.tables.resolved)
        plan.tables.bind(rows)
        tables.bind(rows)
        unsafe plan.tables.resolved.pointee = 0
        let reader = RecordReader(
            tables: plan.tables, scanner: scanner, rows: rows, numbers: numbers, times: times,
            needsIdentifier: needsIdentifier, payloads: tables.places)
        var sink = tables.cells(scanner, rows, times)
        let (firstRow, capacity) = (batch.rowCount, batch.rowCapacity)
        var row = firstRow
        var unexpected: UInt64 = 0
        var at = from
        if isFileStart && end &- at >= 3 && bytes.half(at) & 0xFF_FFFF == Self.byteOrderMark { at &+= 3 }
        while at < end && row < capacity {
            let line = at
            do throws(RejectionReason) {
                let brace = bytes.skippingSpaces(line)
                if bytes[brace] == Byte.openBrace {
                    serial &+= 1
                    if !tables.isEmpty { tables.places.begin() }
                    let behind = try reader.record(brace &+ 1, row: row, serial: serial, &unexpected)
                    at = bytes.skippingSpaces(behind)
                    guard bytes[at] == Byte.newline else { throw .malformedJSON }
                    if tables.isEmpty {
                        row &+= 1
                    } else {
                        let count = try tables.expand(reader, row: row, isEmpty: row == 0, into: &sink)
                        // The batch is full: the record begins the next one.
                        if count == 0 {
                            at = line
                            break
                        }
                        row &+= count
                    }
                    at &+= 1
                } else if isMixed, bytes[brace] != Byte.newline, bytes[brace] != 0 {
                    batch.receipt.ignore(.otherText)
                    at = bytes.newline(from: brace) &+ 1
                } else {
                    at = try unusualLine(scanner, brace, batch)
                }
            } catch {
                if isMixed, error == .noSignal {
                    batch.receipt.ignore(.otherText)
                    at = bytes.newline(from: max(line, unsafe plan.tables.resolved.pointee &+ 1)) &+ 1
                    continue
                }
                at = reject(bytes, line, line >= wholeLines ? partial ?? error : error, batch)
            }
        }
        // The sentinel is the newline of a last line that has none.
        at = min(at, end)
        for difference in plan.differences { rows.subtract(difference, firstRow..<row) }
        batch.receipt.accept(UInt64(truncatingIfNeeded: row &- firstRow))
        batch.rowCount = row
        batch.unexpectedFields &+= unexpected
        return at &- from
    }

    /// Decodes `batch.bytes[from..<to]`, a single line with or without its newline, into one row.
    ///
    /// - Returns: Whether the line is done with: `false` only if the batch has no free row.
    public mutating func decodeRecord(in batch: EventBatch, from: Int, to: Int) -> Bool {
        guard batch.rowCount < batch.rowCapacity else { return false }
        _ = decode(in: batch, from: from, to: to, isFinal: true, isFileStart: false, partial: nil)
        return true
    }

    private static let byteOrderMark: UInt32 = 0xBF_BBEF

    /// Counts a rejected line and returns the offset of the next.
    @inline(never)
    private mutating func reject(
        _ bytes: ByteWindow, _ start: Int, _ reason: RejectionReason, _ batch: EventBatch
    ) -> Int {
        // An escaped newline that has been resolved already is not the end of the line.
        let newline = bytes.newline(from: max(start, unsafe plan.tables.resolved.pointee &+ 1))
        batch.receipt.reject(reason)
        if rejectedLine == nil { rejectedLine = RejectedLine(reason: reason, range: range(start, newline)) }
        return newline &+ 1
    }

    /// Deals with a line that does not begin with an object: blank, NUL bytes, another encoding, or no record.
    ///
    /// Returns the offset of the next line, or of what follows the NUL bytes.
    @inline(never)
    private func unusualLine(
        _ scanner: JSONScanner, _ first: Int, _ batch: EventBatch
    ) throws(RejectionReason) -> Int {
        let bytes = scanner.bytes
        switch bytes[first] {
        case Byte.newline:
            batch.receipt.ignore(.blankLine)
            return first &+ 1
        case 0:
            // UTF-16 has a NUL beside every ASCII character.
            if bytes[first &+ 1] != 0 && bytes[first &+ 1] != Byte.newline && bytes[first &+ 2] == 0 {
                throw .encoding
            }
            var behind = first
            while bytes[behind] == 0 { behind &+= 1 }
            batch.receipt.ignore(.nulBytes)
            return bytes[behind] == Byte.newline ? behind &+ 1 : behind
        case 0xEF, 0xFE, 0xFF: throw .encoding
        case Byte.quote, Byte.openBracket, Byte.minus, Byte.zero...Byte.nine, 0x74, 0x66, 0x6E:
            var keys = 0
            let behind = try scanner.skip(first, depth: 0, keys: &keys, numbers: numbers)
            throw bytes[bytes.skippingSpaces(behind)] == Byte.newline ? .notAnObject : .malformedJSON
        default: throw .malformedJSON
        }
    }
}
