import Statistics
import TestKit
import Testing

@Suite("Chi-square")
struct ChiSquareTests {
    @Test("agrees with scipy's contingency test", arguments: ["two_sample", "categorical"])
    func goldens(file: String) throws {
        for golden in try Comparison.all(file) {
            let counts = try #require(TwoSampleCounts(reference: golden.reference, current: golden.current))
            let test = ChiSquare(counts)
            guard let expected = golden.chiSquare else {
                #expect(test.degreesOfFreedom == 0)
                #expect(test.score == 0)
                continue
            }
            #expect(test.statistic.isClose(to: expected.statistic, within: 1e-10), "\(golden)")
            #expect(test.degreesOfFreedom == expected.degreesOfFreedom, "\(golden)")
            // Wilson and Hilferty's tail is within 0.011 for one degree of freedom, 0.002 from five on.
            let tolerance = test.degreesOfFreedom < 5 ? 0.011 : 0.002
            #expect(abs(upperTail(test.score) - expected.probability) < tolerance, "\(golden)")
        }
    }

    @Test("well-filled cells are not pooled, empty ones go away")
    func wellFilled() throws {
        let counts = try #require(
            TwoSampleCounts(reference: [50, 0, 40, 30, 0], current: [10, 0, 8, 12, 0], orderedCount: 3))
        let pooled = counts.pooled
        #expect(pooled.reference == [50, 40, 30])
        #expect(pooled.current == [10, 8, 12])
        #expect(ChiSquare(pooled) == ChiSquare(counts))
    }

    @Test("small bins join their neighbours, small categories one rest, a small rest the smallest cell")
    func pooling() throws {
        func pooled(_ reference: [UInt64], _ current: [UInt64], ordered: Int) throws -> [[UInt64]] {
            let counts = try #require(
                TwoSampleCounts(reference: reference, current: current, orderedCount: ordered)
            ).pooled
            return [counts.reference, counts.current]
        }
        #expect(try pooled([2, 2, 2, 20, 1], [2, 2, 2, 20, 1], ordered: 5) == [[6, 21], [6, 21]])
        #expect(try pooled([20, 3, 30, 3], [20, 3, 30, 3], ordered: 0) == [[20, 30, 6], [20, 30, 6]])
        #expect(try pooled([20, 1, 30, 1], [20, 1, 30, 1], ordered: 0) == [[22, 30], [22, 30]])
        #expect(try pooled([20, 30, 2], [20, 30, 2], ordered: 2) == [[22, 30], [22, 30]])
        #expect(try pooled([1, 1], [1, 1], ordered: 2) == [[2], [2]])
        #expect(try pooled([1, 1, 1], [1, 1, 1], ordered: 1) == [[3], [3]])
    }

    @Test("pooling keeps every event and leaves no cell too small", arguments: 1...40)
    func conservation(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let cells = 1 + Int(random.next() % 25)
        let reference = (0..<cells).map { _ in UInt64(random.exponential(mean: 20)) } + [1]
        let current = (0..<cells).map { _ in UInt64(random.exponential(mean: 6)) } + [1]
        let counts = try #require(
            TwoSampleCounts(
                reference: reference, current: current, orderedCount: Int(random.next() % UInt64(cells + 1))))
        let pooled = counts.pooled
        #expect(pooled.referenceTotal == counts.referenceTotal)
        #expect(pooled.currentTotal == counts.currentTotal)
        let smaller = Double(min(counts.referenceTotal, counts.currentTotal))
        let all = Double(counts.referenceTotal + counts.currentTotal)
        for (r, c) in zip(pooled.reference, pooled.current) where pooled.cellCount > 1 {
            #expect(Double(r + c) * smaller / all >= TwoSampleCounts.leastExpected - 1e-9)
        }
    }

    @Test("values that went missing show, though the reference has none")
    func newCell() throws {
        let counts = try #require(
            TwoSampleCounts(
                reference: [UInt64](repeating: 10_000, count: 10) + [0],
                current: [UInt64](repeating: 90, count: 10) + [100], orderedCount: 10))
        #expect(Drift(counts).chiSquare.score > 6)
    }
}
