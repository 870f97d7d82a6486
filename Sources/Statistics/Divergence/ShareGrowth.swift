/// By how much a share has grown from the reference to current traffic, at least.
public enum ShareGrowth {
    /// The growth that is exceeded with a confidence of 95 %, from −1 to 1.
    ///
    /// One hit and one miss are added to either side, which keeps the bound honest for small samples and rare hits.
    ///
    /// - Parameters:
    ///   - reference: Hits among all values of the reference.
    ///   - current: Hits among all current values.
    ///   - effectiveEvents: Events that a share of traffic is worth at most, because it wanders (see `BaselineWobble`).
    /// - Source: Agresti, Caffo: "Simple and effective confidence intervals for proportions and differences of
    ///   proportions", The American Statistician 54(4), 2000.
    public static func lowerBound(
        reference: (hits: UInt64, total: UInt64), current: (hits: UInt64, total: UInt64),
        effectiveEvents: Double = .infinity
    ) -> Double {
        let (n, m) = (Double(reference.total) + 2, Double(current.total) + 2)
        let (p, q) = ((Double(reference.hits) + 1) / n, (Double(current.hits) + 1) / m)
        let variance = p * (1 - p) / min(n, effectiveEvents) + q * (1 - q) * (1 / m + 1 / effectiveEvents)
        return min(max(q - p - 1.644_853_626_951_472_7 * variance.squareRoot(), -1), 1)
    }
}
