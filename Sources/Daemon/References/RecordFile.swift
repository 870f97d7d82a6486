internal import Events
internal import LineFormats
internal import Monitor

/// Reads a file of records in any format that a log may have, also compressed with gzip, recognised by content.
///
/// Memory is bounded whatever the size of the file: about 3 MB.
final class RecordFile {
    /// Bytes of the beginning that decide on form and schema.
    private static let sampleBytes = 1 << 20
    /// Bytes of a batch: twice the longest line.
    private static let batchBytes = 2 * EventLimits.lineBytes

    /// Which field is which; inferred from the file if `nil` at the start.
    private(set) var schema: Schema?
    /// How the schema was inferred; empty if it was given.
    private(set) var explanation: [String] = []
    /// What became of the lines.
    private(set) var receipt = Receipt()

    private let path: String
    private let reference: Reference?
    private let source: Int
    private let defaults: (model: String?, version: String?)
    private let accept: (EventBatch) -> Void
    private var input: RecordInput?
    private var isAtEnd = false
    private var pending: [UInt8] = []
    /// Bytes of `pending` that are done with.
    private var taken = 0
    private var batch: EventBatch?
    private var decoder: LineDecoder?
    private let hints: SchemaHints
    private var isSkipping = false

    /// Prepares to read a file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - schema: Which field is which; `nil` to infer it.
    ///   - hints: What is known of the records besides.
    ///   - reference: What an inferred schema has to fit: the signals it names are of its types.
    ///   - source: Number of the source in its batches.
    ///   - defaults: Model and version of records that name none, where an inferred schema has to know them.
    ///   - accept: Takes each batch of rows of `read`; the batch is only valid during the call.
    init(
        path: String, schema: Schema?, hints: SchemaHints = SchemaHints(), reference: Reference? = nil,
        source: Int = 0, defaults: (model: String?, version: String?) = (nil, nil),
        accept: @escaping (EventBatch) -> Void = { _ in }
    ) {
        (self.path, self.schema, self.reference, self.accept) = (path, schema, reference, accept)
        (self.hints, self.source, self.defaults) = (hints, source, defaults)
    }

    /// Bytes read so far, and those of the file where that is known.
    var progress: (position: UInt64, size: UInt64?) { (input?.position ?? 0, input?.size) }

    /// The first schema of a configuration file; `nil` without a file.
    ///
    /// - Throws: `Failure` with exit status 2: every error of the file, or no schema in it.
    static func schema(ofConfiguration path: String?) throws(Failure) -> Schema? {
        guard let path else { return nil }
        do throws(ConfigErrors) {
            let configuration = try RunOptions(config: path).configuration()
            guard let schema = configuration.sources.lazy.compactMap(\.schema).first else {
                let rule = "no source has a schema"
                throw ConfigErrors(errors: [
                    ConfigError(file: path, line: 0, key: "sources", value: nil, rule: rule)
                ])
            }
            return schema
        } catch {
            throw Failure.configuration(error)
        }
    }

    /// Reads the file to its end.
    ///
    /// - Throws: `Failure` with exit status 2: unreadable, damaged, or nothing in it to measure.
    func read() throws(Failure) { while let batch = try next() { if batch.rowCount > 0 { accept(batch) } } }

    /// The next records, or lines that are none; `nil` at the end.
    ///
    /// The batch is the same one each time, and good until the next call.
    ///
    /// - Throws: `Failure` with exit status 2: unreadable, damaged, or nothing in it to measure.
    func next() throws(Failure) -> EventBatch? {
        batch?.clear()
        while true {
            if batch == nil, isAtEnd || pending.count >= Self.sampleBytes { try begin(isWhole: isAtEnd) }
            if let batch, decode(into: batch) {
                receipt.add(batch.receipt)
                return batch
            }
            if isAtEnd { return nil }
            pending.removeFirst(taken)
            taken = 0
            if input == nil { input = try RecordInput(path: path) }
            isAtEnd = try !(input?.read(into: &pending) ?? false)
        }
    }

    // MARK: Form and schema

    private func begin(isWhole: Bool) throws(Failure) {
        guard pending.contains(where: { $0 > 0x20 }) else { throw Failure.usage("\(path): holds no records") }
        let head = pending
        let format = SchemaInference.format(of: head, hints: hints)
        var header: TableHeader?
        if LineDecoder.needsHeader(format) {
            header = TableHeader(head, format: format, isWhole: isWhole)
            guard let header else { throw Failure.usage("\(path): has no line with the names of its columns") }
            pending.removeFirst(header.byteCount)
        } else if format == RecordFormat(), head.first(where: { $0 > 0x20 && $0 < 0x80 }) != UInt8(ascii: "{") {
            throw Failure.usage("\(path): is neither JSON lines nor any other format that is known")
        }
        if pending.starts(with: [0xEF, 0xBB, 0xBF]) { pending.removeFirst(3) }
        var found: Schema
        if let schema { found = schema } else { found = try infer(head: head, isWhole: isWhole) }
        found.format = format
        var decoder = LineDecoder(schema: found)
        if let header { decoder.use(header) }
        self.decoder = consume decoder
        batch = EventBatch(source: source, schema: found, observationCapacity: 0, byteCapacity: Self.batchBytes)
        schema = found
    }

    private func infer(head: [UInt8], isWhole: Bool) throws(Failure) -> Schema {
        var inference = SchemaInference(hints: hints)
        let end = pending.lastIndex(of: UInt8(ascii: "\n")) ?? -1
        // The last line of a whole file may lack its end.
        inference.add(lines: isWhole ? pending + [UInt8(ascii: "\n")] : Array(pending.prefix(end + 1)), head: head)
        guard let result = inference.infer() else {
            throw Failure.usage("\(path): no field to measure in its first \(inference.recordCount) records")
        }
        explanation = result.explanation
        var schema = result.schema
        if let model = defaults.model { schema.defaultModel = model }
        if let version = defaults.version { schema.defaultVersion = version }
        guard let reference else { return schema }
        return schema.fitting(reference)
    }

    // MARK: Rows

    /// Decodes what is there; `false` if it takes more bytes.
    private func decode(into batch: EventBatch) -> Bool {
        while taken < pending.count {
            if isSkipping {
                guard let newline = pending[taken...].firstIndex(of: UInt8(ascii: "\n")) else {
                    taken = pending.count
                    return false
                }
                taken = newline + 1
                isSkipping = false
                continue
            }
            let count = min(pending.count - taken, batch.byteCapacity)
            let isLast = isAtEnd && taken + count == pending.count
            unsafe pending.withUnsafeBytes { source in
                if let base = source.baseAddress {
                    unsafe batch.bytes.copyMemory(from: base.advanced(by: taken), byteCount: count)
                }
            }
            batch.byteCount = count
            let used = decoder?.decodeLines(in: batch, from: 0, to: count, isFinal: isLast) ?? count
            taken += used
            if used > 0 { return true }
            guard count == batch.byteCapacity else { return false }
            batch.receipt.reject(.lineTooLong)
            isSkipping = true
            return true
        }
        return false
    }
}
