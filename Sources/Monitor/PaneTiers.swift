/// Panes of one width, the newest ones by number in a ring.
public struct PaneTier: Sendable {
    /// Width of a pane in minutes.
    public let minutes: Int64
    /// Panes that the longest window of this tier spans.
    public let capacity: Int
    /// Panes ahead of the watermark that events may reach.
    public let ahead: Int
    /// The ring: the pane with number `i` is at `i` modulo the count.
    public var panes: [Pane]

    /// Creates an empty tier.
    init(minutes: Int64, capacity: Int) {
        self.minutes = minutes
        self.capacity = capacity
        let tolerance = EventClock.tolerance / PaneTiers.nanosecondsPerMinute
        ahead = Int((tolerance + minutes - 1) / minutes)
        panes = [Pane](repeating: Pane(), count: capacity + ahead)
    }

    /// Number of the pane that contains a minute.
    func index(ofMinute minute: Int64) -> Int64 { PaneTiers.floorDivide(minute, minutes) }

    /// Whether the ring keeps the pane `index` while the watermark is in the pane `head`.
    func holds(_ index: Int64, head: Int64) -> Bool {
        index > head &- Int64(capacity) && index <= head &+ Int64(ahead)
    }

    /// Place of the pane `index` in the ring.
    func position(of index: Int64) -> Int {
        let count = Int64(panes.count)
        let remainder = index % count
        return Int(truncatingIfNeeded: remainder < 0 ? remainder + count : remainder)
    }

    /// The pane `index` if it holds anything.
    func position(ofFilled index: Int64) -> Int? {
        let position = position(of: index)
        return panes[position].index == index ? position : nil
    }
}

/// All panes of one model, in tiers of minutes, hours and days, as far as the windows need them.
///
/// Every event is in exactly one pane: that of its time in the finest tier that still reaches back to it. A pane that a
/// tier lets go is folded into the pane of the next tier, so a window is the sum of the newest panes of its own tier
/// and of everything that finer tiers hold.
public struct PaneTiers: Sendable {
    /// Nanoseconds of the finest pane.
    static let nanosecondsPerMinute: Int64 = 60_000_000_000

    /// The tiers, finest first.
    public var tiers: [PaneTier]
    /// The minute of the watermark; `nil` before the first event.
    public var headMinute: Int64?

    /// Creates the tiers that the windows need.
    public init(windows: [WindowSetting]) {
        tiers = []
        headMinute = nil
        for (minutes, lower, upper) in [(1, 0, 3_600), (60, 3_600, 86_400), (1_440, 86_400, 604_800)]
            as [(Int64, Int64, Int64)]
        {
            let longest = windows.map(\.seconds).filter { $0 > lower && $0 <= upper }.max() ?? 0
            let capacity = Int(longest / (minutes * 60))
            if capacity > 0 { tiers.append(PaneTier(minutes: minutes, capacity: capacity)) }
        }
    }

    /// Restores panes; `nil` if one lies where the tiers of these windows would not hold it, or comes twice.
    public init?(windows: [WindowSetting], headMinute: Int64?, panes: [(tier: Int, pane: Pane)]) {
        self.init(windows: windows)
        guard let head = headMinute else {
            guard panes.isEmpty else { return nil }
            return
        }
        guard Self.minuteRange.contains(head) else { return nil }
        self.headMinute = head
        for (tier, pane) in panes {
            guard tiers.indices.contains(tier), Self.minuteRange.contains(pane.index),
                tiers[tier].holds(pane.index, head: tiers[tier].index(ofMinute: head))
            else { return nil }
            let position = tiers[tier].position(of: pane.index)
            guard tiers[tier].panes[position].index == Pane.vacant else { return nil }
            tiers[tier].panes[position] = pane
        }
    }

    /// Minutes that times in `EventClock.range` fall into.
    private static let minuteRange: ClosedRange<Int64> = -120_000_000...120_000_000

    /// Largest integer not above the quotient; `divisor` is positive.
    static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    /// The minute of a time in nanoseconds since the epoch.
    static func minute(of time: Int64) -> Int64 { floorDivide(time, nanosecondsPerMinute) }

    /// Tier and number of the pane for a minute; `nil` when no tier reaches back to it.
    func residence(ofMinute minute: Int64, head: Int64) -> (tier: Int, index: Int64)? {
        for i in tiers.indices {
            let index = tiers[i].index(ofMinute: minute)
            if tiers[i].holds(index, head: tiers[i].index(ofMinute: head)) { return (i, index) }
        }
        return nil
    }

    /// Makes the pane ready to be filled and returns its place in the ring.
    ///
    /// It must be held.
    mutating func open(tier: Int, index: Int64) -> Int {
        let position = tiers[tier].position(of: index)
        if tiers[tier].panes[position].index != index {
            tiers[tier].panes[position].reset()
            tiers[tier].panes[position].index = index
        }
        return position
    }

    /// Moves the watermark's minute forward: folds what a tier lets go into the next one, drops what no tier holds.
    mutating func advance(toMinute minute: Int64) {
        guard let head = headMinute else {
            headMinute = minute
            return
        }
        guard minute > head else { return }
        headMinute = minute
        // Coarsest first, so that the pane a finer tier folds into is not about to be let go.
        for tier in tiers.indices.reversed() {
            let head = tiers[tier].index(ofMinute: minute)
            for position in tiers[tier].panes.indices {
                let index = tiers[tier].panes[position].index
                guard index != Pane.vacant, !tiers[tier].holds(index, head: head) else { continue }
                fold(tier: tier, position: position, head: minute)
            }
        }
    }

    /// Takes back a watermark that turned out to be false: everything held moves to the pane of `minute`.
    mutating func rewind(toMinute minute: Int64) {
        headMinute = minute
        var all = Pane()
        for tier in tiers.indices {
            for position in tiers[tier].panes.indices where tiers[tier].panes[position].index != Pane.vacant {
                all.merge(tiers[tier].panes[position])
                tiers[tier].panes[position].reset()
            }
        }
        guard let home = residence(ofMinute: minute, head: minute) else { return }
        let position = open(tier: home.tier, index: home.index)
        tiers[home.tier].panes[position].merge(all)
    }

    /// Empties a pane into the next tier that holds its time.
    private mutating func fold(tier: Int, position: Int, head: Int64) {
        // The pane is swapped out, not copied, so that its storage stays its own and is used again.
        var pane = Pane()
        swap(&pane, &tiers[tier].panes[position])
        let minute = pane.index &* tiers[tier].minutes
        for next in tiers.indices where next > tier {
            let index = tiers[next].index(ofMinute: minute)
            guard tiers[next].holds(index, head: tiers[next].index(ofMinute: head)) else { continue }
            let target = open(tier: next, index: index)
            tiers[next].panes[target].merge(pane)
            break
        }
        pane.reset()
        swap(&pane, &tiers[tier].panes[position])
    }
}
