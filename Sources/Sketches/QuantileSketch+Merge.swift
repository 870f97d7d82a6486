extension QuantileSketch {
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
}
