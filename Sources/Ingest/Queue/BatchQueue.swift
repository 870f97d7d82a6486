public import Events

/// The way from all source threads to the one monitor thread: batches in the order in which they were handed over.
///
/// It never refuses and cannot grow beyond what the pools of the sources hold, plus one small batch per source that
/// carries counts and positions alone.
public final class BatchQueue: Sendable {
    private struct State {
        var batches: [EventBatch] = []
        var isWoken = false
    }

    private let state = Guarded(State())
    private let pools = Guarded([BatchPool]())

    /// An empty queue.
    public init() {}

    /// The number of batches waiting.
    public var count: Int { state.withLock { $0.batches.count } }

    /// The number of batches of one source waiting.
    public func count(of source: Int) -> Int { state.withLock { $0.batches.count { $0.source == source } } }

    /// The oldest batch, waiting for one until `deadline` in monotonic nanoseconds; `nil` at the deadline or after
    /// `wake()`.
    ///
    /// Batches that are already waiting come before either.
    public func next(deadline: Int64) -> EventBatch? {
        let taken: EventBatch?? = state.wait(until: deadline) { state in
            if !state.batches.isEmpty { return .some(state.batches.removeFirst()) }
            guard state.isWoken else { return nil }
            state.isWoken = false
            return .some(nil)
        }
        return taken ?? nil
    }

    /// Gives a batch back to the source it came from.
    ///
    /// The caller must not touch it afterwards.
    public func recycle(_ batch: EventBatch) {
        let source = batch.source
        let pool = pools.withLock { pools in pools.first { $0.source == source } }
        pool?.put(batch)
    }

    /// Makes the present or next `next(deadline:)` that finds nothing return at once.
    public func wake() { state.withLock(waking: true) { $0.isWoken = true } }

    /// Appends a batch.
    ///
    /// It belongs to the monitor from now on.
    func push(_ batch: EventBatch) { state.withLock(waking: true) { $0.batches.append(batch) } }

    /// Makes a pool known, so that its batches find home.
    ///
    /// A pool of the same source is replaced.
    func register(_ pool: BatchPool) {
        pools.withLock { pools in
            pools.removeAll { $0.source == pool.source }
            pools.append(pool)
        }
    }
}
