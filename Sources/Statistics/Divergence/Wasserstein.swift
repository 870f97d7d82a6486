/// Where the numbers of one side lie, from exact moments.
public struct NumberRange: Sendable, Equatable {
    /// Smallest number.
    public var minimum: Double
    /// Largest number.
    public var maximum: Double
    /// Mean of the numbers; `nil` if it is not known.
    public var mean: Double?

    /// Creates a range.
    public init(minimum: Double, maximum: Double, mean: Double?) {
        (self.minimum, self.maximum, self.mean) = (minimum, maximum, mean)
    }
}

extension TwoSampleCounts {
    /// Wasserstein-1 distance between the numbers of both sides, in their own unit: ∫ |F_c − F_r| dx.
    ///
    /// Both distribution functions are known exactly at the edges, and taken as linear between them and towards the
    /// smallest and largest number of both sides. So the error in each bin is at most its width times the larger share
    /// in it, except in the two outer bins, where one outlier would make that bound useless. There the difference of
    /// the exact means helps: it is the signed integral ∫ (F_r − F_c) dx, hence what the inner bins leave of it is
    /// spread over the outer ones. The result is never below |mean_c − mean_r|, as for the true distance. Where a
    /// mean is not known, the outer bins are taken as linear, too.
    ///
    /// - Parameters:
    ///   - edges: The edges between the ordered cells, ascending; one fewer than `orderedCount`.
    ///   - ranges: Of the reference's and of the current numbers.
    /// - Returns: `nil` if a side has nothing in its ordered cells, or if the edges do not fit them.
    public func wasserstein(
        edges: [Double], ranges: (reference: NumberRange, current: NumberRange)
    ) -> Double? {
        guard orderedCount == edges.count + 1 else { return nil }
        var gaps: [Double] = []
        gaps.reserveCapacity(edges.count)
        guard forEachOrderedGap({ gap in gaps.append(gap) }) else { return nil }
        let shift = ranges.current.mean.flatMap { mean in ranges.reference.mean.map { mean - $0 } }
        guard let first = gaps.first, let last = gaps.last else { return shift.flatMap { abs($0).finite } }
        var (inner, signed) = (0.0, 0.0)
        for bin in 1..<edges.count {
            let width = edges[bin] - edges[bin - 1]
            let (left, right) = (gaps[bin - 1], gaps[bin])
            signed -= width * (left + right) / 2
            inner += width * TwoSampleCounts.meanMagnitude(from: left, to: right)
        }
        let low = min(ranges.reference.minimum, ranges.current.minimum, edges[0])
        let high = max(ranges.reference.maximum, ranges.current.maximum, edges[edges.count - 1])
        var below = -first * (edges[0] - low) / 2
        var above = -last * (high - edges[edges.count - 1]) / 2
        let rest = shift.map { $0 - signed - below - above } ?? 0
        let weight = abs(below) + abs(above)
        if weight > 0 {
            let share = abs(below) / weight
            below += rest * share
            above += rest * (1 - share)
        }
        return max(inner + abs(below) + abs(above), abs(shift ?? 0)).finite
    }

    /// Mean of |D| where D runs linearly from one value to another, through 0 if their signs differ.
    private static func meanMagnitude(from left: Double, to right: Double) -> Double {
        let sum = abs(left) + abs(right)
        return left * right < 0 ? (left * left + right * right) / (2 * sum) : sum / 2
    }
}

extension Double {
    /// Itself, or `nil` if the numbers were so large that it is not finite.
    fileprivate var finite: Double? { isFinite ? self : nil }
}
