/// Where the bins of a numeric reference are cut.
///
/// - Many different values: bins of equal probability, cut at quantiles.
/// - Up to `binCount` different values: one bin each, cut half-way between them.
/// - One value: a bin for it between one below and one above, so that any move is seen.
/// - One value with so many ties that it swallows more than half of the cuts: a bin for it, quantiles of the rest.
enum ReferenceEdges {
    /// Edges for sorted finite values, ascending strictly; empty without values.
    static func edges(ofSorted values: [Double], binCount: Int) -> [Double] {
        guard let smallest = values.first, let largest = values.last else { return [] }
        if smallest == largest { return edges(around: smallest) }
        if let few = distinct(ofSorted: values, limit: binCount) {
            return ascending(zip(few, few.dropFirst()).map { $0 + ($1 - $0) / 2 }, above: smallest)
        }
        let cuts = ascending(quantiles(ofSorted: values, parts: binCount), above: smallest)
        guard cuts.count * 2 < binCount - 1 else { return cuts }
        let tied = mostFrequent(ofSorted: values)
        let rest = values.filter { $0 != tied }
        let others = quantiles(ofSorted: rest, parts: max(2, binCount - 2))
        return ascending((others + [tied, tied.nextUp]).sorted(), above: smallest)
    }

    /// Quantile by linear interpolation between order statistics, as numpy's default.
    ///
    /// `values` is sorted, not empty.
    static func quantile(_ q: Double, ofSorted values: [Double]) -> Double {
        let position = q * Double(values.count - 1)
        let below = Int(position)
        let (low, high) = (values[below], values[min(below + 1, values.count - 1)])
        let share = position - Double(below)
        let difference = high - low
        // The difference of two finite numbers may overflow; their weighted parts do not.
        return difference.isFinite ? low + difference * share : low * (1 - share) + high * share
    }

    private static func quantiles(ofSorted values: [Double], parts: Int) -> [Double] {
        values.isEmpty ? [] : (1..<parts).map { quantile(Double($0) / Double(parts), ofSorted: values) }
    }

    private static func edges(around value: Double) -> [Double] {
        let margin = max(value.magnitude * 1e-6, 1e-9)
        return ascending([value - margin, value + margin], above: -.infinity)
    }

    /// Drops edges that repeat, are not finite, or leave nothing below them.
    private static func ascending(_ edges: [Double], above smallest: Double) -> [Double] {
        var kept: [Double] = []
        for edge in edges where edge.isFinite && edge > (kept.last ?? smallest) { kept.append(edge) }
        return kept
    }

    /// The different values if there are at most `limit`.
    private static func distinct(ofSorted values: [Double], limit: Int) -> [Double]? {
        var found: [Double] = []
        for value in values where value != found.last {
            guard found.count < limit else { return nil }
            found.append(value)
        }
        return found
    }

    private static func mostFrequent(ofSorted values: [Double]) -> Double {
        var (best, bestRun) = (values[0], 0)
        var (current, run) = (values[0], 0)
        for value in values {
            run = value == current ? run + 1 : 1
            current = value
            if run > bestRun { (best, bestRun) = (value, run) }
        }
        return best
    }
}
