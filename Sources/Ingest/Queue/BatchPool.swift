import Events

/// The batches of one source: a fixed number, reused for ever, which is what bounds the queue to the monitor.
///
/// The source takes an empty batch, the monitor gives it back. When the schema changes the set is replaced; a batch of
/// the old set that comes back is let go.
final class BatchPool: Sendable {
    private struct State {
        var members: [EventBatch] = []
        var free: [EventBatch] = []
        var guest: EventBatch?
        var isInterrupted = false
    }

    /// Index of the source among the daemon's sources.
    let source: Int
    private let state = Guarded(State())

    /// A pool without batches.
    init(source: Int) { self.source = source }

    /// Replaces all batches.
    func refill(_ batches: [EventBatch]) {
        state.withLock(waking: true) { state in
            state.members = batches
            state.free = batches
        }
    }

    /// A free batch, if there is one now.
    func take() -> EventBatch? { state.withLock { $0.free.popLast() } }

    /// A free batch, waiting for one; `nil` once interrupted or at the deadline.
    func take(until deadline: Int64) -> EventBatch? {
        let taken: EventBatch?? = state.wait(until: deadline) { state in
            if let batch = state.free.popLast() { return .some(batch) }
            return state.isInterrupted ? .some(nil) : nil
        }
        return taken ?? nil
    }

    /// A batch made for the occasion, such as for one very long line; `nil` while the last one is still out.
    ///
    /// So the queue stays bounded: there is at most one per source.
    func lend(_ make: (Int) -> EventBatch) -> EventBatch? {
        state.withLock { state in
            guard state.guest == nil else { return nil }
            state.guest = make(source)
            return state.guest
        }
    }

    /// As `lend`, waiting for the last one to come back; `nil` once interrupted or at the deadline.
    func lend(until deadline: Int64, _ make: (Int) -> EventBatch) -> EventBatch? {
        let lent: EventBatch?? = state.wait(until: deadline) { state in
            if state.guest == nil {
                state.guest = make(source)
                return .some(state.guest)
            }
            return state.isInterrupted ? .some(nil) : nil
        }
        return lent ?? nil
    }

    /// Empties a batch and makes it free, if it belongs to the present set.
    func put(_ batch: EventBatch) {
        batch.clear()
        state.withLock(waking: true) { state in
            if state.guest === batch { state.guest = nil }
            if state.members.contains(where: { $0 === batch }) { state.free.append(batch) }
        }
    }

    /// Ends every wait for a batch, now and later.
    func interrupt() { state.withLock(waking: true) { $0.isInterrupted = true } }
}
