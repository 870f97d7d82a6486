extension QuantileSketch {
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
