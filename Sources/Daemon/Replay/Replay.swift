internal import Catalog
internal import Events
internal import Exposition
internal import Monitor

/// Goes through the past as `run` would have gone through it live: the same decoders, the same monitor, its clock set
/// by the records.
///
/// Files are read side by side in order of time, in stretches of a commit interval, so that predictions and outcomes
/// meet as they did, detectors tick when they did, and a step of the history shows what a scrape at that moment would
/// have shown.
struct Replay: ~Copyable {
    /// Most steps of a history.
    ///
    /// Four years of minutes.
    static let stepLimit: Int64 = 1 << 21

    /// What came of it.
    struct Outcome {
        /// Events that were predictions, by all models.
        var predictions: UInt64 = 0
        /// Rows taken.
        var rows: UInt64 = 0
        /// First and last moment, in nanoseconds since the epoch; 0 without records.
        var (begin, end): (Int64, Int64) = (0, 0)
        /// Alarms in the order in which they were raised.
        var alarms: [Alarm] = []
        /// Hashes of the references in use at the end, each once.
        var references: [String] = []
    }

    /// A verdict of drift, from when it was raised until it was over.
    struct Alarm: Equatable {
        /// What was said when it was raised.
        var raised: VerdictChange
        /// When it was over; `nil` if it lasted to the end of the records.
        var end: Int64?
    }

    private let sources: [ReplaySource]
    private var settings: MonitorSettings
    /// Nanoseconds between two looks of the detectors.
    private let interval: Int64
    /// Nanoseconds between two steps.
    private let step: Int64
    private let history: HistoryFile?
    private let progress: ReplayProgress?
    private var outcome = Outcome()
    /// The next step of the history, in nanoseconds since the epoch.
    private var nextStep: Int64 = 0
    private var writer = ExpositionWriter(format: .openMetrics)

    /// Prepares to go through the past.
    ///
    /// - Parameters:
    ///   - sources: At least one.
    ///   - step: Nanoseconds, whole seconds.
    ///   - history: Gets a step's samples each; `nil` for none.
    init(
        sources: [ReplaySource], settings: MonitorSettings, interval: Int64, step: Int64, history: HistoryFile?,
        progress: ReplayProgress?
    ) {
        self.sources = sources
        self.settings = settings
        (self.interval, self.step) = (max(1, min(interval, step)), step)
        (self.history, self.progress) = (history, progress)
        self.settings.sources = sources.map(\.name)
    }

    /// Goes to the end of all files.
    ///
    /// - Throws: `Failure`: a file cannot be used (exit status 2), or the history cannot be written (1).
    mutating func run() throws(Failure) -> Outcome {
        guard let first = try nextRow() else { return outcome }
        outcome.begin = first
        var monitor = Monitor(settings: settings, at: Instant(wall: first, monotonic: 0))
        nextStep = Self.floor(first, step) &+ step
        var now = first
        var (untouched, needed): (UInt64, UInt64) = (0, 1)
        while let due = try nextRow() {
            while history != nil, nextStep < due { try sample(&monitor, until: due) }
            now = Self.floor(due &- 1, interval) &+ interval
            if history != nil { now = min(now, nextStep) }
            let instant = instant(now)
            for source in sources {
                untouched &+= try source.take(until: now) { batch in
                    outcome.rows &+= UInt64(batch.rowCount)
                    monitor.apply(batch, at: instant)
                }
            }
            if untouched >= needed {
                note(monitor.completeTicks(at: instant))
                (untouched, needed) = (0, monitor.rowsToTick)
            }
            if history != nil, now == nextStep { try sample(&monitor, until: due) }
            progress?.show(rows: outcome.rows, sources: sources)
        }
        for source in sources { if let rest = source.rest() { monitor.apply(rest, at: instant(now)) } }
        note(monitor.completeTicks(at: instant(now)))
        if history != nil, now > nextStep &- step { try sample(&monitor, until: now) }
        conclude(monitor.snapshot(at: instant(max(now, history == nil ? now : nextStep &- step))), at: now)
        progress?.clear()
        return outcome
    }

    private func nextRow() throws(Failure) -> Int64? {
        var earliest: Int64?
        for source in sources {
            guard let due = try source.next() else { continue }
            earliest = min(due, earliest ?? .max)
        }
        return earliest
    }

    private func instant(_ time: Int64) -> Instant { Instant(wall: time, monotonic: time &- outcome.begin) }

    /// Takes the next step of the history, on the way to a moment.
    private mutating func sample(_ monitor: inout Monitor, until due: Int64) throws(Failure) {
        guard let history else { return }
        guard Int64(history.steps) &+ (due &- nextStep) / step < Self.stepLimit else {
            let span = "\(Timestamps.text(outcome.begin)) to \(Timestamps.text(due))"
            throw Failure.usage(
                "the records reach from \(span), in more than \(Self.stepLimit) steps: take a longer --step, or mend "
                    + "their times")
        }
        let instant = instant(nextStep)
        note(monitor.completeTicks(at: instant))
        writer.clear(format: .openMetrics, keepsSamples: true)
        Catalog.renderHistory(monitor.snapshot(at: instant), into: &writer)
        try history.add(writer, step: nextStep / step)
        nextStep &+= step
    }

    private mutating func note(_ changes: [VerdictChange]) {
        for change in changes {
            if change.isDrifted {
                outcome.alarms.append(Alarm(raised: change))
            } else if let open = outcome.alarms.lastIndex(where: { $0.end == nil && $0.raised.isSignal(of: change) }) {
                outcome.alarms[open].end = change.time
            }
        }
    }

    private mutating func conclude(_ snapshot: MonitorSnapshot, at now: Int64) {
        outcome.end = now
        outcome.predictions = snapshot.models.reduce(0) { $0 &+ $1.predictions.reduce(0, &+) }
        for hash in snapshot.models.compactMap(\.reference?.hash) where !outcome.references.contains(hash) {
            outcome.references.append(hash)
        }
    }

    /// The largest multiple of `unit` that is not above `time`.
    static func floor(_ time: Int64, _ unit: Int64) -> Int64 {
        let rest = time % unit
        return time &- (rest < 0 ? rest + unit : rest)
    }
}

extension VerdictChange {
    fileprivate func isSignal(of other: VerdictChange) -> Bool {
        name == other.name && kind == other.kind && model == other.model && version == other.version
    }
}
