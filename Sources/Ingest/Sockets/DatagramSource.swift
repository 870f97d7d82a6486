import Events
import Glibc

/// Receives datagrams of DogStatsD lines and JSON records on a thread that does nothing else.
///
/// It never waits for the monitor: with no free batch the lines of a datagram are counted as dropped (`queue_full`),
/// and what the kernel had to drop before is counted too, so that sent = received + kernel drops on one machine. Of a
/// Unix socket the kernel drops nothing: it makes the sender wait, or tells it to come again.
public final class DatagramSource: Sendable {
    /// Index among the daemon's sources.
    public let source: Int
    /// What was asked for.
    public let settings: DatagramSettings
    /// The address that is bound, with the port that was given, or the path.
    public var address: String { socket.name }

    private let socket: DatagramSocket
    private let schema: SourceSchema
    private let queue: BatchQueue
    private let pool: BatchPool
    private let thread: SourceThread
    private let current: Guarded<SourceStatus>
    private let onEvent: @Sendable (SourceEvent) -> Void

    /// Binds the socket; `start()` begins to receive.
    ///
    /// - Parameters:
    ///   - source: Index among the daemon's sources.
    ///   - settings: Where to receive.
    ///   - schema: What JSON records mean; DogStatsD lines need none.
    ///   - queue: Where batches go.
    ///   - onEvent: Called on the source's thread for what is worth a line of log.
    /// - Throws: If the address is not one, or cannot be bound.
    public init(
        source: Int, settings: DatagramSettings, schema: SourceSchema, queue: BatchQueue,
        onEvent: @escaping @Sendable (SourceEvent) -> Void = { _ in }
    ) throws(IngestError) {
        self.source = source
        self.settings = settings
        self.schema = schema
        self.queue = queue
        self.onEvent = onEvent
        socket = try DatagramSocket(settings)
        pool = BatchPool(source: source)
        thread = try SourceThread(name: "datagrams-\(source)")
        current = Guarded(SourceStatus(kind: settings.kind, name: socket.name))
        current.withLock { [socket] in $0.receiveBufferBytes = socket.receiveBufferBytes }
        queue.register(pool)
    }

    /// What the source is doing.
    public var status: SourceStatus { current.withLock { $0 } }

    /// Begins to receive.
    public func start() throws(IngestError) {
        if socket.receiveBufferBytes < settings.receiveBufferBytes {
            onEvent(.smallReceiveBuffer(granted: socket.receiveBufferBytes, wanted: settings.receiveBufferBytes))
        }
        try thread.start { [self] in run() }
    }

    /// Takes what the kernel has received until now, hands it over, ends the thread and waits for it.
    public func stop() {
        thread.requestStop()
        thread.join()
    }

    private func run() {
        var intake = LineIntake(
            schema: schema, defaultModel: settings.defaultModel, statsD: settings.statsD, pool: pool, queue: queue)
        publish(&intake)
        var failure: Int = 0
        while !thread.isStopping {
            let now = MonotonicClock.now()
            let count = unsafe socket.receive { unsafe intake.take($0, length: $1, now: now) }
            if count < 0, count != failure { onEvent(.receiveFailed(reason: reason(Int32(clamping: -count)))) }
            failure = min(count, 0)
            intake.kernelDropped(socket.takeDrops(isExact: count <= 0))
            if intake.tick(now: now) { publish(&intake) }
            if count <= 0 { rest(until: intake.wakeAt(now: now), isBroken: count < 0) }
        }
        socket.removeFile()
        // The kernel still holds what was sent before; no more than its buffer, so this ends.
        var calls = 0
        let now = MonotonicClock.now()
        while calls < IngestLimits.lastReads {
            guard unsafe socket.receive({ unsafe intake.take($0, length: $1, now: now) }) > 0 else { break }
            calls += 1
        }
        intake.kernelDropped(socket.takeDrops(isExact: true))
        intake.finish(now: now)
        publish(&intake)
        current.withLock { $0.activity = .stopped }
    }

    private func rest(until deadline: Int64, isBroken: Bool) {
        // A socket in an error state would be readable at once and for ever.
        let events = isBroken ? Int16(0) : Int16(POLLIN)
        var polled = [
            pollfd(fd: thread.wakeup, events: Int16(POLLIN), revents: 0),
            pollfd(fd: isBroken ? -1 : socket.descriptor, events: events, revents: 0),
        ]
        let left = max(0, deadline - MonotonicClock.now())
        unsafe poll(&polled, 2, Int32(clamping: (left + 999_999) / 1_000_000))
    }

    private func publish(_ intake: inout LineIntake) {
        let schema = intake.schema
        let isInferring = intake.isInferring
        current.withLock { status in
            status.activity = isInferring ? .inferring : .reading
            status.schema = schema
        }
        for event in intake.takeEvents() { onEvent(event) }
    }
}
