import Statistics
import Testing

@Suite("Drift")
struct DriftTests {
    let counts = TwoSampleCounts(reference: [100, 100, 100, 0], current: [50, 100, 150, 10], orderedCount: 3)

    func numbers(deviation: Double, quartiles: Double) -> Drift.Numbers {
        Drift.Numbers(
            edges: [1, 2], reference: NumberRange(minimum: 0, maximum: 3, mean: 1.5),
            current: NumberRange(minimum: 0, maximum: 3, mean: 1.83), standardDeviation: deviation,
            interquartileRange: quartiles)
    }

    @Test("holds what each statistic says by itself")
    func parts() throws {
        let counts = try #require(counts)
        let drift = Drift(counts, numbers: numbers(deviation: 0.9, quartiles: 1.349))
        #expect(drift.populationStability == PopulationStability(counts))
        #expect(drift.jensenShannon == counts.jensenShannon)
        #expect(drift.hellinger == counts.hellinger)
        #expect(drift.totalVariation == counts.totalVariation)
        #expect(drift.kolmogorovSmirnov == counts.kolmogorovSmirnov)
        #expect(drift.chiSquare == ChiSquare(counts.pooled))
        let numbers = numbers(deviation: 1, quartiles: 1)
        #expect(
            drift.wasserstein
                == counts.wasserstein(edges: [1, 2], ranges: (numbers.reference, numbers.current)))
    }

    @Test("scales Wasserstein by the quartiles, else the deviation, else not at all")
    func scale() throws {
        let counts = try #require(counts)
        let byQuartiles = try #require(
            Drift(counts, numbers: numbers(deviation: 9, quartiles: 2.698)).wasserstein)
        let byDeviation = try #require(Drift(counts, numbers: numbers(deviation: 2, quartiles: 0)).wasserstein)
        #expect(byQuartiles.isClose(to: byDeviation))
        #expect(Drift(counts, numbers: numbers(deviation: 0, quartiles: 0)).wasserstein == nil)
        #expect(Drift(counts).wasserstein == nil)
        var huge = numbers(deviation: 1e-300, quartiles: 0)
        huge.current.mean = 1e300
        #expect(Drift(counts, numbers: huge).wasserstein == nil)
    }

    @Test("the index has its expectation and variance without drift")
    func expectation() throws {
        let stability = PopulationStability(try #require(counts))
        let noise = 1 / 300.0 + 1 / 310.0
        #expect(stability.expected.isClose(to: 3 * noise))
        #expect(stability.variance.isClose(to: 6 * noise * noise))
        #expect(stability.excess.isClose(to: stability.index - stability.expected))
    }
}
