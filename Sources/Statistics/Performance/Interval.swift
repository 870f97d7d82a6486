/// A value with a 95 % confidence interval.
public struct Interval: Sendable, Equatable {
    /// The value.
    public let value: Double
    /// Lower bound, at most `value`.
    public let lower: Double
    /// Upper bound, at least `value`.
    public let upper: Double

    /// Quantile of the standard normal distribution at 0.975.
    static let z = 1.959_963_984_540_054

    /// A share with Wilson's interval, which stays in 0...1 and is sound for few events and for shares near 0 or 1.
    ///
    /// - Parameters:
    ///   - hits: Events that count.
    ///   - total: All events.
    /// - Returns: `nil` if `total` is 0 or `hits` exceed it.
    /// - Source: Wilson: "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
    public static func share(_ hits: UInt64, of total: UInt64) -> Interval? {
        guard total > 0, hits <= total else { return nil }
        let (n, p, square) = (Double(total), Double(hits) / Double(total), z * z)
        let middle = (p + square / (2 * n)) / (1 + square / n)
        let half = z / (1 + square / n) * (p * (1 - p) / n + square / (4 * n * n)).squareRoot()
        // Rounding may carry a bound past the value where they coincide.
        return Interval(value: p, lower: min(p, max(0, middle - half)), upper: max(p, min(1, middle + half)))
    }

    /// A mean with the normal interval of its standard error.
    static func mean(_ value: Double, standardError: Double, atLeast floor: Double) -> Interval {
        Interval(value: value, lower: max(floor, value - z * standardError), upper: value + z * standardError)
    }
}
