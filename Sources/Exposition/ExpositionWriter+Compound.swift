extension ExpositionWriter {
    /// Writes a series of a histogram family: cumulative buckets, sum and count.
    ///
    /// - Parameters:
    ///   - labels: Labels of the series without `le`.
    ///   - bounds: Upper bounds, ascending, without +Inf; may be empty, and then only the +Inf bucket is written.
    ///   - counts: Values per bucket, not accumulated, the last one above every bound. Missing ones count 0.
    ///   - sum: Sum of the values; `nil` if one of them is negative. Prometheus takes a sum for a counter and a fall
    ///     for a restart, so OpenMetrics forbids it then, and with it the count, which the +Inf bucket repeats anyway.
    public mutating func histogram(_ labels: LabelBlock, bounds: Span<Double>, counts: Span<UInt64>, sum: Double?) {
        var total: UInt64 = 0
        for i in 0..<bounds.count {
            if i < counts.count { total &+= counts[i] }
            open(suffix: "_bucket", labels)
            label("le", bounds[i])
            close(count: total)
        }
        for i in bounds.count..<max(counts.count, bounds.count) { total &+= counts[i] }
        open(suffix: "_bucket", labels)
        label("le", Double.infinity)
        close(count: total)
        if let sum { sumAndCount(labels, sum: sum, count: total) }
    }

    /// Writes a series of a summary family without quantiles: sum and count.
    public mutating func summary(_ labels: LabelBlock, sum: Double, count: UInt64) {
        sumAndCount(labels, sum: sum, count: count)
    }

    /// Writes a series of a summary family.
    ///
    /// - Parameters:
    ///   - labels: Labels of the series without `quantile`.
    ///   - quantiles: Quantiles, ascending, with their values; NaN where there is none.
    ///   - sum: Sum of the values; `nil` if one of them is negative, as for histograms.
    ///   - count: Number of values.
    public mutating func summary(
        _ labels: LabelBlock, quantiles: [(quantile: Double, value: Double)], sum: Double?, count: UInt64
    ) {
        for (quantile, value) in quantiles {
            open(labels)
            label("quantile", quantile)
            close(value)
        }
        if let sum {
            open(suffix: "_sum", labels)
            close(sum)
        }
        open(suffix: "_count", labels)
        close(count: count)
    }

    private mutating func sumAndCount(_ labels: LabelBlock, sum: Double, count: UInt64) {
        open(suffix: "_sum", labels)
        close(sum)
        open(suffix: "_count", labels)
        close(count: count)
    }
}
