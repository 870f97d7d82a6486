/// Summary of a stream of finite numbers from which any quantile can be read back.
///
/// For a quantile `q` with exact value `x` (the smallest value that at least `q` of the values do not exceed) the sketch
/// answers `y` with `|y − x| <= relativeAccuracy · |x|`, or 0 if `|x|` is at most 2⁻¹²⁸. The relative accuracy is 1.09 % at
/// schema 5; each time the values of one side span more than `bucketLimit` buckets, neighbours merge and the schema falls
/// by one, which doubles the error.
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
    public private(set) var count: UInt64 = 0
    /// Resolution: buckets grow by the factor 2^(2^−schema).
    ///
    /// Falls from `finestSchema` as values spread.
    public private(set) var schema: Int
    /// The schema of the empty sketch.
    public let finestSchema: Int
    /// Most buckets per sign.
    public let bucketLimit: Int

    /// Counters: the zero bucket, then those of `positive`, then those of `negative`.
    private var counters: [UInt64] = [0]
    private var positive = Window()
    private var negative = Window()

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
        unsafe withUnsafePointer(to: value) { pointer in unsafe insert(pointer, length: 1, weight: count) }
    }

    /// Adds values; those that are not finite are left out.
    ///
    /// About 2 ns per value once the buckets are there.
    public mutating func insert(contentsOf values: UnsafeBufferPointer<Double>) {
        guard let base = values.baseAddress else { return }
        unsafe insert(base, length: values.count, weight: 1)
    }

    /// Adds what `other` has seen.
    ///
    /// The result has the coarser schema and the lower limit of the two.
    public mutating func merge(_ other: QuantileSketch) {
        if other.finestSchema < finestSchema || other.bucketLimit < bucketLimit {
            var narrower = QuantileSketch(
                finestSchema: min(finestSchema, other.finestSchema), bucketLimit: min(bucketLimit, other.bucketLimit))
            narrower.merge(self)
            self = narrower
        }
        guard other.count > 0 else { return }
        let (theirPositive, theirNegative) = (other.usedKeys(positive: true), other.usedKeys(positive: false))
        cover(theirPositive, negative: theirNegative, schema: other.schema)
        let shift = other.schema - schema
        add(other, theirPositive, shift: shift, from: 1 - other.positive.low, to: 1 - positive.low)
        add(
            other, theirNegative, shift: shift, from: 1 + other.positive.width - other.negative.low,
            to: 1 + positive.width - negative.low)
        counters[0] &+= other.counters[0]
        count &+= other.count
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

    /// Restores a sketch that was saved; `nil` if no stream of numbers has these buckets.
    public init?(
        schema: Int, zeroCount: UInt64, positive: Buckets, negative: Buckets,
        finestSchema: Int = ExponentialBuckets.finestSchema, bucketLimit: Int = SketchLimits.buckets
    ) {
        guard finestSchema <= ExponentialBuckets.finestSchema, schema >= ExponentialBuckets.coarsestSchema,
            schema <= finestSchema, SketchLimits.bucketRange.contains(bucketLimit),
            let positiveCount = QuantileSketch.total(positive, schema: schema, limit: bucketLimit),
            let negativeCount = QuantileSketch.total(negative, schema: schema, limit: bucketLimit),
            zeroCount <= SketchLimits.values
        else { return nil }
        // Three numbers of at most 2⁵³ each: their sum cannot overflow.
        let total = zeroCount + positiveCount + negativeCount
        guard total <= SketchLimits.values else { return nil }
        self.init(finestSchema: finestSchema, bucketLimit: bucketLimit)
        self.schema = schema
        count = total
        self.positive = Window(positive)
        self.negative = Window(negative)
        counters = [zeroCount] + positive.counts + negative.counts
    }

    /// Sum of the counts of saved buckets; `nil` if they are too many, out of range or too large.
    private static func total(_ buckets: Buckets, schema: Int, limit: Int) -> UInt64? {
        if buckets.counts.isEmpty { return 0 }
        let shift = ExponentialBuckets.finestSchema - schema
        let (first, last) = (ExponentialBuckets.firstKey >> shift, ExponentialBuckets.lastKey >> shift)
        guard buckets.counts.count <= limit, buckets.offset > first,
            buckets.offset <= last + 2 - buckets.counts.count
        else { return nil }
        var total: UInt64 = 0
        for count in buckets.counts {
            guard count <= SketchLimits.values else { return nil }
            total += count
            guard total <= SketchLimits.values else { return nil }
        }
        return total
    }
}

extension QuantileSketch {
    /// Adds values, each `weight` times.
    private mutating func insert(_ values: UnsafePointer<Double>, length: Int, weight: UInt64) {
        unsafe ExponentialBuckets.steps.withUnsafeBufferPointer { steps in
            unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: min(length, QuantileSketch.block)) { slots in
                guard let steps = steps.baseAddress, let slots = slots.baseAddress else { return }
                var next = 0
                while next < length {
                    let size = min(length - next, QuantileSketch.block)
                    if unsafe QuantileSketch.locate(values + next, length: size, in: lanes, steps: steps, into: slots) {
                        unsafe counters.withUnsafeMutableBufferPointer { counters in
                            guard let counters = counters.baseAddress else { return }
                            for index in 0..<size { unsafe counters[Int(slots[index])] &+= weight }
                        }
                        count &+= UInt64(truncatingIfNeeded: size) &* weight
                    } else {
                        for index in next..<(next + size) {
                            unsafe insertAlone(values[index], weight: weight, steps: steps)
                        }
                    }
                    next += size
                }
            }
        }
    }

    /// Values that are located before they are counted.
    private static let block = 256

    /// Adds one value for which there may be no counter yet, or which may not be finite.
    private mutating func insertAlone(_ value: Double, weight: UInt64, steps: UnsafePointer<UInt64>) {
        guard value.isFinite else { return }
        var slot: Int32 = 0
        unsafe withUnsafePointer(to: value) { pointer in
            if unsafe QuantileSketch.locate(pointer, length: 1, in: lanes, steps: steps, into: &slot) { return }
            cover(value)
            _ = unsafe QuantileSketch.locate(pointer, length: 1, in: lanes, steps: steps, into: &slot)
        }
        counters[Int(slot)] &+= weight
        count &+= weight
    }

    /// The counters of one sign, as `locate` needs them.
    private struct Lane {
        /// Lowest key, biased.
        var low: Int
        /// Number of counters.
        var width: Int
        /// Place of the first counter.
        var base: Int
    }

    /// What `locate` has to know: the lanes of both signs, and the shift from the finest schema.
    private struct Lanes {
        var positive: Lane
        var negative: Lane
        var shift: Int
    }

    private var lanes: Lanes {
        let shift = ExponentialBuckets.finestSchema - schema
        let bias = ExponentialBuckets.keyBias >> shift
        return Lanes(
            positive: Lane(low: positive.low + bias, width: positive.width, base: 1),
            negative: Lane(low: negative.low + bias, width: negative.width, base: 1 + positive.width), shift: shift)
    }

    /// Finds the counter of each value.
    ///
    /// Returns whether all have one; otherwise `slots` are not to be used.
    ///
    /// Everything that depends on a value is arithmetic: signs and zeros are random, so branches on them would cost more
    /// than all the rest.
    @inline(__always)
    private static func locate(
        _ values: UnsafePointer<Double>, length: Int, in lanes: Lanes, steps: UnsafePointer<UInt64>,
        into slots: UnsafeMutablePointer<Int32>
    ) -> Bool {
        unsafe withUnsafeTemporaryAllocation(of: Lane.self, capacity: 2) { sides in
            unsafe sides.initializeElement(at: 0, to: lanes.positive)
            unsafe sides.initializeElement(at: 1, to: lanes.negative)
            guard let sides = sides.baseAddress else { return false }
            let shift = lanes.shift
            // The highest bit of `missed` is set once a key is outside of its lane.
            var (missed, largest) = (0, UInt64(0))
            for index in 0..<length {
                let value = unsafe values[index]
                let bits = ExponentialBuckets.magnitudeBits(value)
                largest = bits > largest ? bits : largest
                let key = unsafe ExponentialBuckets.biasedKey(ofMagnitudeBits: bits, steps: steps)
                let lane = unsafe sides + Int(truncatingIfNeeded: value.bitPattern &>> 63)
                let offset = unsafe (key &>> shift) &- lane.pointee.low
                let outside = unsafe offset | (lane.pointee.width &- 1 &- offset)
                let slot = unsafe offset &+ lane.pointee.base
                // All ones unless the value counts as zero, then 0.
                let isOther = ~((key &- (ExponentialBuckets.firstKey &+ ExponentialBuckets.keyBias)) &>> 63)
                missed |= outside & isOther
                unsafe slots[index] = Int32(truncatingIfNeeded: slot & isOther)
            }
            return missed >= 0 && largest < ExponentialBuckets.infinityBits
        }
    }

    /// Adds the counts of another sketch at some of its keys to the counters of the same sign.
    ///
    /// - Parameters:
    ///   - shift: From the other's schema to this one.
    ///   - from: Place of key 0 among the other's counters.
    ///   - to: Place of key 0 among the own ones. They cover all `keys`.
    private mutating func add(
        _ other: QuantileSketch, _ keys: ClosedRange<Int>?, shift: Int, from: Int, to: Int
    ) {
        guard let keys else { return }
        unsafe other.counters.withUnsafeBufferPointer { theirs in
            unsafe counters.withUnsafeMutableBufferPointer { counters in
                guard let theirs = theirs.baseAddress, let counters = counters.baseAddress else { return }
                if shift == 0 {
                    let (theirs, counters) = unsafe (
                        theirs + (from + keys.lowerBound), counters + (to + keys.lowerBound)
                    )
                    for slot in 0..<keys.count { unsafe counters[slot] &+= theirs[slot] }
                } else {
                    for key in keys { unsafe counters[to &+ (key &>> shift)] &+= theirs[from &+ key] }
                }
            }
        }
    }

    /// Makes a counter for a finite value that has none: so its magnitude is above `zeroThreshold`.
    private mutating func cover(_ value: Double) {
        let key = ExponentialBuckets.key(of: value.magnitude)
        let keys = key...key
        let isNegative = value.sign == .minus
        cover(
            isNegative ? nil : keys, negative: isNegative ? keys : nil, schema: ExponentialBuckets.finestSchema)
    }

    /// Makes counters for keys of some schema, lowering the sketch's own schema until both sides fit the limit.
    private mutating func cover(_ new: ClosedRange<Int>?, negative newNegative: ClosedRange<Int>?, schema other: Int) {
        let shift = other - schema
        if shift >= 0, positive.holds(new, shift: shift), negative.holds(newNegative, shift: shift) { return }
        let (own, ownNegative) = (usedKeys(positive: true), usedKeys(positive: false))
        var target = min(schema, other)
        var (keys, negativeKeys): (ClosedRange<Int>?, ClosedRange<Int>?)
        repeat {
            keys = union(own, shift: schema - target, new, shift: other - target)
            negativeKeys = union(ownNegative, shift: schema - target, newNegative, shift: other - target)
            if max(keys?.count ?? 0, negativeKeys?.count ?? 0) <= bucketLimit { break }
            target -= 1
        } while target >= ExponentialBuckets.coarsestSchema
        // What was covered before stays covered if it fits: after `reset` the same values are likely to come again.
        let unchanged = target == schema
        lay(
            Window(spare(keys, unchanged ? positive.keys : nil, schema: target)),
            Window(spare(negativeKeys, unchanged ? negative.keys : nil, schema: target)), schema: target)
    }

    /// Moves all counts into new windows, which cover them, at the same or a lower schema.
    private mutating func lay(_ newPositive: Window, _ newNegative: Window, schema target: Int) {
        var moved = [UInt64](repeating: 0, count: 1 + newPositive.width + newNegative.width)
        moved[0] = counters[0]
        for slot in 0..<positive.width where counters[1 + slot] > 0 {
            moved[1 + ((positive.low + slot) >> (schema - target)) - newPositive.low] &+= counters[1 + slot]
        }
        let (base, newBase) = (1 + positive.width, 1 + newPositive.width)
        for slot in 0..<negative.width where counters[base + slot] > 0 {
            moved[newBase + ((negative.low + slot) >> (schema - target)) - newNegative.low] &+= counters[base + slot]
        }
        (counters, positive, negative, schema) = (moved, newPositive, newNegative, target)
    }

    /// Needed keys, with the ones covered before and some room at both ends as far as the limit allows.
    private func spare(_ keys: ClosedRange<Int>?, _ before: ClosedRange<Int>?, schema: Int) -> ClosedRange<Int>? {
        guard let keys else { return before }
        var wide = keys
        if let before {
            let both = min(keys.lowerBound, before.lowerBound)...max(keys.upperBound, before.upperBound)
            if both.count <= bucketLimit { wide = both }
        }
        if wide.lowerBound < keys.lowerBound && wide.upperBound > keys.upperBound { return wide }
        let room = min(QuantileSketch.spareBuckets, (bucketLimit - wide.count) / 2)
        let shift = ExponentialBuckets.finestSchema - schema
        return max(
            wide.lowerBound - room, ExponentialBuckets.firstKey >> shift)...min(
                wide.upperBound + room, ExponentialBuckets.lastKey >> shift)
    }

    /// Counters made beyond the ones needed, at each end: half an octave at schema 5.
    private static let spareBuckets = 16

    /// Smallest range over both, each shifted to a coarser schema.
    private func union(
        _ left: ClosedRange<Int>?, shift leftShift: Int, _ right: ClosedRange<Int>?, shift rightShift: Int
    ) -> ClosedRange<Int>? {
        let left = left.map { ($0.lowerBound >> leftShift)...($0.upperBound >> leftShift) }
        let right = right.map { ($0.lowerBound >> rightShift)...($0.upperBound >> rightShift) }
        guard let left, let right else { return left ?? right }
        return min(left.lowerBound, right.lowerBound)...max(left.upperBound, right.upperBound)
    }

    /// Keys from the first to the last bucket of a sign that holds a value; `nil` if none does.
    private func usedKeys(positive isPositive: Bool) -> ClosedRange<Int>? {
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

extension QuantileSketch.Window {
    /// Whether keys of a finer schema, by `shift`, are all inside.
    ///
    /// No keys are.
    fileprivate func holds(_ keys: ClosedRange<Int>?, shift: Int) -> Bool {
        guard let keys else { return true }
        return width > 0 && keys.lowerBound >> shift >= low && keys.upperBound >> shift < low + width
    }
}
