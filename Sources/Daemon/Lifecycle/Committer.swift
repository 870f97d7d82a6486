internal import Catalog
internal import Logging
internal import Monitor
internal import NIOPosix
internal import Synchronization

/// Makes cuts durable and then publishes them, on a thread of its own, one at a time.
final class Committer: Sendable {
    /// Between two log lines about the same failure, in nanoseconds.
    private static let logInterval: Int64 = 60_000_000_000

    private struct Progress {
        var lastLogged: Int64 = 0
        var failures: UInt64 = 0
    }

    private let sequence: Mutex<CommitSequence>
    private let meters: Meters
    private let log: Logger
    private let pool = NIOThreadPool(numberOfThreads: 1)
    private let busy = Atomic(false)
    private let progress = Mutex(Progress())

    init(store: sending StateStore?, publication: Publication, meters: Meters, log: Logger) {
        sequence = Mutex(CommitSequence(store: store, publication: publication))
        (self.meters, self.log) = (meters, log)
        pool.start()
    }

    /// Whether a commit is under way; the next one then waits for the next interval.
    var isBusy: Bool { busy.load(ordering: .acquiring) }

    /// Commits on the calling thread, before any other commit.
    func commitFirst(_ cut: MonitorCut) { commit(cut, mustWrite: true) }

    /// Commits in the background.
    ///
    /// - Parameter mustWrite: Whether anything changed that a restart could take back. Without that the snapshot is
    ///   published as it is: counters are those of the state file, and windows follow from the time.
    func submit(_ cut: MonitorCut, mustWrite: Bool) {
        busy.store(true, ordering: .releasing)
        pool.submit { [self] _ in
            commit(cut, mustWrite: mustWrite)
            busy.store(false, ordering: .releasing)
        }
    }

    /// Waits for a commit under way, commits once more, and ends.
    func finish(_ cut: MonitorCut) {
        // A commit that was handed over and not begun is run by the shutdown itself.
        try? pool.syncShutdownGracefully()
        commit(cut, mustWrite: true)
    }

    private func commit(_ cut: MonitorCut, mustWrite: Bool) {
        let begin = Clock.monotonic()
        let outcome = sequence.withLock { $0.run(cut, mustWrite: mustWrite) }
        let seconds = Double(Clock.monotonic() &- begin) / 1e9
        meters.update { $0.commits.duration.add(seconds: seconds) }
        switch outcome {
        case .unneeded: break
        case .durable(let bytes): noteSuccess(bytes: bytes)
        case .failed(let error, let isMarked): noteFailure(error, isMarked: isMarked)
        }
    }

    private func noteSuccess(bytes: Int) {
        let now = Clock.wall()
        meters.update { values in
            values.commits.sizeBytes = UInt64(bytes)
            values.commits.lastSuccess = now
        }
        let failures = progress.withLock { progress in
            defer { progress = Progress() }
            return progress.failures
        }
        if failures > 0 { log.info("state is durable again", metadata: ["failed_commits": "\(failures)"]) }
    }

    private func noteFailure(_ error: SystemError, isMarked: Bool) {
        meters.update { $0.commits.fail(CommitFailure(error)) }
        let now = Clock.monotonic()
        let isDue = progress.withLock { progress in
            let isDue = progress.failures == 0 || now &- progress.lastLogged >= Self.logInterval
            progress.failures &+= 1
            if isDue { progress.lastLogged = now }
            return isDue
        }
        guard isDue else { return }
        let consequence =
            isMarked ? "a restart now begins counters at zero" : "a restart now may show counters below those scraped"
        log.error("state is not durable", metadata: ["error": "\(error)", "consequence": "\(consequence)"])
    }
}
