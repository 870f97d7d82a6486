/// Distances between two sets of shares, each from 0 (equal) to 1 (no cell in common). Shares are raw, without
/// smoothing.
extension TwoSampleCounts {
    /// Jensen-Shannon distance to base 2: the root of half the divergence of each side from their mean.
    ///
    /// - Source: Endres, Schindelin: "A new metric for probability distributions", IEEE Trans. Inf. Theory 49(7), 2003.
    ///   The same as scipy's `jensenshannon(p, q, base=2)`; with natural logarithms it would be √ln 2 = 0.83 times as
    ///   large.
    public var jensenShannon: Double {
        var sum = 0.0
        forEachShare { p, q in
            let middle = (p + q) / 2
            if p > 0 { sum += p * Libm.log(p / middle) }
            if q > 0 { sum += q * Libm.log(q / middle) }
        }
        return min(1, (max(0, sum) / (2 * Libm.log(2))).squareRoot())
    }

    /// Hellinger distance √(½ Σ (√q − √p)²), which equals √(1 − Σ √(pq)) without its cancellation near 0.
    public var hellinger: Double {
        var sum = 0.0
        forEachShare { p, q in
            let difference = q.squareRoot() - p.squareRoot()
            sum += difference * difference
        }
        return min(1, (sum / 2).squareRoot())
    }

    /// Total variation distance ½ Σ |q − p|: the share of events that would have to change their cell.
    public var totalVariation: Double {
        var sum = 0.0
        forEachShare { p, q in sum += abs(q - p) }
        return min(1, sum / 2)
    }

    /// Kolmogorov-Smirnov distance max |F_c − F_r| at the edges between ordered cells, from exact counts.
    ///
    /// At most the distance between the values themselves. `nil` if a side has nothing in its ordered cells.
    public var kolmogorovSmirnov: Double? {
        var largest = 0.0
        let known = forEachOrderedGap { gap in largest = max(largest, abs(gap)) }
        return known ? largest : nil
    }
}
