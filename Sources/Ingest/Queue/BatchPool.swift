import Events

/// The batches of one source: up to a fixed number, reused, which is what bounds the queue to the monitor.
///
/// The source takes an empty batch, the monitor gives it back. Batches are made when first needed and a few are kept,
/// so that an idle source costs little and a burst finds room. When the schema changes the set is replaced; a batch of
/// the old set that comes back is let go.
final class BatchPool: Sendable {
    private struct State {
        var make: (@Sendable () -> EventBatch)?
        var limit = 0
        /// Batches of the present set that are with the source, in the queue, or with the monitor.
        var out: [EventBatch] = []
        var free: [EventBatch] = []
        var guest: EventBatch?
        var isInterrupted = false

        mutating func take() -> EventBatch? {
            let batch: EventBatch
            if let known = free.popLast() {
                batch = known
            } else if out.count < limit, let make {
                batch = make()
            } else {
                return nil
            }
            out.append(batch)
            return batch
        }
    }

    /// Index of the source among the daemon's sources.
    let source: Int
    private let state = Guarded(State())

    /// A pool without batches.
    init(source: Int) { self.source = source }

    /// Replaces all batches by up to `limit` new ones.
    func refill(limit: Int, _ make: @escaping @Sendable () -> EventBatch) {
        state.withLock(waking: true) { state in
            (state.make, state.limit) = (make, limit)
            (state.out, state.free) = ([], [])
        }
    }

    /// A free batch, if there is one now.
    func take() -> EventBatch? { state.withLock { $0.take() } }

    /// A free batch, waiting for one; `nil` once interrupted or at the deadline.
    func take(until deadline: Int64) -> EventBatch? {
        let taken: EventBatch?? = state.wait(until: deadline) { state in
            if let batch = state.take() { return .some(batch) }
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
            guard let index = state.out.firstIndex(where: { $0 === batch }) else { return }
            state.out.swapAt(index, state.out.count - 1)
            state.out.removeLast()
            if state.free.count < IngestLimits.batchesKept { state.free.append(batch) }
        }
    }

    /// Ends every wait for a batch, now and later.
    func interrupt() { state.withLock(waking: true) { $0.isInterrupted = true } }
}
