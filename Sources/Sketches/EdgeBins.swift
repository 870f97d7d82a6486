/// Bins cut by frozen edges.
///
/// The bin of `x` is the number of edges that are at most `x`: bin 0 lies below the first edge, the last one begins at
/// the last edge, and every bin but the first holds its lower edge.
public struct EdgeBins: Sendable, Equatable {
    /// The edges, ascending strictly, all finite.
    public let edges: [Double]
    /// `edges`, filled up with NaN, which is below nothing, to one less than a power of two: the search needs no
    /// bounds.
    private let padded: [Double]

    /// Number of bins: one more than edges.
    public var binCount: Int { edges.count + 1 }

    /// Creates bins; `nil` if the edges are not finite or do not ascend strictly, or are more than
    /// `SketchLimits.edges`.
    public init?(edges: [Double]) {
        guard edges.count <= SketchLimits.edges, edges.allSatisfy(\.isFinite),
            zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 })
        else { return nil }
        self.edges = edges
        var size = 1
        while size - 1 < edges.count { size *= 2 }
        padded = edges + [Double](repeating: .nan, count: size - 1 - edges.count)
    }

    /// The bin of a finite number, in `0..<binCount`.
    public func bin(of value: Double) -> Int {
        unsafe padded.withUnsafeBufferPointer { edges in
            guard let first = edges.baseAddress else { return 0 }
            return unsafe EdgeBins.bin(of: value, edges: first, levels: levels)
        }
    }

    /// Adds 1 to the count of each value's bin.
    ///
    /// Every value is finite. About 2.5 ns per value for up to 15 edges.
    ///
    /// - Parameter counts: At least `binCount` counts.
    public func count(_ values: UnsafeBufferPointer<Double>, into counts: UnsafeMutableBufferPointer<UInt64>) {
        precondition(counts.count >= binCount, "room for one count per bin")
        guard let counts = counts.baseAddress else { return }
        unsafe padded.withUnsafeBufferPointer { edges in
            guard let first = edges.baseAddress else { return }
            // With a constant number of levels the search is unrolled: up to 31 edges are the rule.
            switch levels {
            case 3: unsafe EdgeBins.count(values, into: counts, edges: first, levels: 3)
            case 4: unsafe EdgeBins.count(values, into: counts, edges: first, levels: 4)
            case 5: unsafe EdgeBins.count(values, into: counts, edges: first, levels: 5)
            default: unsafe EdgeBins.count(values, into: counts, edges: first, levels: levels)
            }
        }
    }

    @inline(__always)
    private static func count(
        _ values: UnsafeBufferPointer<Double>, into counts: UnsafeMutablePointer<UInt64>,
        edges: UnsafePointer<Double>, levels: Int
    ) {
        for index in 0..<values.count {
            let bin = unsafe EdgeBins.bin(of: values[index], edges: edges, levels: levels)
            unsafe counts[bin] &+= 1
        }
    }

    /// Halvings that the search needs.
    private var levels: Int { (padded.count + 1).trailingZeroBitCount }

    /// Binary search over `2^levels - 1` edges.
    ///
    /// The comparison becomes a number that is shifted and added: as a choice between two bins it would compile to a
    /// branch, and the bin of a value is as unpredictable as the value (20 ns instead of 2.5).
    @inline(__always)
    private static func bin(of value: Double, edges: UnsafePointer<Double>, levels: Int) -> Int {
        var bin = 0
        var level = levels &- 1
        while level >= 0 {
            let isAbove = unsafe edges[bin &+ (1 &<< level) &- 1] <= value ? 1 : 0
            bin &+= isAbove &<< level
            level &-= 1
        }
        return bin
    }
}
