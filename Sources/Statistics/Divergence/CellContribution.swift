/// How much of a drift is one cell's doing, and which way it went.
public struct CellContribution: Sendable, Equatable {
    /// Number of the cell.
    public let cell: Int
    /// Its part of the population stability index, −1 to 1: above 0 if its share has grown, below if it has shrunk.
    ///
    /// The magnitudes of all cells sum to 1.
    public let part: Double
    /// Its share of the reference, 0 to 1.
    public let referenceShare: Double
    /// Its share of current traffic, 0 to 1.
    public let currentShare: Double

    /// Creates a contribution.
    public init(cell: Int, part: Double, referenceShare: Double, currentShare: Double) {
        (self.cell, self.part) = (cell, part)
        (self.referenceShare, self.currentShare) = (referenceShare, currentShare)
    }
}

extension TwoSampleCounts {
    /// The cells that a drift consists of most, largest part first, equal ones in their order.
    ///
    /// No term (q − p) · ln(q / p) of the index is negative, so parts are shares of it and the sign is that of q − p.
    /// Costs O(B log B).
    ///
    /// - Parameter limit: Most cells.
    /// - Returns: Only cells whose share has changed; empty if none has.
    public func contributions(limit: Int) -> [CellContribution] {
        let half = Double(cellCount) / 2
        let (n, m) = (Double(referenceTotal) + half, Double(currentTotal) + half)
        var terms: [(cell: Int, term: Double)] = []
        var sum = 0.0
        for cell in 0..<cellCount {
            // Smoothed as in `PopulationStability`.
            let p = (Double(reference[cell]) + 0.5) / n
            let q = (Double(current[cell]) + 0.5) / m
            let term = abs((q - p) * Libm.log(q / p))
            guard term > 0 else { continue }
            sum += term
            terms.append((cell, q < p ? -term : term))
        }
        guard sum > 0 else { return [] }
        terms.sort { abs($0.term) != abs($1.term) ? abs($0.term) > abs($1.term) : $0.cell < $1.cell }
        return terms.prefix(max(0, limit)).map { cell, term in
            CellContribution(
                cell: cell, part: term / sum, referenceShare: Double(reference[cell]) / Double(referenceTotal),
                currentShare: Double(current[cell]) / Double(currentTotal))
        }
    }
}
