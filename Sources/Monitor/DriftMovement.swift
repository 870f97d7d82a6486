import Statistics

/// What moved when a signal drifts.
public enum DriftMovement {
    /// Most cells that are named.
    public static let cellLimit = 5
    /// The quantiles that are compared with those of the reference: quartiles, which ten bins tell well.
    public static let quantiles = [0.25, 0.5, 0.75]

    /// The cells that moved most; empty if the counts cannot be compared.
    ///
    /// - Parameters:
    ///   - expected: What the reference expects at the hours of `counts`; empty if it does not tell hours apart.
    static func cells(_ reference: SignalReference, counts: [UInt64], expected: [Double]) -> [CellContribution] {
        TwoSampleCounts(reference: reference.counts(at: expected), current: counts)?.contributions(limit: cellLimit)
            ?? []
    }
}

/// Where the numbers of a window went, against the reference.
public struct NumberShift: Sendable, Equatable {
    /// One statistic on both sides, in the unit of the signal.
    public struct Pair: Sendable, Equatable {
        /// Of the reference.
        public var reference: Double
        /// Of the window.
        public var current: Double

        /// Creates a pair.
        public init(reference: Double, current: Double) { (self.reference, self.current) = (reference, current) }

        /// How far it went.
        public var difference: Double { current - reference }
    }

    /// The means; `nil` where the reference tells hours apart, whose means it does not know.
    public var mean: Pair?
    /// Quantiles as (q, both values); those that the reference's bins cannot tell are left out.
    public var quantiles: [(q: Double, pair: Pair)]
    /// Robust standard deviation of the reference, the unit of scaled shifts; `nil` for a constant reference.
    public var scale: Double?

    /// Creates a shift.
    public init(mean: Pair?, quantiles: [(q: Double, pair: Pair)], scale: Double?) {
        (self.mean, self.quantiles, self.scale) = (mean, quantiles, scale)
    }

    /// Compares a window with the reference.
    ///
    /// - Parameters:
    ///   - cells: Counts of the window in the reference's bins.
    ///   - sketched: A quantile of the window by its sketch, for where the bins have no end.
    init(_ numbers: Drift.Numbers, reference: [UInt64], cells: [UInt64], sketched: (Double) -> Double?) {
        mean = numbers.reference.mean.flatMap { before in
            numbers.current.mean.map { Pair(reference: before, current: $0) }
        }
        scale = numbers.scale
        quantiles = DriftMovement.quantiles.compactMap { q in
            guard let before = BinQuantile.value(q, edges: numbers.edges, counts: reference),
                let now = BinQuantile.value(q, edges: numbers.edges, counts: cells) ?? sketched(q)
            else { return nil }
            return (q, Pair(reference: before, current: now))
        }
    }

    /// Two shifts are equal if all their parts are.
    public static func == (left: Self, right: Self) -> Bool {
        left.mean == right.mean && left.scale == right.scale
            && left.quantiles.elementsEqual(right.quantiles) { $0.q == $1.q && $0.pair == $1.pair }
    }
}
