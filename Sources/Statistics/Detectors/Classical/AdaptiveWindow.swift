/// ADWIN: a window that grows while its parts agree, and drops its oldest part when two parts of it differ in mean.
///
/// Its values are kept as an exponential histogram: rows of up to five buckets of 1, 2, 4, … values, each with its sum
/// and its squared deviations, so that n values cost O(log n) memory. Every 32 values each cut is tried.
/// After an alarm it begins with an empty window, as river does.
///
/// - Source: Bifet, Gavaldà: "Learning from time-changing data with adaptive windowing", SDM 2007; in the form of
///   river, with which it agrees exactly.
public struct AdaptiveWindow: ClassicalDetector {
    private struct Bucket: Equatable {
        var total: Double
        var deviations: Double
    }

    /// Confidence δ.
    public let delta: Double
    /// Most rows: windows of 2^40 values.
    private static let rowLimit = 40
    private static let clock = 32.0
    private static let grace = 10.0
    private static let leastPart = 5.0
    private static let bucketsPerRow = 5

    /// Rows of buckets of 2^row values, each oldest first.
    private var rows: [[Bucket]] = [[]]
    private var (total, deviations, width) = (0.0, 0.0, 0.0)
    private var ticks = 0.0
    private var hasFired = false

    /// Largest difference of means at the last check, over what is allowed; at least 0.
    public private(set) var score = 0.0
    /// What the score has to pass.
    public var threshold: Double { 1 }

    /// Creates a detector; the default is that of the paper and of river.
    public init(delta: Double = 0.002) { self.delta = delta }

    /// Mean of the window; 0 for an empty one.
    public var mean: Double { width > 0 ? total / width : 0 }
    /// Values in the window.
    public var count: Double { width }

    /// Takes a finite value and returns whether it raises an alarm.
    public mutating func insert(_ value: Double) -> Bool {
        if hasFired { self = AdaptiveWindow(delta: delta) }
        rows[0].append(Bucket(total: value, deviations: 0))
        width += 1
        if width > 1 {
            let rest = width - 1
            let difference = value - total / rest
            deviations += rest * difference * difference / width
        }
        total += value
        compress()
        ticks += 1
        guard ticks.remainder(dividingBy: Self.clock) == 0, width > Self.grace else { return false }
        hasFired = shrink()
        return hasFired
    }

    /// Joins the two oldest buckets of each row that has too many.
    private mutating func compress() {
        var row = 0
        while row < rows.count, rows[row].count > Self.bucketsPerRow {
            if row + 1 == rows.count { rows.append([]) }
            let size = Self.size(ofRow: row)
            let (first, second) = (rows[row][0], rows[row][1])
            let difference = first.total / size - second.total / size
            rows[row + 1].append(
                Bucket(
                    total: first.total + second.total,
                    deviations: first.deviations + second.deviations
                        + size * size * difference * difference / (size + size)))
            rows[row].removeFirst(2)
            row += 1
        }
        if rows.count > Self.rowLimit { dropOldest() }
    }

    private static func size(ofRow row: Int) -> Double { Double(UInt64(1) << UInt64(row)) }

    /// Drops the oldest bucket.
    private mutating func dropOldest() {
        guard let row = rows.indices.last, let oldest = rows[row].first else { return }
        let size = Self.size(ofRow: row)
        width -= size
        total -= oldest.total
        let mean = oldest.total / size
        let rest = width > 0 ? total / width : mean
        deviations -= oldest.deviations + size * width * (mean - rest) * (mean - rest) / (size + width)
        rows[row].removeFirst()
        if rows[row].isEmpty, rows.count > 1 { rows.removeLast() }
    }

    /// Drops oldest buckets as long as any cut shows two means.
    private mutating func shrink() -> Bool {
        var hasChanged = false
        score = 0
        while cutIsFound() {
            hasChanged = true
            dropOldest()
        }
        return hasChanged
    }

    private mutating func cutIsFound() -> Bool {
        var (before, after) = ((count: 0.0, total: 0.0), (count: width, total: total))
        for row in rows.indices.reversed() {
            let size = Self.size(ofRow: row)
            for bucket in rows[row] {
                before = (before.count + size, before.total + bucket.total)
                after = (after.count - size, after.total - bucket.total)
                guard after.count >= Self.leastPart, before.count >= Self.leastPart else { continue }
                let difference = (before.total / before.count - after.total / after.count).magnitude
                let allowed = allowed(before.count, after.count)
                if allowed > 0 { score = max(score, difference / allowed) }
                if difference > allowed { return true }
            }
        }
        return false
    }

    /// ε of a cut.
    private func allowed(_ before: Double, _ after: Double) -> Double {
        let logarithm = Libm.log(2 * Libm.log(width) / delta)
        let reciprocal = 1 / (before - Self.leastPart + 1) + 1 / (after - Self.leastPart + 1)
        return (2 * reciprocal * (deviations / width) * logarithm).squareRoot() + 2 / 3 * logarithm * reciprocal
    }

    /// Everything that changes.
    public var state: [Double] {
        [total, deviations, width, ticks, score, hasFired ? 1 : 0]
            + rows.flatMap { row in [Double(row.count)] + row.flatMap { [$0.total, $0.deviations] } }
    }

    /// Goes on from numbers that `state` gave; `false` if they cannot be such.
    public mutating func restore(_ state: [Double]) -> Bool {
        guard state.count >= 7, state.isState(of: state.count) else { return false }
        var (rows, place, width) = ([[Bucket]](), 6, 0.0)
        while place < state.count {
            guard rows.count < Self.rowLimit, let count = Int(exactly: state[place]),
                (0...Self.bucketsPerRow).contains(count), place + 2 * count < state.count
            else { return false }
            rows.append(
                (0..<count).map { Bucket(total: state[place + 1 + 2 * $0], deviations: state[place + 2 + 2 * $0]) })
            width += Double(count) * Self.size(ofRow: rows.count - 1)
            place += 1 + 2 * count
        }
        guard width == state[2] else { return false }
        self.rows = rows
        (total, deviations, self.width, ticks, score) = (state[0], state[1], state[2], state[3], state[4])
        hasFired = state[5] != 0
        return true
    }
}
