/// How far a baseline may be believed, judged by its own unrest over time.
///
/// Events that are not exchangeable, because they are autocorrelated or have seasons, give a baseline whose shares
/// differ from stretch to stretch more than chance explains. It then knows less about the next stretch than its size
/// says. Its stretches are modelled as Dirichlet-multinomial with a concentration κ: κ events' worth of knowledge about
/// shares that wander.
///
/// κ is estimated for stretches of 100, 200, 400, … events, from the spread of their counts in all directions
/// (Pearson's X²), and of where the values lie, and of how far out they lie: a level that wanders is faint in the first
/// and plain in the second, and the alternatives of `EvidenceTest` look there. The least κ counts.
///
/// - Source: the overdispersion of a Dirichlet-multinomial is 1 + (m − 1) / (κ + 1), in any direction: Mosimann: "On
///   the compound multinomial distribution", Biometrika 49(1/2), 1962.
public enum BaselineWobble {
    /// Events of the shortest stretch.
    public static let stretch = 100
    /// Fewest stretches of a length from which anything is concluded.
    public static let fewestStretches = 4

    /// Events that a baseline counts for at most, at least 1; `nil` if its stretches differ no more than chance
    /// explains, or are too few.
    ///
    /// - Parameters:
    ///   - cells: The cell of each event, in the order of time; those outside `0..<cellCount` are left out.
    ///   - cellCount: Number of cells.
    ///   - orderedCount: Leading cells that have an order.
    /// - Complexity: O(events), and a counter per cell and 100 events.
    public static func effectiveEvents(of cells: [UInt16], cellCount: Int, orderedCount: Int) -> UInt64? {
        guard cellCount > 1, orderedCount <= cellCount else { return nil }
        var stretches = Self.stretches(of: cells, cellCount: cellCount)
        var least = Double.infinity
        var length = Double(stretch)
        while stretches.count >= fewestStretches {
            for (dispersion, freedom) in dispersions(of: stretches, orderedCount: orderedCount) {
                least = min(least, concentration(dispersion: dispersion, freedom: freedom, length: length))
            }
            stretches = stride(from: 0, to: stretches.count - 1, by: 2).map { i in
                zip(stretches[i], stretches[i + 1]).map { $0 + $1 }
            }
            length *= 2
        }
        return least < 0x1p53 ? UInt64(least) : nil
    }

    /// The least κ of stretches of `stretch` events, twice as many, and so on, that should have come as expected;
    /// infinite if they did, but for chance.
    ///
    /// - Parameters:
    ///   - stretches: Counts per cell in the order of time, and what was expected of as many events.
    ///   - shares: Of all events; all above 0.
    static func concentration(
        of stretches: [(counts: [Double], expected: [Double])], shares: [Double], orderedCount: Int
    ) -> Double {
        var stretches = stretches
        var least = Double.infinity
        var length = Double(stretch)
        let directions = orderedCount > 2 ? EvidenceTest.directions(shares, orderedCount: orderedCount) : ([], [])
        let scores = [directions.0, directions.1].filter { $0.contains { $0 != 0 } }
        let filled = shares.indices.count { cell in stretches.contains { $0.counts[cell] > 0 } }
        guard filled > 1 else { return .infinity }
        while stretches.count >= fewestStretches {
            let number = Double(stretches.count)
            var sum = 0.0
            var squares = [Double](repeating: 0, count: scores.count)
            for (counts, expected) in stretches {
                for cell in counts.indices where expected[cell] > 0 {
                    let difference = counts[cell] - expected[cell]
                    sum += difference * difference / expected[cell]
                }
                for (direction, scores) in scores.enumerated() {
                    var (distance, mean, square) = (0.0, 0.0, 0.0)
                    for cell in scores.indices {
                        distance += (counts[cell] - expected[cell]) * scores[cell]
                        mean += expected[cell] * scores[cell] / length
                        square += expected[cell] * scores[cell] * scores[cell]
                    }
                    let variance = square - length * mean * mean
                    if variance > 0 { squares[direction] += distance * distance / variance }
                }
            }
            let freedom = number * Double(filled - 1)
            least = min(least, concentration(dispersion: sum / freedom, freedom: freedom, length: length))
            for square in squares {
                least = min(least, concentration(dispersion: square / number, freedom: number, length: length))
            }
            stretches = stride(from: 0, to: stretches.count - 1, by: 2).map { i in
                (
                    zip(stretches[i].counts, stretches[i + 1].counts).map(+),
                    zip(stretches[i].expected, stretches[i + 1].expected).map(+)
                )
            }
            length *= 2
        }
        return least
    }

    /// Counts of the shortest stretches; what is left at the end is left out.
    private static func stretches(of cells: [UInt16], cellCount: Int) -> [[Double]] {
        var stretches: [[Double]] = []
        var open = [Double](repeating: 0, count: cellCount)
        var count = 0
        for cell in cells where Int(cell) < cellCount {
            open[Int(cell)] += 1
            count += 1
            guard count == stretch else { continue }
            stretches.append(open)
            for cell in open.indices { open[cell] = 0 }
            count = 0
        }
        return stretches
    }

    /// How much the stretches differ, 1 being what chance explains, with the degrees of freedom behind it: in all
    /// directions, in location, in scale.
    private static func dispersions(of stretches: [[Double]], orderedCount: Int) -> [(value: Double, freedom: Double)] {
        let number = Double(stretches.count)
        var expected = [Double](repeating: 0, count: stretches[0].count)
        for stretch in stretches { for cell in expected.indices { expected[cell] += stretch[cell] / number } }
        var sum = 0.0
        for stretch in stretches {
            for cell in expected.indices where expected[cell] > 0 {
                let difference = stretch[cell] - expected[cell]
                sum += difference * difference / expected[cell]
            }
        }
        let freedom = (number - 1) * Double(expected.count(where: { $0 > 0 }) - 1)
        guard freedom > 0 else { return [] }
        var dispersions = [(value: sum / freedom, freedom: freedom)]
        let ordered = expected[..<orderedCount].reduce(0, +)
        guard orderedCount > 2, ordered > 0 else { return dispersions }
        let directions = EvidenceTest.directions(expected, orderedCount: orderedCount)
        for scores in [directions.place, directions.distance] where scores.contains(where: { $0 != 0 }) {
            // Scores have mean 0 and variance 1 over the ordered events, so their sum has the variance of a count.
            let sums = stretches.map { zip($0, scores).reduce(0) { $0 + $1.0 * $1.1 } }
            dispersions.append((sums.reduce(0) { $0 + $1 * $1 } / ordered / (number - 1), number - 1))
        }
        return dispersions
    }

    /// κ by the lower end of what a dispersion may be by chance; at least 1, infinite if chance explains it.
    private static func concentration(dispersion: Double, freedom: Double, length: Double) -> Double {
        let lower = dispersion * (1 - 2 * (2 / freedom).squareRoot())
        return lower > 1 ? max((length - 1) / (lower - 1) - 1, 1) : .infinity
    }
}
