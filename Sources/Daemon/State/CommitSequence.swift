internal import Monitor
internal import StateCodec

/// Commit before expose (invariant I1): a cut is durable, or the state file says that it is older, before it is
/// published.
///
/// After a failed write publication goes on. Before the first snapshot that is newer than the state file, the file is
/// renamed (`StateStore.markBehind`), so that the next start continues positions, windows and references, and begins
/// counters at zero: Prometheus sees a reset and not a value slightly below the last scraped one.
struct CommitSequence {
    /// What became of making one cut durable.
    enum Outcome {
        /// There was nothing to make durable, or nowhere.
        case unneeded
        /// It is durable, with so many bytes.
        case durable(bytes: Int)
        /// It is not, and whether the next start will know.
        case failed(SystemError, isMarked: Bool)
    }

    private let store: StateStore?
    private let publication: Publication
    private var isFailing = false

    /// Commits go to `store`, if there is one, and then to `publication`.
    init(store: StateStore?, publication: Publication) { (self.store, self.publication) = (store, publication) }

    /// Makes a cut durable, then publishes it.
    ///
    /// - Parameter mustWrite: Whether anything changed that a restart could take back.
    mutating func run(_ cut: MonitorCut, mustWrite: Bool) -> Outcome {
        let outcome = mustWrite || isFailing ? write(cut) : .unneeded
        publication.publish(cut.snapshot)
        return outcome
    }

    private mutating func write(_ cut: MonitorCut) -> Outcome {
        guard let store else { return .unneeded }
        let bytes = StateCodec.encode(cut.state)
        do throws(SystemError) {
            try store.commit(bytes)
            isFailing = false
            return .durable(bytes: bytes.count)
        } catch {
            isFailing = true
            return .failed(error, isMarked: store.markBehind())
        }
    }
}
