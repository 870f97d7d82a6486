internal import Monitor

/// The time of the past as the records of one source tell it: it only goes forward, and no single record moves it far.
///
/// It is the highest median of three consecutive times so far, as each model's own clock (`EventClock`), but looks one
/// record ahead, so that records in order are due exactly at their own time. Live, the wall clock proves a burst of
/// future times wrong; here a leap has to be confirmed by the records behind it.
struct ReplayClock {
    /// A step forward that is believed at once, in nanoseconds.
    ///
    /// 1 day.
    static let stride: Int64 = 86_400_000_000_000
    /// Consecutive records that confirm a longer one.
    static let confirmations = 16
    /// Records whose times decide where the past begins.
    static let firstRecords = 16

    /// The time now, in nanoseconds since the epoch.
    private(set) var time: Int64
    /// The timestamp before.
    private var previous: Int64
    private var ahead = 0

    /// Begins with the first times of a source; `nil` without any.
    ///
    /// It begins with the earliest of them that is within a stride of their median.
    init?(first times: [Int64]) {
        let sorted = times.map(Self.clamped).sorted()
        guard !sorted.isEmpty else { return nil }
        let median = sorted[sorted.count / 2]
        time = sorted.first { Self.isWithin(Self.stride, from: $0, to: median) } ?? median
        previous = time
    }

    /// The time once a record is in.
    ///
    /// - Parameter next: The timestamp behind it; `nil` if that is not known.
    @inline(__always)
    mutating func advance(to timestamp: Int64, next: Int64?) -> Int64 {
        let now = Self.clamped(timestamp)
        // Without a witness, only a small step is believed.
        let isNear = Self.isWithin(EventClock.tolerance, from: previous, to: now)
        let witness = next.map(Self.clamped) ?? (isNear ? now : previous)
        let median = max(min(previous, now), min(max(previous, now), witness))
        previous = now
        if median <= time {
            ahead = 0
        } else if Self.isWithin(Self.stride, from: time, to: median) {
            (time, ahead) = (median, 0)
        } else {
            ahead += 1
            if ahead >= Self.confirmations { (time, ahead) = (median, 0) }
        }
        return time
    }

    /// Whether `end` is at most `span` behind `begin`, or before it.
    @inline(__always)
    private static func isWithin(_ span: Int64, from begin: Int64, to end: Int64) -> Bool {
        let (distance, isFar) = end.subtractingReportingOverflow(begin)
        return end <= begin || (!isFar && distance <= span)
    }

    /// The time within what a model's clock takes.
    @inline(__always)
    private static func clamped(_ time: Int64) -> Int64 {
        min(max(time, EventClock.range.lowerBound), EventClock.range.upperBound)
    }
}
