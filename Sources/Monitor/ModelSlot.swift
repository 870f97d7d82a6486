import Events
import Sketches
import Statistics

/// One model at work: its state, and what is made ready from it to take events fast.
struct ModelSlot {
    /// Everything that is kept.
    var state: ModelState
    /// Per signal: its reference, made ready.
    var compiled: [CompiledSignal] = []
    /// Per signal: its detector of drift, made from the state when it is needed.
    var detectors: [EvidenceDetector?] = []
    /// Number of the first signal of an outcome; `nil` without one.
    private(set) var outcomeSignal: Int?
    /// Per signal: the classical detectors that watch it, as numbers in the state; empty if none watches any.
    var watched: [[Int]] = []
    /// Whether any classical detector watches errors.
    var hasErrorWatch = false
    /// Numbers of signals by role and name.
    var signalTable = SignalTable()
    /// Classes of predictions and outcomes; class `i` of the state has number `i` here and `i + 1` in counts.
    var classTable: CategoryTable
    /// Per source: number of the model's signal per column of the source's schema, -1 for one that goes unmeasured.
    var columns: [Int: [Int32]] = [:]
    /// Time series that the model and its signals may cost, by `SeriesCost`.
    private(set) var series = 0
    /// Part of `series` set aside for signals that are yet to be added.
    private var reserved = 0
    /// Whether anything changed since `cached` was made.
    var isDirty = true
    /// The last snapshot.
    var cached: ModelSnapshot?
    /// Rows of the present batch that go into the reference.
    var learningRows: UInt64 = 0
    /// Newest group of the present batch; -1 for none.
    var newestGroup = -1
    /// Hour of the week of what is being taken; -1 if the reference does not tell hours apart.
    var hour = -1
    /// Whether it does, for any signal.
    private var hasHours = false
    /// Whether the present batch has touched the model.
    var isTouched = false
    /// Takes what no pane holds.
    private var spare = Pane()

    /// Sets a model to work.
    ///
    /// Classes beyond the limit and repeated signals of the state are given up.
    init(state: ModelState, limits: MonitorLimits) {
        self.state = state
        self.state.signals = []
        let listed = min(state.classes.count, max(0, limits.categoriesPerSignal))
        let names = Array(state.classes.prefix(listed))
        if let table = CategoryTable(names: names, limit: limits.categoriesPerSignal),
            state.classCounts.count == state.classes.count + 1
        {
            classTable = table
            self.state.classes = names
            self.state.classCounts = Array(state.classCounts.prefix(listed + 1))
            self.state.classCounts[0] &+= state.classCounts.dropFirst(listed + 1).reduce(0, &+)
        } else {
            classTable = CategoryTable(limit: limits.categoriesPerSignal)
            self.state.classes = []
            self.state.classCounts = [0]
        }
        self.state.forgetPendingClasses(beyond: self.state.classes.count)
        for signal in state.signals { _ = add(signal) }
    }

    // MARK: Signals

    /// Adds a signal and returns its number.
    ///
    /// `nil` if there is one with its role and name. The caller has looked at the limits.
    mutating func add(_ signal: SignalState) -> Int? {
        let number = state.signals.count
        guard signalTable.insert(role: signal.role, name: signal.name, number: number) else { return nil }
        state.signals.append(signal)
        if signal.role == .outcome, outcomeSignal == nil { outcomeSignal = number }
        compiled.append(CompiledSignal(reference(for: signal), kind: signal.kind))
        fitBins(number)
        if !state.watches.isEmpty { findWatched() }
        return number
    }

    /// Begins the histograms that the settings ask for, and ends those that they no longer do.
    mutating func fitHistograms(_ settings: MonitorSettings) {
        for number in state.signals.indices {
            let known = state.signals[number]
            let wanted = SignalState(role: known.role, name: known.name, kind: known.kind, settings: settings).histogram
            if wanted?.bounds != known.histogram?.bounds { state.signals[number].histogram = wanted }
        }
    }

    /// Sets time series aside for a model and the signals it is expected to have.
    mutating func reserve(series model: Int, signals: Int) {
        series &+= model &+ signals
        reserved = signals
    }

    /// Time series that a signal needs beyond what is set aside.
    func further(_ cost: Int) -> Int { max(0, cost &- reserved) }

    /// Books the time series of a signal.
    mutating func charge(_ cost: Int) {
        series &+= further(cost)
        reserved = max(0, reserved &- cost)
    }

    private mutating func fitBins(_ number: Int) {
        let cellCount = compiled[number].cellCount
        let expectedCount = compiled[number].hourShares.isEmpty ? 0 : cellCount
        hasHours = hasHours || expectedCount > 0
        guard
            state.signals[number].bins.count != cellCount || state.signals[number].expected.count != expectedCount
        else { return }
        state.signals[number].bins = [UInt64](repeating: 0, count: cellCount)
        state.signals[number].expected = [Double](repeating: 0, count: expectedCount)
    }

    /// Hour of the week of a minute; -1 if the reference does not tell hours apart.
    ///
    /// In line: a call would copy the model to ask it.
    @inline(__always)
    func hour(ofMinute minute: Int64) -> Int {
        guard hasHours, let reference = state.reference else { return -1 }
        return HourlyReference.slot(ofMinute: minute, utcOffset: reference.utcOffset)
    }

    /// Makes every signal's reference ready anew; counts that no longer fit begin at 0.
    mutating func compile() {
        compiled = state.signals.map { CompiledSignal(reference(for: $0), kind: $0.kind) }
        detectors = []
        hasHours = false
        for number in compiled.indices { fitBins(number) }
    }

    /// Adds the signals that the reference knows, so that one that never comes is seen to be lacking.
    mutating func declareReferenceSignals(_ settings: MonitorSettings) {
        for known in state.reference?.signals ?? [] where state.signals.count < settings.limits.signalsPerModel {
            let kind: SignalKind =
                switch known.layout {
                case .numeric: .numeric
                case .categorical: .categorical
                }
            let signal = SignalState(role: known.kind.role, name: known.name, kind: kind, settings: settings)
            if add(signal) != nil {
                charge(SeriesCost.signal(role: signal.role, kind: kind, settings: settings, reference: known))
            }
        }
    }

    private func reference(for signal: SignalState) -> SignalReference? {
        guard let kind = DriftKind(signal.role) else { return nil }
        return state.reference?.signals.first { $0.kind == kind && $0.name == signal.name }
    }

    // MARK: Time

    /// Takes the time of one event and returns the minute of its pane and whether every pane is younger than that.
    mutating func place(_ timestamp: Int64, wall: Int64) -> (minute: Int64, isLate: Bool) {
        let time = state.clock.place(timestamp, wall: wall)
        let minute = PaneTiers.minute(of: time)
        guard let coarsest = state.panes.tiers.last else { return (minute, false) }
        let head = coarsest.index(ofMinute: PaneTiers.minute(of: state.clock.watermark))
        let isLate = coarsest.index(ofMinute: minute) <= head &- Int64(coarsest.capacity)
        if isLate { state.lateEvents &+= 1 }
        return (minute, isLate)
    }

    /// Whether the panes are not where the watermark is.
    ///
    /// In line, as what follows: a call would copy the model to ask it.
    @inline(__always)
    var isBehindClock: Bool {
        state.clock.hasStarted && state.panes.headMinute != PaneTiers.minute(of: state.clock.watermark)
    }

    /// Brings the panes to the watermark.
    mutating func followClock() {
        guard state.clock.hasStarted else { return }
        let minute = PaneTiers.minute(of: state.clock.watermark)
        if let head = state.panes.headMinute, minute < head {
            state.panes.rewind(toMinute: minute)
            isDirty = true
        } else if state.panes.headMinute != minute {
            state.panes.advance(toMinute: minute)
            isDirty = true
        }
    }

    /// Tier and number of the pane of a minute, as the watermark stands; `nil` if none holds it.
    @inline(__always)
    func residence(ofMinute minute: Int64) -> (tier: Int, index: Int64)? {
        guard let head = state.panes.headMinute else { return nil }
        let ahead = EventClock.tolerance / PaneTiers.nanosecondsPerMinute
        return state.panes.residence(ofMinute: min(minute, head &+ ahead), head: head)
    }

    /// Lends the pane of a residence, opened if need be; give it back with `restore`.
    mutating func lend(tier: Int, index: Int64) -> Pane {
        var pane = Pane()
        if tier >= 0 {
            let position = state.panes.open(tier: tier, index: index)
            swap(&pane, &state.panes.tiers[tier].panes[position])
        } else {
            swap(&pane, &spare)
        }
        pane.reserve(signals: state.signals.count)
        return pane
    }

    /// Takes back a pane that `lend` gave.
    mutating func restore(_ pane: consuming Pane, tier: Int, index: Int64) {
        if tier >= 0 {
            let position = state.panes.tiers[tier].position(of: index)
            swap(&pane, &state.panes.tiers[tier].panes[position])
        } else {
            pane.reset()
            swap(&pane, &spare)
        }
    }

    // MARK: Reference

    /// Freezes the reference if enough was learned.
    mutating func finishLearning(_ settings: MonitorSettings, now: Instant) {
        guard let learner = state.learner,
            learner.isComplete(settings.learning, pending: 0, watermark: state.clock.watermark),
            let reference = learner.builder.build(
                model: state.model, version: state.version, source: .learned, created: now.wall,
                binCount: settings.binCount, categories: settings.referenceCategories)
        else { return }
        state.learner = nil
        state.reference = reference
        state.forgetBins()
        spare = Pane()
        compile()
        isDirty = true
    }

    /// Number of a class in counts, given to it now if it is new; 0 when there are too many.
    mutating func classNumber(of name: UnsafeRawBufferPointer, hash: UInt64) -> Int {
        guard name.count <= EventLimits.nameBytes, let id = unsafe classTable.insert(name, hash: hash) else { return 0 }
        listNewClasses()
        return id + 1
    }

    /// Lists the classes that the table has taken up.
    mutating func listNewClasses() {
        while state.classes.count < classTable.count {
            state.classes.append(String(decoding: classTable.nameBytes(of: state.classes.count), as: UTF8.self))
            state.classCounts.append(0)
        }
    }
}
