/// A sequential detector of drift: evidence that a signal has left its baseline, which may be looked at all the time.
///
/// It is fed the running counts of a signal after every *tick*, a stretch of a hundred events or more. Its evidence is
/// a weighted sum of `EvidenceTest`s over windows that end now and begin at any of up to 19 earlier ticks, half of it
/// against the reference, half against the reference with everything counted since (which knows more, and follows what
/// drifts too slowly to matter). The weights are such that without drift the expected evidence is at most the number of
/// ticks: so the mean time to a false alarm is at least A ticks, however often anyone looks, and whatever the
/// reference's own error, because the tests know the reference as a sample. This holds for events that are
/// exchangeable; for others see `EvidenceSettings.limit`.
///
/// After an alarm all windows begin anew, so that the evidence is about now; the drift counts as active until no alarm
/// has come for a while. What comes during a drift is not added to the second baseline.
///
/// Where the baseline has seasons, every look at counts comes with what it expects of as many events at their hours,
/// and each window is compared with the shares that are expected of that window. The counts of a window over several
/// hours vary less than the test reckons with, so the bound holds there, too.
///
/// Deterministic; at most 20 arrays of counts, and as many of expectations.
///
/// - Source: e-detector of Shin, Ramdas, Rinaldo, arXiv:2203.03532, with the mixture of `EvidenceTest`.
public struct EvidenceDetector: Sendable {
    /// Running counts at the end of a tick.
    public struct Mark: Sendable, Equatable {
        /// Ticks completed by then.
        public var tick: Int
        /// Counts per cell by then.
        public var counts: [UInt64]
        /// The time then, in whatever unit the caller tells it; it decides nothing.
        public var time: Int64
        /// Values by then that were in no cell; they decide nothing.
        public var uncounted: UInt64
        /// What the baseline expects per cell of as many events at the hours of these; empty without seasons.
        public var expected: [Double]

        /// Creates a mark.
        public init(tick: Int, counts: [UInt64], time: Int64 = 0, uncounted: UInt64 = 0, expected: [Double] = []) {
            (self.tick, self.counts, self.time, self.uncounted) = (tick, counts, time, uncounted)
            self.expected = expected
        }

        /// Sum of the counts.
        public var events: UInt64 { counts.reduce(0, &+) }
    }

    /// A drift that is going on.
    public struct Episode: Sendable, Equatable {
        /// The tick after which it probably began: the start of the window with the most evidence.
        public var onset: Mark
        /// The tick of the newest alarm.
        public var lastAlarm: Int
        /// Events by that tick.
        public var lastAlarmEvents: UInt64
        /// Most events that an alarm of this episode took to come.
        public var longestGap: UInt64

        /// Creates an episode.
        public init(onset: Mark, lastAlarm: Int, lastAlarmEvents: UInt64, longestGap: UInt64) {
            self.onset = onset
            self.lastAlarm = lastAlarm
            self.lastAlarmEvents = lastAlarmEvents
            self.longestGap = longestGap
        }
    }

    /// Everything that changes; what a restart needs.
    public struct State: Sendable, Equatable {
        /// Ticks completed.
        public var tick = 0
        /// The starts of windows still in use, oldest first; the newest one is that of the last tick.
        public var marks: [Mark]
        /// No window begins before this tick.
        public var origin = 0
        /// What the second baseline knows besides the reference, but for events after `resumed`.
        public var history: [UInt64]
        /// What the baseline expects of the events in `history`; empty without seasons.
        public var historyExpected: [Double]
        /// Since when events are added to the second baseline again.
        public var resumed: Mark
        /// The drift that is going on; `nil` without one.
        public var episode: Episode?
        /// Logarithm of the evidence after the last tick; −∞ for none.
        public var logEvidence = -Double.infinity

        /// The state before the first event.
        public init(cellCount: Int, hasSeasons: Bool = false, time: Int64 = 0) {
            let zero = [UInt64](repeating: 0, count: cellCount)
            let nothing = [Double](repeating: 0, count: hasSeasons ? cellCount : 0)
            let mark = Mark(tick: 0, counts: zero, time: time, expected: nothing)
            (marks, resumed) = ([mark], mark)
            (history, historyExpected) = (zero, nothing)
        }

        /// Creates a state from what was saved; whether it is one is decided by `EvidenceDetector`.
        public init(
            tick: Int, marks: [Mark], origin: Int, history: [UInt64], historyExpected: [Double] = [], resumed: Mark,
            episode: Episode?, logEvidence: Double
        ) {
            self.tick = tick
            self.marks = marks
            self.origin = origin
            self.history = history
            self.historyExpected = historyExpected
            self.resumed = resumed
            self.episode = episode
            self.logEvidence = logEvidence
        }

        /// Everything since the drift that is going on began, as a mark that begins there; `nil` without one.
        public var sinceOnset: Mark? {
            guard let onset = episode?.onset, let newest = marks.last else { return nil }
            return Mark(
                tick: newest.tick - onset.tick, counts: zip(newest.counts, onset.counts).map { $0 &- $1 },
                time: onset.time, uncounted: newest.uncounted &- onset.uncounted,
                expected: zip(newest.expected, onset.expected).map { $0 - $1 })
        }
    }

    /// What a tick came to.
    public enum Outcome: Sendable, Equatable {
        /// No drift.
        case quiet
        /// A drift began, probably after the tick `onset`.
        case fired(onset: Int)
        /// The drift goes on.
        case active
        /// The drift is over.
        case resolved
    }

    /// The counts of the reference.
    public let reference: [UInt64]
    /// Leading cells that have an order.
    public let orderedCount: Int
    /// How it looks.
    public let settings: EvidenceSettings
    /// Everything that changes.
    public private(set) var state: State

    /// The reference as a baseline, and its test.
    let fixedBaseline: [Double]
    let fixedTest: EvidenceTest

    /// A detector before its first event.
    ///
    /// - Parameters:
    ///   - reference: Counts per cell, at least two cells.
    ///   - orderedCount: Leading cells that have an order.
    ///   - hasSeasons: Whether each tick says what the reference expects.
    ///   - time: When it begins.
    public init(
        reference: [UInt64], orderedCount: Int, hasSeasons: Bool = false,
        settings: EvidenceSettings = EvidenceSettings(), time: Int64 = 0
    ) {
        self.reference = reference
        self.orderedCount = orderedCount
        self.settings = settings
        state = State(cellCount: reference.count, hasSeasons: hasSeasons, time: time)
        fixedBaseline = reference.map { Double($0) }
        fixedTest = EvidenceTest(baseline: fixedBaseline, orderedCount: orderedCount, limit: settings.limit)
    }

    /// Restores a detector that was saved; `nil` if the state does not fit the reference or contradicts itself.
    public init?(
        reference: [UInt64], orderedCount: Int, hasSeasons: Bool = false,
        settings: EvidenceSettings = EvidenceSettings(), restoring state: State
    ) {
        self.init(reference: reference, orderedCount: orderedCount, hasSeasons: hasSeasons, settings: settings)
        let all = [state.resumed] + state.marks + (state.episode.map { [$0.onset] } ?? [])
        let expectations = all.map(\.expected) + [state.historyExpected]
        let expectedCount = hasSeasons ? reference.count : 0
        guard expectations.allSatisfy({ $0.count == expectedCount && $0.allSatisfy { $0 >= 0 && $0.isFinite } }),
            zip(state.marks, state.marks.dropFirst()).allSatisfy({ zip($0.expected, $1.expected).allSatisfy(<=) })
        else { return nil }
        guard state.history.count == reference.count, all.allSatisfy({ $0.counts.count == reference.count }),
            all.allSatisfy({ 0...state.tick ~= $0.tick }), state.marks.last?.tick == state.tick,
            zip(state.marks, state.marks.dropFirst()).allSatisfy({
                $0.tick < $1.tick && $0.counts.isBelow($1.counts) && $0.uncounted <= $1.uncounted
            }),
            state.marks.count <= settings.scaleCount * settings.startsPerScale + 1, 0...state.tick ~= state.origin,
            !state.logEvidence.isNaN
        else { return nil }
        if let episode = state.episode, let newest = state.marks.last {
            guard episode.onset.counts.count == reference.count, episode.onset.counts.isBelow(newest.counts),
                episode.onset.uncounted <= newest.uncounted,
                0...state.tick ~= episode.onset.tick, episode.onset.tick...state.tick ~= episode.lastAlarm
            else { return nil }
        }
        self.state = state
    }

    /// Whether a drift is going on.
    public var isActive: Bool { state.episode != nil }

    /// Events seen by the last tick.
    public var events: UInt64 { state.marks.last?.events ?? 0 }

    // MARK: - Ticks

    /// What a tick shows before anything is concluded from it.
    public struct Tick: Sendable {
        /// Logarithm of the evidence; −∞ for none.
        public let logEvidence: Double
        fileprivate let strongest: Mark
        fileprivate let newest: Mark
    }

    /// The evidence of a tick, which `complete` then concludes from; `nil` for counts that are fewer than those of the
    /// tick before, or of another number of cells.
    ///
    /// - Parameters:
    ///   - counts: Counts per cell since the beginning.
    ///   - time: The time now.
    ///   - uncounted: Values in no cell since the beginning.
    ///   - expected: What the reference expects per cell of as many events at their hours; empty without seasons.
    public func tick(
        _ counts: [UInt64], at time: Int64 = 0, uncounted: UInt64 = 0, expected: [Double] = []
    ) -> Tick? {
        guard let last = state.marks.last, counts.count == reference.count, last.counts.isBelow(counts),
            last.uncounted <= uncounted, expected.count == last.expected.count,
            zip(last.expected, expected).allSatisfy(<=)
        else { return nil }
        let newest = Mark(tick: state.tick + 1, counts: counts, time: time, uncounted: uncounted, expected: expected)
        let terms = evidence(against: newest)
        let strongest = terms.max { $0.logEvidence < $1.logEvidence }
        return Tick(
            logEvidence: LogSum.of(terms.map(\.logEvidence)), strongest: strongest?.mark ?? last, newest: newest)
    }

    /// Completes a tick that was just made by `tick`.
    ///
    /// - Parameter threshold: ln A from now on; `nil` for that of the settings.
    /// - Returns: What it came to.
    @discardableResult
    public mutating func complete(_ tick: Tick, threshold: Double? = nil) -> Outcome {
        guard tick.newest.tick == state.tick + 1 else { return isActive ? .active : .quiet }
        state.tick += 1
        state.logEvidence = tick.logEvidence
        let hasFired = state.logEvidence >= threshold ?? settings.threshold
        let outcome = hasFired ? fire(from: tick.strongest, now: tick.newest) : rest(tick.newest)
        state.marks.append(tick.newest)
        forgetMarks()
        return outcome
    }

    /// Makes and completes a tick; counts that make none change nothing.
    @discardableResult
    public mutating func complete(_ counts: [UInt64], at time: Int64 = 0, threshold: Double? = nil) -> Outcome {
        guard let tick = tick(counts, at: time) else { return isActive ? .active : .quiet }
        return complete(tick, threshold: threshold)
    }

    /// Drops the marks that no scale starts at any more; the newest one stays.
    private mutating func forgetMarks() {
        let (tick, origin, settings) = (state.tick, state.origin, settings)
        state.marks.removeAll {
            $0.tick != tick && ($0.tick < origin || settings.weight(ofStart: $0.tick, now: tick) == 0)
        }
    }

    // MARK: - Alarms

    private mutating func fire(from start: Mark, now: Mark) -> Outcome {
        defer { state.origin = state.tick }
        if var episode = state.episode {
            episode.longestGap = max(episode.longestGap, now.events &- episode.lastAlarmEvents)
            (episode.lastAlarm, episode.lastAlarmEvents) = (now.tick, now.events)
            state.episode = episode
            return .active
        }
        (state.history, state.historyExpected) = (history(before: start), historyExpected(before: start))
        state.episode = Episode(
            onset: start, lastAlarm: now.tick, lastAlarmEvents: now.events, longestGap: now.events &- start.events)
        return .fired(onset: start.tick)
    }

    /// No alarm at this tick.
    ///
    /// A drift that took long to show would take as long to show again, so twice that time has to pass.
    private mutating func rest(_ now: Mark) -> Outcome {
        guard let episode = state.episode else { return .quiet }
        let quiet = now.events &- episode.lastAlarmEvents
        let (twice, overflow) = episode.longestGap.multipliedReportingOverflow(by: 2)
        let isOver =
            !overflow && quiet >= max(settings.holdEvents, twice)
            && now.tick - episode.lastAlarm >= settings.holdTicks
        guard isOver else { return .active }
        state.episode = nil
        state.resumed = now
        return .resolved
    }
}

extension [UInt64] {
    /// Whether no element is above that of `other`; both have the same count.
    fileprivate func isBelow(_ other: [UInt64]) -> Bool { zip(self, other).allSatisfy { $0 <= $1 } }
}
