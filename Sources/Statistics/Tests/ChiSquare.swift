/// Two-sample chi-square: do both sides come from the same shares? Both are samples; none is taken as exact.
///
/// A goodness-of-fit test against the reference's shares would forget that the reference is a sample as well: at n = m
/// its false alarms are near 50 % instead of 5 %.
public struct ChiSquare: Sendable, Equatable {
    /// Σ (c √(n/m) − r √(m/n))² / (c + r).
    public let statistic: Double
    /// Cells that are not empty on both sides, less one.
    ///
    /// 0 when there is nothing to compare.
    public let degreesOfFreedom: Int

    /// Compares two sides cell by cell.
    ///
    /// Calibrated when `counts` are well filled: see `TwoSampleCounts.pooled`.
    public init(_ counts: TwoSampleCounts) {
        let ratio = (Double(counts.referenceTotal) / Double(counts.currentTotal)).squareRoot()
        var (sum, cells) = (0.0, 0)
        for cell in 0..<counts.cellCount {
            let (r, c) = (Double(counts.reference[cell]), Double(counts.current[cell]))
            guard r + c > 0 else { continue }
            let difference = c * ratio - r / ratio
            sum += difference * (difference / (r + c))
            cells += 1
        }
        statistic = sum
        degreesOfFreedom = max(0, cells - 1)
    }

    /// Wilson-Hilferty score: standard normal without drift, so 3.09 is passed once in a thousand.
    ///
    /// 0 without freedom.
    ///
    /// - Source: Wilson, Hilferty: "The distribution of chi-square", PNAS 17(12), 1931.
    public var score: Double {
        guard degreesOfFreedom > 0 else { return 0 }
        let k = Double(degreesOfFreedom)
        let spread = 2 / (9 * k)
        return (Libm.cbrt(statistic / k) - (1 - spread)) / spread.squareRoot()
    }
}
