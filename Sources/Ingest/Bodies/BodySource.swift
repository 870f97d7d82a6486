public import Events
import Glibc
public import LineFormats

/// Takes records in bodies that somebody else received, such as an HTTP server, on any thread.
///
/// It never waits for the monitor: a body that finds no free batches is refused as a whole, and its records are counted
/// as dropped (`queue_full`). A thread of its own hands over what is due and infers the schema.
public final class BodySource: Sendable {
    /// Index among the daemon's sources.
    public let source: Int
    /// What was asked for.
    public let settings: BodySettings

    private let intake: Guarded<BodyIntake>
    private let thread: SourceThread
    private let current: Guarded<SourceStatus>
    private let onEvent: @Sendable (SourceEvent) -> Void

    /// A source that takes nothing before `start()`.
    ///
    /// - Parameters:
    ///   - source: Index among the daemon's sources.
    ///   - settings: What records are taken with.
    ///   - schema: What they mean.
    ///   - queue: Where batches go.
    ///   - onEvent: Called on the source's thread for what is worth a line of log.
    public init(
        source: Int, settings: BodySettings, schema: SourceSchema, queue: BatchQueue,
        onEvent: @escaping @Sendable (SourceEvent) -> Void = { _ in }
    ) throws(IngestError) {
        self.source = source
        self.settings = settings
        self.onEvent = onEvent
        let pool = BatchPool(source: source)
        intake = Guarded(BodyIntake(schema: schema, settings: settings, pool: pool, queue: queue))
        thread = try SourceThread(name: "bodies-\(source)")
        current = Guarded(SourceStatus(kind: .http, name: settings.name))
        queue.register(pool)
    }

    /// What the source is doing.
    public var status: SourceStatus { current.withLock { $0 } }

    /// Begins to take bodies.
    public func start() throws(IngestError) {
        intake.withLock { $0.isOpen = true }
        try thread.start { [self] in run() }
    }

    /// Takes no more, hands over what was taken, ends the thread and waits for it.
    public func stop() {
        thread.requestStop()
        thread.join()
    }

    /// Takes the records of a body.
    ///
    /// - Parameters:
    ///   - lines: One record each, each with its newline; at most `IngestLimits.bodyBytes`.
    ///   - records: Their number, at most `IngestLimits.recordsPerBody`.
    /// - Returns: What became of them. What is accepted is counted in the next commit.
    public func take(_ lines: [UInt8], records: Int) -> BodyAnswer {
        let now = MonotonicClock.now()
        return intake.withLock { $0.take(lines, records: records, now: now) }
    }

    /// Takes one half of an inference, a request or an answer.
    ///
    /// - Returns: What became of the record if that is whole now.
    public func take(_ event: CloudEvent) -> BodyAnswer {
        let now = MonotonicClock.now()
        return intake.withLock { $0.take(event, now: now) }
    }

    /// Counts a body without records as one rejected record.
    public func reject(_ reason: RejectionReason, bytes: Int) -> BodyAnswer {
        let now = MonotonicClock.now()
        return intake.withLock { $0.reject(reason, bytes: bytes, now: now) }
    }

    /// Counts a body that nobody asked for as one ignored record.
    public func ignore(_ reason: IgnoreReason, bytes: Int) -> BodyAnswer {
        let now = MonotonicClock.now()
        return intake.withLock { $0.ignore(reason, bytes: bytes, now: now) }
    }

    private func run() {
        publish()
        var polled = [pollfd(fd: thread.wakeup, events: Int16(POLLIN), revents: 0)]
        while !thread.isStopping {
            unsafe poll(&polled, 1, Int32(IngestLimits.flushInterval / 1_000_000))
            let now = MonotonicClock.now()
            if intake.withLock({ $0.tick(now: now) }) { publish() }
        }
        let now = MonotonicClock.now()
        intake.withLock { $0.finish(now: now) }
        publish()
        current.withLock { $0.activity = .stopped }
    }

    private func publish() {
        let (schema, isInferring, events) = intake.withLock { ($0.schema, $0.isInferring, $0.takeEvents()) }
        current.withLock { status in
            status.activity = isInferring ? .inferring : .reading
            status.schema = schema
        }
        for event in events { onEvent(event) }
    }
}
