/// Counts of the same cells in the reference and in current traffic: what every drift statistic compares.
///
/// With r reference counts of total n and c current counts of total m, shares are p = r / n and q = c / m.
public struct TwoSampleCounts: Sendable, Equatable {
    /// Counts of the reference.
    public let reference: [UInt64]
    /// Counts of current traffic, cell by cell as `reference`.
    public let current: [UInt64]
    /// Number of leading cells that have an order: bins of a number.
    ///
    /// The others are categories, or missing values.
    public let orderedCount: Int
    /// Sum of `reference`, more than 0.
    public let referenceTotal: UInt64
    /// Sum of `current`, more than 0.
    public let currentTotal: UInt64

    /// Pairs two sides; `nil` if one of them is empty, if they differ in length, or if a sum overflows.
    public init?(reference: [UInt64], current: [UInt64], orderedCount: Int = 0) {
        guard reference.count == current.count, (0...reference.count).contains(orderedCount),
            let referenceTotal = TwoSampleCounts.total(reference[...]),
            let currentTotal = TwoSampleCounts.total(current[...])
        else { return nil }
        self.reference = reference
        self.current = current
        self.orderedCount = orderedCount
        self.referenceTotal = referenceTotal
        self.currentTotal = currentTotal
    }

    /// Number of cells.
    public var cellCount: Int { reference.count }

    /// 1/n + 1/m, the scale of what chance alone does to squared differences of shares.
    var noise: Double { 1 / Double(referenceTotal) + 1 / Double(currentTotal) }

    /// Calls `body` with the shares p and q of each cell.
    func forEachShare(_ body: (_ p: Double, _ q: Double) -> Void) {
        let (n, m) = (Double(referenceTotal), Double(currentTotal))
        for cell in reference.indices { body(Double(reference[cell]) / n, Double(current[cell]) / m) }
    }

    /// Calls `body` with D = F_c − F_r at the end of each ordered cell but the last.
    ///
    /// Each side is rescaled to its ordered mass, so missing values move nothing here. Returns whether both sides have
    /// any.
    func forEachOrderedGap(_ body: (_ gap: Double) -> Void) -> Bool {
        guard let n = TwoSampleCounts.total(reference[..<orderedCount]),
            let m = TwoSampleCounts.total(current[..<orderedCount])
        else { return false }
        var (below, currentBelow): (UInt64, UInt64) = (0, 0)
        for cell in 0..<(orderedCount - 1) {
            below += reference[cell]
            currentBelow += current[cell]
            body(Double(currentBelow) / Double(m) - Double(below) / Double(n))
        }
        return true
    }

    /// Sum of counts; `nil` if it is 0 or overflows.
    private static func total(_ counts: ArraySlice<UInt64>) -> UInt64? {
        var total: UInt64 = 0
        for count in counts {
            let (sum, overflow) = total.addingReportingOverflow(count)
            if overflow { return nil }
            total = sum
        }
        return total > 0 ? total : nil
    }
}
