/// Page-Hinkley test in both directions: how far the sum of deviations from the running mean is from its extreme.
///
///     Sᵤ = α Sᵤ + (x − x̄ − δ), alarm when Sᵤ − min Sᵤ > λ;  S_d = α S_d + (x − x̄ + δ), alarm when max S_d − S_d > λ
///
/// Standardise the values first: δ and λ are in their unit.
///
/// - Source: Page 1954; Hinkley: "Inference about the change-point from cumulative sum tests", Biometrika 58(3), 1971;
///   in the form of river, with which it agrees exactly.
public struct PageHinkley: ClassicalDetector {
    /// Values before any alarm.
    public let warmUp: Double
    /// Allowance δ.
    public let allowance: Double
    /// What the score has to pass.
    public let threshold: Double
    /// Forgetting factor α.
    public let memory: Double
    private var mean = RunningMean()
    private var up = (sum: 0.0, least: Double.infinity)
    private var down = (sum: 0.0, most: -1.0)
    private var hasFired = false

    /// Creates a detector; the defaults are those of river.
    public init(warmUp: Int = 30, allowance: Double = 0.005, threshold: Double = 50, memory: Double = 1 - 0.0001) {
        (self.warmUp, self.allowance, self.threshold, self.memory) = (Double(warmUp), allowance, threshold, memory)
    }

    /// How close it is to an alarm.
    public var score: Double {
        mean.count >= max(1, warmUp) ? max(up.sum - up.least, down.most - down.sum) : 0
    }

    /// Takes a finite value and returns whether it raises an alarm.
    public mutating func insert(_ value: Double) -> Bool {
        if hasFired { self = PageHinkley(self) }
        mean.insert(value)
        let deviation = value - mean.value
        up.sum = memory * up.sum + deviation - allowance
        down.sum = memory * down.sum + deviation + allowance
        up.least = min(up.least, up.sum)
        down.most = max(down.most, down.sum)
        hasFired = score > threshold
        return hasFired
    }

    /// Begins anew.
    private init(_ old: PageHinkley) {
        self.init(
            warmUp: Int(old.warmUp), allowance: old.allowance, threshold: old.threshold, memory: old.memory)
    }

    /// Everything that changes.
    public var state: [Double] {
        [mean.count, mean.value, up.sum, up.least, down.sum, down.most, hasFired ? 1 : 0]
    }

    /// Goes on from numbers that `state` gave; `false` if they cannot be such.
    public mutating func restore(_ state: [Double]) -> Bool {
        guard state.isState(of: 7), state[0] >= 0 else { return false }
        mean = RunningMean(count: state[0], value: state[1])
        (up, down, hasFired) = ((state[2], state[3]), (state[4], state[5]), state[6] != 0)
        return true
    }
}
