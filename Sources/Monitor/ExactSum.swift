/// A sum that is rounded once, however many parts it has.
///
/// Beyond the largest finite number it stays at that number.
public struct ExactSum: Sendable, Equatable {
    /// The sum but for its rounding error.
    public private(set) var rounded: Double
    /// What rounding took from it.
    public private(set) var compensation: Double

    /// A sum of one part.
    public init(_ value: Double = 0) { (rounded, compensation) = (value, 0) }

    /// Restores a sum; `nil` if it is not finite.
    public init?(rounded: Double, compensation: Double) {
        guard (rounded + compensation).isFinite else { return nil }
        (self.rounded, self.compensation) = (rounded, compensation)
    }

    /// The sum.
    public var value: Double { rounded + compensation }

    /// Adds a finite number.
    mutating func add(_ part: Double) {
        let raw = rounded + part
        guard raw.isFinite else {
            self = ExactSum(raw > 0 ? .greatestFiniteMagnitude : -.greatestFiniteMagnitude)
            return
        }
        // Knuth's two-sum: the rounding error of an addition is a number itself.
        let share = raw - rounded
        let carried = ((rounded - (raw - share)) + (part - share)) + compensation
        rounded = raw + carried
        compensation = carried - (rounded - raw)
    }
}
