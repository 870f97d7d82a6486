/// EWMA chart of standardised values: an exponentially weighted mean against its own standard deviation.
///
///     Z = w x + (1 − w) Z,  score = |Z| / √(w / (2 − w) · (1 − (1 − w)^(2t))),  alarm when it passes L
///
/// - Source: Roberts: "Control chart tests based on geometric moving averages", Technometrics 1(3), 1959.
public struct MovingAverage: ClassicalDetector {
    /// Weight w of the newest value, above 0 and at most 1.
    public let weight: Double
    /// What the score has to pass.
    public let threshold: Double
    private var mean = 0.0
    /// (1 − w)^(2t).
    private var forgotten = 1.0
    private var hasFired = false

    /// Creates a detector.
    public init(weight: Double = 0.1, threshold: Double) { (self.weight, self.threshold) = (weight, threshold) }

    /// How close it is to an alarm.
    public var score: Double {
        let variance = weight / (2 - weight) * (1 - forgotten)
        return variance > 0 ? mean.magnitude / variance.squareRoot() : 0
    }

    /// Takes a finite value and returns whether it raises an alarm.
    public mutating func insert(_ value: Double) -> Bool {
        if hasFired { (mean, forgotten) = (0, 1) }
        mean = weight * value + (1 - weight) * mean
        // What no longer counts beside 1 ends: numbers too small to be normal are slow.
        forgotten = forgotten > 1e-18 ? forgotten * (1 - weight) * (1 - weight) : 0
        hasFired = score > threshold
        return hasFired
    }

    /// Everything that changes.
    public var state: [Double] { [mean, forgotten, hasFired ? 1 : 0] }

    /// Goes on from numbers that `state` gave; `false` if they cannot be such.
    public mutating func restore(_ state: [Double]) -> Bool {
        guard state.isState(of: 3), (0...1).contains(state[1]) else { return false }
        (mean, forgotten, hasFired) = (state[0], state[1], state[2] != 0)
        return true
    }
}
