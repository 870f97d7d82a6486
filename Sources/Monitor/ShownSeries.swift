/// Series that only grow and of which every scraper has seen the beginning.
///
/// A counter that comes up with the value 7 has told Prometheus nothing of these 7: `increase` counts from the first
/// sample on. So it is shown as 0 first, and with its value only after that was scraped. Which ones were must survive
/// with the counters: a counter shown as 0 again would be a reset, one never shown as 0 a loss.
///
/// Immutable, and shared by all commits between which nothing came up.
public final class ShownSeries: Sendable {
    /// Hashes of their names and labels, ascending, each once.
    public let hashes: [UInt64]
    /// The same, to look them up.
    public let set: Set<UInt64>

    /// Nothing was shown.
    public static let none = ShownSeries([])

    /// The series with these hashes.
    public init(_ hashes: some Sequence<UInt64>) {
        set = Set(hashes)
        self.hashes = set.sorted()
    }
}
