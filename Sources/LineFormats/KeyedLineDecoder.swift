import Events

/// Decodes lines of named values, which have no types, into the columns of a batch: logfmt, and the texts that some
/// servers log.
///
/// A field belongs to the signal whose path, joined by dots, is its name; what values mean is said at `TextCells`. In
/// logfmt a name without value is 1 in a numeric column and missing in a categorical one, and a value in quotes has the
/// escapes of JSON.
struct KeyedLineDecoder: ~Copyable, Sendable {
    private let fields: FieldTable
    private let text: TextLine
    private let schemaColumns: SchemaColumns
    private var hidden = HiddenNumbers()
    private let numbers = DecimalReader()
    private let times: TimeForm
    private let format: RecordFormat

    /// The first line that the last call rejected, if it rejected any.
    private(set) var rejectedLine: RejectedLine?

    init(schema: Schema) {
        schemaColumns = SchemaColumns(schema)
        fields = FieldTable(schemaColumns)
        text = TextLine(schema.format.grammar, TextFieldIndices(fields))
        times = TimeForm(schema)
        format = schema.format
    }

    /// Decodes the whole lines in `from..<to` into rows, until the batch has no free row; see `RecordDecoder`.
    mutating func decodeLines(in batch: EventBatch, from: Int, to: Int, isFinal: Bool) -> Int {
        precondition(from >= 0 && from <= to && to <= batch.byteCapacity)
        rejectedLine = nil
        let bytes = unsafe ByteWindow(batch.bytes)
        let wholeLines = bytes.endOfLastLine(from: from, to: to)
        let end = isFinal ? to : wholeLines
        let next = bytes[end]
        bytes[end] = Byte.newline
        defer { bytes[end] = next }
        let rows = hidden.rows(batch, columns: Int(schemaColumns.hidden))
        fields.bind(rows)
        let (firstRow, capacity) = (batch.rowCount, batch.rowCapacity)
        var row = firstRow
        var cells = unsafe KeyedCells(
            cells: TextCells(rows: rows, numbers: numbers, times: times), bytes: bytes, targets: fields.targets)
        var at = from
        while at < end, row < capacity {
            if bytes[at] == 0 {
                while at < end, bytes[at] == 0 { at &+= 1 }
                batch.receipt.ignore(.nulBytes)
                if bytes[at] != Byte.newline { continue }
            }
            let line = at
            let (lineEnd, isASCII) = bytes.line(from: line)
            at = min(lineEnd &+ 1, end)
            let first = bytes.skippingSpaces(line)
            if first == lineEnd {
                batch.receipt.ignore(.blankLine)
                continue
            }
            cells.begin(row)
            do throws(RejectionReason) {
                guard isASCII || UTF8Sequence.isValid(bytes, line, lineEnd) else { throw .invalidUTF8 }
                let isRecord: Bool
                if format.grammar == .logfmt {
                    isRecord = try logfmt(bytes, first, lineEnd, &cells)
                } else {
                    isRecord = try text.read(bytes, first, lineEnd, &cells)
                }
                if isRecord {
                    guard cells.hasValue else { throw .noSignal }
                    row &+= 1
                } else {
                    guard format.isMixed else { throw .malformedLine }
                    batch.receipt.ignore(.otherText)
                }
            } catch {
                if format.isMixed, error == .noSignal {
                    batch.receipt.ignore(.otherText)
                    continue
                }
                batch.receipt.reject(line >= wholeLines ? .partialLine : error)
                if rejectedLine == nil { rejectedLine = RejectedLine(reason: error, range: range(line, lineEnd)) }
            }
        }
        for difference in schemaColumns.differences { rows.subtract(difference, firstRow..<row) }
        batch.receipt.accept(UInt64(truncatingIfNeeded: row &- firstRow))
        batch.rowCount = row
        return at &- from
    }

    /// Reads `key=value` pairs; `false` if the line has none.
    @inline(__always)
    private func logfmt(
        _ bytes: ByteWindow, _ from: Int, _ to: Int, _ cells: inout KeyedCells
    ) throws(RejectionReason) -> Bool {
        let lookup = fields.lookup
        var pairs = LogfmtPairs(bytes, from, to)
        var (isRecord, previous) = (false, lookup.start)
        while pairs.skipSpaces() {
            var index = lookup.next(previous)
            if !lookup.step(over: index, bytes, &pairs.at) {
                let key = try pairs.key()
                guard let found = lookup.find(bytes, key.from, key.to, after: previous) else {
                    if key.hasValue { _ = try pairs.value() }
                    isRecord = isRecord || key.hasValue
                    continue
                }
                index = found
                if !key.hasValue {
                    // The name alone says that it holds.
                    cells.setTrue(index)
                    previous = index
                    continue
                }
            }
            (isRecord, previous) = (true, index)
            if try cells.setNumber(index, &pairs.at) { continue }
            let value = try pairs.value()
            try cells.set(index, value.from, value.to)
        }
        return isRecord
    }
}
