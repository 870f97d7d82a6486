import Sketches
import TestKit
import Testing

@Suite("Moments")
struct MomentsTests {
    static func moments(_ values: [Double]) -> Moments {
        var moments = Moments()
        unsafe withValues(values) { unsafe moments.insert(contentsOf: $0) }
        return moments
    }

    /// The stated accuracy of `m2`; the last term is what rounding the mean does to the two-pass sum itself.
    static func tolerance(m2: Double, mean: Double, count: Int) -> Double {
        let n = Double(count)
        return 1e-10 * m2 + 4 * (n * m2).squareRoot() * mean.ulp + n * mean.ulp * mean.ulp
    }

    @Test("agree with two passes over all values", arguments: Example.all, [1, 2, 3, 1_023, 5_000])
    func accuracy(example: Example, count: Int) throws {
        let values = example.values(count)
        let moments = MomentsTests.moments(values)
        let absolute = values.reduce(0) { $0 + abs($1) }
        // Neumaier's sum is exact enough to judge by.
        var (sum, lost) = (0.0, 0.0)
        for value in values {
            let next = sum + value
            lost += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
            sum = next
        }
        let mean = (sum + lost) / Double(count)
        let m2 = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        #expect(moments.count == UInt64(count))
        #expect(moments.minimum == values.min())
        #expect(moments.maximum == values.max())
        #expect(abs(moments.sum - (sum + lost)) <= 1e-13 * absolute)
        #expect(abs(moments.mean - mean) <= 1e-13 * absolute / Double(count) + 1e-15 * abs(mean))
        #expect(abs(moments.m2 - m2) <= MomentsTests.tolerance(m2: m2, mean: mean, count: count))
        let variance = try #require(moments.variance)
        #expect(variance == moments.m2 / Double(count))
        #expect(moments.standardDeviation == variance.squareRoot())
    }

    @Test("a hundred million tenths sum up to ten million")
    func longSum() {
        let batch = MomentsTests.moments([Double](repeating: 0.1, count: 100_000))
        var moments = Moments()
        for _ in 0..<1_000 { moments.merge(batch) }
        #expect(moments.count == 100_000_000)
        #expect(abs(moments.sum - 1e7) <= 1e-12 * 1e7)
        #expect(moments.m2 == 0)
    }

    @Test("merging halves equals inserting all", arguments: Example.all)
    func merge(example: Example) {
        let values = example.values(3_000)
        let (left, right) = (MomentsTests.moments(Array(values[..<700])), MomentsTests.moments(Array(values[700...])))
        let all = MomentsTests.moments(values)
        var (forward, backward) = (left, right)
        forward.merge(right)
        backward.merge(left)
        for merged in [forward, backward] {
            #expect(merged.count == all.count)
            #expect(merged.minimum == all.minimum)
            #expect(merged.maximum == all.maximum)
            #expect(abs(merged.sum - all.sum) <= 2e-13 * values.reduce(0) { $0 + abs($1) })
            #expect(
                abs(merged.m2 - all.m2) <= 2 * MomentsTests.tolerance(m2: all.m2, mean: all.mean, count: values.count))
        }
        var same = all
        same.merge(Moments())
        #expect(same == all)
        var empty = Moments()
        empty.merge(all)
        #expect(empty == all)
    }

    @Test("leave out what is not finite")
    func notFinite() {
        let values: [Double] = [1, .nan, 3, .infinity, -.infinity, 2, .signalingNaN]
        let moments = MomentsTests.moments(values)
        #expect(moments == MomentsTests.moments([1, 3, 2]))
        var single = Moments()
        for value in values { single.insert(value) }
        #expect(single.count == 3)
        #expect(single.sum == 6)
    }

    @Test("stay finite at the edge of the range")
    func saturation() throws {
        let largest = Double.greatestFiniteMagnitude
        let moments = MomentsTests.moments([largest, -largest, largest, largest, -1e308, 1e200, 0])
        for number in [moments.mean, moments.m2, moments.sum, moments.compensation] { #expect(number.isFinite) }
        #expect(moments.maximum == largest)
        #expect(try #require(moments.standardDeviation) > 1e150)
        var merged = moments
        for _ in 0..<100 { merged.merge(moments) }
        #expect(merged.sum.isFinite && merged.m2.isFinite && merged.mean.isFinite)
        #expect(
            Moments(
                count: merged.count, mean: merged.mean, m2: merged.m2, minimum: merged.minimum, maximum: merged.maximum,
                sum: merged.sum, compensation: merged.compensation) == merged)
    }

    @Test("are nothing without values")
    func empty() {
        let moments = Moments()
        #expect(moments.variance == nil)
        #expect(moments.standardDeviation == nil)
        #expect(moments.sum == 0)
        #expect(
            Moments(
                count: 0, mean: .nan, m2: -1, minimum: .nan, maximum: 0, sum: .infinity, compensation: 0) == moments)
    }

    @Test("come back as they were saved", arguments: Example.all)
    func restore(example: Example) {
        let saved = MomentsTests.moments(example.values(1_000))
        let restored = Moments(
            count: saved.count, mean: saved.mean, m2: saved.m2, minimum: saved.minimum, maximum: saved.maximum,
            sum: saved.sum, compensation: saved.compensation)
        #expect(restored == saved)
    }

    @Test("refuse what no stream has")
    func refuse() {
        func restored(
            count: UInt64 = 2, mean: Double = 1, m2: Double = 2, minimum: Double = 0, maximum: Double = 2,
            sum: Double = 2, compensation: Double = 0
        ) -> Moments? {
            Moments(
                count: count, mean: mean, m2: m2, minimum: minimum, maximum: maximum, sum: sum,
                compensation: compensation)
        }
        #expect(restored() != nil)
        #expect(restored(count: .max) == nil)
        #expect(restored(mean: .nan) == nil)
        #expect(restored(mean: 3) == nil)
        #expect(restored(m2: -1) == nil)
        #expect(restored(m2: .infinity) == nil)
        #expect(restored(minimum: 3) == nil)
        #expect(restored(maximum: .infinity) == nil)
        #expect(restored(sum: .nan) == nil)
        #expect(restored(compensation: .infinity) == nil)
    }
}
