internal import Monitor
internal import Synchronization

/// The last published snapshot: all that scrapes, pages and the API ever read.
final class Publication: Sendable {
    private let current = Mutex<MonitorSnapshot?>(nil)

    /// Replaces what is published.
    func publish(_ snapshot: MonitorSnapshot) { current.withLock { $0 = snapshot } }

    /// What is published; `nil` before the first commit.
    var snapshot: MonitorSnapshot? { current.withLock { $0 } }

    /// Number of the published commit; `nil` before the first.
    var generation: UInt64? { current.withLock { $0?.generation } }
}
