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
    /// What the shares' own errors add to its variance with drift, to first order (delta method): 0 without drift.
    public let driftVariance: Double
    /// What is left of the index above its expectation without drift, at least 0.
    public var excess: Double { max(0, index - expected) }
    /// What the excess is at least, with a confidence of 95 %, and at least 0.
    public var excessLower: Double {
        max(0, index - expected - Self.confidence * (variance + driftVariance).squareRoot())
    }

    /// Quantile of a standard normal distribution: 95 %, one-sided.
    private static let confidence = 1.644_853_626_951_472_7

    /// Compares two sides.
    ///
    /// - Parameter effectiveEvents: Events that shares of traffic are worth at most, because they wander (see
    ///   `BaselineWobble`); then n becomes this at most, and 1/m this much larger.
    public init(_ counts: TwoSampleCounts, effectiveEvents: Double = .infinity) {
        let cells = Double(counts.cellCount)
        let (n, m) = (Double(counts.referenceTotal) + cells / 2, Double(counts.currentTotal) + cells / 2)
        // Spread of the first derivatives of the index by q and by p, under q and p.
        var (sum, qMean, qSquare, pMean, pSquare) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for cell in 0..<counts.cellCount {
            let p = (Double(counts.reference[cell]) + 0.5) / n
            let q = (Double(counts.current[cell]) + 0.5) / m
            let logarithm = Libm.log(q / p)
            sum += (q - p) * logarithm
            let (byQ, byP) = (logarithm - p / q, -logarithm - q / p)
            qMean += q * byQ
            qSquare += q * byQ * byQ
            pMean += p * byP
            pSquare += p * byP * byP
        }
        let referenceNoise = 1 / min(Double(counts.referenceTotal), effectiveEvents)
        let currentNoise = 1 / Double(counts.currentTotal) + 1 / effectiveEvents
        let noise = referenceNoise + currentNoise
        let bySlopes = max(0, qSquare - qMean * qMean) * currentNoise + max(0, pSquare - pMean * pMean) * referenceNoise
        index = sum
        expected = (cells - 1) * noise
        variance = 2 * (cells - 1) * noise * noise
        // The slopes are those at the shares seen, of which chance has its part: only the excess is drift.
        driftVariance = sum > expected ? bySlopes * (sum - expected) / sum : 0
    }
}
