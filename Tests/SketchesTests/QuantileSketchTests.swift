import Foundation
import TestKit
import Testing

@testable import Sketches

@Suite("Quantile sketch")
struct QuantileSketchTests {
    static let ranks = [0, 0.001, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1]

    static func sketch(_ values: [Double], limit: Int = SketchLimits.buckets) -> QuantileSketch {
        var sketch = QuantileSketch(bucketLimit: limit)
        unsafe withValues(values) { unsafe sketch.insert(contentsOf: $0) }
        return sketch
    }

    @Test("stays within the relative accuracy of the exact quantile", arguments: Example.all, [80, 512])
    func accuracy(example: Example, limit: Int) throws {
        for count in [1, 2, 21, 1_000, 4_000] {
            let values = example.values(count)
            let (sketch, exact) = (QuantileSketchTests.sketch(values, limit: limit), ExactQuantile(values))
            #expect(sketch.count == UInt64(count))
            for q in QuantileSketchTests.ranks {
                let (estimate, truth) = (try #require(sketch.quantile(q)), exact(q))
                let bound = sketch.relativeAccuracy * abs(truth) * (1 + 1e-9)
                #expect(abs(estimate - truth) <= bound, "count \(count), q \(q), schema \(sketch.schema)")
            }
        }
    }

    @Test("keeps 1.09 % where values span less than sixteen octaves")
    func resolution() {
        let sketch = QuantileSketchTests.sketch(Example.all[1].values(2_000).map { 20 + $0 })
        #expect(sketch.schema == 5)
        #expect(sketch.relativeAccuracy < 0.010_84)
    }

    @Test("holds no more buckets than its limit, however far values spread", arguments: [80, 100, 512])
    func limit(limit: Int) throws {
        var sketch = QuantileSketch(bucketLimit: limit)
        var value = 1e-38
        while value < 1e308 {
            sketch.insert(value)
            sketch.insert(-value)
            value *= 1.7
            #expect(sketch.positiveBuckets.counts.count <= limit && sketch.negativeBuckets.counts.count <= limit)
        }
        sketch.insert(.greatestFiniteMagnitude)
        #expect(sketch.positiveBuckets.counts.count <= limit)
        #expect(try #require(sketch.quantile(1)).isFinite)
    }

    @Test("has the same state whatever the order and the grouping", arguments: Example.all)
    func order(example: Example) {
        let values = example.values(2_000)
        let all = QuantileSketchTests.sketch(values, limit: 128)
        #expect(QuantileSketchTests.sketch(values.reversed(), limit: 128) == all)
        var single = QuantileSketch(bucketLimit: 128)
        for value in values { single.insert(value) }
        #expect(single == all)
        let parts = [values[..<3], values[3..<900], values[900...]].map {
            QuantileSketchTests.sketch(Array($0), limit: 128)
        }
        var (left, right) = (parts[0], parts[2])
        left.merge(parts[1])
        left.merge(parts[2])
        right.merge(parts[1])
        right.merge(parts[0])
        #expect(left == all)
        #expect(right == all)
        var same = all
        same.merge(QuantileSketch(bucketLimit: 128))
        #expect(same == all)
        var empty = QuantileSketch(bucketLimit: 128)
        empty.merge(all)
        #expect(empty == all)
    }

    @Test("starts anew after a reset, at the finest schema again", arguments: Example.all)
    func reset(example: Example) {
        var sketch = QuantileSketchTests.sketch(example.values(500), limit: 80)
        sketch.insert(1e300)
        sketch.reset()
        #expect(sketch == QuantileSketch(bucketLimit: 80))
        #expect(sketch.quantile(0.5) == nil)
        let values = example.values(300, seed: 7)
        unsafe withValues(values) { unsafe sketch.insert(contentsOf: $0) }
        #expect(sketch == QuantileSketchTests.sketch(values, limit: 80))
    }

    @Test("leaves out what is not finite, next to the largest numbers too")
    func notFinite() {
        let largest = Double.greatestFiniteMagnitude
        let values = [largest, .infinity, -largest, -.infinity, .nan, -.nan, .signalingNaN, 1, 0, -0.0]
        let sketch = QuantileSketchTests.sketch(values + values + values)
        #expect(sketch.count == 15)
        #expect(sketch.zeroCount == 6)
        #expect(sketch.positiveBuckets.counts.reduce(0, +) == 6)
        #expect(sketch.negativeBuckets.counts.reduce(0, +) == 3)
        var single = QuantileSketch()
        for value in values { single.insert(value, count: 3) }
        #expect(single == sketch)
    }

    @Test("the batch method counts exactly what one value at a time does, bucket by bucket")
    func buckets() {
        var random = SplitMix64(seed: 3)
        let values = (0..<5_000).map { _ in
            let magnitude = exp2(10 * random.normal())
            return random.next() & 1 == 0 ? magnitude : -magnitude
        }
        let sketch = QuantileSketchTests.sketch(values, limit: 4_096)
        #expect(sketch.schema == 5)
        func expected(_ magnitudes: [Double]) -> QuantileSketch.Buckets {
            let indices = magnitudes.map { Int((log2($0) * 32).rounded(.up)) }
            guard let low = indices.min(), let high = indices.max() else { return QuantileSketch.Buckets() }
            var counts = [UInt64](repeating: 0, count: high - low + 1)
            for index in indices { counts[index - low] += 1 }
            return QuantileSketch.Buckets(offset: low, counts: counts)
        }
        #expect(sketch.positiveBuckets == expected(values.filter { $0 > 0 }))
        #expect(sketch.negativeBuckets == expected(values.filter { $0 < 0 }.map(abs)))
    }

    @Test("weights count as repeats")
    func weights() {
        var (weighted, repeated) = (QuantileSketch(), QuantileSketch())
        for (value, count) in [(0.5, 3), (-2.0, 1), (0.0, 7), (1e10, 2), (4.0, 0)] {
            weighted.insert(value, count: UInt64(count))
            for _ in 0..<count { repeated.insert(value) }
        }
        #expect(weighted == repeated)
    }

    @Test("merging sketches of different limits and schemas gives the narrower one")
    func mixedMerge() {
        let values = Example.all[3].values(1_000)
        var wide = QuantileSketchTests.sketch(values)
        var narrow = QuantileSketch(finestSchema: 2, bucketLimit: 80)
        let before = narrow
        unsafe withValues(values) { unsafe narrow.insert(contentsOf: $0) }
        wide.merge(before)
        #expect(wide == narrow)
        var other = before
        other.merge(QuantileSketchTests.sketch(values))
        #expect(other == narrow)
    }

    @Test("answers nothing without values, or outside of 0...1")
    func nothing() {
        var sketch = QuantileSketch()
        #expect(sketch.quantile(0.5) == nil)
        sketch.insert(1)
        for q in [-0.1, 1.1, .nan, .infinity] { #expect(sketch.quantile(q) == nil) }
    }

    @Test("comes back as it was saved, and goes on alike", arguments: Example.all)
    func restore(example: Example) throws {
        let saved = QuantileSketchTests.sketch(example.values(1_000), limit: 100)
        var restored = try #require(
            QuantileSketch(
                schema: saved.schema, zeroCount: saved.zeroCount, positive: saved.positiveBuckets,
                negative: saved.negativeBuckets, finestSchema: saved.finestSchema, bucketLimit: saved.bucketLimit))
        #expect(restored == saved)
        var original = saved
        let more = example.values(500, seed: 9) + [1e200, -1e-30]
        unsafe withValues(more) { values in
            unsafe restored.insert(contentsOf: values)
            unsafe original.insert(contentsOf: values)
        }
        #expect(restored == original)
    }

    @Test("refuses what no stream has")
    func refuse() {
        func restored(
            schema: Int = 5, zero: UInt64 = 0, offset: Int = 1, counts: [UInt64] = [1], finest: Int = 5,
            limit: Int = 512
        ) -> QuantileSketch? {
            let buckets = QuantileSketch.Buckets(offset: offset, counts: counts)
            let left = QuantileSketch(
                schema: schema, zeroCount: zero, positive: buckets, negative: .init(), finestSchema: finest,
                bucketLimit: limit)
            let right = QuantileSketch(
                schema: schema, zeroCount: zero, positive: .init(), negative: buckets, finestSchema: finest,
                bucketLimit: limit)
            #expect((left == nil) == (right == nil))
            return left
        }
        #expect(restored() != nil)
        for schema in [6, -5, .max, .min] { #expect(restored(schema: schema) == nil) }
        for finest in [6, 4, .max, .min] { #expect(restored(finest: finest) == nil) }
        for limit in [0, 79, 4_097, .max, .min] { #expect(restored(limit: limit) == nil) }
        for offset in [.max, .min, -4_096, 32_769] { #expect(restored(offset: offset) == nil) }
        for offset in [-4_095, 32_768] { #expect(restored(offset: offset) != nil) }
        #expect(restored(offset: 32_768, counts: [1, 1]) == nil)
        #expect(restored(counts: [UInt64](repeating: 1, count: 513)) == nil)
        #expect(restored(counts: [.max]) == nil)
        #expect(restored(counts: [1 << 53, 1]) == nil)
        #expect(restored(zero: .max) == nil)
        #expect(restored(zero: 1 << 53) == nil)
        #expect(restored(offset: .min, counts: []) == QuantileSketch())
    }

    @Test("whatever a state file says, a restored sketch never traps")
    func hostile() throws {
        var random = SplitMix64(seed: 11)
        var restored = 0
        for _ in 0..<2_000 {
            let schema = Int(random.next() % 12) - 5
            let limit = 80 + Int(random.next() % 50)
            func buckets() -> QuantileSketch.Buckets {
                let counts = (0..<Int(random.next() % 90)).map { _ in random.next() % 3 }
                return .init(offset: Int(random.next() % 36_000) - 4_200 >> max(0, 5 - schema), counts: counts)
            }
            guard
                var sketch = QuantileSketch(
                    schema: schema, zeroCount: random.next() % 3, positive: buckets(), negative: buckets(),
                    bucketLimit: limit)
            else { continue }
            restored += 1
            let before = sketch
            sketch.insert(random.normal())
            sketch.insert(-1e-38)
            sketch.merge(before)
            for q in QuantileSketchTests.ranks { #expect(try #require(sketch.quantile(q)).isFinite) }
            sketch.reset()
            #expect(sketch == QuantileSketch(bucketLimit: limit))
        }
        #expect(restored > 100)
    }
}
