import Statistics
import TestKit
import Testing

/// How far a baseline may be believed.
@Suite struct BaselineWobbleTests {
    /// Three cells, the first one taking turns at 30 % and 70 % every `period` events.
    private static func sequence(_ count: Int, period: Int) -> [UInt16] {
        (0..<count).map { i in
            let z = (i * 2_654_435_761 % (1 << 32)) >> 16
            return z % 10 < (i / period % 2 == 0 ? 3 : 7) ? 0 : UInt16(1 + z % 2)
        }
    }

    /// Values of the formula in numpy.
    @Test func goldens() {
        #expect(
            BaselineWobble.effectiveEvents(of: Self.sequence(4_000, period: 500), cellCount: 3, orderedCount: 0) == 18)
        #expect(
            BaselineWobble.effectiveEvents(of: Self.sequence(4_050, period: 1_000), cellCount: 3, orderedCount: 0) == 18
        )
        #expect(
            BaselineWobble.effectiveEvents(of: Self.sequence(4_000, period: 50), cellCount: 3, orderedCount: 0) == nil)
    }

    /// Fewer than four stretches say nothing.
    @Test func few() {
        #expect(BaselineWobble.effectiveEvents(of: [], cellCount: 3, orderedCount: 0) == nil)
        #expect(
            BaselineWobble.effectiveEvents(of: Self.sequence(399, period: 100), cellCount: 3, orderedCount: 0) == nil)
        let steps = (0..<1_600).map { UInt16($0 / 800) }
        #expect(
            BaselineWobble.effectiveEvents(of: steps, cellCount: 2, orderedCount: 0) == 2,
            "two values, one after the other")
        #expect(BaselineWobble.effectiveEvents(of: steps, cellCount: 1, orderedCount: 0) == nil)
        #expect(
            BaselineWobble.effectiveEvents(of: [UInt16](repeating: 4, count: 900), cellCount: 3, orderedCount: 0) == nil
        )
    }

    /// Exchangeable events are rarely taken for others, and then count for nearly as much as a sample of that size.
    @Test func exchangeable() {
        var limited: [UInt64] = []
        for seed in 0..<UInt64(200) {
            var random = SplitMix64(seed: seed &* 0x9E37_79B9_97F4_A7C1)
            let cells = (0..<5_000).map { _ in UInt16(random.next() % 10) }
            if let events = BaselineWobble.effectiveEvents(of: cells, cellCount: 10, orderedCount: 9) {
                limited.append(events)
            }
        }
        #expect(limited.count < 30)
        #expect(limited.allSatisfy { $0 > 300 }, "\(limited)")
    }

    /// A share that moves between 30 % and 70 % by chance every 100 events is worth 5.25 events: p (1 − p) / v − 1.
    @Test func wandering() throws {
        var random = SplitMix64(seed: 8)
        var cells: [UInt16] = []
        for _ in 0..<2_000 {
            let share = random.next() % 2 == 0 ? 0.3 : 0.7
            cells += (0..<100).map { _ in random.uniform() < share ? 0 : 1 }
        }
        let found = try #require(BaselineWobble.effectiveEvents(of: cells, cellCount: 2, orderedCount: 0))
        #expect((5...6).contains(found))
    }

    /// A wandering level is plain in the direction of location: shifts of variance v of a standard normal are worth
    /// about 1/v − 1 events there, and nine times as many over nine degrees of freedom.
    @Test func level() throws {
        var random = SplitMix64(seed: 9)
        var cells: [UInt16] = []
        let edges = [-1.2816, -0.8416, -0.5244, -0.2533, 0, 0.2533, 0.5244, 0.8416, 1.2816]
        for _ in 0..<1_000 {
            let level = 0.4 * random.normal()
            cells += (0..<100).map { _ in
                let value = level + random.normal()
                return UInt16(edges.count { $0 <= value })
            }
        }
        let ordered = try #require(BaselineWobble.effectiveEvents(of: cells, cellCount: 11, orderedCount: 10))
        let unordered = try #require(BaselineWobble.effectiveEvents(of: cells, cellCount: 11, orderedCount: 0))
        #expect((5...9).contains(ordered) && (35...70).contains(unordered), "\(ordered) \(unordered)")
    }
}
