import Events
import Glibc
import LineFormats

/// What a socket's source does with what it received, without the socket: decode into free batches, count what has no
/// place, hand over in time.
struct LineIntake: ~Copyable {
    /// The schema of JSON records; `nil` until inferred.
    private(set) var schema: Schema?
    private let defaultModel: String
    private let pool: BatchPool
    private let queue: BatchQueue
    private var lines: StatsDDecoder
    private var records: RecordDecoder
    private var batch: EventBatch?
    private var batchSince: Int64 = 0
    /// Counts that belong to no line of a batch in hand.
    private var pending = Receipt()
    private var sample = HeldRecords()
    private var events: [SourceEvent] = []
    private var rejections = RejectionExcerpts()

    /// An intake with empty hands.
    init(
        schema: SourceSchema, defaultModel: String, statsD: StatsDOptions = StatsDOptions(), pool: BatchPool,
        queue: BatchQueue
    ) {
        self.defaultModel = defaultModel
        self.pool = pool
        self.queue = queue
        lines = StatsDDecoder(options: statsD)
        let known: Schema
        switch schema {
        case .fixed(let schema):
            self.schema = schema
            known = schema
        case .infer:
            known = Schema(signals: [], defaultModel: defaultModel)
        }
        records = RecordDecoder(schema: known)
        Self.refill(pool, schema: known)
    }

    /// Whether JSON records wait for their schema.
    var isInferring: Bool { schema == nil && !sample.isEmpty }

    /// When `tick` has something to do at the latest.
    func wakeAt(now: Int64) -> Int64 {
        var at = now + IngestLimits.pollInterval
        if batch != nil || pending != Receipt() { at = min(at, batchSince + IngestLimits.flushInterval) }
        if isInferring { at = min(at, sample.dueAt) }
        return at
    }

    /// Takes one datagram, or whole lines; `length` is larger than its bytes if it was cut.
    ///
    /// At most `EventLimits.batchBytes`.
    mutating func take(_ datagram: UnsafeRawBufferPointer, length: Int, now: Int64) {
        read(bytes: length, now: now)
        var whole = unsafe datagram
        if length > datagram.count {
            // The last line is cut, and half a line must not pass for a whole one.
            let end = unsafe datagram.lastIndex(of: 10).map { $0 + 1 } ?? 0
            unsafe whole = UnsafeRawBufferPointer(rebasing: datagram[..<end])
            pending.reject(.truncated)
        }
        guard schema == nil, unsafe memchrOffset(of: 0x7B, in: whole, from: 0) != nil else {
            return unsafe decode(whole, now: now)
        }
        unsafe gather(whole, now: now)
    }

    /// Counts bytes that are part of no line taken.
    mutating func read(bytes: Int, now: Int64) {
        if batch == nil, pending == Receipt() { batchSince = now }
        pending.bytesRead &+= UInt64(clamping: bytes)
    }

    /// Counts a line that never came whole.
    mutating func reject(_ reason: RejectionReason, now: Int64) {
        read(bytes: 0, now: now)
        pending.reject(reason)
    }

    /// Adds what the kernel dropped.
    mutating func kernelDropped(_ count: UInt64) { pending.kernelDrops &+= count }

    /// Infers and hands over what is due.
    ///
    /// True if there is something new to show.
    mutating func tick(now: Int64) -> Bool {
        var hasNews = !events.isEmpty
        if isInferring, now >= sample.dueAt {
            infer(now: now)
            hasNews = true
        }
        if now - batchSince >= IngestLimits.flushInterval {
            flush()
            let schema = schema
            if pending != Receipt(), let carrier = pool.lend({ .carrier(source: $0, schema: schema) }) { send(carrier) }
            batchSince = now
        }
        return hasNews
    }

    /// Hands over everything, counts included.
    mutating func finish(now: Int64) {
        if isInferring { infer(now: now) }
        flush()
        if pending != Receipt() { send(.carrier(source: pool.source, schema: schema)) }
    }

    /// What there is to log since the last call.
    mutating func takeEvents() -> [SourceEvent] {
        defer { events = [] }
        return events
    }

    // MARK: - Decoding

    /// Decodes lines into the batch in hand, and into the next ones as they fill up.
    private mutating func decode(_ bytes: UnsafeRawBufferPointer, now: Int64) {
        var at = 0
        while at < bytes.count, let start = bytes.baseAddress {
            guard let batch = batchInHand(now: now) else {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[at...])
                return unsafe pending.drop(.queueFull, count: lineCount(of: rest))
            }
            let length = bytes.count - at
            if length > batch.byteCapacity - batch.byteCount {
                flush()
                continue
            }
            let from = batch.byteCount
            unsafe (batch.bytes + from).copyMemory(from: start + at, byteCount: length)
            let taken = lines.decodeLines(in: batch, from: from, to: from + length, records: &records)
            batch.byteCount = from + taken
            if let event = rejections.event(for: lines.rejectedLine, in: batch, now: now) { events.append(event) }
            at += taken
            if taken < length { flush() }
        }
    }

    private mutating func batchInHand(now: Int64) -> EventBatch? {
        if batch == nil {
            batch = pool.take()
            batchSince = now
        }
        return batch
    }

    private mutating func flush() {
        guard let full = batch.take() else { return }
        send(full)
    }

    private mutating func send(_ batch: EventBatch) {
        batch.receipt.add(pending)
        pending.clear()
        queue.push(batch)
    }

    private static func refill(_ pool: BatchPool, schema: Schema) {
        let (source, rows) = (pool.source, schema.signals.isEmpty ? 1 : EventLimits.batchRows)
        pool.refill(limit: IngestLimits.batchesPerSocket) {
            EventBatch(source: source, schema: schema, rowCapacity: rows)
        }
    }

    // MARK: - Inferring

    /// Sorts lines while the schema is unknown: JSON records wait in the sample, the others are decoded.
    private mutating func gather(_ bytes: UnsafeRawBufferPointer, now: Int64) {
        var at = 0
        while at < bytes.count {
            let end = unsafe memchrOffset(of: 10, in: bytes, from: at).map { $0 + 1 } ?? bytes.count
            let line = unsafe UnsafeRawBufferPointer(rebasing: bytes[at..<end])
            at = end
            if schema == nil, unsafe line.first == 0x7B {
                unsafe sample.add(line, now: now)
                if sample.isFull { infer(now: now) }
            } else {
                unsafe decode(line, now: now)
            }
        }
    }

    private mutating func infer(now: Int64) {
        let held = sample
        sample = HeldRecords()
        var inference = SchemaInference()
        for record in held.records { unsafe record.withUnsafeBytes { unsafe inference.add(record: $0) } }
        if let inferred = inference.infer(defaultModel: defaultModel) {
            events.append(.schemaInferred(inferred.schema, explanation: inferred.explanation))
            flush()
            schema = inferred.schema
            records = RecordDecoder(schema: inferred.schema)
            Self.refill(pool, schema: inferred.schema)
        } else {
            events.append(.schemaNotInferred(records: held.records.count))
        }
        unsafe held.bytes.withUnsafeBytes { unsafe decode($0, now: now) }
    }
}

/// JSON records that arrived at a socket before their schema was known.
struct HeldRecords {
    /// The records, each with its newline.
    private(set) var bytes: [UInt8] = []
    private var starts: [Int] = []
    private var since: Int64 = 0
    private var last: Int64 = 0

    /// Whether no record waits.
    var isEmpty: Bool { starts.isEmpty }
    /// Whether there is room for no more: half of the bytes a log may give, since batches must take them at once.
    var isFull: Bool { starts.count >= IngestLimits.sampleRecords || bytes.count >= IngestLimits.sampleBytes / 2 }
    /// When to wait no longer for more.
    var dueAt: Int64 { min(last + IngestLimits.sampleQuiet, since + IngestLimits.samplePatience) }

    /// The records without their newlines.
    var records: [[UInt8]] {
        starts.indices.map { index in
            let end = index + 1 < starts.count ? starts[index + 1] : bytes.count
            return Array(bytes[starts[index]..<end].prefix { $0 != 10 })
        }
    }

    /// Keeps one line.
    mutating func add(_ line: UnsafeRawBufferPointer, now: Int64) {
        if isEmpty { since = now }
        last = now
        starts.append(bytes.count)
        unsafe bytes.append(contentsOf: line)
        if bytes.last != 10 { bytes.append(10) }
    }
}

/// Number of lines, the last one with or without its newline.
func lineCount(of bytes: UnsafeRawBufferPointer) -> UInt64 {
    var (count, at): (UInt64, Int) = (0, 0)
    while at < bytes.count {
        count += 1
        at = unsafe memchrOffset(of: 10, in: bytes, from: at).map { $0 + 1 } ?? bytes.count
    }
    return count
}

/// Offset of the first such byte at or after `start`.
func memchrOffset(of byte: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard start < bytes.count, let base = bytes.baseAddress else { return nil }
    return unsafe memchr(base + start, Int32(byte), bytes.count - start).map { unsafe UnsafeRawPointer($0) - base }
}
