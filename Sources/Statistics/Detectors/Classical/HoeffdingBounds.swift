/// HDDM-A: the mean against the lowest mean of a beginning, by Hoeffding's inequality.
///
/// Values are from 0 to 1.
///
/// - Source: Frías-Blanco et al.: "Online and non-parametric drift detection methods based on Hoeffding's bounds", IEEE
///   TKDE 27(3), 2015; one-sided, in the form of river.
public struct HoeffdingMean: ClassicalDetector {
    /// Confidence of an alarm.
    public let confidence: Double
    private var lowest = RunningMean()
    private var mean = RunningMean()
    private var hasFired = false

    /// Creates a detector; the default is that of the paper and of river.
    public init(confidence: Double = 0.001) { self.confidence = confidence }

    /// Difference of the means over what is allowed.
    public var score: Double {
        guard lowest.count > 0, lowest.count != mean.count else { return 0 }
        return max(0, (mean.value - lowest.value) / allowed)
    }
    /// What the score has to pass.
    public var threshold: Double { 1 }

    private var allowed: Double {
        let share = (mean.count - lowest.count) / lowest.count * (1 / mean.count)
        return (share / 2 * Libm.log(2 / confidence)).squareRoot()
    }

    private func bound(_ count: Double) -> Double { (1 / (2 * count) * Libm.log(1 / confidence)).squareRoot() }

    /// Takes a finite value and returns whether it raises an alarm.
    public mutating func insert(_ value: Double) -> Bool {
        if hasFired { self = HoeffdingMean(confidence: confidence) }
        mean.insert(value)
        if lowest.count == 0 { lowest = mean }
        if lowest.value + bound(lowest.count) >= mean.value + bound(mean.count) { lowest = mean }
        hasFired = lowest.count != mean.count && mean.value - lowest.value >= allowed
        return hasFired
    }

    /// Everything that changes.
    public var state: [Double] { [lowest.count, lowest.value, mean.count, mean.value, hasFired ? 1 : 0] }

    /// Goes on from numbers that `state` gave; `false` if they cannot be such.
    public mutating func restore(_ state: [Double]) -> Bool {
        guard state.isState(of: 5), state[0] >= 0, state[2] >= state[0] else { return false }
        lowest = RunningMean(count: state[0], value: state[1])
        mean = RunningMean(count: state[2], value: state[3])
        hasFired = state[4] != 0
        return true
    }
}

/// HDDM-W: exponentially weighted means before and after the best cut, by McDiarmid's inequality.
///
/// Values are from 0 to 1.
///
/// - Source: as `HoeffdingMean`.
public struct HoeffdingWeighted: ClassicalDetector {
    /// An exponentially weighted mean with the sum of its squared weights.
    private struct Sample: Equatable {
        var mean = 0.0
        var squares = 1.0
        var isEmpty = true

        mutating func insert(_ value: Double, weight: Double) {
            mean = isEmpty ? value : weight * value + (1 - weight) * mean
            squares = weight * weight + (1 - weight) * (1 - weight) * squares
            isEmpty = false
        }

        var state: [Double] { [mean, squares, isEmpty ? 1 : 0] }
    }

    /// Confidence of an alarm.
    public let confidence: Double
    /// Weight of the newest value.
    public let weight: Double
    private var total = Sample()
    private var before = Sample()
    private var after = Sample()
    private var cut = Double.infinity
    private var hasFired = false

    /// Creates a detector; the defaults are those of the paper and of river.
    public init(confidence: Double = 0.001, weight: Double = 0.05) {
        (self.confidence, self.weight) = (confidence, weight)
    }

    /// Difference of the means over what is allowed.
    public var score: Double {
        before.isEmpty || after.isEmpty ? 0 : max(0, (after.mean - before.mean) / bound(before.squares + after.squares))
    }
    /// What the score has to pass.
    public var threshold: Double { 1 }

    private func bound(_ squares: Double) -> Double { (squares * Libm.log(1 / confidence) / 2).squareRoot() }

    /// Takes a finite value and returns whether it raises an alarm.
    public mutating func insert(_ value: Double) -> Bool {
        if hasFired { self = HoeffdingWeighted(confidence: confidence, weight: weight) }
        total.insert(value, weight: weight)
        let upper = total.mean + bound(total.squares)
        if upper < cut {
            (cut, before, after) = (upper, total, Sample())
        } else {
            after.insert(value, weight: weight)
        }
        hasFired =
            !before.isEmpty && !after.isEmpty && after.mean - before.mean > bound(before.squares + after.squares)
        return hasFired
    }

    /// Everything that changes.
    public var state: [Double] { total.state + before.state + after.state + [cut, hasFired ? 1 : 0] }

    /// Goes on from numbers that `state` gave; `false` if they cannot be such.
    public mutating func restore(_ state: [Double]) -> Bool {
        guard state.isState(of: 11), [1, 4, 7].allSatisfy({ (0...1).contains(state[$0]) }) else { return false }
        func sample(_ place: Int) -> Sample {
            Sample(mean: state[place], squares: state[place + 1], isEmpty: state[place + 2] != 0)
        }
        (total, before, after) = (sample(0), sample(3), sample(6))
        (cut, hasFired) = (state[9], state[10] != 0)
        return true
    }
}
