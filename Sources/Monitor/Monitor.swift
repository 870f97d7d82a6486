public import Events
import Sketches

/// What a commit is made of: what to publish and what to make durable, of one and the same moment.
public struct MonitorCut: Sendable {
    /// What anyone outside may see, once `state` is durable.
    public var snapshot: MonitorSnapshot
    /// What a restart goes on from.
    public var state: MonitorState

    /// Says which counters' beginnings were scraped.
    public mutating func note(shown: ShownSeries) {
        snapshot.shown = shown
        state.shown = shown
    }
}

/// The state of all models and sources: batches and time go in, cuts come out.
///
/// It has one owner, reads no clock and does no I/O: equal settings, batches and instants lead to equal cuts. Applying
/// a batch allocates nothing once its models, signals, classes and panes are known.
public struct Monitor: ~Copyable {
    /// Name of the model that takes events beyond the limits.
    public static let otherModel = "__other__"

    /// How it behaves; changed by `reconfigure`.
    public private(set) var settings: MonitorSettings
    /// What had to be reset when it was made, one sentence each.
    public private(set) var notes: [StateReset] = []

    var slots: [ModelSlot] = []
    var overflows = [UInt64](repeating: 0, count: MonitorLimit.allCases.count)
    var directory = ModelDirectory()
    var custom: CustomRegistry
    /// Outcomes that came in records of their own.
    var held = HeldOutcomes()
    /// Predictions of all models that wait for their outcome.
    var waiting = 0
    /// Takes the names of one mapped observation, or of one outcome, at a time.
    let routed = CustomRoute.scratch()
    var scratch = ApplyScratch(rowCapacity: EventLimits.batchRows)
    var targets = ObservationTargets()
    var heldNames = HeldNames()
    var groups: [RowGroup] = []
    var touched: [Int] = []
    var sources: [SourceState] = []
    var bindings: [SchemaBinding?] = []
    private var generation: UInt64 = 0
    /// An instant whose wall time is the time of arrival, which the wall clock cannot turn back.
    private var anchor: Instant

    /// Starts from nothing.
    public init(settings: MonitorSettings, at now: Instant) {
        self.settings = settings
        custom = CustomRegistry(settings: settings.custom)
        anchor = now
        adopt(
            MonitorState(
                generation: 0, taken: now, arrivalTime: now.wall, windows: settings.windows, sources: [], models: [],
                overflows: []),
            at: now, restarts: true)
        notes = []
    }

    /// Goes on from a saved state.
    ///
    /// What no longer fits the settings is reset; `notes` says what.
    public init(settings: MonitorSettings, restoring state: MonitorState, at now: Instant) {
        self.settings = settings
        custom = CustomRegistry(settings: settings.custom)
        anchor = now
        notes = adopt(state, at: now, restarts: true)
    }

    /// Goes on with other settings and returns what had to be reset, one sentence each.
    public mutating func reconfigure(_ settings: MonitorSettings, at now: Instant) -> [StateReset] {
        let state = self.state(at: now)
        self.settings = settings
        return adopt(state, at: now, restarts: false)
    }

    /// Applies a batch: rows, observations, samples, receipt and positions, as one step.
    ///
    /// About 0.25 µs per row of 16 signals.
    public mutating func apply(_ batch: EventBatch, at now: Instant) {
        guard sources.indices.contains(batch.source) else { return }
        let refused = sources[batch.source].book(batch)
        overflows[Int(MonitorLimit.positions.rawValue)] &+= refused
        bind(batch)
        touched.removeAll(keepingCapacity: true)
        let arrival = arrivalTime(at: now)
        if batch.rowCount > 0, let binding = bindings[batch.source] {
            applyRows(batch, binding: binding, arrival: arrival, now: now)
        }
        if batch.observationCount > 0 { applyObservations(batch, arrival: arrival, now: now) }
        if batch.sampleCount > 0 { applySamples(batch, arrival: arrival, now: now) }
        for slot in touched {
            slots[slot].state.clock.arrived(at: now)
            slots[slot].isTouched = false
        }
    }

    /// Lets time pass: windows of idle models move on, and series without samples end.
    public mutating func advance(to now: Instant) {
        for slot in slots.indices {
            slots[slot].state.clock.rest(until: now)
            slots[slot].followClock()
        }
        expireOutcomes(arrival: arrivalTime(at: now))
        custom.evict(now: arrivalTime(at: now))
    }

    /// Takes a consistent cut.
    ///
    /// Costs are those of what changed since the last one: per model with 16 signals a few
    /// milliseconds at most.
    public mutating func cut(at now: Instant) -> MonitorCut {
        let snapshot = snapshot(at: now)
        return MonitorCut(snapshot: snapshot, state: state(at: now))
    }

    /// The part of a cut that is published, without the state, which costs a copy of whatever changes next.
    public mutating func snapshot(at now: Instant) -> MonitorSnapshot {
        advance(to: now)
        generation &+= 1
        for slot in slots.indices where slots[slot].isDirty || slots[slot].cached == nil {
            slots[slot].completeTicks(settings.verdict)
            let setting = self.setting(model: slots[slot].state.model, version: slots[slot].state.version)
            slots[slot].cached = slots[slot].snapshot(settings: settings, setting: setting)
            slots[slot].isDirty = false
        }
        return MonitorSnapshot(
            taken: now, generation: generation,
            models: slots.compactMap(\.cached).sorted { ($0.model, $0.version) < ($1.model, $1.version) },
            sources: sources.map {
                SourceSnapshot(name: $0.name, receipt: $0.receipt, schema: $0.schema, positions: $0.positions)
            },
            custom: custom.cut(now: arrivalTime(at: now)),
            overflows: MonitorLimit.allCases.map { (limit: $0.label, count: overflows[Int($0.rawValue)]) })
    }

    // MARK: Sources

    /// Notes which schema a source has now.
    private mutating func bind(_ batch: EventBatch) {
        if let binding = bindings[batch.source], binding.schema == batch.schema { return }
        bindings[batch.source] = SchemaBinding(batch.schema, settings: settings)
        if !batch.schema.signals.isEmpty { sources[batch.source].schema = batch.schema }
        for slot in slots.indices { slots[slot].columns[batch.source] = nil }
    }

    /// The time of events that bring none.
    private func arrivalTime(at now: Instant) -> Int64 {
        let elapsed = max(0, now.monotonic &- anchor.monotonic)
        return min(max(anchor.wall, EventClock.range.lowerBound), EventClock.range.upperBound) &+ min(elapsed, 1 << 60)
    }

    // MARK: State

    private func state(at now: Instant) -> MonitorState {
        MonitorState(
            generation: generation, taken: now, arrivalTime: arrivalTime(at: now), windows: settings.windows,
            sources: sources, models: slots.map(\.state), custom: custom.state, outcomes: held, overflows: overflows)
    }

    /// Takes over a state as far as it fits the settings.
    @discardableResult
    private mutating func adopt(_ state: MonitorState, at now: Instant, restarts: Bool) -> [StateReset] {
        var notes: [StateReset] = []
        generation = state.generation
        for limit in overflows.indices {
            overflows[limit] = limit < state.overflows.count ? state.overflows[limit] : 0
        }
        anchor = Instant(
            wall: restarts ? max(now.wall, state.arrivalTime) : arrivalTime(at: now), monotonic: now.monotonic)
        sources = settings.sources.map { name in
            state.sources.first { $0.name == name } ?? SourceState(name: name)
        }
        bindings = [SchemaBinding?](repeating: nil, count: sources.count)
        for source in state.sources where !settings.sources.contains(source.name) {
            notes.append(
                StateReset(
                    .source, "source \(source.name) is no longer configured: its totals and positions are forgotten"))
        }
        custom = CustomRegistry(state: state.custom, settings: settings.custom)
        let keepsPanes = state.windows == settings.windows
        if !keepsPanes, !state.models.isEmpty {
            notes.append(StateReset(.windows, "the windows changed: they start empty"))
        }
        slots = []
        directory = ModelDirectory()
        var slotOfModel = [Int](repeating: -1, count: state.models.count)
        for (number, var model) in state.models.enumerated() {
            let isOther = model.model == Self.otherModel
            guard isOther || directory.count < settings.limits.models else {
                notes.append(
                    StateReset(
                        .models,
                        "model \(model.model) version \(model.version) is beyond the limit of models: forgotten"))
                continue
            }
            guard directory.register(model: model.model, version: model.version, slot: slots.count) else { continue }
            if !keepsPanes { model.panes = PaneTiers(windows: settings.windows) }
            if restarts { model.clock.resume(at: now) }
            notes.append(contentsOf: fitReference(of: &model))
            var slot = ModelSlot(state: model, limits: settings.limits)
            slot.compile()
            slot.fitHistograms(settings)
            slot.fitWatches(settings)
            slot.reserve(series: SeriesCost.model(settings), signals: 0)
            let isFromFile = slot.state.reference?.source == .file
            for (number, signal) in slot.state.signals.enumerated() {
                let reference = isFromFile ? slot.compiled[number].reference : nil
                slot.charge(
                    SeriesCost.signal(role: signal.role, kind: signal.kind, settings: settings, reference: reference))
            }
            slot.declareReferenceSignals(settings)
            slot.followClock()
            slotOfModel[number] = slots.count
            slots.append(slot)
        }
        adoptOutcomes(state.outcomes, slotOfModel: slotOfModel)
        for setting in settings.models {
            guard let version = setting.version else { continue }
            _ = self.slot(model: setting.name, version: version, cost: SeriesCost.model(settings))
        }
        return notes
    }

    /// Gives a model the reference the settings want for it.
    ///
    /// Returns what had to be reset.
    private func fitReference(of model: inout ModelState) -> [StateReset] {
        let name = "model \(model.model) version \(model.version)"
        if let wanted = fileReference(model: model.model, version: model.version) {
            model.learner = nil
            guard model.reference != wanted else { return [] }
            var notes: [StateReset] = []
            if let old = model.reference {
                let words = "the reference \(old.hash) gives way to \(wanted.hash), its bins start at 0"
                notes.append(StateReset(.reference, "\(name): \(words)"))
            }
            if model.reference?.hash != wanted.hash { model.forgetBins() }
            model.reference = wanted
            return notes
        }
        if let reference = model.reference {
            guard reference.source == .file else { return [] }
            model.reference = nil
            model.forgetBins()
            model.learner = learner(model: model.model)
            return [StateReset(.reference, "\(name): the reference \(reference.hash) is no longer configured")]
        }
        if settings.learning.events <= 0 { model.learner = nil }
        if model.learner == nil || model.learner?.builder.eventLimit != max(1, settings.learning.eventLimit) {
            model.learner = learner(model: model.model)
        }
        return []
    }

    private func learner(model: String) -> ReferenceLearner? {
        guard settings.learning.events > 0, model != Self.otherModel else { return nil }
        return ReferenceLearner(builder: ReferenceBuilder(eventLimit: settings.learning.eventLimit))
    }

    /// The most specific reference from a file for a model.
    private func fileReference(model: String, version: String) -> Reference? {
        guard model != Self.otherModel else { return nil }
        func matches(_ reference: Reference, _ hasModel: Bool, _ hasVersion: Bool) -> Bool {
            reference.model == (hasModel ? model : nil) && reference.version == (hasVersion ? version : nil)
        }
        return settings.references.first { matches($0, true, true) }
            ?? settings.references.first { matches($0, true, false) }
            ?? settings.references.first { matches($0, false, true) }
            ?? settings.references.first { matches($0, false, false) }
    }

    /// What the configuration says about a model.
    private func setting(model: String, version: String) -> ModelSetting {
        settings.models.first { $0.name == model && $0.version == version }
            ?? settings.models.first { $0.name == model && $0.version == nil } ?? ModelSetting(name: model)
    }

    // MARK: Models

    /// Number of the model, made now if there is room; else that of `__other__`.
    ///
    /// - Parameter cost: Time series it will cost to begin with.
    mutating func slot(model: String, version: String, cost: Int) -> Int {
        if let known = directory.slot(model: model, version: version) { return known }
        let isOther = model == Self.otherModel
        if !isOther {
            let used = slots.reduce(custom.cost) { $0 &+ $1.series }
            let limit: MonitorLimit? =
                directory.count >= settings.limits.models
                ? .models : used &+ cost > settings.limits.series ? .series : nil
            if let limit {
                directory.otherReason = limit
                return slot(model: Self.otherModel, version: "", cost: cost)
            }
        }
        var state = ModelState(model: model, version: isOther ? "" : version, windows: settings.windows)
        state.reference = fileReference(model: model, version: version)
        state.learner = state.reference == nil ? learner(model: model) : nil
        var slot = ModelSlot(state: state, limits: settings.limits)
        slot.fitWatches(settings)
        let bare = SeriesCost.model(settings)
        // `__other__` is there for what has no room, so it takes signals only as far as there is some.
        slot.reserve(series: bare, signals: isOther ? 0 : max(0, cost &- bare))
        slot.declareReferenceSignals(settings)
        directory.register(model: model, version: state.version, slot: slots.count)
        slots.append(slot)
        return slots.count - 1
    }
}

/// Where a column of a schema lies in its batches.
struct BoundColumn {
    let role: Role
    let kind: SignalKind
    /// Number of the column among those of its kind.
    let place: Int

    /// Whether the cell of a row is null or lacking.
    @inline(__always)
    func isMissing(_ batch: EventBatch, row: Int) -> Bool {
        let cell = place &* batch.rowCapacity &+ row
        return switch kind {
        case .numeric: unsafe batch.numbers[cell].bitPattern == NumberMark.missingBits
        case .categorical: unsafe batch.texts[cell].length == ByteRange.missing.length
        }
    }
}

/// What a source's schema means to the monitor.
struct SchemaBinding {
    /// The model of a source that is given none.
    static let unnamedModel = "default"

    let schema: Schema
    /// All columns, in the order of the schema.
    let columns: [BoundColumn]
    /// Column of the prediction; `nil` without one.
    let prediction: BoundColumn?
    /// Place of that column among all.
    let predictionPlace: Int?
    /// Column of the outcome; `nil` without one.
    let outcome: BoundColumn?
    /// Whether a record may hold several instances, which share its identifier.
    let hasInstances: Bool
    /// Whether a row's identifier is that of one event: a second one repeats it.
    let tellsEventsApart: Bool
    /// Whether its predictions and outcomes wait for each other.
    let joinsOutcomes: Bool
    /// Columns of everything but the outcome.
    let others: [BoundColumn]
    /// Time series that a model with this schema costs.
    let cost: Int
    /// Model of records that name none.
    let defaultModel: [UInt8]
    /// Version of records that name none.
    let defaultVersion: [UInt8]

    init(_ schema: Schema, settings: MonitorSettings) {
        self.schema = schema
        defaultModel = Array(schema.defaultModel.utf8)
        defaultVersion = Array(schema.defaultVersion.utf8)
        var places: [SignalKind: Int] = [:]
        let columns = schema.signals.map { signal in
            defer { places[signal.kind, default: 0] += 1 }
            return BoundColumn(role: signal.role, kind: signal.kind, place: places[signal.kind, default: 0])
        }
        self.columns = columns
        predictionPlace = columns.firstIndex { $0.role == .prediction }
        prediction = predictionPlace.map { columns[$0] }
        outcome = columns.first { $0.role == .outcome }
        joinsOutcomes = schema.identifier != nil && settings.joining.pending > 0
        let hasInstances = !schema.inputs.isEmpty || !schema.outputs.isEmpty
        self.hasInstances = hasInstances
        tellsEventsApart = schema.identifier != nil && !hasInstances
        others = columns.filter { $0.role != .outcome }
        cost = schema.signals.reduce(SeriesCost.model(settings)) {
            $0 + SeriesCost.signal(role: $1.role, kind: $1.kind, settings: settings)
        }
    }
}
