internal import Events
internal import Ingest
internal import Logging
internal import Monitor
internal import NIOPosix
internal import Synchronization

/// The one thread that owns the monitor: it applies batches, lets time pass, and cuts a commit each interval.
final class MonitorLoop: Sendable {
    /// What another thread asks of the loop.
    struct Change: Sendable {
        var settings: MonitorSettings
        var commitInterval: Int64
        /// Called on the loop's thread with what had to be reset.
        var done: @Sendable ([StateReset]) -> Void
    }

    private struct Orders {
        var isStopping = false
        var changes: [Change] = []
    }

    private let queue: BatchQueue
    private let committer: Committer
    private let scrapers: Scrapers
    private let rejections: RejectionLog
    private let orders = Mutex(Orders())
    private let pool = NIOThreadPool(numberOfThreads: 1)

    init(queue: BatchQueue, committer: Committer, scrapers: Scrapers, log: Logger, sources: [String]) {
        (self.queue, self.committer, self.scrapers) = (queue, committer, scrapers)
        rejections = RejectionLog(log: log, sources: sources)
    }

    /// Starts the thread and gives it the monitor.
    ///
    /// The first commit comes at once.
    func start(_ monitor: consuming sending Monitor, commitInterval: Int64) {
        pool.start()
        let owner = MonitorOwner(monitor)
        pool.submit { [self] _ in
            guard var monitor = owner.take() else { return }
            run(&monitor, interval: commitInterval)
        }
    }

    /// Changes settings without losing an event.
    func change(_ change: Change) {
        orders.withLock { $0.changes.append(change) }
        queue.wake()
    }

    /// Applies what the sources have handed over, commits, and ends the thread.
    ///
    /// Call it after the sources stopped.
    func stop() {
        orders.withLock { $0.isStopping = true }
        queue.wake()
        try? pool.syncShutdownGracefully()
    }

    private func run(_ monitor: inout Monitor, interval: Int64) {
        var interval = interval
        var nextCommit = Clock.uptime()
        var hasChanged = true
        var shown = scrapers.settle(at: nextCommit)
        while true {
            let batch = queue.next(deadline: nextCommit)
            if let batch {
                monitor.apply(batch, at: Clock.now())
                rejections.note(batch)
                hasChanged = true
                queue.recycle(batch)
            }
            let (isStopping, changes) = orders.withLock { orders in
                defer { orders.changes.removeAll() }
                return (orders.isStopping, orders.changes)
            }
            for change in changes {
                interval = change.commitInterval
                change.done(monitor.reconfigure(change.settings, at: Clock.now()))
                hasChanged = true
            }
            if isStopping, batch == nil {
                rejections.flush()
                var cut = monitor.cut(at: Clock.now())
                cut.note(shown: scrapers.settle(at: Clock.uptime()))
                committer.finish(cut)
                return
            }
            let now = Clock.uptime()
            if now >= nextCommit {
                nextCommit = max(nextCommit &+ interval, now)
                // A slow disk delays commits; it never makes them queue up.
                if !committer.isBusy {
                    let newlyShown = scrapers.settle(at: now)
                    if newlyShown !== shown { (shown, hasChanged) = (newlyShown, true) }
                    var cut = monitor.cut(at: Clock.now())
                    cut.note(shown: shown)
                    committer.submit(cut, mustWrite: hasChanged)
                    hasChanged = false
                }
                rejections.flushIfDue(at: now)
            }
        }
    }
}

/// Carries the monitor, which cannot be copied, to the thread that will own it.
private final class MonitorOwner: Sendable {
    private let slot: Mutex<Slot>

    private enum Slot: ~Copyable {
        case full(Monitor)
        case empty
    }

    init(_ monitor: consuming sending Monitor) { slot = Mutex(.full(monitor)) }

    func take() -> Monitor? {
        slot.withLock { slot in
            let taken = slot
            slot = .empty
            switch consume taken {
            case .full(let monitor): return monitor
            case .empty: return nil
            }
        }
    }
}
