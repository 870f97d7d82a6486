import Statistics
import TestKit
import Testing

/// How large a drift is, by the statistic that was asked for.
@Suite struct EffectSizeTests {
    private static let shares = [0.05, 0.1, 0.15, 0.2, 0.2, 0.15, 0.1, 0.05]
    private static let edges = (1..<8).map { Double($0) }

    private func numbers(_ scale: Double = 2) -> Drift.Numbers {
        let range = NumberRange(minimum: 0, maximum: 8, mean: nil)
        return Drift.Numbers(
            edges: Self.edges, reference: range, current: range, standardDeviation: scale,
            interquartileRange: scale * 1.349)
    }

    private func size(
        _ statistic: EffectStatistic, _ reference: [UInt64], _ current: [UInt64], effectiveEvents: Double = .infinity
    ) throws -> EffectSize {
        let counts = try #require(
            TwoSampleCounts(reference: reference, current: current, orderedCount: reference.count))
        return EffectSize(statistic, counts, numbers: numbers(), effectiveEvents: effectiveEvents)
    }

    private func draw(_ shares: [Double], _ count: Int, _ random: inout SplitMix64) -> [UInt64] {
        var counts = [UInt64](repeating: 0, count: shares.count)
        for _ in 0..<count {
            var place = random.uniform()
            var cell = 0
            while cell < shares.count - 1, place >= shares[cell] {
                place -= shares[cell]
                cell += 1
            }
            counts[cell] += 1
        }
        return counts
    }

    private static let moved = [0.1, 0.15, 0.2, 0.2, 0.15, 0.1, 0.06, 0.04]

    /// With samples as good as endless, excess and bound are the statistic itself.
    @Test(arguments: EffectStatistic.allCases) func endless(statistic: EffectStatistic) throws {
        let (before, after) = ([Self.shares, Self.moved].map { $0.map { UInt64(($0 * 1e12).rounded()) } }).pair
        let counts = try #require(TwoSampleCounts(reference: before, current: after, orderedCount: 8))
        let found = try size(statistic, before, after)
        let wanted =
            switch statistic {
            case .populationStability: PopulationStability(counts).index
            case .jensenShannon: counts.jensenShannon
            case .hellinger: counts.hellinger
            case .totalVariation: counts.totalVariation
            case .kolmogorovSmirnov: try #require(counts.kolmogorovSmirnov)
            case .wasserstein:
                try #require(
                    counts.wasserstein(edges: Self.edges, ranges: (numbers().reference, numbers().current))) / 2
            }
        #expect(abs(found.excess / wanted - 1) < 1e-4 && abs(found.lower / wanted - 1) < 1e-4, "\(found) \(wanted)")
        #expect(found.lower <= found.excess)
        // The PSI that is said to go with a size is no more than there is.
        #expect(statistic.stability(of: wanted) < PopulationStability(counts).index * 1.35)
    }

    /// Without drift the bound is 0 in 19 of 20 samples at least, whatever their size.
    @Test(arguments: EffectStatistic.allCases, [(2_000, 300), (500, 5_000)])
    func calm(statistic: EffectStatistic, sizes: (Int, Int)) throws {
        var random = SplitMix64(seed: UInt64(statistic.rawValue) + 1)
        var positive = 0
        for _ in 0..<400 {
            let found = try size(
                statistic, draw(Self.shares, sizes.0, &random), draw(Self.shares, sizes.1, &random))
            if found.lower > 0 { positive += 1 }
        }
        #expect(positive <= 32, "\(positive) of 400")
    }

    /// With drift the bound is below the truth in 19 of 20 samples at least, and not far below it.
    @Test(arguments: EffectStatistic.allCases) func bound(statistic: EffectStatistic) throws {
        let truth = try size(
            statistic, Self.shares.map { UInt64($0 * 1e12) }, Self.moved.map { UInt64($0 * 1e12) }
        ).excess
        var random = SplitMix64(seed: 90 + UInt64(statistic.rawValue))
        var (above, sum) = (0, 0.0)
        for _ in 0..<400 {
            let found = try size(statistic, draw(Self.shares, 4_000, &random), draw(Self.moved, 2_000, &random))
            if found.lower > truth { above += 1 }
            sum += found.lower / 400
        }
        #expect(above <= 32, "\(above) of 400")
        #expect(sum > 0.55 * truth, "\(sum) of \(truth)")
    }

    /// Shares that wander prove less.
    @Test(arguments: EffectStatistic.allCases) func wobble(statistic: EffectStatistic) throws {
        let (before, after) = ([Self.shares, Self.moved].map { $0.map { UInt64($0 * 10_000) } }).pair
        let (all, few) = (
            try size(statistic, before, after), try size(statistic, before, after, effectiveEvents: 40)
        )
        #expect(few.lower == 0 && few.excess < all.excess && all.lower > 0)
    }

    /// Cells without an order are compared by their total variation where an order would be needed.
    @Test func unordered() throws {
        let counts = try #require(TwoSampleCounts(reference: [4_000, 6_000], current: [5_000, 5_000]))
        let variation = EffectSize(.totalVariation, counts)
        #expect(EffectSize(.kolmogorovSmirnov, counts) == variation && variation.lower > 0.08)
        #expect(abs(EffectSize(.wasserstein, counts).excess - variation.excess / 0.398_942_280_4) < 1e-9)
    }
}

extension [[UInt64]] {
    /// The two elements.
    fileprivate var pair: ([UInt64], [UInt64]) { (self[0], self[1]) }
}
