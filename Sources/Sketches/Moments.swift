/// Count, mean, variance, sum, smallest and largest of a stream of finite numbers.
///
/// - Accuracy: `sum` is within 1e-13 of Σ|x|, however long the stream. `m2` is within 1e-10 of itself and 4√(n·m2)
///   units in the last place of `mean`: the standard deviation is as good as the mean. `count`, `minimum`, `maximum`
///   are exact.
/// - Range: a sum or a square beyond the largest finite number stays at that number, so every field is finite for ever.
/// - Source: Chan, Golub, LeVeque: "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
public struct Moments: Sendable, Equatable {
    /// Number of values.
    public private(set) var count: UInt64 = 0
    /// Mean; 0 without values.
    public private(set) var mean: Double = 0
    /// Σ(x − mean)²; 0 without values.
    public private(set) var m2: Double = 0
    /// Smallest value; +∞ without values.
    public private(set) var minimum: Double = .infinity
    /// Largest value; −∞ without values.
    public private(set) var maximum: Double = -.infinity
    /// Sum of the values, rounded once.
    public private(set) var sum: Double = 0
    /// What rounding took from `sum`.
    public private(set) var compensation: Double = 0

    /// Creates empty moments.
    public init() {}

    /// Variance with divisor n; `nil` without values.
    public var variance: Double? { count == 0 ? nil : m2 / Double(count) }

    /// Square root of `variance`; `nil` without values.
    public var standardDeviation: Double? { variance?.squareRoot() }

    /// Adds one value; one that is not finite is left out.
    public mutating func insert(_ value: Double) {
        guard value.isFinite else { return }
        fold(count: 1, mean: value, m2: 0, minimum: value, maximum: value, sum: value, compensation: 0)
    }

    /// Adds values; those that are not finite are left out.
    ///
    /// About 1 ns per value.
    public mutating func insert(contentsOf values: UnsafeBufferPointer<Double>) {
        guard let base = values.baseAddress else { return }
        var start = 0
        while start < values.count {
            let length = min(values.count - start, Moments.chunk)
            unsafe insert(chunk: base + start, length: length)
            start += length
        }
    }

    /// Adds what `other` has seen.
    public mutating func merge(_ other: Moments) {
        guard other.count > 0 else { return }
        fold(
            count: other.count, mean: other.mean, m2: other.m2, minimum: other.minimum, maximum: other.maximum,
            sum: other.sum, compensation: other.compensation)
    }

    /// Forgets all values.
    public mutating func reset() { self = Moments() }

    /// Restores moments that were saved; `nil` if no stream of finite numbers has them.
    public init?(
        count: UInt64, mean: Double, m2: Double, minimum: Double, maximum: Double, sum: Double, compensation: Double
    ) {
        guard count <= SketchLimits.values else { return nil }
        if count == 0 { return }
        guard minimum.isFinite, maximum.isFinite, mean.isFinite, m2.isFinite, sum.isFinite, compensation.isFinite,
            minimum <= maximum, m2 >= 0
        else { return nil }
        let slack = 1e-9 * max(abs(minimum), abs(maximum))
        guard mean >= minimum - slack, mean <= maximum + slack else { return nil }
        self.count = count
        self.mean = mean
        self.m2 = m2
        self.minimum = minimum
        self.maximum = maximum
        self.sum = sum
        self.compensation = compensation
    }

    /// Values summed before they are folded in.
    ///
    /// Bounds the rounding of both plain sums.
    private static let chunk = 1_024

    /// Adds at most `Moments.chunk` values by plain sums around one of them.
    ///
    /// The shift is a value of the chunk, so its square distance from the chunk's mean is at most the chunk's `m2`: the
    /// subtraction that follows cancels at most a factor of `length`, never everything.
    private mutating func insert(chunk values: UnsafePointer<Double>, length: Int) {
        let shift = unsafe values[0]
        var (sum0, sum1, sum2, sum3) = (0.0, 0.0, 0.0, 0.0)
        var (near0, near1, near2, near3) = (0.0, 0.0, 0.0, 0.0)
        var (square0, square1, square2, square3) = (0.0, 0.0, 0.0, 0.0)
        var (low0, low1, high0, high1) = (shift, shift, shift, shift)
        var index = 0
        while index &+ 4 <= length {
            let (x0, x1, x2, x3) = unsafe (values[index], values[index &+ 1], values[index &+ 2], values[index &+ 3])
            let (d0, d1, d2, d3) = (x0 - shift, x1 - shift, x2 - shift, x3 - shift)
            sum0 += x0
            sum1 += x1
            sum2 += x2
            sum3 += x3
            near0 += d0
            near1 += d1
            near2 += d2
            near3 += d3
            square0 += d0 * d0
            square1 += d1 * d1
            square2 += d2 * d2
            square3 += d3 * d3
            let (lower02, lower13) = (x2 < x0 ? x2 : x0, x3 < x1 ? x3 : x1)
            let (upper02, upper13) = (x2 > x0 ? x2 : x0, x3 > x1 ? x3 : x1)
            low0 = lower02 < low0 ? lower02 : low0
            low1 = lower13 < low1 ? lower13 : low1
            high0 = upper02 > high0 ? upper02 : high0
            high1 = upper13 > high1 ? upper13 : high1
            index &+= 4
        }
        while index < length {
            let x = unsafe values[index]
            let d = x - shift
            sum0 += x
            near0 += d
            square0 += d * d
            low0 = x < low0 ? x : low0
            high0 = x > high0 ? x : high0
            index &+= 1
        }
        let total = (sum0 + sum1) + (sum2 + sum3)
        let near = (near0 + near1) + (near2 + near3)
        let square = (square0 + square1) + (square2 + square3)
        guard total.isFinite, near.isFinite, square.isFinite else {
            // Something is not finite, or so large that its square is not: one by one, where both are looked at.
            for index in 0..<length { unsafe insert(values[index]) }
            return
        }
        let n = Double(length)
        let chunkM2 = square - near * (near / n)
        fold(
            count: UInt64(truncatingIfNeeded: length), mean: shift + near / n, m2: chunkM2 > 0 ? chunkM2 : 0,
            minimum: low0 < low1 ? low0 : low1, maximum: high0 > high1 ? high0 : high1, sum: total, compensation: 0)
    }

    /// Chan's combination of two disjoint sets, with a compensated sum.
    ///
    /// All arguments are finite, `otherCount` is not 0.
    private mutating func fold(
        count otherCount: UInt64, mean otherMean: Double, m2 otherM2: Double, minimum otherMinimum: Double,
        maximum otherMaximum: Double, sum otherSum: Double, compensation otherCompensation: Double
    ) {
        let largest = Double.greatestFiniteMagnitude
        if count == 0 {
            (count, mean, m2) = (otherCount, otherMean, otherM2)
            (minimum, maximum, sum, compensation) = (otherMinimum, otherMaximum, otherSum, otherCompensation)
            return
        }
        let (own, others) = (Double(count), Double(otherCount))
        let both = own + others
        let delta = otherMean - mean
        m2 = min(m2 + otherM2 + delta * delta * (own * (others / both)), largest)
        // Two terms instead of `mean + delta * share`: `delta` may overflow where the mean does not.
        mean = delta.isFinite ? mean + delta * (others / both) : mean * (own / both) + otherMean * (others / both)
        minimum = min(minimum, otherMinimum)
        maximum = max(maximum, otherMaximum)
        count &+= otherCount
        let raw = sum + otherSum
        guard raw.isFinite else {
            (sum, compensation) = (raw > 0 ? largest : -largest, 0)
            return
        }
        // Knuth's two-sum gives the rounding error exactly; the second, shorter one folds the carried errors back.
        let part = raw - sum
        let carried = ((sum - (raw - part)) + (otherSum - part)) + (compensation + otherCompensation)
        let rounded = raw + carried
        guard carried.isFinite, rounded.isFinite else {
            (sum, compensation) = (raw, 0)
            return
        }
        (sum, compensation) = (rounded, carried - (rounded - raw))
    }
}
