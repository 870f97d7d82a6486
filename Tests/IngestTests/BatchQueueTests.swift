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

@Suite("Sources share the monitor")
struct FairnessTests {
    /// However long its backlog is, a source has no more batches in front of another one's than its pool holds.
    @Test("A live batch waits for no more than the pools of the others hold", arguments: [1, 4, 64])
    func bounded(tails: Int) throws {
        let queue = BatchQueue()
        let pools = (0...tails).map { BatchPool(source: $0) }
        let schema = Schema(signals: [])
        for pool in pools {
            queue.register(pool)
            let source = pool.source
            let limit = source == tails ? IngestLimits.batchesPerSocket : IngestLimits.batchesPerTail
            pool.refill(limit: limit) {
                EventBatch(source: source, schema: schema, rowCapacity: 1, observationCapacity: 0, byteCapacity: 1)
            }
        }
        // Every tail hands over whatever it gets a batch for, and the monitor gives one back at a time.
        func readBacklogs() { for pool in pools.dropLast() { while let batch = pool.take() { queue.push(batch) } } }
        for _ in 0..<3 {
            readBacklogs()
            queue.push(try #require(pools[tails].take()))
            var waited = 0
            while let batch = queue.next(deadline: 0), batch.source != tails {
                waited += 1
                queue.recycle(batch)
                readBacklogs()
            }
            #expect(waited <= tails * IngestLimits.batchesPerTail)
            #expect(queue.count <= tails * IngestLimits.batchesPerTail)
        }
    }
}
