import Events
import Sketches
import Statistics

extension Monitor {
    /// Most events that one observation may stand for; a smaller sample rate counts as this many.
    static let weightLimit = 1e9

    /// Applies the single observations of a batch, one by one.
    ///
    /// Less than 0.1 µs each. Observations mostly come in runs of one model and one minute, so a pane is lent once a
    /// run, and numbers that stand for one event each are held back to be taken as a column.
    mutating func applyObservations(_ batch: EventBatch, arrival: Int64, now: Instant) {
        guard let binding = bindings[batch.source] else { return }
        var lent = LentPane()
        for i in 0..<batch.observationCount {
            let observation = unsafe batch.observations[i]
            if !lent.isOf(observation, in: batch) {
                lent.model = (observation.model, observation.version)
                lent.target = slot(batch, model: observation.model, version: observation.version, binding: binding)
            }
            apply(observation, of: batch, arrival: arrival, now: now, lent: &lent)
        }
        giveBack(&lent)
    }

    /// Applies one observation whose names are in `batch`.
    mutating func apply(
        _ observation: Observation, of batch: EventBatch, binding: SchemaBinding, arrival: Int64, now: Instant
    ) {
        var lent = LentPane()
        lent.target = slot(batch, model: observation.model, version: observation.version, binding: binding)
        apply(observation, of: batch, arrival: arrival, now: now, lent: &lent)
        giveBack(&lent)
    }

    /// Applies one observation to the model that `lent` names, with the pane that is lent already if it is the right
    /// one.
    private mutating func apply(
        _ observation: Observation, of batch: EventBatch, arrival: Int64, now: Instant, lent: inout LentPane
    ) {
        let (slot, isOverflow) = lent.target
        if isOverflow { overflows[Int(directory.otherReason.rawValue)] &+= 1 }
        touch(slot)
        let hasTimestamp = observation.timestamp != EventBatch.noTimestamp
        let time = hasTimestamp ? observation.timestamp : max(arrival, slots[slot].state.clock.watermark)
        let (minute, isLate) = slots[slot].place(time, wall: now.wall)
        if slots[slot].isBehindClock {
            giveBack(&lent)
            slots[slot].followClock()
        }
        let home = isLate ? nil : slots[slot].residence(ofMinute: minute)
        let signal = self.signal(slot: slot, of: observation, in: batch)
        let isSingle = observation.weight == 1
        let count =
            isSingle
            ? 1
            : signal >= 0
                ? slots[slot].events(of: observation.weight, signal: signal) : Self.wholeWeight(observation.weight)
        let hour = slots[slot].hour(ofMinute: minute)
        lend(&lent, slot: slot, tier: home?.tier ?? -1, index: home?.index ?? 0, hour: hour)
        if observation.isPrediction {
            slots[slot].countPrediction(
                status: observation.status.rawValue, time: hasTimestamp ? time : now.wall, count: count)
            lent.pane.worth.events &+= count
            slots[slot].state.worth.events &+= count
        }
        if isSingle, hold(observation.number, signal: signal, lent: &lent) { return }
        if signal >= 0 {
            let unlisted = slots[slot].observe(
                observation, of: batch, signal: signal, count: count, pane: &lent.pane.signals[signal],
                learning: settings.learning)
            overflows[Int(MonitorLimit.categoriesPerSignal.rawValue)] &+= unlisted
        } else {
            let limit: MonitorLimit = signal == UnmeasuredColumn.series ? .series : .signalsPerModel
            if signal != UnmeasuredColumn.otherKind { overflows[Int(limit.rawValue)] &+= count }
        }
        if slots[slot].state.learner != nil {
            giveBack(&lent)
            slots[slot].finishLearning(settings, now: now)
        }
    }

    // MARK: Panes

    /// A pane out of its place, while a run of observations goes into it.
    struct LentPane {
        /// Model and version as the last observation named them.
        var model = (name: ByteRange.invalid, version: ByteRange.invalid)
        /// Where events of that model go.
        var target = (slot: -1, isOverflow: false)
        /// Whose pane it is; -1 while none is lent.
        fileprivate(set) var slot = -1
        fileprivate(set) var tier = -1
        fileprivate(set) var index: Int64 = 0
        fileprivate(set) var pane = Pane()
        /// Behind the last signal of which numbers are held back.
        fileprivate var heldEnd = 0

        /// Whether an observation of the same batch names the same model and version as the one before it.
        @inline(__always)
        fileprivate func isOf(_ observation: Observation, in batch: EventBatch) -> Bool {
            batch.isSameText(observation.model, model.name) && batch.isSameText(observation.version, model.version)
                && target.slot >= 0
        }
    }

    /// Lends the pane of a residence, unless it is the one that is lent, with room for every signal of the model.
    ///
    /// - Parameter hour: Of the week, for which the pane is lent.
    private mutating func lend(_ lent: inout LentPane, slot: Int, tier: Int, index: Int64, hour: Int) {
        if lent.slot == slot, lent.tier == tier, lent.index == index, slots[slot].hour == hour {
            if lent.pane.signals.count < slots[slot].state.signals.count {
                lent.pane.reserve(signals: slots[slot].state.signals.count)
            }
            return
        }
        giveBack(&lent)
        lent.pane = slots[slot].lend(tier: tier, index: index)
        (lent.slot, lent.tier, lent.index) = (slot, tier, index)
        slots[slot].hour = hour
    }

    /// Puts the pane that is lent back into its place.
    private mutating func giveBack(_ lent: inout LentPane) {
        guard lent.slot >= 0 else { return }
        for signal in 0..<lent.heldEnd { takeHeld(signal, lent: &lent) }
        lent.heldEnd = 0
        var pane = Pane()
        swap(&pane, &lent.pane)
        slots[lent.slot].restore(pane, tier: lent.tier, index: lent.index)
        lent.slot = -1
    }

    /// Holds a number back until there are enough for a column or the pane is given back.
    ///
    /// Returns `false` if it is to be taken at once.
    private mutating func hold(_ number: Double, signal: Int, lent: inout LentPane) -> Bool {
        guard number.isFinite, signal >= 0, signal < ApplyScratch.heldSignals, slots[lent.slot].state.learner == nil,
            slots[lent.slot].state.signals[signal].kind == .numeric
        else { return false }
        let place = unsafe scratch.heldCounts[signal]
        unsafe scratch.held[signal &* ApplyScratch.heldLength &+ place] = number
        unsafe scratch.heldCounts[signal] = place &+ 1
        lent.heldEnd = max(lent.heldEnd, signal &+ 1)
        if place &+ 1 == ApplyScratch.heldLength { takeHeld(signal, lent: &lent) }
        return true
    }

    /// Takes the numbers that are held back for a signal.
    private mutating func takeHeld(_ signal: Int, lent: inout LentPane) {
        let count = unsafe scratch.heldCounts[signal]
        guard count > 0 else { return }
        unsafe scratch.heldCounts[signal] = 0
        let start = unsafe UnsafePointer(scratch.held + signal &* ApplyScratch.heldLength)
        unsafe slots[lent.slot].take(
            UnsafeBufferPointer(start: start, count: count), signal: signal, pane: &lent.pane.signals[signal],
            scratch: scratch)
    }

    /// Number of the signal that is observed, added if the limits allow.
    private mutating func signal(slot: Int, of observation: Observation, in batch: EventBatch) -> Int {
        if let known = unsafe slots[slot].signalTable.number(role: observation.role, name: batch.text(observation.name))
        {
            return known
        }
        let name = observation.name.isPresent ? batch.string(observation.name) : observation.role.defaultName
        guard name.utf8.count <= EventLimits.nameBytes else { return UnmeasuredColumn.signalsPerModel }
        let isText = observation.text.isPresent && !observation.number.isFinite
        let kind: SignalKind = isText ? .categorical : .numeric
        return signal(slot: slot, role: observation.role, name: name, kind: kind)
    }

    /// A weight as a whole number of events, at least 1.
    private static func wholeWeight(_ weight: Double) -> UInt64 {
        weight >= 1 ? UInt64(min(weight, weightLimit)) : 1
    }
}

extension ModelSlot {
    /// Whole events that an observation stands for: fractions are carried, so that the total stays right.
    mutating func events(of weight: Double, signal: Int) -> UInt64 {
        let bounded = weight >= 1 ? min(weight, Monitor.weightLimit) : 1
        let total = bounded + state.signals[signal].carriedWeight
        let whole = total.rounded(.down)
        state.signals[signal].carriedWeight = total - whole
        return UInt64(whole)
    }

    /// Takes one value `count` times.
    ///
    /// Returns how many of them were of a class beyond the limit.
    mutating func observe(
        _ observation: Observation, of batch: EventBatch, signal: Int, count: UInt64, pane: inout SignalPane,
        learning: LearningSetting
    ) -> UInt64 {
        // An outcome that is missing is not known yet.
        if state.signals[signal].role == .outcome, observation.isMissing { return 0 }
        let isLearning = learn(observation, of: batch, signal: signal, setting: learning)
        pane.observations &+= count
        state.signals[signal].observations &+= count
        var cell: Int?
        var unlisted: UInt64 = 0
        switch state.signals[signal].kind {
        case .numeric:
            let value = observation.number
            if value.isFinite {
                cell = take(value, count: count, signal: signal, pane: &pane, isCompared: !isLearning)
            } else {
                cell = countLacking(
                    isMissing: observation.isMissing, count: count, signal: signal, pane: &pane)
            }
        case .categorical:
            if let text = unsafe batch.text(observation.text) {
                let hash = unsafe ByteHash.hash(of: text)
                let role = state.signals[signal].role
                if role == .feature { pane.distinct.insert(hash: hash) }
                if role == .prediction || role == .outcome {
                    let number = unsafe classNumber(of: text, hash: hash)
                    if role == .prediction { state.classCounts[number] &+= count }
                    if number == 0 { unlisted = count }
                }
                if compiled[signal].categories != nil {
                    let known = unsafe compiled[signal].categories?.id(of: text, hash: hash)
                    if known == nil, !isLearning { state.signals[signal].issues.unseenCategory &+= count }
                    cell = known ?? compiled[signal].cellCount - 2
                }
            } else {
                cell = countLacking(
                    isMissing: observation.isMissing, count: count, signal: signal, pane: &pane)
            }
        }
        if !isLearning, let cell, state.signals[signal].bins.indices.contains(cell) {
            if pane.cells.count < compiled[signal].cellCount {
                pane.cells = pane.cells + [UInt64](repeating: 0, count: compiled[signal].cellCount - pane.cells.count)
            }
            pane.cells[cell] &+= count
            state.signals[signal].bins[cell] &+= count
            if hour >= 0 { expect(count, signal: signal, pane: &pane) }
        }
        return unlisted
    }

    /// Takes a finite number and returns its cell; `nil` without a reference.
    private mutating func take(
        _ value: Double, count: UInt64, signal: Int, pane: inout SignalPane, isCompared: Bool
    ) -> Int? {
        if !watched.isEmpty { watch(value, count: count, signal: signal) }
        pane.moments.insert(value, count: count)
        pane.sketch.insert(value, count: count)
        if state.signals[signal].role == .feature { pane.distinct.insert(hash: ByteHash.hash(of: value)) }
        state.signals[signal].histogram?.insert(value, count: count)
        guard compiled[signal].bins != nil else { return nil }
        if isCompared {
            if value < compiled[signal].minimum { state.signals[signal].issues.belowMinimum &+= count }
            if value > compiled[signal].maximum { state.signals[signal].issues.aboveMaximum &+= count }
        }
        return compiled[signal].bins?.bin(of: value)
    }

    /// Counts a value that is missing or invalid and returns the cell of missing ones.
    private mutating func countLacking(isMissing: Bool, count: UInt64, signal: Int, pane: inout SignalPane) -> Int? {
        if isMissing {
            pane.missing &+= count
            state.signals[signal].issues.missing &+= count
            return compiled[signal].cellCount - 1
        }
        pane.invalid &+= count
        state.signals[signal].issues.invalid &+= count
        return nil
    }

    /// Feeds the reference being learned; `false` if there is none or it has enough.
    private mutating func learn(
        _ observation: Observation, of batch: EventBatch, signal: Int, setting: LearningSetting
    ) -> Bool {
        let watermark = state.clock.watermark
        guard let isComplete = state.learner?.isComplete(setting, pending: 0, watermark: watermark), !isComplete else {
            return false
        }
        if state.learner?.since == nil { state.learner?.since = watermark }
        let known = state.signals[signal]
        if let kind = DriftKind(known.role),
            let column = state.learner?.builder.column(kind: kind, name: known.name, signalKind: known.kind)
        {
            state.learner?.builder.insert(observation, of: batch, into: column)
        }
        return true
    }
}

extension Observation {
    /// Whether it has neither a number nor a text.
    fileprivate var isMissing: Bool { number.bitPattern == NumberMark.missingBits && text == .missing }
}
