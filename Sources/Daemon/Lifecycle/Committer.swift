internal import Catalog
internal import Logging
internal import Monitor
internal import NIOPosix
internal import StateCodec
internal import Synchronization

/// Makes cuts durable and then publishes them, on a thread of its own, one at a time.
///
/// After a failed write publication goes on. Before the first snapshot that is newer than the state file, the file is
/// renamed (`StateStore.markBehind`), so that the next start continues positions, windows and references, and begins
/// counters at zero: Prometheus sees a reset and not a value slightly below the last scraped one.
final class Committer: Sendable {
    /// Between two log lines about the same failure, in nanoseconds.
    private static let logInterval: Int64 = 60_000_000_000

    private struct Progress {
        var isFailing = false
        var lastLogged: Int64 = 0
        var failures: UInt64 = 0
    }

    private let store: Mutex<StateStore?>
    private let publication: Publication
    private let meters: Meters
    private let log: Logger
    private let pool = NIOThreadPool(numberOfThreads: 1)
    private let busy = Atomic(false)
    private let progress = Mutex(Progress())

    init(store: sending StateStore?, publication: Publication, meters: Meters, log: Logger) {
        self.store = Mutex(store)
        (self.publication, self.meters, self.log) = (publication, meters, log)
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
        store.withLock { store in
            if let store, mustWrite || progress.withLock({ $0.isFailing }) { write(cut, to: store) }
        }
        publication.publish(cut.snapshot)
        let seconds = Double(Clock.monotonic() &- begin) / 1e9
        meters.update { $0.commits.duration.add(seconds: seconds) }
    }

    private func write(_ cut: MonitorCut, to store: StateStore) {
        let bytes = StateCodec.encode(cut.state)
        do throws(SystemError) {
            try store.commit(bytes)
            let now = Clock.wall()
            meters.update { values in
                values.commits.sizeBytes = UInt64(bytes.count)
                values.commits.lastSuccess = now
            }
            let failures = progress.withLock { progress in
                defer { progress = Progress() }
                return progress.failures
            }
            if failures > 0 { log.info("state is durable again", metadata: ["failed_commits": "\(failures)"]) }
        } catch {
            let isMarked = store.markBehind()
            meters.update { $0.commits.fail(CommitFailure(error)) }
            let now = Clock.monotonic()
            let isDue = progress.withLock { progress in
                let isDue = !progress.isFailing || now &- progress.lastLogged >= Self.logInterval
                progress.isFailing = true
                progress.failures &+= 1
                if isDue { progress.lastLogged = now }
                return isDue
            }
            guard isDue else { return }
            let consequence =
                isMarked
                ? "a restart now begins counters at zero" : "a restart now may show counters below those scraped"
            log.error("state is not durable", metadata: ["error": "\(error)", "consequence": "\(consequence)"])
        }
    }
}
