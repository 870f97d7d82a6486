import Statistics
import TestKit
import Testing

/// Without drift, how often do the statistics say there is some? Reference and window are drawn from the same shares.
@Suite("Calibration without drift")
struct CalibrationTests {
    /// A simulated null: both samples from the same shares, in 1/64.
    struct Null: Sendable, CustomTestStringConvertible {
        let name: String
        let slots: [UInt8]
        let reference: Int
        let window: Int
        var cells: Int { Int(slots.max() ?? 0) + 1 }
        var testDescription: String { "\(name), n = \(reference), m = \(window)" }

        init(_ name: String, weights: [Int], reference: Int, window: Int) {
            precondition(weights.reduce(0, +) == 64)
            self.name = name
            self.reference = reference
            self.window = window
            slots = weights.enumerated().flatMap { [UInt8](repeating: UInt8($0.offset), count: $0.element) }
        }

        /// Draws ten values from each random number.
        func draw(_ count: Int, _ random: inout SplitMix64) -> [UInt64] {
            var counts = [UInt64](repeating: 0, count: cells)
            var (bits, left): (UInt64, Int) = (0, 0)
            for _ in 0..<count {
                if left == 0 { (bits, left) = (random.next(), 10) }
                counts[Int(slots[Int(truncatingIfNeeded: bits & 63)])] += 1
                bits >>= 6
                left -= 1
            }
            return counts
        }
    }

    static let even = [7, 7, 6, 6, 6, 6, 6, 6, 7, 7]
    static let skewed = [30, 16, 8, 4, 2, 1, 1, 1, 1]

    static let nulls = [
        Null("even", weights: even, reference: 1_000, window: 50),
        Null("even", weights: even, reference: 1_000, window: 300),
        Null("even", weights: even, reference: 300, window: 300),
        Null("skewed", weights: skewed, reference: 800, window: 60),
        Null("skewed", weights: skewed, reference: 400, window: 400),
    ]

    @Test("chi-square score and PSI keep their nominal rates", arguments: nulls)
    func rates(null: Null) throws {
        let runs = 2_500
        var random = SplitMix64(seed: 2_026)
        var (fivePercent, onePerMille, alarms) = (0, 0, 0)
        var (mean, square) = (0.0, 0.0)
        var expected = 0.0
        for _ in 0..<runs {
            let counts = try #require(
                TwoSampleCounts(
                    reference: null.draw(null.reference, &random), current: null.draw(null.window, &random)))
            let score = ChiSquare(counts.pooled).score
            let psi = PopulationStability(counts)
            if score > 1.645 { fivePercent += 1 }
            if score > 3.09 { onePerMille += 1 }
            if score > 3.09, psi.excess > 0.1 { alarms += 1 }
            mean += psi.index / Double(runs)
            square += psi.index * psi.index / Double(runs)
            expected = psi.expected
        }
        // Four standard errors of a rate over the runs.
        func error(_ rate: Double) -> Double { 4 * (rate * (1 - rate) / Double(runs)).squareRoot() }
        #expect(abs(Double(fivePercent) / Double(runs) - 0.05) < error(0.05))
        #expect(Double(onePerMille) / Double(runs) < 0.001 + error(0.001))
        #expect(Double(alarms) / Double(runs) < 0.001 + error(0.001))
        // Smoothing pulls the index towards 0 where cells hold few events, never away from it.
        let ratio = mean / expected
        #expect(ratio < 1 + 4 * (2 / Double(null.cells - 1)).squareRoot() / Double(runs).squareRoot())
        #expect(ratio > (null.window < 100 ? 0.75 : 0.95))
        let spread = (square - mean * mean).squareRoot() / expected
        #expect(abs(spread / (2 / Double(null.cells - 1)).squareRoot() - 1) < 0.2)
    }

    @Test("a real shift passes both gates in every window")
    func power() throws {
        let before = Null("before", weights: CalibrationTests.even, reference: 2_000, window: 500)
        let after = Null("after", weights: [14, 12, 8, 6, 6, 5, 5, 4, 2, 2], reference: 2_000, window: 500)
        var random = SplitMix64(seed: 7)
        for _ in 0..<200 {
            let counts = try #require(
                TwoSampleCounts(
                    reference: before.draw(before.reference, &random), current: after.draw(after.window, &random)))
            #expect(ChiSquare(counts.pooled).score > 3.09)
            #expect(PopulationStability(counts).excess > 0.1)
        }
    }
}
