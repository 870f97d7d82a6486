import Events
import Sketches

extension Monitor {
    /// Applies the rows of a batch: finds model and pane of each, then takes them column by column in groups.
    mutating func applyRows(_ batch: EventBatch, binding: SchemaBinding, arrival: Int64, now: Instant) {
        if batch.rowCount > scratch.rowCapacity { scratch = ApplyScratch(rowCapacity: batch.rowCount) }
        let outcomes = placeRows(batch, binding: binding, arrival: arrival, now: now)
        for slot in touched { slots[slot].followClock() }
        if let first = touched.first { slots[first].state.unexpectedFields &+= batch.unexpectedFields }
        groupRows(batch)
        // What is learned from comes first: the rest of the batch may already be compared with the outcome.
        for group in groups.indices where groups[group].treatment.contains(.learning) {
            absorb(batch, group, binding: binding, arrival: arrival)
        }
        for slot in touched where slots[slot].learningRows > 0 {
            slots[slot].learningRows = 0
            slots[slot].finishLearning(settings, now: now)
        }
        for group in groups.indices where !groups[group].treatment.contains(.learning) {
            absorb(batch, group, binding: binding, arrival: arrival)
        }
        guard outcomes > 0 else { return }
        for row in 0..<batch.rowCount where unsafe scratch.slots[row] == RowGroup.noSlot {
            takeOutcome(batch, row: row, binding: binding, arrival: arrival)
        }
    }

    /// First pass: model, time and treatment of every row.
    ///
    /// Returns how many rows are outcomes to be joined, which have none of all this: their model is that of their
    /// prediction.
    private mutating func placeRows(
        _ batch: EventBatch, binding: SchemaBinding, arrival: Int64, now: Instant
    ) -> Int {
        var recent = RecentModels()
        var outcomes = 0
        for row in 0..<batch.rowCount {
            let isOutcomeOnly = binding.isOutcomeOnly(batch, row: row)
            if isOutcomeOnly, binding.isJoinable(batch, row: row) {
                unsafe scratch.slots[row] = RowGroup.noSlot
                outcomes &+= 1
                continue
            }
            var found = recent.find(row, in: batch)
            if found == nil {
                found = unsafe self.slot(
                    batch, model: batch.models[row], version: batch.versions[row], binding: binding)
                if let found { recent.add(row, found) }
            }
            guard let (slot, isOverflow) = found else { continue }
            if isOverflow { overflows[Int(directory.otherReason.rawValue)] &+= 1 }
            touch(slot)
            let timestamp = unsafe batch.timestamps[row]
            let hasTimestamp = timestamp != EventBatch.noTimestamp
            let time = hasTimestamp ? timestamp : max(arrival, slots[slot].state.clock.watermark)
            let (minute, isLate) = slots[slot].place(time, wall: now.wall)
            var treatment: RowGroup.Treatment = isLate ? .late : []
            if isOutcomeOnly {
                treatment.insert(.outcomeOnly)
            } else {
                if slots[slot].state.learner != nil, slots[slot].takesForLearning(settings.learning, time: time) {
                    treatment.insert(.learning)
                }
                slots[slot].countPrediction(
                    status: unsafe batch.statuses[row], time: hasTimestamp ? time : now.wall, count: 1)
            }
            unsafe scratch.slots[row] = Int32(truncatingIfNeeded: slot)
            unsafe scratch.minutes[row] = minute
            unsafe scratch.treatments[row] = treatment.rawValue
        }
        return outcomes
    }

    /// Second pass: rows of one model, pane and treatment become a group, in the order of the batch.
    private mutating func groupRows(_ batch: EventBatch) {
        groups.removeAll(keepingCapacity: true)
        for row in 0..<batch.rowCount where unsafe scratch.slots[row] != RowGroup.noSlot {
            let slot = unsafe Int(scratch.slots[row])
            let treatment = unsafe RowGroup.Treatment(rawValue: scratch.treatments[row])
            let minute = unsafe scratch.minutes[row]
            var group = slots[slot].newestGroup
            if group < 0 || groups[group].newestMinute != minute || groups[group].treatment != treatment {
                group = self.group(slot: slot, minute: minute, treatment: treatment)
            }
            groups[group].count &+= 1
            unsafe scratch.groups[row] = Int32(truncatingIfNeeded: group)
        }
        var start = 0
        for group in groups.indices {
            groups[group].start = start
            start &+= groups[group].count
            groups[group].count = 0
            slots[groups[group].slot].newestGroup = -1
        }
        for row in 0..<batch.rowCount where unsafe scratch.slots[row] != RowGroup.noSlot {
            let group = unsafe Int(scratch.groups[row])
            unsafe scratch.order[groups[group].start &+ groups[group].count] = Int32(truncatingIfNeeded: row)
            groups[group].count &+= 1
        }
    }

    /// The group of a row, begun if it is the first; several minutes may lie in one pane.
    private mutating func group(slot: Int, minute: Int64, treatment: RowGroup.Treatment) -> Int {
        let home = treatment.contains(.late) ? nil : slots[slot].residence(ofMinute: minute)
        let (tier, index) = home ?? (-1, 0)
        let hour = slots[slot].hour(ofMinute: minute)
        var group = slots[slot].newestGroup
        while group >= 0,
            groups[group].index != index || groups[group].tier != tier || groups[group].treatment != treatment
                || groups[group].hour != hour
        { group = groups[group].previous }
        if group < 0 {
            group = groups.count
            groups.append(
                RowGroup(
                    slot: slot, tier: tier, index: index, treatment: treatment, hour: hour, newestMinute: minute,
                    previous: slots[slot].newestGroup))
            slots[slot].newestGroup = group
        }
        groups[group].newestMinute = minute
        return group
    }

    /// Third pass: one group.
    private mutating func absorb(_ batch: EventBatch, _ index: Int, binding: SchemaBinding, arrival: Int64) {
        let group = groups[index]
        let signals = self.signals(of: batch, slot: group.slot)
        let rows = unsafe UnsafeBufferPointer(start: scratch.order + group.start, count: group.count)
        unsafe slots[group.slot].absorb(
            batch, rows: rows, group: group,
            identifiers: binding.tellsEventsApart ? UnsafePointer(batch.identifiers) : nil, columns: binding.columns,
            signals: signals, settings: settings, scratch: scratch, overflows: &overflows)
        if binding.joinsOutcomes, !group.treatment.contains(.outcomeOnly) {
            awaitOutcomes(batch, group, binding: binding, signals: signals, arrival: arrival)
        }
    }

    /// Number of the model's signal per column of the batch, found once.
    private mutating func signals(of batch: EventBatch, slot: Int) -> [Int32] {
        if let known = slots[slot].columns[batch.source] { return known }
        let numbers = batch.schema.signals.map { signal in
            let number = self.signal(slot: slot, role: signal.role, name: signal.name, kind: signal.kind)
            return Int32(truncatingIfNeeded: number)
        }
        slots[slot].columns[batch.source] = numbers
        return numbers
    }

    /// Number of a model's signal, added if the limits allow; otherwise why it goes unmeasured.
    mutating func signal(slot: Int, role: Role, name: String, kind: SignalKind) -> Int {
        if let number = slots[slot].signalTable.number(role: role, name: name) {
            return slots[slot].state.signals[number].kind == kind ? number : UnmeasuredColumn.otherKind
        }
        guard slots[slot].state.signals.count < settings.limits.signalsPerModel else {
            return UnmeasuredColumn.signalsPerModel
        }
        let cost = SeriesCost.signal(role: role, kind: kind, settings: settings)
        let further = slots[slot].further(cost)
        guard further == 0 || slots.reduce(further &+ custom.cost, { $0 &+ $1.series }) <= settings.limits.series else {
            return UnmeasuredColumn.series
        }
        let signal = SignalState(role: role, name: name, kind: kind, settings: settings)
        guard let number = slots[slot].add(signal) else { return UnmeasuredColumn.signalsPerModel }
        slots[slot].charge(cost)
        return number
    }

    /// Number of the model named in a batch, and whether it is `__other__` for want of room.
    mutating func slot(
        _ batch: EventBatch, model: ByteRange, version: ByteRange, binding: SchemaBinding
    ) -> (slot: Int, isOverflow: Bool) {
        let modelText = unsafe batch.text(model)
        let versionText = unsafe batch.text(version)
        if let known = unsafe directory.slot(model: modelText, version: versionText, binding: binding) {
            return (known, false)
        }
        let modelName = unsafe modelText.map { unsafe String(decoding: $0, as: UTF8.self) } ?? batch.schema.defaultModel
        let versionName =
            unsafe versionText.map { unsafe String(decoding: $0, as: UTF8.self) } ?? batch.schema.defaultVersion
        if modelName.utf8.count > EventLimits.nameBytes || versionName.utf8.count > EventLimits.nameBytes {
            directory.otherReason = .models
            return (slot(model: Self.otherModel, version: "", cost: binding.cost), true)
        }
        let found = slot(model: modelName, version: versionName, cost: binding.cost)
        return (found, found == directory.other && modelName != Self.otherModel)
    }

    /// Marks a model as touched by the present batch.
    mutating func touch(_ slot: Int) {
        guard !slots[slot].isTouched else { return }
        slots[slot].isTouched = true
        slots[slot].isDirty = true
        touched.append(slot)
    }
}

extension ModelSlot {
    /// Counts a prediction.
    @inline(__always)
    mutating func countPrediction(status: UInt8, time: Int64, count: UInt64) {
        countPredictions(status: status, newest: min(time, state.clock.watermark &+ EventClock.tolerance), count: count)
    }

    /// Counts predictions, the newest of which was made at this time.
    @inline(__always)
    mutating func countPredictions(status: UInt8, newest: Int64, count: UInt64) {
        if state.predictions.indices.contains(Int(status)) { state.predictions[Int(status)] &+= count }
        if newest > state.lastPrediction ?? .min { state.lastPrediction = newest }
    }

    /// Whether the next row goes into the reference; if so, it is reckoned with.
    mutating func takesForLearning(_ setting: LearningSetting, time: Int64) -> Bool {
        guard
            let isComplete = state.learner?.isComplete(
                setting, pending: learningRows, watermark: state.clock.watermark), !isComplete
        else { return false }
        if state.learner?.since == nil { state.learner?.since = min(time, state.clock.watermark) }
        learningRows &+= 1
        return true
    }
}

extension SignalState {
    /// A signal that has seen nothing, with the histogram that its role or the settings ask for.
    init(role: Role, name: String, kind: SignalKind, settings: MonitorSettings) {
        self.init(role: role, name: name, kind: kind)
        guard kind == .numeric else { return }
        switch role {
        case .latency: histogram = ValueHistogram(bounds: ValueHistogram.latencyBounds)
        case .score: histogram = ValueHistogram(bounds: ValueHistogram.scoreBounds)
        case .prediction: histogram = ValueHistogram(bounds: [])
        case .feature: if settings.exposedValues.contains(name) { histogram = ValueHistogram(bounds: []) }
        case .outcome: break
        }
    }
}
