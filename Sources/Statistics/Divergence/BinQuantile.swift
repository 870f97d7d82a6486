/// Quantiles of numbers of which only the counts per bin are known.
public enum BinQuantile {
    /// A quantile, linear within the bin it falls into.
    ///
    /// Two samples in the same bins err alike, so the difference of their quantiles is 0 where their counts have the
    /// same shares, however coarse the bins are.
    ///
    /// - Parameters:
    ///   - q: 0 to 1.
    ///   - edges: Edges between the bins, ascending.
    ///   - counts: Counts per bin, one more than `edges`; further ones are not looked at.
    /// - Returns: `nil` if it falls into one of the two outer bins, which have no end, or if there is no number.
    public static func value(_ q: Double, edges: [Double], counts: [UInt64]) -> Double? {
        guard counts.count > edges.count, q >= 0, q <= 1 else { return nil }
        var total = 0.0
        for bin in 0...edges.count { total += Double(counts[bin]) }
        guard total > 0 else { return nil }
        let rank = q * total
        var below = Double(counts[0])
        if rank < below { return nil }
        for bin in 1..<max(edges.count, 1) {
            let inside = Double(counts[bin])
            if rank <= below + inside {
                let (left, right) = (edges[bin - 1], edges[bin])
                return inside > 0 ? left + (right - left) * ((rank - below) / inside) : left
            }
            below += inside
        }
        return rank == below ? edges.last : nil
    }
}
