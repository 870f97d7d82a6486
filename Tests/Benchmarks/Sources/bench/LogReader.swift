import Events
import Glibc
import LineFormats

/// Reads a prediction log the way the daemon's tail does: `read()` into the bytes of a reused batch, decode in place.
struct LogReader: ~Copyable {
    private let descriptor: Int32
    private var decoder: RecordDecoder
    /// The batch of the last call to `next`.
    let batch: EventBatch
    private var filled = 0
    private var consumed = 0
    private var isAtEnd = false

    /// Opens a log and infers its schema, as the daemon does; `nil` if it cannot be opened or holds nothing to measure.
    init?(_ path: String) {
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        let schema = Self.infer(descriptor)
        decoder = RecordDecoder(schema: schema ?? Schema(signals: []))
        batch = EventBatch(source: 0, schema: schema ?? Schema(signals: []))
        guard schema != nil else { return nil }
    }

    /// Leaves the file where it was.
    private static func infer(_ descriptor: Int32) -> Schema? {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        var inference = SchemaInference()
        let lines = bytes[..<count].split(separator: UInt8(ascii: "\n"), maxSplits: SchemaInference.recordLimit)
        for line in lines.dropLast() { unsafe line.withUnsafeBytes { unsafe inference.add(record: $0) } }
        return inference.infer()?.schema
    }

    deinit { close(descriptor) }

    /// Fills the batch with the next rows; `false` at the end of the file.
    mutating func next() -> Bool {
        batch.clear()
        if consumed > 0 {
            unsafe memmove(batch.bytes, batch.bytes + consumed, filled - consumed)
            filled -= consumed
            consumed = 0
        }
        while filled < batch.byteCapacity, !isAtEnd {
            let count = unsafe read(descriptor, batch.bytes + filled, batch.byteCapacity - filled)
            if count > 0 { filled += count } else { isAtEnd = true }
        }
        guard filled > 0 else { return false }
        consumed = decoder.decodeLines(in: batch, from: 0, to: filled, isFinal: isAtEnd)
        return consumed > 0
    }
}

/// The schema of the generator's records.
enum LogSchema {
    static let generated = Schema(
        signals: [
            "age", "tenure_months", "balance", "num_products", "credit_score", "salary", "txn_count_30d",
            "avg_ticket", "days_since_login", "utilization",
        ].map { Signal(name: $0, role: .feature, kind: .numeric, path: ["features", $0]) }
            + ["country", "plan", "channel"].map {
                Signal(name: $0, role: .feature, kind: .categorical, path: ["features", $0])
            } + [
                Signal(name: "prediction", role: .prediction, kind: .categorical),
                Signal(name: "score", role: .score, kind: .numeric),
                Signal(name: "latency", role: .latency, kind: .numeric, path: ["latency_ms"], scale: 0.001),
            ],
        timestamp: ["ts"], identifier: ["id"], model: ["model"], version: ["version"], featureObjects: [["features"]])
}
