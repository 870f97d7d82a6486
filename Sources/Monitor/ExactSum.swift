/// A sum that is rounded once, however many parts it has.
///
/// Beyond the largest finite number it stays at that number.
public struct ExactSum: Sendable, Equatable {
    /// The sum but for its rounding error.
    public private(set) var rounded: Double
    /// What rounding took from it.
    public private(set) var compensation: Double

    /// A sum of one part, which may be beyond the finite numbers but not NaN.
    public init(_ value: Double = 0) {
        let largest = Double.greatestFiniteMagnitude
        (rounded, compensation) = (min(max(value, -largest), largest), 0)
    }

    private init(sum: Double, compensation: Double) { (rounded, self.compensation) = (sum, compensation) }

    /// Restores a sum; `nil` if it is not finite.
    public init?(rounded: Double, compensation: Double) {
        guard (rounded + compensation).isFinite else { return nil }
        (self.rounded, self.compensation) = (rounded, compensation)
    }

    /// The sum.
    public var value: Double { rounded + compensation }

    /// Adds a number, which may be beyond the finite numbers but not NaN.
    mutating func add(_ part: Double) {
        let raw = rounded + part
        guard raw.isFinite else {
            self = ExactSum(raw)
            return
        }
        // Knuth's two-sum: the rounding error of an addition is a number itself.
        let share = raw - rounded
        let carried = ((rounded - (raw - share)) + (part - share)) + compensation
        let sum = raw + carried
        self = sum.isFinite ? ExactSum(sum: sum, compensation: carried - (sum - raw)) : ExactSum(raw)
    }
}
