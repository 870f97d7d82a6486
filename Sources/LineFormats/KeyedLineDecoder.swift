import Events

/// Decodes lines of named values, which have no types, into the columns of a batch: logfmt, and the texts that some
/// servers log.
///
/// A field belongs to the signal whose path, joined by dots, is its name; what values mean is said at `TextCells`. In
/// logfmt a name without value is 1 in a numeric column and missing in a categorical one, and a value in quotes has the
/// escapes of JSON.
struct KeyedLineDecoder: ~Copyable, Sendable {
    private let fields: FieldTable
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
        let firstRow = batch.rowCount
        var at = from
        while at < end, batch.rowCount < batch.rowCapacity {
            if bytes[at] == 0 {
                while at < end, bytes[at] == 0 { at &+= 1 }
                batch.receipt.ignore(.nulBytes)
                if bytes[at] != Byte.newline { continue }
            }
            let lineEnd = bytes.newline(from: at)
            let line = at
            at = min(lineEnd &+ 1, end)
            let first = bytes.skippingSpaces(line)
            if first == lineEnd {
                batch.receipt.ignore(.blankLine)
                continue
            }
            rows.clear(batch.rowCount)
            var cells = unsafe KeyedCells(
                cells: TextCells(rows: rows, numbers: numbers, times: times), bytes: bytes,
                targets: fields.targets, row: batch.rowCount)
            do throws(RejectionReason) {
                guard UTF8Sequence.isValid(bytes, line, lineEnd) else { throw .invalidUTF8 }
                let isRecord: Bool
                if format.grammar == .logfmt {
                    isRecord = try logfmt(bytes, first, lineEnd, &cells)
                } else {
                    isRecord = try TextLine.read(format.grammar, bytes, first, lineEnd, fields, &cells)
                }
                if isRecord, !cells.hasValue { throw .noSignal }
                if !isRecord {
                    if format.isMixed { batch.receipt.ignore(.otherText) } else { throw .malformedLine }
                    continue
                }
                batch.receipt.accept()
                batch.rowCount &+= 1
            } catch {
                if format.isMixed, error == .noSignal {
                    batch.receipt.ignore(.otherText)
                    continue
                }
                batch.receipt.reject(line >= wholeLines ? .partialLine : error)
                if rejectedLine == nil { rejectedLine = RejectedLine(reason: error, range: range(line, lineEnd)) }
            }
        }
        for difference in schemaColumns.differences { rows.subtract(difference, firstRow..<batch.rowCount) }
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

/// Where the named values of one line go.
@safe
struct KeyedCells {
    let cells: TextCells
    let bytes: ByteWindow
    let targets: UnsafeMutablePointer<TextTarget>
    let row: Int
    /// Whether there was something measured.
    private(set) var hasValue = false

    init(cells: TextCells, bytes: ByteWindow, targets: UnsafeMutablePointer<TextTarget>, row: Int) {
        (self.cells, self.bytes, self.row) = (cells, bytes, row)
        unsafe self.targets = targets
    }

    /// Writes a value of the field with this index.
    mutating func set(_ index: Int, _ from: Int, _ to: Int) throws(RejectionReason) {
        guard to > from else { return }
        if unsafe try cells.set(targets + index, bytes, from, to, row) { hasValue = true }
    }

    /// Writes a value that is only there.
    mutating func setTrue(_ index: Int) {
        let target = unsafe targets[index]
        switch target.action {
        case .number: target.set(target.scale, row)
        case .status:
            let status = target.namesAnError ? Status.error : .success
            target.set(status.rawValue, row)
        default: return
        }
        hasValue = true
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
