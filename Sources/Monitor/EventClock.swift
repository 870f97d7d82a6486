import Events

/// Event time of one model: turns timestamps of which any may be wrong into a time that only goes forward.
///
/// The watermark is the highest median of three consecutive timestamps seen so far, so one future or ancient timestamp
/// moves nothing. A median that lies in the future of both the events before it and this host's clock moves it only
/// once `confirmations` events agree. An event belongs to the pane of its own time, or of `tolerance` after the
/// watermark if that is earlier. A model without traffic for `idleAfter` is carried on by the time that really passed.
public struct EventClock: Sendable, Equatable {
    /// How far ahead of the watermark an event may lie, in nanoseconds.
    ///
    /// 5 minutes.
    public static let tolerance: Int64 = 300_000_000_000
    /// Time without an event after which real time carries the watermark, in nanoseconds.
    ///
    /// 1 minute.
    public static let idleAfter: Int64 = 60_000_000_000
    /// Consecutive events that have to contradict a watermark in the future before it is given up.
    public static let contradictions: UInt32 = 16
    /// Consecutive events that have to agree on a future that neither earlier events nor this host's clock know.
    ///
    /// A burst of events of a client with a wrong clock is shorter; a host without the right time needs no more.
    public static let confirmations: UInt32 = 1_000
    /// Bounds of a timestamp, in nanoseconds since the epoch: about the years 1743 to 2196.
    ///
    /// Keeps sums from overflowing.
    public static let range: ClosedRange<Int64> = -7_140_000_000_000_000_000...7_140_000_000_000_000_000

    /// The newest timestamp.
    public private(set) var newest: Int64 = 0
    /// The timestamp before `newest`.
    public private(set) var second: Int64 = 0
    /// The timestamp before `second`.
    public private(set) var third: Int64 = 0
    /// How many of these three exist.
    public private(set) var seen: UInt8 = 0
    /// Event time so far, in nanoseconds since the epoch; meaningless before the first event.
    public private(set) var watermark: Int64 = 0
    /// `watermark` when the last event arrived.
    public private(set) var restingWatermark: Int64 = 0
    /// Wall time at which the last event arrived.
    public private(set) var arrivalWall: Int64 = 0
    /// Consecutive events that contradicted the watermark, from before or after.
    public private(set) var contradicted: UInt32 = 0
    /// Monotonic time of the last arrival, or of the restart.
    ///
    /// Not part of the saved state.
    private var restingSince: Int64 = 0
    /// Time that passed between the last arrival and the restart.
    ///
    /// Not part of the saved state.
    private var credit: Int64 = 0

    /// Creates a clock that has seen nothing.
    public init() {}

    /// Restores a clock; `nil` if no history of timestamps leads to it.
    public init?(
        newest: Int64, second: Int64, third: Int64, seen: UInt8, watermark: Int64, restingWatermark: Int64,
        arrivalWall: Int64, contradicted: UInt32
    ) {
        guard seen <= 3, contradicted <= Self.confirmations, restingWatermark <= watermark else { return nil }
        for time in [newest, second, third, watermark, restingWatermark, arrivalWall]
        where !Self.range.contains(time) { return nil }
        (self.newest, self.second, self.third, self.seen) = (newest, second, third, seen)
        self.watermark = watermark
        self.restingWatermark = restingWatermark
        self.arrivalWall = arrivalWall
        self.contradicted = contradicted
    }

    /// Whether any event has come.
    public var hasStarted: Bool { seen > 0 }

    /// Whether `place` would change nothing for another event of this time, and return the time itself.
    @inline(__always)
    func isSteady(at time: Int64) -> Bool {
        seen == 3 && newest == time && second == time && third == time && watermark == time
    }

    /// Takes the timestamp of one event and returns the time whose pane it belongs to.
    ///
    /// - Parameters:
    ///   - timestamp: Nanoseconds since the epoch; clamped to `range`.
    ///   - wall: Wall time now, which is only asked about a watermark that lies, or would lie, in the future.
    mutating func place(_ timestamp: Int64, wall: Int64) -> Int64 {
        let time = min(max(timestamp, Self.range.lowerBound), Self.range.upperBound)
        (third, second, newest) = (second, newest, time)
        switch seen {
        case 0:
            watermark = time
            seen = 1
        case 1:
            // Two cannot outvote each other. The earlier one is kept, which a third one can only raise.
            watermark = min(newest, second)
            seen = 2
        default:
            seen = 3
            let median = max(min(newest, second), min(max(newest, second), third))
            let present = min(wall, Self.range.upperBound) &+ Self.tolerance
            let isAhead = median > present && median > watermark &+ Self.tolerance
            // Both this host's clock and the events deny that it is so late: a burst of future timestamps came first.
            let isBehind = watermark > present && median <= present
            if isAhead || isBehind {
                contradicted &+= 1
                guard contradicted >= (isAhead ? Self.confirmations : Self.contradictions) else { break }
                watermark = median
            } else {
                watermark = max(watermark, median)
            }
            contradicted = 0
        }
        return min(time, watermark &+ Self.tolerance)
    }

    /// Notes that events arrived; called once per batch, after `place`.
    mutating func arrived(at now: Instant) {
        restingWatermark = watermark
        restingSince = now.monotonic
        credit = 0
        arrivalWall = min(max(now.wall, Self.range.lowerBound), Self.range.upperBound)
    }

    /// Carries the watermark of an idle model on.
    mutating func rest(until now: Instant) {
        let elapsed = now.monotonic &- restingSince
        guard hasStarted, elapsed >= Self.idleAfter else { return }
        let carried = restingWatermark &+ credit &+ min(elapsed, Self.range.upperBound / 4)
        watermark = min(max(watermark, carried), Self.range.upperBound)
    }

    /// Goes on after a restart: what passed meanwhile counts once the model turns out to be idle.
    mutating func resume(at now: Instant) {
        restingSince = now.monotonic
        let wall = min(max(now.wall, Self.range.lowerBound), Self.range.upperBound)
        credit = hasStarted ? min(max(0, wall &- arrivalWall), Self.range.upperBound / 4) : 0
    }
}
