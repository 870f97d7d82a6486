import Events
import LineFormats

/// Shows a rejected line now and then: at most one a second, and of a long one only the beginning.
struct RejectionExcerpts {
    /// Bytes shown of a line.
    static let excerptBytes = 512
    /// Nanoseconds between two excerpts.
    static let interval: Int64 = 1_000_000_000

    private var nextAt = Int64.min

    /// An event for a line the decoder rejected, if it is time for one.
    mutating func event(for line: RejectedLine?, in batch: EventBatch, now: Int64) -> SourceEvent? {
        guard let line, now >= nextAt, Int(line.range.offset) + Int(line.range.length) <= batch.byteCount else {
            return nil
        }
        nextAt = now + Self.interval
        let length = min(Int(line.range.length), Self.excerptBytes)
        let bytes = unsafe UnsafeRawBufferPointer(start: batch.bytes + Int(line.range.offset), count: length)
        return unsafe .rejected(line.reason, excerpt: Array(bytes))
    }
}
