import CLinux
import Events
import Glibc

/// Takes connections that send DogStatsD lines and JSON records, all of them on one thread.
///
/// It never waits for the monitor: with no free batch lines are counted as dropped (`queue_full`), and no client is
/// held up. A connection holds at most one line or frame here.
public final class StreamSource: Sendable {
    /// Index among the daemon's sources.
    public let source: Int
    /// What was asked for.
    public let settings: StreamSettings
    /// The address that is bound, with the port that was given, or the path.
    public var address: String { socket.name }

    private let socket: BoundSocket
    private let schema: SourceSchema
    private let queue: BatchQueue
    private let pool: BatchPool
    private let thread: SourceThread
    private let current: Guarded<SourceStatus>
    private let onEvent: @Sendable (SourceEvent) -> Void

    /// Binds and listens; `start()` begins to accept.
    ///
    /// - Parameters:
    ///   - source: Index among the daemon's sources.
    ///   - settings: Where and how.
    ///   - schema: What JSON records mean; DogStatsD lines need none.
    ///   - queue: Where batches go.
    ///   - onEvent: Called on the source's thread for what is worth a line of log.
    /// - Throws: If the address is not one, or cannot be bound.
    public init(
        source: Int, settings: StreamSettings, schema: SourceSchema, queue: BatchQueue,
        onEvent: @escaping @Sendable (SourceEvent) -> Void = { _ in }
    ) throws(IngestError) {
        self.source = source
        self.settings = settings
        self.schema = schema
        self.queue = queue
        self.onEvent = onEvent
        socket = try BoundSocket(settings.address, .stream(backlog: IngestLimits.backlog))
        pool = BatchPool(source: source)
        thread = try SourceThread(name: "streams-\(source)")
        current = Guarded(SourceStatus(kind: settings.kind, name: socket.name))
        current.withLock { $0.connections = ConnectionTotals() }
        queue.register(pool)
    }

    /// What the source is doing.
    public var status: SourceStatus { current.withLock { $0 } }

    /// Begins to accept.
    public func start() throws(IngestError) { try thread.start { [self] in run() } }

    /// Takes what the kernel has received until now, hands it over, ends the thread and waits for it.
    public func stop() {
        thread.requestStop()
        thread.join()
    }

    private func run() {
        var intake = LineIntake(
            schema: schema, defaultModel: settings.defaultModel, statsD: settings.statsD, pool: pool, queue: queue)
        var connections = StreamConnections(settings, limit: OpenFileLimit.connections(wanted: settings.connections))
        var (acceptAt, failure): (Int64, Int32) = (0, 0)
        var polled: [pollfd] = []
        publish(&intake, connections.totals)
        while !thread.isStopping {
            var now = MonotonicClock.now()
            polled.removeAll(keepingCapacity: true)
            polled.append(pollfd(fd: thread.wakeup, events: Int16(POLLIN), revents: 0))
            polled.append(pollfd(fd: now < acceptAt ? -1 : socket.descriptor, events: Int16(POLLIN), revents: 0))
            connections.appendPolled(to: &polled)
            let left = max(0, intake.wakeAt(now: now) - now)
            unsafe poll(&polled, nfds_t(polled.count), Int32(clamping: (left + 999_999) / 1_000_000))
            now = MonotonicClock.now()
            let before = connections.totals
            connections.read(polled[2...], into: &intake, now: now)
            connections.expire(into: &intake, now: now)
            if polled[1].revents != 0 {
                let code = accept(&connections, &intake, now: now)
                if code != 0 { acceptAt = now + IngestLimits.acceptPause }
                if code != 0, code != failure { onEvent(.acceptFailed(reason: reason(code))) }
                failure = code
            }
            if intake.tick(now: now) || connections.totals != before { publish(&intake, connections.totals) }
        }
        socket.removeFile()
        let now = MonotonicClock.now()
        _ = accept(&connections, &intake, now: now)
        connections.finish(into: &intake, now: now)
        intake.finish(now: now)
        publish(&intake, connections.totals)
        current.withLock { $0.activity = .stopped }
    }

    /// Takes the connections that wait; an error number if the system has no descriptor for them, else 0.
    private func accept(
        _ connections: inout StreamConnections, _ intake: inout LineIntake, now: Int64
    ) -> Int32 {
        for _ in 0..<IngestLimits.backlog {
            let descriptor = clinux_accept(socket.descriptor)
            switch descriptor {
            case 0...: connections.add(descriptor, into: &intake, now: now)
            case -EMFILE, -ENFILE, -ENOMEM, -ENOBUFS: return -descriptor
            // Nobody waits, or one that waited has gone.
            default: return 0
            }
        }
        return 0
    }

    private func publish(_ intake: inout LineIntake, _ totals: ConnectionTotals) {
        let schema = intake.schema
        let isInferring = intake.isInferring
        current.withLock { status in
            status.activity = isInferring ? .inferring : .reading
            status.schema = schema
            status.connections = totals
        }
        for event in intake.takeEvents() { onEvent(event) }
    }
}
