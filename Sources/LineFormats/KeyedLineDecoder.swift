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
    private func logfmt(
        _ bytes: ByteWindow, _ from: Int, _ to: Int, _ cells: inout KeyedCells
    ) throws(RejectionReason) -> Bool {
        var pairs = LogfmtPairs(bytes, from, to)
        var (isRecord, guess) = (false, 0)
        while let pair = try pairs.next() {
            if pair.hasValue { isRecord = true }
            guard let index = fields.find(bytes, pair.keyFrom, pair.keyTo, guess: guess) else { continue }
            guess = index &+ 1
            if pair.hasValue {
                try cells.set(index, pair.from, pair.to)
            } else {
                // The name alone says that it holds.
                cells.setTrue(index)
            }
        }
        return isRecord
    }
}

/// Walks the pairs of one logfmt line; values in quotes are unescaped in place.
struct LogfmtPairs {
    private let scanner: ByteWindow
    private let to: Int
    private var at: Int

    /// One pair.
    struct Pair {
        var keyFrom: Int
        var keyTo: Int
        var from: Int
        var to: Int
        var hasValue: Bool
    }

    init(_ bytes: ByteWindow, _ from: Int, _ to: Int) {
        scanner = bytes
        at = from
        self.to = to
    }

    /// The next pair, or `nil` behind the last.
    mutating func next() throws(RejectionReason) -> Pair? {
        let bytes = scanner
        while at < to, bytes[at] <= Byte.space { at &+= 1 }
        guard at < to else { return nil }
        let keyFrom = at
        while at < to, bytes[at] > Byte.space, bytes[at] != 0x3D { at &+= 1 }
        let keyTo = at
        guard at < to, bytes[at] == 0x3D else {
            return Pair(keyFrom: keyFrom, keyTo: keyTo, from: at, to: at, hasValue: false)
        }
        guard keyTo > keyFrom else { throw .malformedLine }
        at &+= 1
        if at < to, bytes[at] == Byte.quote {
            var resolved = 0
            let text = try unsafe withUnsafeMutablePointer(to: &resolved) { (resolved) throws(RejectionReason) in
                try unsafe JSONScanner(bytes, resolved: resolved).string(at &+ 1)
            }
            at = text.end
            guard at <= to, at == to || bytes[at] <= Byte.space else { throw .malformedLine }
            return Pair(keyFrom: keyFrom, keyTo: keyTo, from: text.from, to: text.to, hasValue: true)
        }
        let from = at
        while at < to, bytes[at] > Byte.space { at &+= 1 }
        return Pair(keyFrom: keyFrom, keyTo: keyTo, from: from, to: at, hasValue: true)
    }
}
