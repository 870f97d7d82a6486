/// Population stability index: Σ (q − p) · ln(q / p) in nats, 0 when both sides have the same shares.
///
/// Shares are smoothed by half a count per cell (Jeffreys), q = (c + ½) / (m + B/2) and p likewise, so an empty cell is
/// no infinity and small samples inflate the index less than with a fixed floor. Cells that are empty on both sides
/// take part: the recording rules see them too.
///
/// - Source: Yurdakul, Naranjo: "Statistical properties of the population stability index", J. Risk Model Validation
///   14(4), 2020: without drift PSI / (1/n + 1/m) follows a chi-square with B − 1 degrees of freedom.
public struct PopulationStability: Sendable, Equatable {
    /// The index.
    public let index: Double
    /// Its expectation without drift: (B − 1)(1/n + 1/m).
    public let expected: Double
    /// Its variance without drift: 2(B − 1)(1/n + 1/m)².
    public let variance: Double
    /// What is left of the index above its expectation without drift, at least 0.
    public var excess: Double { max(0, index - expected) }

    /// Compares two sides.
    public init(_ counts: TwoSampleCounts) {
        let cells = Double(counts.cellCount)
        let (n, m) = (Double(counts.referenceTotal) + cells / 2, Double(counts.currentTotal) + cells / 2)
        var sum = 0.0
        for cell in 0..<counts.cellCount {
            let p = (Double(counts.reference[cell]) + 0.5) / n
            let q = (Double(counts.current[cell]) + 0.5) / m
            sum += (q - p) * Libm.log(q / p)
        }
        index = sum
        expected = (cells - 1) * counts.noise
        variance = 2 * (cells - 1) * counts.noise * counts.noise
    }
}
