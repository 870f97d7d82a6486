/// A statistic that says how large a drift is.
public enum EffectStatistic: UInt8, Sendable, CaseIterable {
    case populationStability = 0
    case jensenShannon = 1
    case hellinger = 2
    case totalVariation = 3
    case kolmogorovSmirnov = 4
    case wasserstein = 5

    /// Its name, as the `method` of `model_feature_drift_score` has it.
    public var label: String {
        switch self {
        case .populationStability: "psi"
        case .jensenShannon: "js"
        case .hellinger: "hellinger"
        case .totalVariation: "tvd"
        case .kolmogorovSmirnov: "ks"
        case .wasserstein: "wasserstein"
        }
    }

    /// The least size that matters, where none is asked for: about what a normal value has that has moved by 0.3
    /// standard deviations, as the usual PSI of 0.1.
    public var defaultBand: Double {
        switch self {
        case .populationStability, .totalVariation, .kolmogorovSmirnov, .hellinger: 0.1
        case .jensenShannon: 0.13
        case .wasserstein: 0.3
        }
    }

    /// The PSI that a small drift of this size has at least, roughly.
    ///
    /// For small drifts the squared Hellinger distance and the Jensen-Shannon divergence are an eighth of it, and no
    /// distance of shares is more than half its root.
    public func stability(of size: Double) -> Double {
        switch self {
        case .populationStability: size
        case .jensenShannon: 8 * Libm.log(2) * size * size
        case .hellinger: 8 * size * size
        case .totalVariation, .kolmogorovSmirnov: 4 * size * size
        case .wasserstein: size * size
        }
    }
}

/// How large a drift is, above what chance explains, and what that is at least.
public struct EffectSize: Sendable, Equatable {
    /// The statistic less its expectation without drift, at least 0.
    public let excess: Double
    /// What it is at least, with a confidence of 95 %, and at least 0.
    public let lower: Double

    /// Quantile of a standard normal distribution: 95 %, one-sided.
    private static let confidence = 1.644_853_626_951_472_7
    /// Total variation of a normal value that has moved by a small part of its standard deviation, per unit.
    private static let normalDensity = 0.398_942_280_401_432_7

    /// Measures a drift.
    ///
    /// Cells without an order have no Kolmogorov-Smirnov distance, and count by total variation; nor are they a
    /// distance apart, and count by the shift of a normal value that has their total variation.
    ///
    /// - Parameters:
    ///   - numbers: Where numbers lie, for the Wasserstein distance; without, they count as cells without an order.
    ///   - effectiveEvents: Events that shares of traffic are worth at most (see `BaselineWobble`).
    public init(
        _ statistic: EffectStatistic, _ counts: TwoSampleCounts, numbers: Drift.Numbers? = nil,
        effectiveEvents: Double = .infinity
    ) {
        let noise = Noise(counts, effectiveEvents: effectiveEvents)
        switch statistic {
        case .populationStability:
            let stability = PopulationStability(counts, effectiveEvents: effectiveEvents)
            (excess, lower) = (stability.excess, stability.excessLower)
        case .jensenShannon:
            let (excess, lower) = Self.divergence(counts, noise)
            let unit = Libm.log(2)
            (self.excess, self.lower) = ((excess / unit).squareRoot(), (lower / unit).squareRoot())
        case .hellinger:
            let (excess, lower) = Self.squaredHellinger(counts, noise)
            (self.excess, self.lower) = (excess.squareRoot(), lower.squareRoot())
        case .totalVariation: (excess, lower) = Self.variation(counts, noise)
        case .kolmogorovSmirnov:
            (excess, lower) = Self.largestGap(counts, noise) ?? Self.variation(counts, noise)
        case .wasserstein:
            if let numbers, let found = Self.distance(counts, numbers, noise) {
                (excess, lower) = found
            } else {
                let (excess, lower) = Self.variation(counts, noise)
                (self.excess, self.lower) = (excess / Self.normalDensity, lower / Self.normalDensity)
            }
        }
    }

    /// Variance of a share p on either side, per p (1 − p).
    private struct Noise {
        var reference: Double
        var current: Double
        var sum: Double { reference + current }

        init(_ counts: TwoSampleCounts, effectiveEvents: Double) {
            reference = 1 / min(Double(counts.referenceTotal), effectiveEvents)
            current = 1 / Double(counts.currentTotal) + 1 / effectiveEvents
        }
    }

    /// A divergence that is an eighth of the PSI near no drift: its expectation and variance there, and to first order
    /// (delta method) the variance that the shares' errors add with drift, of which chance has its part.
    private static func quadratic(
        _ value: Double, slopes: (p: Double, q: Double), cells: Int, _ noise: Noise
    ) -> (excess: Double, lower: Double) {
        let freedom = Double(cells - 1)
        let expected = freedom * noise.sum / 8
        guard value > expected else { return (0, 0) }
        let bySlopes = (slopes.q * noise.current + slopes.p * noise.reference) * (value - expected) / value
        let variance = 2 * freedom * (noise.sum / 8) * (noise.sum / 8) + bySlopes
        return (value - expected, max(0, value - expected - confidence * variance.squareRoot()))
    }

    /// Squared Hellinger distance.
    private static func squaredHellinger(_ counts: TwoSampleCounts, _ noise: Noise) -> (Double, Double) {
        let value = counts.hellinger * counts.hellinger
        // The derivative by q is (1 − √(p/q)) / 2, of mean H²/2 and mean square H²/2 under q; by p likewise.
        let slope = max(0, value / 2 - value * value / 4)
        return quadratic(value, slopes: (slope, slope), cells: counts.cellCount, noise)
    }

    /// Jensen-Shannon divergence in nats.
    private static func divergence(_ counts: TwoSampleCounts, _ noise: Noise) -> (Double, Double) {
        var (value, pMean, pSquare, qMean, qSquare) = (0.0, 0.0, 0.0, 0.0, 0.0)
        counts.forEachShare { p, q in
            let middle = (p + q) / 2
            if p > 0 {
                let slope = Libm.log(p / middle) / 2
                value += p * slope
                pMean += p * slope
                pSquare += p * slope * slope
            }
            if q > 0 {
                let slope = Libm.log(q / middle) / 2
                value += q * slope
                qMean += q * slope
                qSquare += q * slope * slope
            }
        }
        let slopes = (max(0, pSquare - pMean * pMean), max(0, qSquare - qMean * qMean))
        return quadratic(max(0, value), slopes: slopes, cells: counts.cellCount, noise)
    }

    /// Total variation: the growth of the cells that have grown.
    private static func variation(_ counts: TwoSampleCounts, _ noise: Noise) -> (Double, Double) {
        var (expected, p, q) = (0.0, 0.0, 0.0)
        let (n, m) = (Double(counts.referenceTotal), Double(counts.currentTotal))
        for cell in 0..<counts.cellCount {
            let (r, c) = (Double(counts.reference[cell]), Double(counts.current[cell]))
            let pooled = (r + c) / (n + m)
            expected += (pooled * (1 - pooled) * noise.sum / (2 * Double.pi)).squareRoot()
            guard c / m > r / n else { continue }
            p += r / n
            q += c / m
        }
        let excess = max(0, q - p - expected)
        let variance = q * (1 - q) * noise.current + p * (1 - p) * noise.reference
        return (excess, max(0, excess - confidence * max(0, variance).squareRoot()))
    }

    /// Kolmogorov-Smirnov distance; `nil` without ordered cells.
    ///
    /// - Source: the mean √(π/2) ln 2 and the 95 % quantile of Kolmogorov's distribution, for unbinned values: bins
    ///   have smaller ones.
    private static func largestGap(_ counts: TwoSampleCounts, _ noise: Noise) -> (Double, Double)? {
        guard counts.orderedCount > 1, let value = counts.kolmogorovSmirnov else { return nil }
        let unit = noise.sum.squareRoot()
        return (max(0, value - 0.868_731_160_636_199 * unit), max(0, value - 1.358_098_637_932_213 * unit))
    }

    /// Wasserstein distance in robust standard deviations of the reference; `nil` without order or scale.
    ///
    /// The deviation of an integral of |F − F'| is at most the integral of its deviations.
    private static func distance(
        _ counts: TwoSampleCounts, _ numbers: Drift.Numbers, _ noise: Noise
    ) -> (Double, Double)? {
        guard let scale = numbers.scale, let last = numbers.edges.last, let first = numbers.edges.first,
            let value = counts.wasserstein(edges: numbers.edges, ranges: (numbers.reference, numbers.current))
        else { return nil }
        let n = Double(counts.reference.prefix(counts.orderedCount).reduce(0, +))
        var (below, deviations): (Double, [Double]) = (0, [])
        for count in counts.reference.prefix(numbers.edges.count) {
            below += Double(count) / n
            deviations.append(max(0, below * (1 - below) * noise.sum).squareRoot())
        }
        let low = min(numbers.reference.minimum, numbers.current.minimum, first)
        let high = max(numbers.reference.maximum, numbers.current.maximum, last)
        var sum = (first - low) * deviations[0] / 2 + (high - last) * deviations[deviations.count - 1] / 2
        for edge in 1..<numbers.edges.count {
            sum += (numbers.edges[edge] - numbers.edges[edge - 1]) * (deviations[edge] + deviations[edge - 1]) / 2
        }
        let excess = max(0, value - (2 / Double.pi).squareRoot() * sum)
        let found = (excess / scale, max(0, excess - confidence * sum) / scale)
        return found.0.isFinite && found.1.isFinite ? found : nil
    }
}
