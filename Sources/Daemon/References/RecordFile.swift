internal import Events
internal import Glibc
internal import LineFormats
internal import Monitor

/// Reads a whole file of records in any format that a log may have, also compressed with gzip, recognised by content.
final class RecordFile {
    /// Bytes of the beginning that decide on form and schema.
    private static let sampleBytes = 1 << 20
    /// Bytes of a batch: twice the longest line.
    private static let batchBytes = 2 * EventLimits.lineBytes
    /// Most bytes of a compressed file, which is held in memory.
    private static let compressedBytes = 1 << 30

    /// Which field is which; inferred from the file if `nil` at the start.
    private(set) var schema: Schema?
    /// How the schema was inferred; empty if it was given.
    private(set) var explanation: [String] = []
    /// What became of the lines.
    private(set) var receipt = Receipt()

    private let path: String
    private let reference: Reference?
    private let accept: (EventBatch) -> Void
    private var pending: [UInt8] = []
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
    ///   - accept: Takes each batch of rows; the batch is only valid during the call.
    init(
        path: String, schema: Schema?, hints: SchemaHints = SchemaHints(), reference: Reference? = nil,
        accept: @escaping (EventBatch) -> Void
    ) {
        (self.path, self.schema, self.reference, self.accept) = (path, schema, reference, accept)
        self.hints = hints
    }

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
    func read() throws(Failure) {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Failure.usage(SystemError.current("read", path).description) }
        defer { close(file) }
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        var isFirst = true
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure.usage(SystemError.current("read", path).description) }
            if count == 0 { break }
            if isFirst, Gzip.isGzip(chunk[..<count]) {
                try readCompressed(file, begin: chunk[..<count])
                break
            }
            isFirst = false
            try take(chunk[..<count])
        }
        try finish()
    }

    private func readCompressed(_ file: Int32, begin: ArraySlice<UInt8>) throws(Failure) {
        var bytes = Array(begin)
        do throws(SystemError) {
            bytes.append(contentsOf: try FileBytes.read(file, path: path, limit: Self.compressedBytes))
        } catch {
            throw Failure.usage(error.description)
        }
        let isWhole = try Gzip.decompress(bytes) { piece throws(Failure) in try take(piece) }
        guard isWhole else { throw Failure.usage("\(path): the gzip data is damaged or ends too early") }
    }

    private func take(_ bytes: ArraySlice<UInt8>) throws(Failure) {
        pending.append(contentsOf: bytes)
        if batch == nil {
            guard pending.count >= Self.sampleBytes else { return }
            try begin(isWhole: false)
        }
        try decode(isFinal: false)
    }

    private func finish() throws(Failure) {
        if batch == nil { try begin(isWhole: true) }
        try decode(isFinal: true)
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
        batch = EventBatch(source: 0, schema: found, observationCapacity: 0, byteCapacity: Self.batchBytes)
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
        guard let reference else { return result.schema }
        return result.schema.fitting(reference)
    }

    // MARK: Rows

    private func decode(isFinal: Bool) throws(Failure) {
        guard let batch else { return }
        var start = 0
        while start < pending.count {
            if isSkipping {
                guard let newline = pending[start...].firstIndex(of: UInt8(ascii: "\n")) else {
                    start = pending.count
                    break
                }
                start = newline + 1
                isSkipping = false
                continue
            }
            let count = min(pending.count - start, batch.byteCapacity)
            let isLast = isFinal && start + count == pending.count
            unsafe pending.withUnsafeBytes { source in
                if let base = source.baseAddress {
                    unsafe batch.bytes.copyMemory(from: base.advanced(by: start), byteCount: count)
                }
            }
            batch.byteCount = count
            let used = decoder?.decodeLines(in: batch, from: 0, to: count, isFinal: isLast) ?? count
            if used == 0, count == batch.byteCapacity {
                batch.receipt.reject(.lineTooLong)
                isSkipping = true
            }
            receipt.add(batch.receipt)
            if batch.rowCount > 0 { accept(batch) }
            let isStuck = used == 0 && !isSkipping
            batch.clear()
            start += used
            if isStuck { break }
        }
        pending.removeFirst(min(start, pending.count))
    }
}
