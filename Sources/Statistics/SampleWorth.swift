/// How many independent events a sample is worth in which some events repeat others.
///
/// A request that was tried again, or a log that was delivered twice, says nothing new, but would count as evidence
/// like everything else: with each event doubled, chance differences look twice as significant. With groups of g equal
/// events the sample is worth n² / Σ g² events. Both sums can be kept as the events come: one that has e equals
/// before it adds 1 to n and 2 e + 1 to Σ g².
///
/// - Source: design effect of clusters, Kish: "Survey Sampling", 1965, for a correlation of 1 within a cluster.
public struct SampleWorth: Sendable, Equatable {
    /// Events, n.
    public var events: UInt64 = 0
    /// Those that had equals before them.
    public var repeats: UInt64 = 0
    /// Σ g² − n.
    public var excess: UInt64 = 0

    /// A sample without events.
    public init() {}

    /// What the sample is worth, as a share of its size, above 0 and at most 1; 1 for an empty one.
    public var ratio: Double { excess == 0 ? 1 : Double(events) / (Double(events) + Double(excess)) }

    /// Adds an event that has so many equals before it.
    @inline(__always)
    public mutating func insert(earlier: UInt64) {
        events &+= 1
        if earlier > 0 { repeats &+= 1 }
        excess &+= 2 &* earlier
    }

    /// Adds another sample, of which nothing is known to be equal to events of this one.
    public mutating func merge(_ other: SampleWorth) {
        events &+= other.events
        repeats &+= other.repeats
        excess &+= other.excess
    }

    /// What came since an earlier state of the same sample.
    public func since(_ earlier: SampleWorth) -> SampleWorth {
        var difference = SampleWorth()
        difference.events = events &- earlier.events
        difference.repeats = repeats &- earlier.repeats
        difference.excess = excess &- earlier.excess
        return difference
    }

    /// Whether this can be an earlier state of `other`.
    public func isBelow(_ other: SampleWorth) -> Bool {
        events <= other.events && repeats <= other.repeats && excess <= other.excess
    }

    /// Counts of the sample, brought down to what they are worth.
    ///
    /// - Parameters:
    ///   - counts: Counts per cell.
    ///   - carried: What rounding has left over, at least 0 and less than 1; goes on to the next counts, so that none
    ///     of it is lost however small they are.
    /// - Returns: As many counts, each less than 1 away from its share; the same ones where nothing repeats.
    public func deflated(_ counts: [UInt64], carrying carried: inout Double) -> [UInt64] {
        guard excess > 0 else { return counts }
        let ratio = ratio
        var left = min(max(0, carried), 1)
        let deflated = counts.map { count -> UInt64 in
            left += Double(count) * ratio
            let whole = left.rounded(.down)
            left -= whole
            return min(count, UInt64(exactly: whole) ?? count)
        }
        carried = left < 1 ? left : 0
        return deflated
    }
}
