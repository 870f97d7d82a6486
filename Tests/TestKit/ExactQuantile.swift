/// Quantiles the slow way, from all values.
public struct ExactQuantile: Sendable {
    private let sorted: [Double]

    /// Sorts the values, of which there is at least one.
    public init(_ values: [Double]) { sorted = values.sorted() }

    /// The smallest value that at least `q` of the values do not exceed (numpy's `inverted_cdf`).
    public func callAsFunction(_ q: Double) -> Double {
        sorted[min(sorted.count, max(1, Int((q * Double(sorted.count)).rounded(.up)))) - 1]
    }
}
