/// Evidence that counts do not come from a baseline: a ratio of predictive probabilities.
///
/// Both sides know the baseline only as a sample. The null says that the counts are more of the same: Dirichlet-
/// multinomial with the baseline's counts and half a count per cell. The alternative is a mixture of 13 ways to be
/// different: anywhere (three concentrations), higher or lower (three strengths each way), wider or narrower (two).
/// Under the null the ratio has an expectation of 1, so its size can be taken at face value: e^5 means that the
/// alternative predicted the counts 148 times better.
///
/// - Source: Shin, Ramdas, Rinaldo: "E-detectors", arXiv:2203.03532; Dirichlet-multinomial as predictive distribution.
public struct EvidenceTest: Sendable {
    /// One alternative: its logarithmic weight and its Dirichlet parameters, with what is constant of its probability.
    private struct Component {
        var logWeight: Double
        var parameters: [Double]
        var logGammas: [Double]
    }

    private let null: [Double]
    private let nullLogGammas: [Double]
    private let shares: [Double]
    private let components: [Component]
    /// Sum of the null's parameters, and of those of the alternatives that are tilted.
    private let concentration: Double

    /// Concentrations of the alternatives that differ anywhere.
    private static let concentrations = [50.0, 250, 1_250]
    /// Strengths of the alternatives that are higher or lower.
    private static let locations = [0.1, 0.3, 0.8]
    /// Strengths of the alternatives that are wider or narrower.
    private static let scales = [0.15, 0.5]

    /// A test against a baseline.
    ///
    /// - Parameters:
    ///   - baseline: Counts per cell, at least two cells.
    ///   - orderedCount: Leading cells that have an order; the others, and all of fewer than three, have none.
    ///   - limit: Most events the baseline counts for: how far it is believed (see `EvidenceSettings.limit`).
    public init(baseline: [Double], orderedCount: Int, limit: Double = .infinity) {
        let cells = Double(baseline.count)
        let total = baseline.reduce(0, +) + cells / 2
        let shares = baseline.map { ($0 + 0.5) / total }
        let concentration = min(total, limit)
        self.shares = shares
        self.concentration = concentration
        null = shares.map { $0 * concentration }
        nullLogGammas = null.map(LogGamma.value)
        var components: [(weight: Double, parameters: [Double])] = []
        let isOrdered = orderedCount > 2
        for kappa in Self.concentrations {
            let kappa = kappa < concentration ? kappa : concentration / 4
            let weight = (isOrdered ? 0.25 : 1) / Double(Self.concentrations.count)
            components.append((weight, shares.map { $0 * kappa }))
        }
        if isOrdered {
            let (place, distance) = Self.directions(shares, orderedCount: orderedCount)
            for (strengths, direction, weight) in [(Self.locations, place, 0.55), (Self.scales, distance, 0.2)] {
                for strength in strengths {
                    for sign in [-1.0, 1] {
                        let tilted = zip(shares, direction).map { $0 * Libm.exp(sign * strength * $1) }
                        let scale = concentration / tilted.reduce(0, +)
                        components.append((weight / Double(2 * strengths.count), tilted.map { $0 * scale }))
                    }
                }
            }
        }
        self.components = components.map {
            Component(
                logWeight: Libm.log($0.weight), parameters: $0.parameters, logGammas: $0.parameters.map(LogGamma.value))
        }
    }

    /// A test that is only made if the counts are not too close to the baseline for any evidence; `nil` if they are.
    ///
    /// Making a test costs about as much as using it once.
    init?(
        baseline: [Double], orderedCount: Int, limit: Double, screening counts: [Double], total: Double, screen: Double
    ) {
        let sum = baseline.reduce(0, +) + Double(baseline.count) / 2
        if screen > 0, Self.pearson(counts, total: total, share: { (baseline[$0] + 0.5) / sum }) < screen { return nil }
        self.init(baseline: baseline, orderedCount: orderedCount, limit: limit)
    }

    /// Scores of the cells: where they lie, and how far from the middle; each with mean 0 and variance 1 under
    /// `shares`,
    /// and 0 for cells without an order.
    static func directions(_ shares: [Double], orderedCount: Int) -> (place: [Double], distance: [Double]) {
        let ordered = shares[..<orderedCount]
        let mass = ordered.reduce(0, +)
        let weights = ordered.map { $0 / mass }
        var below = 0.0
        let ranks = weights.map { weight -> Double in
            defer { below += weight }
            return below + weight / 2
        }
        func standardised(_ scores: [Double]) -> [Double] {
            let mean = zip(weights, scores).reduce(0) { $0 + $1.0 * $1.1 }
            let centred = scores.map { $0 - mean }
            let variance = zip(weights, centred).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }
            let scale = variance > 0 ? 1 / variance.squareRoot() : 0
            let unordered = [Double](repeating: 0, count: shares.count - orderedCount)
            return centred.map { $0 * scale } + unordered
        }
        return (standardised(ranks), standardised(ranks.map { ($0 - 0.5).magnitude }))
    }

    /// Pearson's X² of counts against the baseline's shares: cheap, and small where there is no evidence.
    ///
    /// - Parameter total: Sum of the counts, more than 0.
    public func pearson(_ counts: [Double], total: Double) -> Double {
        Self.pearson(counts, total: total) { shares[$0] }
    }

    private static func pearson(_ counts: [Double], total: Double, share: (Int) -> Double) -> Double {
        var sum = 0.0
        for cell in counts.indices {
            let expected = share(cell) * total
            let difference = counts[cell] - expected
            sum += difference * difference / expected
        }
        return sum
    }

    /// ln e: the logarithm of how much better the alternatives predict these counts than the baseline.
    ///
    /// - Parameters:
    ///   - counts: As many as the baseline has cells.
    ///   - total: Their sum.
    public func logEvidence(_ counts: [Double], total: Double) -> Double {
        let expected = Self.logProbability(counts, total, null, nullLogGammas, sum: concentration)
        var terms: [Double] = []
        terms.reserveCapacity(components.count)
        for component in components {
            let sum = component.parameters.reduce(0, +)
            terms.append(
                component.logWeight
                    + Self.logProbability(counts, total, component.parameters, component.logGammas, sum: sum))
        }
        return LogSum.of(terms) - expected
    }

    /// Logarithm of the Dirichlet-multinomial probability of a sequence with these counts.
    private static func logProbability(
        _ counts: [Double], _ total: Double, _ parameters: [Double], _ logGammas: [Double], sum: Double
    ) -> Double {
        var result = LogGamma.value(sum) - LogGamma.value(sum + total)
        for cell in counts.indices where counts[cell] > 0 {
            result += LogGamma.value(parameters[cell] + counts[cell]) - logGammas[cell]
        }
        return result
    }
}

/// Sums of numbers that are only known by their logarithms.
enum LogSum {
    /// ln Σ e^x; −∞ for none.
    static func of(_ logarithms: [Double]) -> Double {
        guard let largest = logarithms.max(), largest > -.infinity else { return -.infinity }
        var sum = 0.0
        for value in logarithms { sum += Libm.exp(value - largest) }
        return largest + Libm.log(sum)
    }
}
