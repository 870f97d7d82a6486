/// Two-sided CUSUM of standardised values: sums of what exceeds an allowance, in either direction.
///
///     S⁺ = max(0, S⁺ + x − k),  S⁻ = max(0, S⁻ − x − k),  alarm when either passes h
///
/// Most sensitive to a lasting shift of 2 k standard deviations.
///
/// - Source: Page: "Continuous inspection schemes", Biometrika 41(1/2), 1954.
public struct CumulativeSum: ClassicalDetector {
    /// Allowance k, in standard deviations.
    public let allowance: Double
    /// What the score has to pass.
    public let threshold: Double
    private var sums = (up: 0.0, down: 0.0)
    private var hasFired = false

    /// Creates a detector.
    ///
    /// - Parameters:
    ///   - allowance: k, in standard deviations.
    ///   - threshold: h, in standard deviations.
    public init(allowance: Double = 0.5, threshold: Double) {
        (self.allowance, self.threshold) = (allowance, threshold)
    }

    /// How close it is to an alarm.
    public var score: Double { max(sums.up, sums.down) }

    /// Takes a finite value and returns whether it raises an alarm.
    public mutating func insert(_ value: Double) -> Bool {
        if hasFired { sums = (0, 0) }
        sums.up = max(0, sums.up + value - allowance)
        sums.down = max(0, sums.down - value - allowance)
        hasFired = score > threshold
        return hasFired
    }

    /// Everything that changes.
    public var state: [Double] { [sums.up, sums.down, hasFired ? 1 : 0] }

    /// Goes on from numbers that `state` gave; `false` if they cannot be such.
    public mutating func restore(_ state: [Double]) -> Bool {
        guard state.isState(of: 3), state[0] >= 0, state[1] >= 0 else { return false }
        (sums.up, sums.down, hasFired) = (state[0], state[1], state[2] != 0)
        return true
    }
}
