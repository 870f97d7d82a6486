extension TwoSampleCounts {
    /// Least expected count of a cell on the smaller side for a chi-square to be trusted.
    ///
    /// - Source: Cochran: "Some methods for strengthening the common χ² tests", Biometrics 10(4), 1954.
    public static let leastExpected = 5.0

    /// The same events in fewer cells, each expected at least five times on either side if both had the same shares.
    ///
    /// An ordered cell that is too small joins the following ones until they suffice together, the last ones join the
    /// group before. Other small cells form one cell; if that is too small as well, it joins the smallest of the
    /// others, where it shows most. Well-filled counts come back as they are, apart from cells that are empty on both
    /// sides.
    public var pooled: TwoSampleCounts {
        let smaller = Double(min(referenceTotal, currentTotal))
        let all = Double(referenceTotal) + Double(currentTotal)
        // Expected on the smaller side = smaller · (r + c) / all, so this is the least r + c.
        let least = TwoSampleCounts.leastExpected * all / smaller
        func isSmall(_ cell: Cell) -> Bool { Double(cell.reference) + Double(cell.current) < least }

        var groups: [Cell] = []
        var open = Cell()
        for cell in 0..<orderedCount {
            open.add(Cell(reference: reference[cell], current: current[cell]))
            if isSmall(open) { continue }
            groups.append(open)
            open = Cell()
        }
        var rest = Cell()
        if groups.isEmpty { rest = open } else { groups[groups.count - 1].add(open) }
        let orderedGroups = groups.count
        for cell in orderedCount..<cellCount {
            let cell = Cell(reference: reference[cell], current: current[cell])
            if isSmall(cell) { rest.add(cell) } else { groups.append(cell) }
        }
        if rest.total > 0 {
            let smallest = groups.indices.min { groups[$0].total < groups[$1].total }
            if let smallest, isSmall(rest) { groups[smallest].add(rest) } else { groups.append(rest) }
        }
        let pooled = TwoSampleCounts(
            reference: groups.map(\.reference), current: groups.map(\.current), orderedCount: orderedGroups)
        return pooled ?? self
    }

    /// Counts of one cell on both sides.
    private struct Cell {
        var reference: UInt64 = 0
        var current: UInt64 = 0

        /// Cannot overflow by more than the two totals together; wraps then, which only misjudges the order.
        var total: UInt64 { reference &+ current }

        mutating func add(_ other: Cell) {
            reference += other.reference
            current += other.current
        }
    }
}
