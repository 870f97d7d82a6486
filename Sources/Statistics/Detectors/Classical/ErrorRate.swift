/// DDM: the error rate against the lowest it has been, in standard deviations of the lowest.
///
/// Values are 1 for an error and 0 for none.
///
/// - Source: Gama, Medas, Castillo, Rodrigues: "Learning with drift detection", SBIA 2004; in the form of river.
public struct ErrorRate: ClassicalDetector {
    /// Values before any alarm.
    public let warmUp: Double
    /// What the score has to pass.
    public let threshold: Double
    private var rate = RunningMean()
    private var lowest = (rate: Double.infinity, deviation: Double.infinity)
    private var hasFired = false

    /// Creates a detector; the defaults are those of the paper and of river.
    public init(warmUp: Int = 30, threshold: Double = 3) { (self.warmUp, self.threshold) = (Double(warmUp), threshold) }

    private var deviation: Double { (rate.value * (1 - rate.value) / rate.count).squareRoot() }

    /// How close it is to an alarm.
    public var score: Double {
        guard rate.count > warmUp, lowest.rate < .infinity else { return 0 }
        let above = rate.value + deviation - lowest.rate
        // Without any error so far, the first one is infinitely many deviations away.
        return lowest.deviation > 0 ? max(0, above / lowest.deviation) : above > 0 ? .greatestFiniteMagnitude : 0
    }

    /// Takes a finite value and returns whether it raises an alarm.
    public mutating func insert(_ value: Double) -> Bool {
        if hasFired { self = ErrorRate(warmUp: Int(warmUp), threshold: threshold) }
        rate.insert(value)
        guard rate.count > warmUp else { return false }
        let deviation = deviation
        if rate.value + deviation <= lowest.rate + lowest.deviation { lowest = (rate.value, deviation) }
        hasFired = rate.value + deviation > lowest.rate + threshold * lowest.deviation
        return hasFired
    }

    /// Everything that changes.
    public var state: [Double] { [rate.count, rate.value, lowest.rate, lowest.deviation, hasFired ? 1 : 0] }

    /// Goes on from numbers that `state` gave; `false` if they cannot be such.
    public mutating func restore(_ state: [Double]) -> Bool {
        guard state.isState(of: 5), state[0] >= 0, (0...1).contains(state[1]) else { return false }
        rate = RunningMean(count: state[0], value: state[1])
        (lowest, hasFired) = ((state[2], state[3]), state[4] != 0)
        return true
    }
}

/// EDDM: the distance between errors, mean and twice the deviation, against the largest it has been.
///
/// - Source: Baena-García et al.: "Early drift detection method", IWKDDS 2006; in the form of river.
public struct ErrorDistance: ClassicalDetector {
    /// Errors before any alarm, and values before any distance counts.
    public let warmUp: Double
    /// Share of the largest distance below which it alarms.
    public let share: Double
    private var distances = RunningMean()
    private var squares = 0.0
    private var (count, lastError, largest, current) = (0.0, 0.0, -1.0, 0.0)
    private var hasFired = false

    /// Creates a detector; the defaults are those of the paper and of river.
    public init(warmUp: Int = 30, share: Double = 0.9) { (self.warmUp, self.share) = (Double(warmUp), share) }

    /// How many times shorter than ever before.
    public var score: Double { distances.count > warmUp && current > 0 ? max(0, largest / current) : 0 }
    /// What the score has to pass.
    public var threshold: Double { 1 / share }

    /// Takes a finite value and returns whether it raises an alarm.
    public mutating func insert(_ value: Double) -> Bool {
        if hasFired { self = ErrorDistance(warmUp: Int(warmUp), share: share) }
        count += 1
        guard value == 1 else { return false }
        let (distance, before) = (count - lastError, distances.value)
        distances.insert(distance)
        squares += (distance - before) * (distance - distances.value)
        lastError = count
        guard count > warmUp else { return false }
        let deviation = distances.count > 1 ? (squares / (distances.count - 1)).squareRoot() : 0
        current = distances.value + 2 * deviation
        if current > largest {
            largest = current
        } else if distances.count > warmUp {
            hasFired = current / largest < share
        }
        return hasFired
    }

    /// Everything that changes.
    public var state: [Double] {
        [distances.count, distances.value, squares, count, lastError, largest, current, hasFired ? 1 : 0]
    }

    /// Goes on from numbers that `state` gave; `false` if they cannot be such.
    public mutating func restore(_ state: [Double]) -> Bool {
        guard state.isState(of: 8), state[0] >= 0, state[2] >= 0, state[3] >= state[4], state[4] >= 0 else {
            return false
        }
        distances = RunningMean(count: state[0], value: state[1])
        (squares, count, lastError, largest) = (state[2], state[3], state[4], state[5])
        (current, hasFired) = (state[6], state[7] != 0)
        return true
    }
}
