import Events
import Testing

@testable import Ingest

@Suite("Batches between threads")
struct BatchQueueTests {
    private func batch(_ source: Int) -> EventBatch { .carrier(source: source) }

    @Test("What is handed over first comes out first, and goes home to its own source")
    func order() {
        let queue = BatchQueue()
        let pools = [BatchPool(source: 0), BatchPool(source: 7)]
        for pool in pools {
            queue.register(pool)
            let source = pool.source
            pool.refill(limit: 2) { .carrier(source: source) }
        }
        for index in [0, 1, 1, 0] {
            guard let taken = pools[index].take() else { continue }
            taken.receipt.accept()
            queue.push(taken)
        }
        #expect(pools.allSatisfy { $0.take() == nil })
        #expect(queue.count == 4)
        var order: [Int] = []
        while let next = queue.next(deadline: 0) {
            order.append(next.source)
            queue.recycle(next)
        }
        #expect(order == [0, 7, 7, 0])
        for pool in pools {
            #expect(pool.take()?.isEmpty == true)
            #expect(pool.take() != nil)
            #expect(pool.take() == nil)
        }
    }

    @Test("A batch of a replaced set is let go")
    func replaced() {
        let pool = BatchPool(source: 0)
        pool.refill(limit: 1) { .carrier(source: 0) }
        let old = pool.take()
        pool.refill(limit: 1) { .carrier(source: 0) }
        if let old { pool.put(old) }
        let new = pool.take()
        #expect(new != nil && new !== old)
        #expect(pool.take() == nil)
    }

    @Test("After a burst no more than a few batches are kept")
    func kept() {
        let pool = BatchPool(source: 0)
        pool.refill(limit: 32) { .carrier(source: 0) }
        var taken: [EventBatch] = []
        while let batch = pool.take() { taken.append(batch) }
        #expect(taken.count == 32)
        for batch in taken { pool.put(batch) }
        var again = Set<ObjectIdentifier>()
        while let batch = pool.take() {
            if taken.contains(where: { $0 === batch }) { again.insert(ObjectIdentifier(batch)) }
            taken.append(batch)
        }
        #expect(again.count == IngestLimits.batchesKept)
    }

    @Test("There is one batch on loan at a time")
    func loan() {
        let pool = BatchPool(source: 0)
        let lent = pool.lend(batch)
        #expect(lent != nil)
        #expect(pool.lend(batch) == nil)
        #expect(pool.lend(until: MonotonicClock.now(), batch) == nil)
        if let lent { pool.put(lent) }
        #expect(pool.lend(batch) != nil)
        #expect(pool.take() == nil)
    }

    @Test("Waiting ends at the deadline, by a wake-up, or by an interruption")
    func waiting() {
        let queue = BatchQueue()
        #expect(queue.next(deadline: MonotonicClock.now() + 1_000_000) == nil)
        queue.wake()
        #expect(queue.next(deadline: .max) == nil)
        queue.push(batch(0))
        queue.wake()
        #expect(queue.next(deadline: .max) != nil)
        #expect(queue.next(deadline: .max) == nil)
        let pool = BatchPool(source: 0)
        #expect(pool.take(until: MonotonicClock.now() + 1_000_000) == nil)
        pool.interrupt()
        #expect(pool.take(until: .max) == nil)
        #expect(pool.lend(until: .max, batch) != nil)
        #expect(pool.lend(until: .max, batch) == nil)
    }
}
