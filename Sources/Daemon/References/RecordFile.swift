internal import Events
internal import Glibc
internal import LineFormats
internal import Monitor

/// Reads a whole file of records: JSON lines, CSV or TSV, each also compressed with gzip, recognised by content.
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
    private var json: RecordDecoder?
    private var table: CSVDecoder?
    private var isSkipping = false

    /// Prepares to read a file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - schema: Which field is which; `nil` to infer it.
    ///   - reference: What an inferred schema has to fit: the signals it names are of its types.
    ///   - accept: Takes each batch of rows; the batch is only valid during the call.
    init(path: String, schema: Schema?, reference: Reference? = nil, accept: @escaping (EventBatch) -> Void) {
        (self.path, self.schema, self.reference, self.accept) = (path, schema, reference, accept)
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
        let hasMark = pending.starts(with: [0xEF, 0xBB, 0xBF])
        let first = pending.dropFirst(hasMark ? 3 : 0).first { $0 > 0x20 }
        guard let first else { throw Failure.usage("\(path): holds no records") }
        if first == UInt8(ascii: "{") {
            if hasMark { pending.removeFirst(3) }
            let found: Schema
            if let schema { found = schema } else { found = try inferFromLines(isWhole: isWhole) }
            json = RecordDecoder(schema: found)
            batch = EventBatch(source: 0, schema: found, observationCapacity: 0, byteCapacity: Self.batchBytes)
            schema = found
            return
        }
        let line = pending.prefix { $0 != UInt8(ascii: "\n") }
        let tabs = line.count { $0 == UInt8(ascii: "\t") }
        let separator = tabs > line.count { $0 == UInt8(ascii: ",") } ? UInt8(ascii: "\t") : UInt8(ascii: ",")
        guard let header = CSVDecoder.header(in: pending, separator: separator), header.names.count > 0 else {
            throw Failure.usage("\(path): is neither JSON lines nor a table with a header")
        }
        pending.removeFirst(header.end)
        let found: Schema
        if let schema { found = schema } else { found = try inferFromRows(header: header.names, separator: separator) }
        table = CSVDecoder(schema: found, header: header.names, separator: separator)
        batch = EventBatch(source: 0, schema: found, observationCapacity: 0, byteCapacity: Self.batchBytes)
        schema = found
    }

    private func inferFromLines(isWhole: Bool) throws(Failure) -> Schema {
        var inference = SchemaInference()
        var lines = pending.split(separator: UInt8(ascii: "\n"), maxSplits: SchemaInference.recordLimit)
        if !isWhole || lines.count > SchemaInference.recordLimit { lines.removeLast() }
        for line in lines { unsafe line.withUnsafeBytes { unsafe inference.add(record: $0) } }
        return try result(inference)
    }

    private func inferFromRows(header: [String], separator: UInt8) throws(Failure) -> Schema {
        var inference = SchemaInference()
        inference.add(rows: pending, header: header, separator: separator)
        return try result(inference)
    }

    private func result(_ inference: SchemaInference) throws(Failure) -> Schema {
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
            let used =
                json?.decodeLines(in: batch, from: 0, to: count, isFinal: isLast)
                ?? table?.decodeLines(in: batch, from: 0, to: count, isFinal: isLast) ?? count
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
