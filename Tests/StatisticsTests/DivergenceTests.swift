import Sketches
import Statistics
import TestKit
import Testing

@Suite("Divergence")
struct DivergenceTests {
    @Test("agrees with scipy over bins and categories", arguments: ["two_sample", "categorical"])
    func goldens(file: String) throws {
        for golden in try Comparison.all(file) {
            let orderedCount = golden.edges.map { $0.count + 1 } ?? 0
            let counts = try #require(
                TwoSampleCounts(
                    reference: golden.reference, current: golden.current, orderedCount: orderedCount))
            let psi = PopulationStability(counts)
            #expect(psi.index.isClose(to: golden.psi), "\(golden)")
            // The distance is a root: rounding of its square by 1e-16 is 1e-8 near 0.
            let distance = counts.jensenShannon
            #expect((distance * distance).isClose(to: golden.jensenShannon * golden.jensenShannon), "\(golden)")
            #expect(distance.isClose(to: golden.jensenShannon, within: 1e-7), "\(golden)")
            #expect(counts.hellinger.isClose(to: golden.hellinger, within: 1e-7), "\(golden)")
            #expect(counts.totalVariation.isClose(to: golden.totalVariation), "\(golden)")
            if let expected = golden.binnedKolmogorovSmirnov {
                let distance = try #require(counts.kolmogorovSmirnov)
                #expect(distance.isClose(to: expected), "\(golden)")
                if let exact = golden.kolmogorovSmirnov { #expect(distance <= exact + 1e-12, "\(golden)") }
            } else {
                #expect(counts.kolmogorovSmirnov == nil)
            }
        }
    }

    @Test("bins count values as numpy's searchsorted does")
    func bins() throws {
        for golden in try Comparison.all("two_sample") {
            guard let edges = golden.edges, let values = golden.referenceValues, let current = golden.currentValues
            else { continue }
            let bins = try #require(EdgeBins(edges: edges))
            for (values, expected) in [(values, golden.reference), (current, golden.current)] {
                var counts = [UInt64](repeating: 0, count: bins.binCount)
                for value in values { counts[bins.bin(of: value)] += 1 }
                #expect(counts == expected, "\(golden)")
            }
        }
    }

    @Test("Wasserstein is within the width of the bins of the exact distance, and never below the shift of the mean")
    func wasserstein() throws {
        for golden in try Comparison.all("two_sample") {
            guard let edges = golden.edges, let exact = golden.wasserstein, let before = golden.referenceMoments,
                let after = golden.currentMoments
            else { continue }
            let counts = try #require(
                TwoSampleCounts(
                    reference: golden.reference, current: golden.current, orderedCount: edges.count + 1))
            let distance = try #require(
                counts.wasserstein(edges: edges, ranges: (before.range, after.range)), "\(golden)")
            #expect(distance >= abs(after.mean - before.mean), "\(golden)")
            let low = min(before.minimum, after.minimum, edges[0])
            let high = max(before.maximum, after.maximum, edges[edges.count - 1])
            let knots = [low] + edges + [high]
            var bound = 0.0
            for bin in 0...edges.count {
                let share = max(
                    Double(golden.reference[bin]) / Double(counts.referenceTotal),
                    Double(golden.current[bin]) / Double(counts.currentTotal))
                bound += share * (knots[bin + 1] - knots[bin])
            }
            #expect(abs(distance - exact) <= bound, "\(golden): \(distance) for \(exact)")
        }
    }

    @Test("Wasserstein of a plain shift is the shift, of two uniforms of different width exact")
    func exactWasserstein() throws {
        let edges = (1..<10).map { Double($0) / 10 }
        let flat = [UInt64](repeating: 100, count: 10)
        let unit = NumberRange(minimum: 0, maximum: 1, mean: 0.5)
        // All of it above the last edge.
        let moved = try #require(
            TwoSampleCounts(
                reference: flat, current: [UInt64](repeating: 0, count: 9) + [500], orderedCount: 10))
        let shifted = try #require(
            moved.wasserstein(edges: edges, ranges: (unit, NumberRange(minimum: 3, maximum: 4, mean: 3.5))))
        #expect(shifted.isClose(to: 3))
        // Uniform on 0...1 and on 0...2: the distance is the difference of the means.
        let wide = try #require(
            TwoSampleCounts(
                reference: flat, current: [UInt64](repeating: 50, count: 9) + [550], orderedCount: 10))
        let stretched = try #require(
            wide.wasserstein(edges: edges, ranges: (unit, NumberRange(minimum: 0, maximum: 2, mean: 1))))
        #expect(stretched.isClose(to: 0.5))
    }

    @Test("one far outlier in the reference moves Wasserstein by no more than it moves the mean")
    func outlier() throws {
        let edges = (1..<10).map { Double($0) / 10 }
        let reference = [UInt64](repeating: 1_000, count: 10)
        let current = [UInt64]([95, 104, 99, 102, 100, 103, 97, 101, 94, 105])
        let counts = try #require(TwoSampleCounts(reference: reference, current: current, orderedCount: 10))
        let plain = try #require(
            counts.wasserstein(
                edges: edges,
                ranges: (
                    NumberRange(minimum: 0, maximum: 1, mean: 0.5), NumberRange(minimum: 0, maximum: 1, mean: 0.503)
                )))
        let far = try #require(
            counts.wasserstein(
                edges: edges,
                ranges: (
                    NumberRange(minimum: 0, maximum: 1_000, mean: 0.6), NumberRange(minimum: 0, maximum: 1, mean: 0.503)
                )))
        #expect(far <= plain + 0.11)
    }

    @Test("distances are symmetric, 0 for equal shares and 1 for disjoint ones")
    func laws() throws {
        var random = SplitMix64(seed: 1)
        for _ in 0..<200 {
            let cells = 2 + Int(random.next() % 12)
            let left = (0..<cells).map { _ in random.next() % 50 } + [1]
            let right = (0..<cells).map { _ in random.next() % 5 * (random.next() % 50) } + [1]
            let there = try #require(TwoSampleCounts(reference: left, current: right, orderedCount: cells))
            let back = try #require(TwoSampleCounts(reference: right, current: left, orderedCount: cells))
            #expect(PopulationStability(there).index.isClose(to: PopulationStability(back).index))
            #expect(ChiSquare(there).statistic.isClose(to: ChiSquare(back).statistic))
            for distance in [\TwoSampleCounts.jensenShannon, \.hellinger, \.totalVariation] {
                #expect(there[keyPath: distance].isClose(to: back[keyPath: distance], within: 1e-7))
                #expect((0...1).contains(there[keyPath: distance]))
            }
            let tripled = try #require(TwoSampleCounts(reference: left, current: left.map { $0 * 3 }))
            for distance in [\TwoSampleCounts.jensenShannon, \.hellinger, \.totalVariation] {
                #expect(tripled[keyPath: distance] < 1e-7)
            }
            #expect(ChiSquare(tripled).statistic < 1e-9)
        }
        let disjoint = try #require(TwoSampleCounts(reference: [3, 0], current: [0, 9], orderedCount: 2))
        #expect(disjoint.jensenShannon == 1)
        #expect(disjoint.hellinger == 1)
        #expect(disjoint.totalVariation == 1)
        #expect(disjoint.kolmogorovSmirnov == 1)
    }

    @Test("missing values move neither Kolmogorov-Smirnov nor Wasserstein")
    func missing() throws {
        let edges = [1.0, 2]
        let ranges = (NumberRange(minimum: 0, maximum: 3, mean: 1.5), NumberRange(minimum: 0, maximum: 3, mean: 1.5))
        let without = try #require(
            TwoSampleCounts(reference: [10, 20, 10], current: [5, 20, 15], orderedCount: 3))
        let with = try #require(
            TwoSampleCounts(reference: [10, 20, 10, 0], current: [5, 20, 15, 60], orderedCount: 3))
        #expect(without.kolmogorovSmirnov == with.kolmogorovSmirnov)
        #expect(without.wasserstein(edges: edges, ranges: ranges) == with.wasserstein(edges: edges, ranges: ranges))
        #expect(with.totalVariation > without.totalVariation)
        let none = try #require(TwoSampleCounts(reference: [1, 2, 0], current: [0, 0, 5], orderedCount: 2))
        #expect(none.kolmogorovSmirnov == nil)
        #expect(none.wasserstein(edges: [1], ranges: ranges) == nil)
        #expect(without.wasserstein(edges: [1], ranges: ranges) == nil)
    }

    @Test("sides that cannot be compared are no pair")
    func noPair() {
        #expect(TwoSampleCounts(reference: [], current: []) == nil)
        #expect(TwoSampleCounts(reference: [1], current: [1, 2]) == nil)
        #expect(TwoSampleCounts(reference: [0, 0], current: [1, 2]) == nil)
        #expect(TwoSampleCounts(reference: [1, 2], current: [0, 0]) == nil)
        #expect(TwoSampleCounts(reference: [.max, 1], current: [1, 2]) == nil)
        #expect(TwoSampleCounts(reference: [1, 2], current: [1, 2], orderedCount: 3) == nil)
        #expect(TwoSampleCounts(reference: [1, 2], current: [1, 2], orderedCount: -1) == nil)
    }

    @Test("stays finite at the largest counts")
    func largest() throws {
        let half = UInt64.max / 2
        let counts = try #require(TwoSampleCounts(reference: [half, half], current: [half, 0], orderedCount: 2))
        let drift = Drift(counts)
        #expect(drift.populationStability.index.isFinite)
        #expect(drift.chiSquare.statistic.isFinite && drift.chiSquare.score.isFinite)
        #expect(drift.totalVariation.isClose(to: 0.5))
    }
}
