import TestKit
import Testing

@testable import Sketches

@Suite("Distinct counter")
struct DistinctCounterTests {
    static func counter(_ hashes: [UInt64]) -> DistinctCounter {
        var counter = DistinctCounter()
        unsafe hashes.withUnsafeBufferPointer { unsafe counter.insert(hashes: $0) }
        return counter
    }

    static func hashes(_ count: Int, seed: UInt64) -> [UInt64] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in random.next() }
    }

    @Test("is exact up to its limit", arguments: [0, 1, 2, 4, 5, 64, 127, 128])
    func exact(count: Int) {
        let hashes = DistinctCounterTests.hashes(count, seed: 1)
        let counter = DistinctCounterTests.counter(hashes + hashes.reversed() + hashes)
        #expect(counter.isExact)
        #expect(counter.estimate == Double(count))
    }

    @Test("estimates within four standard errors, without bias", arguments: [129, 300, 2_000, 6_000, 20_000, 100_000])
    func accuracy(count: Int) {
        // Relative standard error 1.04/√2048, smaller while few registers are filled twice.
        let error = 1.04 / Double(DistinctCounter.registerCount).squareRoot()
        let runs = 12
        var mean = 0.0
        for seed in 1...runs {
            let counter = DistinctCounterTests.counter(DistinctCounterTests.hashes(count, seed: UInt64(seed)))
            let relative = counter.estimate / Double(count) - 1
            #expect(abs(relative) <= 4 * error, "seed \(seed)")
            mean += relative / Double(runs)
        }
        #expect(abs(mean) <= 4 * error / Double(runs).squareRoot())
    }

    @Test("numbers that are easily mixed up stay apart")
    func numbers() {
        for values in [(0..<10_000).map(Double.init), (0..<10_000).map { Double($0) * 1e-6 }] {
            var counter = DistinctCounter()
            unsafe withValues(values) { unsafe counter.insert(contentsOf: $0) }
            #expect(abs(counter.estimate / 10_000 - 1) < 4 * 0.023)
        }
    }

    @Test("has the same state whatever the order and the grouping", arguments: [50, 128, 129, 200, 3_000])
    func merge(count: Int) {
        let hashes = DistinctCounterTests.hashes(count, seed: 4)
        let all = DistinctCounterTests.counter(hashes)
        #expect(DistinctCounterTests.counter(hashes.reversed()) == all)
        var single = DistinctCounter()
        for hash in hashes { single.insert(hash: hash) }
        #expect(single == all)
        let left = DistinctCounterTests.counter(Array(hashes[..<(count / 3)]))
        let right = DistinctCounterTests.counter(Array(hashes[(count / 4)...]))
        for (first, second) in [(left, right), (right, left)] {
            var merged = first
            merged.merge(second)
            #expect(merged == all)
            merged.merge(merged)
            #expect(merged == all)
            merged.merge(DistinctCounter())
            #expect(merged == all)
        }
        var empty = DistinctCounter()
        empty.merge(all)
        #expect(empty == all)
        empty.reset()
        #expect(empty == DistinctCounter())
        #expect(empty.estimate == 0)
    }

    @Test("hashes that are made to collide cost time, never the result")
    func collisions() {
        let hashes = (1...128).map { UInt64($0) << 32 }
        #expect(DistinctCounterTests.counter(hashes).estimate == 128)
        #expect(DistinctCounterTests.counter([0, 1, 2, 0]).estimate == 2)
    }

    @Test("comes back as it was saved", arguments: [0, 1, 100, 128, 129, 5_000])
    func restore(count: Int) {
        let saved = DistinctCounterTests.counter(DistinctCounterTests.hashes(count, seed: 8))
        let restored = DistinctCounter(exactHashes: saved.exactHashes, denseRegisters: saved.denseRegisters)
        #expect(restored == saved)
        #expect(restored?.estimate == saved.estimate)
    }

    @Test("refuses what it never saves")
    func refuse() {
        let full = [UInt8](repeating: 54, count: 2_048)
        #expect(DistinctCounter(exactHashes: [], denseRegisters: full)?.estimate.isFinite == false)
        #expect(DistinctCounter(exactHashes: [1], denseRegisters: full) == nil)
        #expect(DistinctCounter(exactHashes: [], denseRegisters: Array(full.dropLast())) == nil)
        #expect(DistinctCounter(exactHashes: [], denseRegisters: [UInt8](repeating: 55, count: 2_048)) == nil)
        #expect(DistinctCounter(exactHashes: (0...128).map { $0 + 1 }, denseRegisters: []) == nil)
        #expect(DistinctCounter(exactHashes: [], denseRegisters: [UInt8](repeating: 0, count: 2_048))?.estimate == 0)
    }
}
