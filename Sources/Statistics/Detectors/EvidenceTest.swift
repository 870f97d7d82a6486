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
    /// One way the counts may come about: a Dirichlet distribution of the shares.
    private struct Hypothesis {
        var logWeight: Double
        /// Sum of its parameters, and ln Γ of that.
        var concentration: Double
        var logGamma: Double
    }

    /// The null, then the alternatives.
    private var hypotheses: [Hypothesis] = []
    /// The parameters of all hypotheses, one after the other, and ln Γ of each.
    private var parameters: [Double] = []
    private var logGammas: [Double] = []

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
        let total = baseline.reduce(0, +) + Double(baseline.count) / 2
        let shares = baseline.map { ($0 + 0.5) / total }
        let concentration = min(total, limit)
        let isOrdered = orderedCount > 2
        let count = 1 + Self.concentrations.count + (isOrdered ? 2 * (Self.locations.count + Self.scales.count) : 0)
        hypotheses.reserveCapacity(count)
        parameters.reserveCapacity(count * shares.count)
        logGammas.reserveCapacity(count * shares.count)
        // All parameters are shares times something whose logarithm is known: one logarithm a cell serves them all.
        let logShares = shares.map(Libm.log)
        func add(weight: Double, concentration: Double, scale: Double, tilt: (Int) -> (factor: Double, log: Double)) {
            hypotheses.append(
                Hypothesis(
                    logWeight: Libm.log(weight), concentration: concentration,
                    logGamma: LogGamma.value(concentration)))
            let logScale = Libm.log(scale)
            for cell in shares.indices {
                let (factor, log) = tilt(cell)
                let parameter = shares[cell] * factor * scale
                parameters.append(parameter)
                logGammas.append(LogGamma.value(parameter, log: logShares[cell] + log + logScale))
            }
        }
        func add(weight: Double, _ concentration: Double) {
            add(weight: weight, concentration: concentration, scale: concentration) { _ in (1, 0) }
        }
        add(weight: 1, concentration)
        for kappa in Self.concentrations {
            add(
                weight: (isOrdered ? 0.25 : 1) / Double(Self.concentrations.count),
                kappa < concentration ? kappa : concentration / 4)
        }
        guard isOrdered else { return }
        let (place, distance) = Self.directions(shares, orderedCount: orderedCount)
        for (strengths, direction, weight) in [(Self.locations, place, 0.55), (Self.scales, distance, 0.2)] {
            for strength in strengths {
                let up = direction.map { Libm.exp(strength * $0) }
                for sign in [-1.0, 1] {
                    let factor = { sign > 0 ? up[$0] : 1 / up[$0] }
                    let sum = shares.indices.reduce(0) { $0 + shares[$1] * factor($1) }
                    add(
                        weight: weight / Double(2 * strengths.count), concentration: concentration,
                        scale: concentration / sum
                    ) { (factor($0), sign * strength * direction[$0]) }
                }
            }
        }
    }

    /// Scores of the cells: where they lie, and how far from the middle; each with mean 0 and variance 1 under
    /// `shares`, and 0 for cells without an order.
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

    /// Pearson's X² of counts against a baseline's shares: cheap, and small where there is no evidence.
    ///
    /// It needs no test of the baseline, since making one costs as much as using it once.
    ///
    /// - Parameter total: Sum of the counts, more than 0.
    static func pearson(_ counts: [Double], total: Double, baseline: [Double]) -> Double {
        let scale = total / (baseline.reduce(0, +) + Double(baseline.count) / 2)
        let (counts, baseline) = (counts.span, baseline.span)
        var sum = 0.0
        for cell in counts.indices {
            let expected = (baseline[cell] + 0.5) * scale
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
        let (parameters, logGammas, counts) = (parameters.span, logGammas.span, counts.span)
        var (first, null) = (0, 0.0)
        var terms: [Double] = []
        terms.reserveCapacity(hypotheses.count)
        for (number, hypothesis) in hypotheses.enumerated() {
            // Logarithm of the Dirichlet-multinomial probability of a sequence with these counts.
            var logarithm = hypothesis.logGamma - LogGamma.value(hypothesis.concentration + total)
            for cell in counts.indices where counts[cell] > 0 {
                logarithm += LogGamma.value(parameters[first + cell] + counts[cell]) - logGammas[first + cell]
            }
            first += counts.count
            if number == 0 { null = logarithm } else { terms.append(hypothesis.logWeight + logarithm) }
        }
        return LogSum.of(terms) - null
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
