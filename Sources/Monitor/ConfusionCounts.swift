/// Counts by actual and predicted class, for a number of classes that grows.
///
/// Pairs lie in shells by the larger of both classes (1 + 3 + 5 + …), so a further class appends and moves nothing.
public struct ConfusionCounts: Sendable, Equatable {
    /// Counts, as `position(actual:predicted:)` orders them.
    public private(set) var counts: [UInt64] = []

    /// Creates counts without classes.
    public init() {}

    /// Restores counts; `nil` unless they are those of a whole number of classes, at most `classLimit`.
    public init?(counts: [UInt64], classLimit: Int) {
        var classes = 0
        while classes < classLimit, classes * classes < counts.count { classes += 1 }
        guard classes * classes == counts.count else { return nil }
        self.counts = counts
    }

    /// Number of classes: one more than the highest class seen.
    public var classCount: Int {
        var classes = 0
        while classes * classes < counts.count { classes += 1 }
        return classes
    }

    /// Number of pairs counted.
    public var total: UInt64 { counts.reduce(0, &+) }

    /// Where the count of a pair lies; may be beyond `counts`.
    static func position(actual: Int, predicted: Int) -> Int {
        let shell = max(actual, predicted)
        return shell &* shell &+ (actual == shell ? predicted : shell &+ 1 &+ actual)
    }

    /// The count of a pair of classes.
    public subscript(actual actual: Int, predicted predicted: Int) -> UInt64 {
        let position = Self.position(actual: actual, predicted: predicted)
        return position < counts.count ? counts[position] : 0
    }

    /// Counts one pair of classes.
    mutating func insert(actual: Int, predicted: Int) {
        let position = Self.position(actual: actual, predicted: predicted)
        if position >= counts.count {
            let classes = max(actual, predicted) + 1
            counts.append(contentsOf: repeatElement(0, count: classes * classes - counts.count))
        }
        counts[position] &+= 1
    }

    /// Adds other counts.
    mutating func merge(_ other: borrowing ConfusionCounts) {
        if counts.count < other.counts.count {
            counts.append(contentsOf: repeatElement(0, count: other.counts.count - counts.count))
        }
        for i in other.counts.indices { counts[i] &+= other.counts[i] }
    }

    /// Sets every count to zero and keeps the storage.
    mutating func reset() {
        for i in counts.indices { counts[i] = 0 }
    }
}
