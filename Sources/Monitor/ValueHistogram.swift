public import Sketches

/// All values of a signal since the state began: classic buckets, exponential buckets and an exact sum.
public struct ValueHistogram: Sendable {
    /// Upper bounds of latencies in seconds.
    public static let latencyBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    /// Upper bounds of the time from a prediction to its outcome: seconds to 30 days.
    public static let delayBounds: [Double] = [
        1, 10, 60, 600, 3_600, 14_400, 43_200, 86_400, 259_200, 604_800, 1_209_600, 2_592_000,
    ]
    /// Upper bounds of scores.
    public static let scoreBounds = [
        0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1,
    ]

    /// Upper bounds; a value at a bound is below it.
    public let bounds: [Double]
    /// Counts per bucket, one more than bounds.
    public private(set) var counts: [UInt64]
    /// Moments, for the sum.
    public private(set) var moments: Moments
    /// The same values in exponential buckets.
    public private(set) var native: QuantileSketch
    /// Bins whose edges are just above the bounds: they hold a bound where `le` wants it.
    private let bins: EdgeBins

    /// Creates an empty histogram.
    ///
    /// Bounds that do not ascend make one bucket.
    public init(bounds: [Double]) {
        let usable = EdgeBins(edges: bounds.map(\.nextUp))
        bins = usable ?? .one
        self.bounds = usable == nil ? [] : bounds
        counts = [UInt64](repeating: 0, count: bins.binCount)
        moments = Moments()
        native = QuantileSketch()
    }

    /// Restores a histogram; `nil` if its parts do not belong together.
    public init?(bounds: [Double], counts: [UInt64], moments: Moments, native: QuantileSketch) {
        self.init(bounds: bounds)
        guard self.bounds.count == bounds.count, counts.count == self.counts.count, moments.count == native.count,
            counts.reduce(0, &+) == moments.count
        else { return nil }
        (self.counts, self.moments, self.native) = (counts, moments, native)
    }

    /// Adds finite values.
    mutating func insert(contentsOf values: UnsafeBufferPointer<Double>) {
        unsafe moments.insert(contentsOf: values)
        unsafe native.insert(contentsOf: values)
        unsafe counts.withUnsafeMutableBufferPointer { counts in unsafe bins.count(values, into: counts) }
    }

    /// Adds one finite value `count` times.
    mutating func insert(_ value: Double, count: UInt64) {
        moments.insert(value, count: count)
        native.insert(value, count: count)
        counts[bins.bin(of: value)] &+= count
    }

    /// What is exposed.
    var snapshot: HistogramSnapshot {
        HistogramSnapshot(bounds: bounds, counts: counts, sum: moments.sum, native: native)
    }
}

extension EdgeBins {
    /// No edges, one bin.
    static let one: EdgeBins = {
        guard let bins = EdgeBins(edges: []) else { preconditionFailure("no edges are valid edges") }
        return bins
    }()
}
