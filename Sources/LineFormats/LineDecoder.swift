public import Events

/// The first record of a table's file: the names of its columns.
public struct TableHeader: Sendable, Equatable {
    /// The names.
    public let names: [String]
    /// Bytes it takes at the start of the file, its line break included.
    public let byteCount: Int
    /// Its bytes without the line break, to know it when it comes again.
    let line: [UInt8]

    /// Reads the header at the start of a file.
    ///
    /// - Parameters:
    ///   - bytes: The first bytes of the file.
    ///   - format: How its records are written, a table.
    ///   - isWhole: Whether the file ends with these bytes.
    /// - Returns: `nil` if the header has no end yet, or is none.
    public init?(_ bytes: [UInt8], format: RecordFormat, isWhole: Bool = false) {
        let text: [UInt8]
        switch format.wrapper {
        case .none: text = bytes
        case .cri, .docker:
            guard let newline = bytes.firstIndex(of: Byte.newline) else { return nil }
            text = LineDecoder.unwrapped(Array(bytes[...newline]), format: format)
        }
        let separator = format.grammar == .tsv ? Byte.tab : Byte.comma
        guard let (names, end) = CSVDecoder.header(in: text, separator: separator), !names.isEmpty else { return nil }
        var line = Array(text[..<end])
        let hasBreak = line.last == Byte.newline
        guard hasBreak || isWhole else { return nil }
        if hasBreak { line.removeLast() }
        if line.last == Byte.carriageReturn { line.removeLast() }
        if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        self.names = names
        self.line = line
        byteCount = format.wrapper == .none ? end : (bytes.firstIndex(of: Byte.newline) ?? bytes.count - 1) + 1
    }
}

/// Decodes the records of a source, in whatever format its schema says, into the columns of batches.
///
/// A decoder belongs to one source. Every line is counted in the batch's receipt exactly once; a record with a table of
/// instances counts as one per instance.
public struct LineDecoder: ~Copyable, Sendable {
    private var json: RecordDecoder?
    private var table: CSVDecoder?
    private var keyed: KeyedLineDecoder?
    private var container: ContainerLines?
    /// How the records are written.
    public let format: RecordFormat
    /// Whether a record may become several rows.
    private let isExpanding: Bool
    private var header: TableHeader?

    /// The first line that the last call rejected, if it rejected any.
    public private(set) var rejectedLine: RejectedLine?

    /// The bytes up to the end of the last call as they were before it, if it may have stopped before that end; empty
    /// for a format of which every whole line is taken.
    public private(set) var original: [UInt8] = []

    /// Compiles a schema.
    public init(schema: Schema) { self.init(schema: schema, isLearning: true) }

    /// Compiles a schema.
    ///
    /// - Parameter isLearning: Whether forms of tables are remembered, which changes nothing but the time it takes.
    package init(schema: Schema, isLearning: Bool) {
        format = schema.format
        isExpanding = !schema.inputs.isEmpty || !schema.outputs.isEmpty
        switch format.grammar {
        case .json: json = RecordDecoder(schema: schema, isLearning: isLearning)
        case .csv, .tsv:
            let separator = format.grammar == .tsv ? Byte.tab : Byte.comma
            table = CSVDecoder(schema: schema, header: format.columns, separator: separator)
        case .logfmt, .torchServe, .rayServe, .vllm, .kserveTimes: keyed = KeyedLineDecoder(schema: schema)
        }
        if format.wrapper != .none { container = ContainerLines(format.wrapper) }
    }

    /// Number of tables that were read by a form known from an earlier one.
    package var tablesOfKnownForm: UInt64 { mutating get { json?.tablesOfKnownForm ?? 0 } }

    /// Whether records can only be decoded with the header of their file.
    public var needsHeader: Bool { Self.needsHeader(format) }

    /// Whether the records of a format can only be decoded with the header of their file.
    public static func needsHeader(_ format: RecordFormat) -> Bool {
        (format.grammar == .csv || format.grammar == .tsv) && format.columns.isEmpty
    }

    /// Whether a call may leave whole lines, for want of rows or because a record goes on behind them.
    ///
    /// Otherwise every line is at most one row, and as many as there are rows are all taken.
    public var mayStopEarly: Bool { table != nil || isExpanding || format.wrapper != .none }

    /// Goes on with a file that has this header.
    public mutating func use(_ header: TableHeader) {
        guard self.header != header else { return }
        self.header = header
        table?.use(header: header.names, line: header.line)
    }

    /// Decodes whole records in `batch.bytes[from..<to]` into rows, until the batch has no free row.
    ///
    /// - Parameters:
    ///   - batch: Made for the schema of this decoder.
    ///   - from: Offset of the start of a line.
    ///   - to: Offset after the last byte to look at, at most `batch.byteCapacity`.
    ///   - isFinal: Whether nothing follows, so that what is left is a record or to be rejected.
    ///   - isFileStart: Whether `from` is the start of a file, where a UTF-8 byte order mark is allowed.
    /// - Returns: Number of bytes consumed: whole lines. 0 if the first record needs more than there is.
    public mutating func decodeLines(
        in batch: EventBatch, from: Int, to: Int, isFinal: Bool, isFileStart: Bool = false
    ) -> Int {
        original.removeAll(keepingCapacity: true)
        if mayStopEarly { unsafe original.append(contentsOf: UnsafeRawBufferPointer(start: batch.bytes, count: to)) }
        guard container != nil else {
            return plain(in: batch, from: from, to: to, isFinal: isFinal, isFileStart: isFileStart)
        }
        return contained(in: batch, from: from, to: to, isFinal: isFinal)
    }

    private mutating func plain(
        in batch: EventBatch, from: Int, to: Int, isFinal: Bool, isFileStart: Bool
    ) -> Int {
        rejectedLine = nil
        var taken = to - from
        switch format.grammar {
        case .json:
            taken = json?.decodeLines(in: batch, from: from, to: to, isFinal: isFinal, isFileStart: isFileStart) ?? 0
            rejectedLine = json?.rejectedLine
        case .csv, .tsv:
            taken = table?.decodeLines(in: batch, from: from, to: to, isFinal: isFinal) ?? 0
            rejectedLine = table?.rejectedLine
        case .logfmt, .torchServe, .rayServe, .vllm, .kserveTimes:
            taken = keyed?.decodeLines(in: batch, from: from, to: to, isFinal: isFinal) ?? 0
            rejectedLine = keyed?.rejectedLine
        }
        return taken
    }

    /// Takes the lines out of their wrapping and decodes them.
    private mutating func contained(in batch: EventBatch, from: Int, to: Int, isFinal: Bool) -> Int {
        let bytes = unsafe ByteWindow(batch.bytes)
        let end = isFinal ? to : bytes.endOfLastLine(from: from, to: to)
        let next = bytes[end]
        bytes[end] = Byte.newline
        defer { bytes[end] = next }
        let limit = max(1, batch.rowCapacity - batch.rowCount)
        guard isExpanding else {
            let done =
                container?.unwrap(bytes, from: from, to: end, isFinal: isFinal, limit: limit, &batch.receipt) ?? end
            if let last = container?.lines.last {
                // As many lines as there are rows: all are taken.
                _ = plain(in: batch, from: from, to: last.end, isFinal: true, isFileStart: false)
            }
            return done - from
        }
        var at = from
        while at < end, batch.rowCount < batch.rowCapacity {
            let before = (batch.receipt, batch.rowCount, batch.unexpectedFields)
            let done =
                container?.unwrap(
                    bytes, from: at, to: end, isFinal: isFinal, limit: limit, isOneByOne: true, &batch.receipt) ?? end
            if done == at { break }
            if let last = container?.lines.last {
                let taken = plain(in: batch, from: at, to: last.end, isFinal: true, isFileStart: false)
                if at + taken < last.end {
                    // Out of rows: what was taken comes again, in a batch of its own if need be.
                    let isAlone = before.1 == 0
                    (batch.receipt, batch.rowCount, batch.unexpectedFields) = before
                    guard isAlone else { break }
                    batch.receipt.reject(.tooManyRows)
                }
            }
            at = done
        }
        return at - from
    }

    /// The lines of an application, each with a newline, that a container runtime has wrapped; for samples.
    static func unwrapped(_ bytes: [UInt8], format: RecordFormat) -> [UInt8] {
        guard format.wrapper != .none else { return bytes }
        var lines = ContainerLines(format.wrapper)
        return withTerminated(bytes) { window, count in
            var receipt = Receipt()
            _ = lines.unwrap(window, from: 0, to: count, isFinal: true, limit: .max, &receipt)
            let end = lines.lines.last?.end ?? 0
            return unsafe Array(UnsafeRawBufferPointer(start: window.base, count: end))
        }
    }
}
