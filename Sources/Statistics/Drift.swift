/// Every drift statistic of one window against its reference.
public struct Drift: Sendable, Equatable {
    /// Population stability index with what it is without drift.
    public let populationStability: PopulationStability
    /// See `TwoSampleCounts.jensenShannon`.
    public let jensenShannon: Double
    /// See `TwoSampleCounts.hellinger`.
    public let hellinger: Double
    /// See `TwoSampleCounts.totalVariation`.
    public let totalVariation: Double
    /// See `TwoSampleCounts.kolmogorovSmirnov`; `nil` without ordered cells.
    public let kolmogorovSmirnov: Double?
    /// Wasserstein-1 distance over the reference's spread; `nil` without numbers or spread.
    public let wasserstein: Double?
    /// Two-sample chi-square over pooled cells.
    public let chiSquare: ChiSquare

    /// What only numbers have: needed for the Wasserstein distance.
    public struct Numbers: Sendable, Equatable {
        /// Edges between the ordered cells.
        public var edges: [Double]
        /// Range of the reference's numbers.
        public var reference: NumberRange
        /// Range of the current numbers.
        public var current: NumberRange
        /// Standard deviation of the reference's numbers.
        public var standardDeviation: Double
        /// Interquartile range of the reference's numbers.
        public var interquartileRange: Double

        /// Creates the description of a number.
        public init(
            edges: [Double], reference: NumberRange, current: NumberRange, standardDeviation: Double,
            interquartileRange: Double
        ) {
            self.edges = edges
            self.reference = reference
            self.current = current
            self.standardDeviation = standardDeviation
            self.interquartileRange = interquartileRange
        }

        /// The unit of the scaled distance: the interquartile range as a standard deviation of a normal distribution,
        /// which outliers do not move; the plain one if that is 0; `nil` for a constant reference.
        public var scale: Double? {
            // 1.349 is the interquartile range of a standard normal distribution.
            if interquartileRange > 0 { return interquartileRange / 1.349 }
            return standardDeviation > 0 ? standardDeviation : nil
        }
    }

    /// Computes all statistics in one go: about 1.5 µs for twenty cells.
    public init(_ counts: TwoSampleCounts, numbers: Numbers? = nil) {
        populationStability = PopulationStability(counts)
        jensenShannon = counts.jensenShannon
        hellinger = counts.hellinger
        totalVariation = counts.totalVariation
        kolmogorovSmirnov = counts.kolmogorovSmirnov
        chiSquare = ChiSquare(counts.pooled)
        if let numbers, let scale = numbers.scale,
            let distance = counts.wasserstein(edges: numbers.edges, ranges: (numbers.reference, numbers.current))
        {
            wasserstein = (distance / scale).isFinite ? distance / scale : nil
        } else {
            wasserstein = nil
        }
    }
}
