/// A sequential detector of drift: evidence that a signal has left its baseline, which may be looked at all the time.
///
/// It is fed the running counts of a signal after every *tick*, a stretch of a hundred events or more. Its evidence is
/// a
/// weighted sum of `EvidenceTest`s over windows that end now and begin at any of up to 19 earlier ticks, half of it
/// against the reference, half against the reference with everything counted since (which knows more, and follows what
/// drifts too slowly to matter). The weights are such that without drift the expected evidence is at most the number of
/// ticks: so the mean time to a false alarm is at least A ticks, however often anyone looks, and whatever the
/// reference's
/// own error, because the tests know the reference as a sample. This holds for events that are exchangeable; for others
/// see `EvidenceSettings.limit`.
///
/// After an alarm all windows begin anew, so that the evidence is about now; the drift counts as active until no alarm
/// has come for a while. What comes during a drift is not added to the second baseline.
///
/// Deterministic; at most 20 arrays of counts.
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

        /// Creates a mark.
        public init(tick: Int, counts: [UInt64], time: Int64 = 0, uncounted: UInt64 = 0) {
            (self.tick, self.counts, self.time, self.uncounted) = (tick, counts, time, uncounted)
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
        /// Since when events are added to the second baseline again.
        public var resumed: Mark
        /// The drift that is going on; `nil` without one.
        public var episode: Episode?
        /// Logarithm of the evidence after the last tick; −∞ for none.
        public var logEvidence = -Double.infinity

        /// The state before the first event.
        public init(cellCount: Int, time: Int64 = 0) {
            let zero = [UInt64](repeating: 0, count: cellCount)
            marks = [Mark(tick: 0, counts: zero, time: time)]
            history = zero
            resumed = Mark(tick: 0, counts: zero, time: time)
        }

        /// Creates a state from what was saved; whether it is one is decided by `EvidenceDetector`.
        public init(
            tick: Int, marks: [Mark], origin: Int, history: [UInt64], resumed: Mark, episode: Episode?,
            logEvidence: Double
        ) {
            self.tick = tick
            self.marks = marks
            self.origin = origin
            self.history = history
            self.resumed = resumed
            self.episode = episode
            self.logEvidence = logEvidence
        }

        /// Counts, and values in no cell, since the drift that is going on began; `nil` without one.
        public var sinceOnset: (counts: [UInt64], uncounted: UInt64)? {
            guard let onset = episode?.onset, let newest = marks.last else { return nil }
            return (zip(newest.counts, onset.counts).map { $0 &- $1 }, newest.uncounted &- onset.uncounted)
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

    let fixedTest: EvidenceTest

    /// A detector before its first event.
    ///
    /// - Parameters:
    ///   - reference: Counts per cell, at least two cells.
    ///   - orderedCount: Leading cells that have an order.
    ///   - time: When it begins.
    public init(
        reference: [UInt64], orderedCount: Int, settings: EvidenceSettings = EvidenceSettings(), time: Int64 = 0
    ) {
        self.reference = reference
        self.orderedCount = orderedCount
        self.settings = settings
        state = State(cellCount: reference.count, time: time)
        fixedTest = EvidenceTest(
            baseline: reference.map { Double($0) }, orderedCount: orderedCount, limit: settings.limit)
    }

    /// Restores a detector that was saved; `nil` if the state does not fit the reference or contradicts itself.
    public init?(
        reference: [UInt64], orderedCount: Int, settings: EvidenceSettings = EvidenceSettings(), restoring state: State
    ) {
        self.init(reference: reference, orderedCount: orderedCount, settings: settings)
        let all = [state.resumed] + state.marks
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
    public func tick(_ counts: [UInt64], at time: Int64 = 0, uncounted: UInt64 = 0) -> Tick? {
        guard let last = state.marks.last, counts.count == reference.count, last.counts.isBelow(counts),
            last.uncounted <= uncounted
        else { return nil }
        let terms = evidence(against: counts)
        let strongest = terms.max { $0.logEvidence < $1.logEvidence }
        return Tick(
            logEvidence: LogSum.of(terms.map(\.logEvidence)), strongest: strongest?.mark ?? last,
            newest: Mark(tick: state.tick + 1, counts: counts, time: time, uncounted: uncounted))
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

    /// One window and its weighted evidence.
    private struct Term {
        var mark: Mark
        var logEvidence: Double
    }

    /// Evidence of the windows that end with `counts`.
    private func evidence(against counts: [UInt64]) -> [Term] {
        var terms: [Term] = []
        for mark in state.marks where mark.tick >= state.origin {
            let weight = weight(ofStart: mark.tick)
            guard weight > 0 else { continue }
            let window = zip(counts, mark.counts).map { Double($0 &- $1) }
            let total = window.reduce(0, +)
            guard total > 0 else { continue }
            let half = Libm.log(weight / 2)
            var logs: [Double] = []
            if settings.screen <= 0 || fixedTest.pearson(window, total: total) >= settings.screen {
                logs.append(half + fixedTest.logEvidence(window, total: total))
            }
            let second = EvidenceTest(
                baseline: zip(reference, history(before: mark)).map { Double($0) + Double($1) },
                orderedCount: orderedCount, limit: settings.limit, screening: window, total: total,
                screen: settings.screen)
            if let second { logs.append(half + second.logEvidence(window, total: total)) }
            if !logs.isEmpty { terms.append(Term(mark: mark, logEvidence: LogSum.of(logs))) }
        }
        return terms
    }

    /// What the second baseline knows of events before a mark, besides the reference.
    private func history(before mark: Mark) -> [UInt64] {
        if state.episode != nil || mark.tick < state.resumed.tick { return state.history }
        return zip(state.history, zip(mark.counts, state.resumed.counts)).map { $0 &+ ($1.0 &- $1.1) }
    }

    /// Sum of the weights of the scales that have a window start there; 0 if none has.
    ///
    /// A scale of g ticks has its starts at the newest multiples of g, and a share of g over all scales: starts that
    /// come
    /// every g ticks and weigh g / n come to a weight of 1 per tick over n scales.
    private func weight(ofStart start: Int) -> Double {
        var weight = 0
        for scale in 0..<settings.scaleCount {
            let length = 1 << scale
            let newest = state.tick / length * length
            guard start % length == 0, newest - start < settings.startsPerScale * length else { continue }
            weight += length
        }
        return Double(weight) / Double(settings.scaleCount)
    }

    /// Drops the marks that no scale starts at any more; the newest one stays.
    private mutating func forgetMarks() {
        let (tick, origin) = (state.tick, state.origin)
        var marks = state.marks
        marks.removeAll { $0.tick != tick && ($0.tick < origin || weight(ofStart: $0.tick) == 0) }
        state.marks = marks
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
        state.history = history(before: start)
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
