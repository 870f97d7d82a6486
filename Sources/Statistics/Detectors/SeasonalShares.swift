/// Shares that differ by the hour of the week, learned from a reference that knows too little about each hour alone.
///
/// An hour's shares are p(h) = (κ p + n(h)) / (κ + |n(h)|): its own counts n(h), and the shares p of the whole
/// reference with the weight of κ events. κ is chosen by prediction: with each week's hour left out in turn, the κ is
/// best whose p(h) give that week's counts the highest likelihood. Hours that are alike, or whose differences do not
/// come back a week later, are pooled (κ = ∞), and hours without any events have the shares of the whole.
///
/// - Source: shrinkage towards a common mean by an empirical-Bayes Dirichlet prior: Good: "The Estimation of
///   Probabilities", MIT Press 1965; the weight by leave-one-out prediction: Stone, JRSS-B 36(2), 1974.
public struct SeasonalShares: Sendable {
    /// Hours of a week.
    public static let slotCount = 168
    /// Fewest weeks from which an hour can be predicted by another week's.
    public static let fewestWeeks = 2

    /// Weight of the whole reference in each hour's shares, in events: a power of two.
    public let weight: UInt64
    /// Counts per hour of the week and cell, hour by hour.
    public let counts: [UInt64]
    /// Events that the shares of an hour are worth as knowledge about what comes next, at least 1; `nil` if that is as
    /// many as there are.
    public let effectiveEvents: UInt64?

    /// How much better the hours have to predict than the whole does: e to the power of this.
    static let leastGain = 10.0

    /// The weights that are tried: 1, 2, 4, and so on.
    private static let weights = (0..<20).map { UInt64(1) << UInt64($0) }

    /// Learns the hours of a week; `nil` if they tell nothing, or if it is less than two weeks.
    ///
    /// - Parameters:
    ///   - cells: The cell of each event, in the order of time; those outside `0..<cellCount` are left out.
    ///   - hours: The hour of each event, counted from a Monday, 0 o'clock; as many as `cells`, `Int32.min` for none.
    ///   - cellCount: Number of cells.
    ///   - orderedCount: Leading cells that have an order.
    /// - Complexity: O(events), and for each hour of the reference a logarithm per cell and candidate.
    public init?(of cells: [UInt16], hours: [Int32], cellCount: Int, orderedCount: Int) {
        guard cellCount > 1, orderedCount <= cellCount, cells.count == hours.count else { return nil }
        var byHour: [Int32: [Double]] = [:]
        var events: [Event] = []
        for (cell, hour) in zip(cells, hours) where Int(cell) < cellCount && hour != Int32.min {
            byHour[hour, default: [Double](repeating: 0, count: cellCount)][Int(cell)] += 1
            events.append(Event(cell: Int(cell), hour: hour))
        }
        guard let first = byHour.keys.min(), let last = byHour.keys.max(),
            Int(last) - Int(first) >= (Self.fewestWeeks - 1) * Self.slotCount
        else { return nil }
        var slots = [[Double]](
            repeating: [Double](repeating: 0, count: cellCount), count: Self.slotCount)
        var pool = [Double](repeating: 0.5, count: cellCount)
        for (hour, counts) in byHour {
            for cell in counts.indices {
                slots[Self.slot(ofHour: hour)][cell] += counts[cell]
                pool[cell] += counts[cell]
            }
        }
        let total = pool.reduce(0, +)
        let knowledge = Knowledge(byHour: byHour, slots: slots, pool: pool.map { $0 / total })
        guard let weight = knowledge.bestWeight(among: Self.weights) else { return nil }
        self.weight = weight
        counts = slots.flatMap { $0.map { UInt64($0) } }
        let least = min(
            knowledge.wobble(of: events, weight: Double(weight), orderedCount: orderedCount),
            knowledge.worth(of: events, weight: Double(weight)))
        effectiveEvents = least < Double(events.count) ? max(1, UInt64(least)) : nil
    }

    /// The hour of the week of an hour that is counted from a Monday, 0 o'clock.
    static func slot(ofHour hour: Int32) -> Int {
        let slot = Int(hour) % slotCount
        return slot < 0 ? slot + slotCount : slot
    }

    /// The shares of each hour of the week, cell by cell and hour by hour: those of the whole reference, drawn to its
    /// own counts.
    ///
    /// - Parameters:
    ///   - counts: Counts per hour and cell, `slotCount` times as many as `reference`.
    ///   - reference: Counts per cell of the whole reference, more than 0 in all.
    ///   - weight: Weight of the whole reference, more than 0.
    public static func shares(counts: [UInt64], reference: [UInt64], weight: UInt64) -> [Double] {
        let (kappa, cellCount) = (Double(weight), reference.count)
        let total = reference.reduce(0) { $0 + Double($1) }
        guard total > 0, counts.count == cellCount * slotCount else { return [] }
        return (0..<slotCount).flatMap { slot in
            let own = counts[(slot * cellCount)..<((slot + 1) * cellCount)]
            let sum = kappa + own.reduce(0) { $0 + Double($1) }
            return zip(own, reference).map { (Double($0) + kappa * Double($1) / total) / sum }
        }
    }
}

/// One event of a reference.
private struct Event {
    var cell: Int
    var hour: Int32
}

/// What the hours of a reference tell of each other.
private struct Knowledge {
    /// Counts per hour of the reference.
    let byHour: [Int32: [Double]]
    /// Counts per hour of the week.
    let slots: [[Double]]
    /// Shares of the whole.
    let pool: [Double]
    private let hours: [Int32]
    private let slotTotals: [Double]

    init(byHour: [Int32: [Double]], slots: [[Double]], pool: [Double]) {
        (self.byHour, self.slots, self.pool) = (byHour, slots, pool)
        hours = byHour.keys.sorted()
        slotTotals = slots.map { $0.reduce(0, +) }
    }

    /// The weight that predicts best; `nil` if the whole reference predicts better.
    func bestWeight(among weights: [UInt64]) -> UInt64? {
        var best: (weight: UInt64, gain: Double)?
        for weight in weights {
            var gain = 0.0
            for hour in hours {
                guard let counts = byHour[hour] else { continue }
                let shares = prediction(of: hour, weight: Double(weight))
                for cell in counts.indices where counts[cell] > 0 {
                    gain += counts[cell] * Libm.log(shares[cell] / pool[cell])
                }
            }
            if gain > best?.gain ?? SeasonalShares.leastGain { best = (weight, gain) }
        }
        return best?.weight
    }

    /// The shares of an hour as the other weeks tell them.
    private func prediction(of hour: Int32, weight: Double) -> [Double] {
        let slot = SeasonalShares.slot(ofHour: hour)
        let own = byHour[hour] ?? []
        let sum = weight + slotTotals[slot] - own.reduce(0, +)
        return pool.indices.map { (weight * pool[$0] + slots[slot][$0] - own[$0]) / sum }
    }

    /// Events that a share is worth, because it was estimated: for the shortest stretches, whose hours are fewest.
    func worth(of events: [Event], weight: Double) -> Double {
        let length = BaselineWobble.stretch
        var (variance, stretches) = (0.0, 0.0)
        for start in stride(from: 0, through: events.count - length, by: length) {
            var perSlot: [Int: Double] = [:]
            for event in events[start..<(start + length)] {
                perSlot[SeasonalShares.slot(ofHour: event.hour), default: 0] += 1 / Double(length)
            }
            for (slot, share) in perSlot { variance += share * share / (weight + slotTotals[slot]) }
            stretches += 1
        }
        return variance > 0 ? stretches / variance : .infinity
    }

    /// Events that a share is worth, because it wanders between the weeks beyond its hours: as `BaselineWobble`, each
    /// stretch against what the other weeks predict of it, so that errors of the estimate count as well.
    func wobble(of events: [Event], weight: Double, orderedCount: Int) -> Double {
        let cellCount = pool.count
        var stretches: [(counts: [Double], expected: [Double])] = []
        var predictions: [Int32: [Double]] = [:]
        let length = BaselineWobble.stretch
        for start in stride(from: 0, through: events.count - length, by: length) {
            var counts = [Double](repeating: 0, count: cellCount)
            var expected = counts
            for event in events[start..<(start + length)] {
                counts[event.cell] += 1
                let shares = predictions[event.hour] ?? prediction(of: event.hour, weight: weight)
                predictions[event.hour] = shares
                for cell in shares.indices { expected[cell] += shares[cell] }
            }
            stretches.append((counts, expected))
        }
        return BaselineWobble.concentration(of: stretches, shares: pool, orderedCount: orderedCount)
    }
}
