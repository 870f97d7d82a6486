import Foundation
import Statistics
import TestKit
import Testing

/// What stands between a difference and a verdict: confidence bounds, several signals at once, and what a reference
/// can tell at all.
@Suite struct GateTests {
    private static let reference: [UInt64] = [500, 500, 500, 500, 500, 500, 500, 500, 500, 500]

    /// Shares with a PSI of about 0.17 against equal ones.
    private static let moved = [0.07, 0.075, 0.08, 0.085, 0.09, 0.1, 0.1, 0.11, 0.13, 0.16]

    private static func draw(_ count: Int, from shares: [Double], _ random: inout SplitMix64) -> [UInt64] {
        var counts = [UInt64](repeating: 0, count: shares.count)
        for _ in 0..<count { counts[random.index(from: shares)] += 1 }
        return counts
    }

    /// The bound lies below the true PSI in 95 of 100 samples, and not far below it, whatever their size.
    @Test(arguments: [200, 1_000, 5_000]) func coverage(size: Int) throws {
        var truth = 0.0
        for share in Self.moved { truth += (share - 0.1) * log(share / 0.1) }
        var random = SplitMix64(seed: UInt64(size) &* 0x9E37_79B9_97F4_A7C1)
        var (above, sum) = (0, 0.0)
        for _ in 0..<600 {
            let reference = Self.draw(5_000, from: [Double](repeating: 0.1, count: 10), &random)
            let current = Self.draw(size, from: Self.moved, &random)
            let stability = PopulationStability(try #require(TwoSampleCounts(reference: reference, current: current)))
            if stability.excessLower > truth { above += 1 }
            sum += stability.excessLower
        }
        #expect((5...60).contains(above), "\(above) of 600")
        #expect(sum / 600 > truth - 3.5 / Double(size).squareRoot(), "\(sum / 600) of \(truth)")
    }

    /// Without drift the bound is 0 in 95 of 100 samples; with what traffic is worth, so it is for shares that wander.
    @Test func calm() throws {
        var random = SplitMix64(seed: 5)
        let equal = [Double](repeating: 0.1, count: 10)
        var positive = 0
        for _ in 0..<500 {
            let current = Self.draw(300, from: equal, &random)
            let counts = try #require(TwoSampleCounts(reference: Self.reference, current: current))
            if PopulationStability(counts).excessLower > 0 { positive += 1 }
        }
        #expect(positive < 40, "\(positive) of 500")
        let current: [UInt64] = [70, 75, 80, 85, 90, 100, 100, 110, 130, 160]
        let moved = try #require(TwoSampleCounts(reference: Self.reference, current: current))
        #expect(PopulationStability(moved).excessLower > 0.02)
        #expect(PopulationStability(moved, effectiveEvents: 100).excessLower == 0)
        #expect(PopulationStability(moved, effectiveEvents: .infinity) == PopulationStability(moved))
    }

    @Test func growth() {
        func bound(_ p: (UInt64, UInt64), _ q: (UInt64, UInt64), _ worth: Double = .infinity) -> Double {
            ShareGrowth.lowerBound(reference: p, current: q, effectiveEvents: worth)
        }
        // 0.05 − 0.01 − 1.645 √(…), by hand with one hit and one miss more on either side.
        #expect(bound((50, 5_000), (50, 1_000)).isClose(to: 0.02904483631753177, within: 1e-12))
        #expect(bound((0, 5_000), (0, 100)) < 0.01)
        #expect(bound((0, 5_000), (5, 100)) > 0.01)
        #expect(bound((50, 5_000), (50, 1_000), 50) < 0)
        #expect(bound((0, 0), (0, 0)) <= 0)
        #expect(bound((0, .max), (.max, .max)) <= 1)
    }

    /// e-BH: k signals at once need ln k less each than one alone.
    @Test func ranking() {
        let budget = 10.0
        func needed(_ evidence: [Double]) -> Double { EvidenceRanking.threshold(evidence, logBudget: budget) - budget }
        #expect(needed([]) == 0)
        #expect(needed([0, 0, 0, 0]).isClose(to: 1.386_294_361_119_890_6, within: 1e-12))
        #expect(needed([11.4, 0, -.infinity, 0]).isClose(to: 1.386_294_361_119_890_6, within: 1e-12))
        #expect(needed([10.7, 10.8, 0, 0]).isClose(to: 0.693_147_180_559_945_3, within: 1e-12))
        #expect(needed([10, 10, 10, 10]).isClose(to: 0, within: 1e-12))
        // The first alone is not enough, nor are two; three are.
        #expect(needed([10.5, 10.4, 10.3, 0]).isClose(to: 0.287_682_072_451_780_9, within: 1e-12))
        #expect(EvidenceRanking.threshold(signals: 4, logBudget: budget) == budget + 1.386_294_361_119_890_6)
    }

    /// What a small reference, or one that wobbles, can tell at most; a larger one can tell more.
    @Test func limitOfEvidence() {
        func limit(_ events: Double, effect: Double = 0.1, worth: Double = .infinity, ordered: Int = 10) -> Double {
            var settings = EvidenceSettings()
            settings.limit = worth
            let counts = [UInt64](repeating: UInt64(events / 10), count: 10) + [0]
            let detector = EvidenceDetector(reference: counts, orderedCount: ordered, settings: settings)
            return detector.logEvidenceLimit(effect: effect)
        }
        #expect(limit(5_000) > 100)
        #expect(limit(100) < 13.1)
        #expect(limit(100) < limit(500) && limit(500) < limit(5_000))
        #expect(limit(5_000, worth: 90) < 13.1)
        #expect(limit(5_000, effect: 0.01) < limit(5_000, effect: 0.1))
        #expect(limit(5_000, ordered: 0) > 100)
        #expect(limit(0, effect: 100).isFinite)
    }

    /// The limit is what a long drift of that size comes to, and not less than what the detector then shows.
    @Test func limitIsReached() {
        let shares = (0..<10).map { exp(0.1 * Double($0)) }
        let sum = shares.reduce(0, +)
        var effect = 0.0
        for share in shares { effect += (share / sum - 0.1) * log(share / sum / 0.1) }
        let detector = EvidenceDetector(
            reference: [UInt64](repeating: 20, count: 10) + [0], orderedCount: 10, settings: EvidenceSettings())
        let limit = detector.logEvidenceLimit(effect: effect)
        var settings = EvidenceSettings()
        settings.threshold = .infinity
        var twin = EvidenceDetector(reference: detector.reference, orderedCount: 10, settings: settings)
        var most = -Double.infinity
        for tick in 1...256 {
            twin.complete(shares.map { UInt64(Double(tick) * 2_000 * $0 / sum) } + [0])
            most = max(most, twin.state.logEvidence)
        }
        #expect(abs(most - limit) < 4, "\(most), limit \(limit)")
    }
}
