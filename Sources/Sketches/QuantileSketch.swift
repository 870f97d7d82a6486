/// Summary of a stream of finite numbers from which any quantile can be read back.
///
/// For a quantile `q` with exact value `x` (the smallest value that at least `q` of the values do not exceed) the
/// sketch answers `y` with `|y − x| <= relativeAccuracy · |x|`, or 0 if `|x|` is at most 2⁻¹²⁸. The relative accuracy
/// is 1.09 % at schema 5; each time the values of one side span more than `bucketLimit` buckets, neighbours merge and
/// the schema falls by one, which doubles the error.
///
/// - Space: as many counters as the values span, at most `bucketLimit` for each sign.
/// - Merging is exact: a merged sketch equals one that saw both streams, in any order.
/// - It is a Prometheus native histogram as it stands: see `ExponentialBuckets`.
public struct QuantileSketch: Sendable, Equatable {
    /// Consecutive buckets of one sign, without empty ones at either end.
    public struct Buckets: Sendable, Equatable {
        /// Index of the first bucket as Prometheus counts: bucket `i` ends at γ^i.
        ///
        /// 0 without buckets.
        public var offset: Int
        /// Counts per bucket.
        public var counts: [UInt64]

        /// Creates buckets.
        public init(offset: Int = 0, counts: [UInt64] = []) { (self.offset, self.counts) = (offset, counts) }
    }

    /// A stretch of counters for the keys of one sign.
    struct Window: Sendable, Equatable {
        var low = 0
        var width = 0

        init() {}

        /// The keys of buckets whose offset is in range.
        init(_ buckets: Buckets) {
            if !buckets.counts.isEmpty { (low, width) = (buckets.offset - 1, buckets.counts.count) }
        }

        init(_ keys: ClosedRange<Int>?) {
            if let keys { (low, width) = (keys.lowerBound, keys.count) }
        }

        var keys: ClosedRange<Int>? { width == 0 ? nil : low...(low + width - 1) }
    }

    /// Number of values.
    public internal(set) var count: UInt64 = 0
    /// Resolution: buckets grow by the factor 2^(2^−schema).
    ///
    /// Falls from `finestSchema` as values spread.
    public internal(set) var schema: Int
    /// The schema of the empty sketch.
    public let finestSchema: Int
    /// Most buckets per sign.
    public let bucketLimit: Int

    /// Counters: the zero bucket, then those of `positive`, then those of `negative`.
    var counters: [UInt64] = [0]
    var positive = Window()
    var negative = Window()

    /// Creates an empty sketch.
    ///
    /// Parameters outside their range are taken to its nearest end.
    ///
    /// - Parameters:
    ///   - finestSchema: -4 to 5.
    ///   - bucketLimit: Most buckets per sign, in `SketchLimits.bucketRange`.
    public init(
        finestSchema: Int = ExponentialBuckets.finestSchema, bucketLimit: Int = SketchLimits.buckets
    ) {
        let range = ExponentialBuckets.coarsestSchema...ExponentialBuckets.finestSchema
        self.finestSchema = min(max(finestSchema, range.lowerBound), range.upperBound)
        self.bucketLimit = min(
            max(bucketLimit, SketchLimits.bucketRange.lowerBound), SketchLimits.bucketRange.upperBound)
        schema = self.finestSchema
    }

    /// Largest relative error of a quantile at the present schema.
    public var relativeAccuracy: Double { ExponentialBuckets.relativeAccuracy(schema: schema) }

    /// Number of values whose magnitude is at most `ExponentialBuckets.zeroThreshold`.
    public var zeroCount: UInt64 { counters[0] }

    /// Buckets of the positive values.
    public var positiveBuckets: Buckets { buckets(positive: true) }

    /// Buckets of the negative values, by magnitude.
    public var negativeBuckets: Buckets { buckets(positive: false) }

    /// Adds a value `count` times; one that is not finite is left out.
    public mutating func insert(_ value: Double, count: UInt64 = 1) {
        guard count > 0, value.isFinite else { return }
        if let slot = slot(of: value) {
            counters[slot] &+= count
            self.count &+= count
        } else {
            unsafe withUnsafePointer(to: value) { pointer in unsafe insert(pointer, length: 1, weight: count) }
        }
    }

    /// Adds values; those that are not finite are left out.
    ///
    /// About 3 ns per value once the buckets are there.
    public mutating func insert(contentsOf values: UnsafeBufferPointer<Double>) {
        guard let base = values.baseAddress else { return }
        unsafe insert(base, length: values.count, weight: 1)
    }

    /// Forgets all values and keeps the storage for the next ones.
    public mutating func reset() {
        count = 0
        if schema == finestSchema {
            unsafe counters.withUnsafeMutableBufferPointer { unsafe $0.update(repeating: 0) }
        } else {
            counters.removeAll(keepingCapacity: true)
            counters.append(0)
            (positive, negative, schema) = (Window(), Window(), finestSchema)
        }
    }

    /// The value at quantile `q`: 0 is the smallest, 1 the largest.
    ///
    /// `nil` without values, or if `q` is not in 0...1.
    public func quantile(_ q: Double) -> Double? {
        guard count > 0, q >= 0, q <= 1 else { return nil }
        let rank = max(1, (q * Double(count)).rounded(.up))
        var seen: UInt64 = 0
        for slot in stride(from: negative.width - 1, through: 0, by: -1) {
            seen &+= counters[1 + positive.width + slot]
            if Double(seen) >= rank { return -middle(negative.low + slot) }
        }
        seen &+= counters[0]
        if Double(seen) >= rank { return 0 }
        for slot in 0..<positive.width {
            seen &+= counters[1 + slot]
            if Double(seen) >= rank { return middle(positive.low + slot) }
        }
        return nil
    }

    /// Whether both have the same parameters, schema and counts, whatever storage they hold.
    public static func == (left: QuantileSketch, right: QuantileSketch) -> Bool {
        left.count == right.count && left.schema == right.schema && left.finestSchema == right.finestSchema
            && left.bucketLimit == right.bucketLimit && left.zeroCount == right.zeroCount
            && left.positiveBuckets == right.positiveBuckets && left.negativeBuckets == right.negativeBuckets
    }

    /// Keys from the first to the last bucket of a sign that holds a value; `nil` if none does.
    func usedKeys(positive isPositive: Bool) -> ClosedRange<Int>? {
        let (window, base) = isPositive ? (positive, 1) : (negative, 1 + positive.width)
        let slots = counters[base..<(base + window.width)]
        guard let first = slots.firstIndex(where: { $0 > 0 }), let last = slots.lastIndex(where: { $0 > 0 }) else {
            return nil
        }
        return (window.low + first - base)...(window.low + last - base)
    }

    private func buckets(positive isPositive: Bool) -> Buckets {
        guard let keys = usedKeys(positive: isPositive) else { return Buckets() }
        let (window, base) = isPositive ? (positive, 1) : (negative, 1 + positive.width)
        let first = base + keys.lowerBound - window.low
        return Buckets(offset: keys.lowerBound + 1, counts: Array(counters[first..<(first + keys.count)]))
    }

    private func middle(_ key: Int) -> Double {
        ExponentialBuckets.middle(key: key, schema: schema, relativeAccuracy: relativeAccuracy)
    }
}
