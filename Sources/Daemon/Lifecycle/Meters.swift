internal import Catalog
internal import Glibc
internal import Monitor
internal import Synchronization

/// Figures of the daemon about itself that begin with the process.
final class Meters: Sendable {
    /// All of them.
    struct Values {
        var reload = ReloadStatus()
        var commits = CommitStatus()
        var scrapes = DurationTotals()
        /// What was given up, by `StateReset.Reason.rawValue`.
        var resets = [UInt64](repeating: 0, count: StateReset.Reason.allCases.count)
    }

    private let state = Mutex(Values())

    /// The figures now.
    var values: Values { state.withLock { $0 } }

    /// Counts what was given up.
    func count(_ resets: [StateReset]) {
        update { values in for reset in resets { values.resets[Int(reset.reason.rawValue)] &+= 1 } }
    }

    /// Changes figures.
    func update(_ body: (inout sending Values) -> Void) { state.withLock { body(&$0) } }
}

extension CommitFailure {
    /// The reason of a failed commit.
    init(_ error: SystemError) {
        switch error.code {
        case ENOSPC, EDQUOT: self = .diskFull
        case EACCES, EPERM, EROFS: self = .permission
        default: self = .inputOutput
        }
    }
}
