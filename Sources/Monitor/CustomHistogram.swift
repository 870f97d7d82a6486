public import Sketches

/// Observed values of a custom histogram, each by its exact weight: three values at a rate of 0.3 are ten events.
public struct CustomHistogram: Sendable {
    /// Upper bounds, ascending, without +Inf.
    public let bounds: [Double]
    /// Weight per bucket, one more than bounds.
    public private(set) var weights: [Double]
    /// Sum of the values by weight.
    public private(set) var sum = ExactSum()
    /// Whether a value was negative, which forbids to expose the sum.
    public private(set) var isNegative = false
    /// Bins whose edges are just above the bounds: they hold a bound where `le` wants it.
    private let bins: EdgeBins

    /// An empty histogram.
    ///
    /// Bounds that do not ascend make one bucket.
    public init(bounds: [Double]) {
        let usable = EdgeBins(edges: bounds.map(\.nextUp))
        bins = usable ?? .one
        self.bounds = usable == nil ? [] : bounds
        weights = [Double](repeating: 0, count: self.bounds.count + 1)
    }

    /// Restores a histogram; `nil` if its parts do not belong together.
    public init?(bounds: [Double], weights: [Double], sum: ExactSum, isNegative: Bool) {
        self.init(bounds: bounds)
        guard self.bounds.count == bounds.count, weights.count == self.weights.count,
            weights.allSatisfy({ $0.isFinite && $0 >= 0 })
        else { return nil }
        (self.weights, self.sum, self.isNegative) = (weights, sum, isNegative)
    }

    /// Adds a finite value.
    mutating func insert(_ value: Double, weight: Double) {
        weights[bins.bin(of: value)] += weight
        sum.add(value * weight)
        if value < 0 { isNegative = true }
    }

    /// Whole events per bucket: what is at or below a bound is rounded down, so that nothing ever falls.
    public var counts: [UInt64] {
        var (before, total): (UInt64, Double) = (0, 0)
        return weights.map { weight in
            total += weight
            let upTo = UInt64(min(total, Double(SketchLimits.values)))
            defer { before = upTo }
            return upTo - before
        }
    }
}

/// Observed values of a custom summary: all of them as sums, the recent ones as quantiles.
public struct CustomSummary: Sendable {
    /// Values of the sketches stand for so many parts of an event each, so that weights need not be whole.
    public static let partsOfEvent = 1_000.0

    /// Weight of all values.
    public private(set) var weight: Double = 0
    /// Sum of all values by weight.
    public private(set) var sum = ExactSum()
    /// Whether a value was negative, which forbids to expose the sum.
    public private(set) var isNegative = false
    /// Recent values.
    public private(set) var recent: AgedRing<QuantileSketch>

    /// A summary of nothing.
    public init(_ setting: SummarySetting) { recent = AgedRing(age: setting.age, parts: setting.parts) }

    /// Restores a summary; `nil` if its parts do not belong together.
    public init?(weight: Double, sum: ExactSum, isNegative: Bool, recent: AgedRing<QuantileSketch>) {
        guard weight.isFinite, weight >= 0 else { return nil }
        (self.weight, self.sum, self.isNegative, self.recent) = (weight, sum, isNegative, recent)
    }

    /// Whole events, rounded down.
    public var count: UInt64 { UInt64(min(weight, Double(SketchLimits.values))) }

    /// Adds a finite value.
    mutating func insert(_ value: Double, weight: Double, now: Int64) {
        self.weight += weight
        sum.add(value * weight)
        if value < 0 { isNegative = true }
        let parts = UInt64((weight * Self.partsOfEvent).rounded())
        recent.update(at: now) { $0.insert(value, count: parts) }
    }

    /// Forgets everything but the recent values.
    mutating func resetTotals() {
        weight = 0
        sum = ExactSum()
    }
}
