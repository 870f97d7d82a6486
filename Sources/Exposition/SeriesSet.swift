/// The series of one exposition.
///
/// Prometheus keeps one of two equal series without a word, so writing two is a bug here.
struct SeriesSet {
    private var series: Set<[UInt8]> = []

    /// Remembers a series, name and labels as written.
    ///
    /// - Returns: Whether it is new.
    mutating func insert(_ name: [UInt8]) -> Bool { series.insert(name).inserted }

    /// Forgets all.
    mutating func removeAll() { series.removeAll(keepingCapacity: true) }
}
