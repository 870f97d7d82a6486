import Events
import LineFormats

/// What a tail does at each turn of its thread, without the thread: infer, then read into free batches.
struct TailLoop: ~Copyable {
    private var logs: any LineFiles
    private var decoder: LineDecoder?
    private let pool: BatchPool
    private let queue: BatchQueue
    private var events: [SourceEvent] = []
    private var rejections = RejectionExcerpts()
    private var sampling: (since: Int64, size: UInt64, lastGrowth: Int64)?
    private var caughtUpAt: Int64?
    private var now: Int64 = 0
    /// The schema in use; `nil` until inferred.
    private(set) var schema: Schema?
    /// When the next turn is due though nothing changes; `nil` for no such time.
    private(set) var wakeAt: Int64?

    /// A loop at its start.
    init(logs: any LineFiles, schema: SourceSchema, pool: BatchPool, queue: BatchQueue) {
        self.logs = logs
        self.pool = pool
        self.queue = queue
        if case .fixed(let schema) = schema { adopt(schema) }
    }

    /// Looks at every log, and for new ones.
    mutating func look(now: Int64) { logs.look(now: now) }

    /// Looks at what a change may concern.
    mutating func look(at changes: [DirectoryChange], now: Int64) { logs.look(at: changes, now: now) }

    /// Closes every file.
    mutating func close() { logs.close() }

    /// Does one thing: infers, or fills one batch.
    ///
    /// True if there was nothing to do.
    mutating func step(now: Int64) -> Bool {
        self.now = now
        wakeAt = nil
        let isIdle = schema == nil ? sample(now: now) : fill(now: now)
        if logs.unread == 0 || caughtUpAt == nil { caughtUpAt = now }
        return isIdle
    }

    /// What there is to log since the last call.
    mutating func takeEvents() -> [SourceEvent] {
        let taken = logs.events + events
        logs.events = []
        events = []
        return taken
    }

    // MARK: - Reading

    private mutating func fill(now: Int64) -> Bool {
        guard let batch = pool.take(until: now + IngestLimits.flushInterval) else { return false }
        switch fill(batch, now: now) {
        case .filled:
            queue.push(batch)
            return false
        case .idle:
            pool.put(batch)
            return true
        case .working:
            pool.put(batch)
            return false
        case .needsLargeBatch:
            pool.put(batch)
            guard let schema else { return true }
            // One line that no ordinary batch holds. Lines like this are rare: it is made for the occasion.
            return !fillLarge(schema: schema, rows: batch.rowCapacity, now: now)
        }
    }

    private mutating func fill(_ batch: EventBatch, now: Int64) -> FileTailer.Outcome {
        guard var decoder = decoder.take() else { return .idle }
        let outcome = logs.fill(batch, decoder: &decoder, now: now)
        if outcome == .filled, let event = rejections.event(for: decoder.rejectedLine, in: batch, now: now) {
            events.append(event)
        }
        self.decoder = consume decoder
        return outcome
    }

    private mutating func fillLarge(schema: Schema, rows: Int, now: Int64) -> Bool {
        let bytes = logs.largeBatchBytes
        let lent = pool.lend(until: now + IngestLimits.flushInterval) { source in
            EventBatch(
                source: source, schema: schema, rowCapacity: max(1, rows), observationCapacity: 0, byteCapacity: bytes)
        }
        guard let batch = lent else { return false }
        guard fill(batch, now: now) == .filled else {
            pool.put(batch)
            return false
        }
        queue.push(batch)
        return true
    }

    private mutating func adopt(_ schema: Schema) {
        self.schema = schema
        decoder = LineDecoder(schema: schema)
        let (source, settings) = (pool.source, logs.settings)
        pool.refill(limit: IngestLimits.batchesPerTail) {
            EventBatch(
                source: source, schema: schema, rowCapacity: settings.batchRows, observationCapacity: 0,
                byteCapacity: settings.batchBytes)
        }
    }

    // MARK: - Inferring

    /// Looks at the first records.
    ///
    /// They stay in the file until the schema is known, so none can be lost.
    private mutating func sample(now: Int64) -> Bool {
        carryPending()
        let sample = logs.sample(now: now)
        guard sample.byteCount > 0 else { return true }
        var since = sampling ?? (since: now, size: 0, lastGrowth: now)
        if since.size != logs.unread { (since.size, since.lastGrowth) = (logs.unread, now) }
        sampling = since
        let deadline = min(since.lastGrowth + IngestLimits.sampleQuiet, since.since + IngestLimits.samplePatience)
        guard sample.isFull || (now >= deadline && sample.lineCount > 0) else {
            wakeAt = max(deadline, now + IngestLimits.gatherInterval)
            return true
        }
        sampling = nil
        return !infer(sample, now: now)
    }

    /// Infers a schema, or rejects the sample.
    ///
    /// False if not even that is possible yet: a line without an end.
    private mutating func infer(_ sample: TailSample, now: Int64) -> Bool {
        var hints = logs.settings.hints
        let known = logs.settings.schemaDirectory.flatMap { SchemaLog.hints(in: $0, from: logs.files) }
        // What the configuration says wins.
        if let known { hints = known.overridden(by: hints) }
        var inference = SchemaInference(hints: hints)
        for piece in sample.pieces { inference.add(lines: piece.lines, head: piece.head) }
        if var inferred = inference.infer(defaultModel: logs.settings.defaultModel) {
            inferred.schema.fingerprint = logs.settings.hints.fingerprint
            events.append(.schemaInferred(inferred.schema, explanation: inferred.explanation))
            adopt(inferred.schema)
            return true
        }
        // Nothing measurable: these lines, and no others, go through a decoder that knows no signal, which says why.
        let none = Schema(
            signals: [], defaultModel: logs.settings.defaultModel, format: inference.format ?? RecordFormat())
        decoder = LineDecoder(schema: none)
        let isFilled = fillLarge(schema: none, rows: sample.leadingLines, now: now)
        decoder = nil
        if isFilled { events.append(.schemaNotInferred(records: sample.lineCount)) }
        return isFilled
    }

    /// Positions and counts must reach the state even while there is no schema.
    private mutating func carryPending() {
        guard logs.hasPending, let batch = pool.lend({ .carrier(source: $0) }) else { return }
        logs.attachPending(to: batch)
        queue.push(batch)
    }

    // MARK: - Status

    /// Directories in which a change may concern a log.
    var directories: Set<String> { logs.directories }
    /// Bytes there are and that are not read.
    var unread: UInt64 { logs.unread }
    /// Files held open.
    var openFiles: Int { logs.openFiles }
    /// Logs followed that hold no file open.
    var suspendedLogs: Int { logs.suspendedLogs }
    /// Logs found and not followed, because there are too many.
    var refusedLogs: Int { logs.refused }
    /// The logs of a pattern that are furthest behind.
    var laggards: [FileLag] { logs.laggards(now: now) }
    /// Seconds since everything was read.
    var lagSeconds: Double {
        guard logs.unread > 0 else { return 0 }
        return Double(now - (caughtUpAt ?? now)) / 1e9
    }

    /// What to show for the source.
    var activity: (SourceStatus.Activity, String) {
        switch logs.pathState {
        case .unknown: (.starting, "")
        case .missing: (.waiting, logs.pattern.literal == nil ? "no file matches" : "the file does not exist")
        case .blocked(let reason): (.blocked, reason)
        case .open, .elsewhere: (schema == nil ? .inferring : .reading, "")
        }
    }
}

extension EventBatch {
    /// A small batch outside every pool that carries counts and positions alone.
    static func carrier(source: Int, schema: Schema? = nil) -> EventBatch {
        EventBatch(
            source: source, schema: schema ?? Schema(signals: []), rowCapacity: 1, observationCapacity: 0,
            byteCapacity: 1)
    }
}
