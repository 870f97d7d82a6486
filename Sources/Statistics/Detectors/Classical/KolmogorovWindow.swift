/// KSWIN: the newest 30 values against 30 drawn from the 70 before them, by the two-sample Kolmogorov-Smirnov test.
///
/// It looks after every value, so its level α is that of one look and no rate of alarms: at its default one in a
/// thousand values is a false one. The draw is a function of the number of the value, so equal values raise equal
/// alarms.
///
/// - Source: Raab, Heusinger, Schleif: "Reactive soft prototype computing for concept drift streams", Neurocomputing
///   416, 2020.
public struct KolmogorovWindow: ClassicalDetector {
    /// Values of the window.
    public static let windowCount = 100
    /// Values on each side of the test.
    public static let sampleCount = 30

    /// What the score has to pass.
    public let threshold: Double
    /// How close it is to an alarm.
    public private(set) var score = 0.0
    private var window: [Double] = []
    private var seen: UInt64 = 0

    /// Creates a detector.
    ///
    /// - Parameter alpha: Level of one test, above 0 and below 1.
    public init(alpha: Double = 0.005) {
        var least = Self.sampleCount
        while least > 0, Self.probability(least - 1) <= alpha { least -= 1 }
        // The distance has to be at least this and above 0.1; a score just below is none.
        threshold = (Double(max(least, 4)) - 0.5) / Double(Self.sampleCount)
    }

    /// Probability that two samples of 30 have a distance of at least `steps` / 30 if they come from one distribution.
    ///
    /// - Source: Gnedenko, Korolyuk 1951, exact for equal sizes without ties.
    public static func probability(_ steps: Int) -> Double {
        guard steps > 0 else { return 1 }
        let size = sampleCount
        var (sum, sign) = (0.0, 1.0)
        for turn in stride(from: steps, through: size, by: steps) {
            // C(2n, n + turn) / C(2n, n).
            var ratio = 1.0
            for i in 1...turn { ratio *= Double(size - turn + i) / Double(size + i) }
            sum += sign * ratio
            sign = -sign
        }
        return min(1, 2 * sum)
    }

    /// Takes a finite value and returns whether it raises an alarm.
    public mutating func insert(_ value: Double) -> Bool {
        seen &+= 1
        if window.count == Self.windowCount { window.removeFirst() }
        window.append(value)
        guard window.count == Self.windowCount else {
            score = 0
            return false
        }
        score = Double(distance(drawn().sorted(), window.suffix(Self.sampleCount).sorted())) / Double(Self.sampleCount)
        guard score > threshold else { return false }
        window = Array(window.suffix(Self.sampleCount))
        return true
    }

    /// Thirty of the older values, each at most once.
    private func drawn() -> [Double] {
        var older = Array(window.prefix(Self.windowCount - Self.sampleCount))
        var random = seen &* 0x9E37_79B9_7F4A_7C15
        for place in 0..<Self.sampleCount {
            random ^= random &>> 30
            random = random &* 0xBF58_476D_1CE4_E5B9
            random ^= random &>> 27
            random = random &* 0x94D0_49BB_1331_11EB
            random ^= random &>> 31
            older.swapAt(place, place + Int(random % UInt64(older.count - place)))
            random = random &+ 0x9E37_79B9_7F4A_7C15
        }
        return Array(older.prefix(Self.sampleCount))
    }

    /// Largest difference of the numbers of values up to any place.
    private func distance(_ left: [Double], _ right: [Double]) -> Int {
        var (i, j, largest) = (0, 0, 0)
        while i < left.count, j < right.count {
            let value = min(left[i], right[j])
            while i < left.count, left[i] <= value { i += 1 }
            while j < right.count, right[j] <= value { j += 1 }
            largest = max(largest, abs(i - j))
        }
        return largest
    }

    /// Everything that changes.
    public var state: [Double] { [Double(seen), score] + window }

    /// Goes on from numbers that `state` gave; `false` if they cannot be such.
    public mutating func restore(_ state: [Double]) -> Bool {
        guard (2...Self.windowCount + 2).contains(state.count), state.isState(of: state.count),
            let seen = UInt64(exactly: state[0])
        else { return false }
        (self.seen, score, window) = (seen, state[1], Array(state.dropFirst(2)))
        return true
    }
}
