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
    /// The values; once there are enough, the newest one takes the place of the oldest.
    private var values: [Double] = []
    /// Place of the oldest value.
    private var oldest = 0
    /// The places by their values, ascending.
    private var order: [UInt8] = []
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
    ///
    /// Allocates nothing; about 0.5 µs.
    public mutating func insert(_ value: Double) -> Bool {
        seen &+= 1
        var place = values.count
        if place < Self.windowCount {
            values.append(value)
        } else {
            place = oldest
            if let rank = order.firstIndex(of: UInt8(truncatingIfNeeded: place)) { order.remove(at: rank) }
            values[place] = value
            oldest = place + 1 == Self.windowCount ? 0 : place + 1
        }
        rank(place)
        guard values.count == Self.windowCount else {
            score = 0
            return false
        }
        score = Double(distance(drawn)) / Double(Self.sampleCount)
        guard score > threshold else { return false }
        begin(with: Array(chronological.suffix(Self.sampleCount)))
        return true
    }

    /// Puts a place where its value belongs.
    private mutating func rank(_ place: Int) {
        let value = values[place]
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if values[Int(order[middle])] < value { low = middle + 1 } else { high = middle }
        }
        order.insert(UInt8(truncatingIfNeeded: place), at: low)
    }

    /// The values, oldest first.
    private var chronological: [Double] { Array(values[oldest...] + values[..<oldest]) }

    /// Begins with values of the past, oldest first.
    private mutating func begin(with values: [Double]) {
        (self.values, oldest) = (values, 0)
        order.removeAll(keepingCapacity: true)
        for place in values.indices { rank(place) }
    }

    /// Per place, which side of the test its value is on: 1 for thirty of the older ones, every choice as likely as any
    /// other, −1 for the newest, 0 for the others.
    ///
    /// - Source: Floyd's algorithm: Bentley: "Programming Pearls: a sample of brilliance", CACM 30(9), 1987.
    private var drawn: InlineArray<100, Int8> {
        let olderCount = Self.windowCount - Self.sampleCount
        var sides = InlineArray<100, Int8>(repeating: 0)
        for age in olderCount..<Self.windowCount { sides[place(ofAge: age)] = -1 }
        var state = seen &* 0x9E37_79B9_7F4A_7C15
        var random: UInt64 = 0
        for turn in 0..<Self.sampleCount {
            // Sixteen bits a turn: no choice is more likely than another by more than one in a thousand.
            if turn % 4 == 0 {
                state &+= 0x9E37_79B9_7F4A_7C15
                random = Self.mixed(state)
            } else {
                random &>>= 16
            }
            let last = olderCount - Self.sampleCount + turn
            let chosen = place(ofAge: Int(((random & 0xFFFF) &* UInt64(last + 1)) &>> 16))
            sides[sides[chosen] == 0 ? chosen : place(ofAge: last)] = 1
        }
        return sides
    }

    /// Where the value of an age is, counted from the oldest.
    private func place(ofAge age: Int) -> Int {
        let place = oldest + age
        return place < Self.windowCount ? place : place - Self.windowCount
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z &>> 31)
    }

    /// Largest difference of the numbers of drawn and of newest values up to any value.
    private func distance(_ sides: InlineArray<100, Int8>) -> Int {
        let (values, order) = (values.span, order.span)
        var (difference, highest, lowest) = (0, 0, 0)
        var value = -Double.infinity
        for rank in order.indices {
            let place = Int(order[rank])
            let next = values[place]
            // The difference counts between values only: equal ones come together.
            if next != value {
                highest = max(highest, difference)
                lowest = min(lowest, difference)
                value = next
            }
            difference &+= Int(sides[place])
        }
        return max(highest, -lowest)
    }

    /// Everything that changes.
    public var state: [Double] { [Double(seen), score] + chronological }

    /// Goes on from numbers that `state` gave; `false` if they cannot be such.
    public mutating func restore(_ state: [Double]) -> Bool {
        guard (2...Self.windowCount + 2).contains(state.count), state.isState(of: state.count),
            let seen = UInt64(exactly: state[0])
        else { return false }
        (self.seen, score) = (seen, state[1])
        begin(with: Array(state.dropFirst(2)))
        return true
    }
}
