import Events
import Sketches
import Statistics

extension Monitor {
    /// Most events that one observation may stand for; a smaller sample rate counts as this many.
    static let weightLimit = 1e9

    /// Applies the single observations of a batch, one by one.
    ///
    /// Less than 0.1 µs each. Observations mostly come in runs of one model and one time, so a pane is lent once a run,
    /// and numbers that stand for one event each are held back to be taken as a column; names are counted. In a batch
    /// the names of an observation are looked up once for each place where they stand.
    mutating func applyObservations(_ batch: EventBatch, arrival: Int64, now: Instant) {
        guard let binding = bindings[batch.source] else { return }
        var lent = LentPane()
        targets.begin()
        for i in 0..<batch.observationCount {
            let observation = unsafe UnsafePointer(batch.observations + i)
            if unsafe lent.isSteady(observation.pointee.timestamp), let target = unsafe targets.find(observation),
                target.slot == lent.slot
            {
                unsafe take(observation, of: batch, target: target, now: now, lent: &lent)
                continue
            }
            if unsafe !lent.isOf(observation, in: batch) {
                unsafe lent.model = (observation.pointee.model, observation.pointee.version)
                lent.owner = unsafe slot(
                    batch, model: observation.pointee.model, version: observation.pointee.version, binding: binding)
            }
            if let target = unsafe apply(observation, of: batch, arrival: arrival, now: now, lent: &lent) {
                unsafe targets.insert(observation, target)
            }
        }
        giveBack(&lent)
    }

    /// Applies one observation whose names are in `batch`.
    mutating func apply(
        _ observation: Observation, of batch: EventBatch, binding: SchemaBinding, arrival: Int64, now: Instant
    ) {
        var lent = LentPane()
        lent.owner = slot(batch, model: observation.model, version: observation.version, binding: binding)
        unsafe withUnsafePointer(to: observation) { observation in
            _ = unsafe apply(observation, of: batch, arrival: arrival, now: now, lent: &lent)
        }
        giveBack(&lent)
    }

    /// Applies one observation to the model that `lent` names, with the pane that is lent already if it is the right
    /// one.
    ///
    /// Returns where it went, if others with the same names go there as well.
    private mutating func apply(
        _ observation: UnsafePointer<Observation>, of batch: EventBatch, arrival: Int64, now: Instant,
        lent: inout LentPane
    ) -> ObservationTargets.Target? {
        let (slot, isOverflow) = lent.owner
        if isOverflow { overflows[Int(directory.otherReason.rawValue)] &+= 1 }
        touch(slot)
        let timestamp = unsafe observation.pointee.timestamp
        let time = timestamp == EventBatch.noTimestamp ? max(arrival, slots[slot].state.clock.watermark) : timestamp
        let (minute, isLate) = slots[slot].place(time, wall: now.wall)
        if slots[slot].isBehindClock {
            giveBack(&lent)
            slots[slot].followClock()
        }
        let home = isLate ? nil : slots[slot].residence(ofMinute: minute)
        let signal = unsafe self.signal(slot: slot, of: observation.pointee, in: batch)
        let hour = slots[slot].hour(ofMinute: minute)
        lend(&lent, slot: slot, tier: home?.tier ?? -1, index: home?.index ?? 0, hour: hour)
        lent.time = time
        lent.watermark = slots[slot].state.clock.watermark
        lent.isLearning = slots[slot].state.learner != nil
        lent.steadyStamp = !lent.isLearning && slots[slot].state.clock.isSteady(at: time) ? timestamp : nil
        var target: ObservationTargets.Target?
        if signal >= 0 {
            let known = ObservationTargets.Target(
                slot: slot, signal: signal, kind: slots[slot].state.signals[signal].kind)
            unsafe take(observation, of: batch, target: known, now: now, lent: &lent)
            if !isOverflow { target = known }
        } else {
            unsafe takeUnmeasured(observation, why: signal, now: now, lent: &lent)
        }
        if lent.isLearning {
            giveBack(&lent)
            slots[slot].finishLearning(settings, now: now)
        }
        return target
    }

    /// Takes an observation of a signal into the pane that is lent.
    @inline(__always)
    private mutating func take(
        _ observation: UnsafePointer<Observation>, of batch: EventBatch, target: ObservationTargets.Target,
        now: Instant, lent: inout LentPane
    ) {
        let weight = unsafe observation.pointee.weight
        let count = weight == 1 ? 1 : slots[target.slot].events(of: weight, signal: target.signal)
        unsafe countPrediction(observation, count, now: now, lent: &lent)
        let isHeld =
            switch target.kind {
            case .numeric: unsafe count == 1 && hold(observation.pointee.number, signal: target.signal, lent: &lent)
            case .categorical:
                unsafe hold(observation.pointee.text, count, of: batch, signal: target.signal, lent: &lent)
            }
        if isHeld { return }
        let unlisted = unsafe slots[target.slot].observe(
            observation.pointee, of: batch, signal: target.signal, count: count,
            pane: &lent.pane.signals[target.signal], learning: settings.learning)
        overflows[Int(MonitorLimit.categoriesPerSignal.rawValue)] &+= unlisted
    }

    /// Counts an observation of a signal that goes unmeasured.
    private mutating func takeUnmeasured(
        _ observation: UnsafePointer<Observation>, why: Int, now: Instant, lent: inout LentPane
    ) {
        let weight = unsafe observation.pointee.weight
        let count = weight >= 1 ? UInt64(min(weight, Self.weightLimit)) : 1
        unsafe countPrediction(observation, count, now: now, lent: &lent)
        let limit: MonitorLimit = why == UnmeasuredColumn.series ? .series : .signalsPerModel
        if why != UnmeasuredColumn.otherKind { overflows[Int(limit.rawValue)] &+= count }
    }

    /// Counts an observation that is a prediction, once the pane is lent.
    @inline(__always)
    private func countPrediction(
        _ observation: UnsafePointer<Observation>, _ count: UInt64, now: Instant, lent: inout LentPane
    ) {
        guard unsafe observation.pointee.isPrediction else { return }
        let isTimed = unsafe observation.pointee.timestamp != EventBatch.noTimestamp
        lent.predictions[unsafe Int(observation.pointee.status.rawValue)] &+= count
        let newest = min(isTimed ? lent.time : now.wall, lent.watermark &+ EventClock.tolerance)
        lent.newestPrediction = max(lent.newestPrediction, newest)
    }

    // MARK: Panes

    /// A pane out of its place, while a run of observations goes into it.
    struct LentPane {
        /// Model and version as the last observation that was looked up named them.
        var model = (name: ByteRange.invalid, version: ByteRange.invalid)
        /// Where events of that model go.
        var owner = (slot: -1, isOverflow: false)
        /// Whose pane it is; -1 while none is lent.
        fileprivate(set) var slot = -1
        fileprivate(set) var tier = -1
        fileprivate(set) var index: Int64 = 0
        fileprivate(set) var pane = Pane()
        /// Time of the observation that was looked up last, and its model's watermark then.
        fileprivate var time: Int64 = 0
        fileprivate var watermark: Int64 = 0
        /// The timestamp with which that observation came, if another one with it would leave clock and pane as they
        /// are.
        fileprivate var steadyStamp: Int64?
        /// Whether the model learns its reference.
        fileprivate var isLearning = false
        /// Behind the last signal of which numbers are held back.
        fileprivate var heldEnd = 0
        /// Predictions by status.
        fileprivate var predictions = SIMD4<UInt64>()
        /// Time of the newest one.
        fileprivate var newestPrediction = Int64.min

        /// Whether an observation with this timestamp belongs into the pane that is lent, and moves no clock.
        @inline(__always)
        fileprivate func isSteady(_ timestamp: Int64) -> Bool { steadyStamp == timestamp }

        /// Whether an observation of the same batch names the same model and version as the one before it.
        @inline(__always)
        fileprivate func isOf(_ observation: UnsafePointer<Observation>, in batch: EventBatch) -> Bool {
            unsafe batch.isSameText(observation.pointee.model, model.name)
                && batch.isSameText(observation.pointee.version, model.version) && owner.slot >= 0
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
        while let name = heldNames.removeAny() { take(name, lent: &lent) }
        for status in Status.allCases {
            let count = lent.predictions[Int(status.rawValue)]
            guard count > 0 else { continue }
            slots[lent.slot].countPredictions(status: status.rawValue, newest: lent.newestPrediction, count: count)
            lent.pane.worth.events &+= count
            slots[lent.slot].state.worth.events &+= count
        }
        (lent.heldEnd, lent.steadyStamp) = (0, nil)
        (lent.predictions, lent.newestPrediction) = (SIMD4(), .min)
        var pane = Pane()
        swap(&pane, &lent.pane)
        slots[lent.slot].restore(pane, tier: lent.tier, index: lent.index)
        lent.slot = -1
    }

    // MARK: What is held back

    /// Holds a number back until there are enough for a column or the pane is given back.
    ///
    /// Returns `false` if it is to be taken at once.
    @inline(__always)
    private mutating func hold(_ number: Double, signal: Int, lent: inout LentPane) -> Bool {
        guard number.isFinite, signal < ApplyScratch.heldSignals, !lent.isLearning else { return false }
        let place = unsafe scratch.heldCounts[signal]
        unsafe scratch.held[signal &* ApplyScratch.heldLength &+ place] = number
        unsafe scratch.heldCounts[signal] = place &+ 1
        lent.heldEnd = max(lent.heldEnd, signal &+ 1)
        if place &+ 1 == ApplyScratch.heldLength { takeHeld(signal, lent: &lent) }
        return true
    }

    /// Takes the numbers that are held back for a signal.
    @inline(never)
    private mutating func takeHeld(_ signal: Int, lent: inout LentPane) {
        let count = unsafe scratch.heldCounts[signal]
        guard count > 0 else { return }
        unsafe scratch.heldCounts[signal] = 0
        let start = unsafe UnsafePointer(scratch.held + signal &* ApplyScratch.heldLength)
        unsafe slots[lent.slot].take(
            UnsafeBufferPointer(start: start, count: count), signal: signal, pane: &lent.pane.signals[signal],
            scratch: scratch)
    }

    /// Counts a name that is held, or holds it.
    ///
    /// Returns `false` if it is to be taken at once.
    @inline(__always)
    private mutating func hold(
        _ text: ByteRange, _ count: UInt64, of batch: EventBatch, signal: Int, lent: inout LentPane
    ) -> Bool {
        guard !lent.isLearning, let bytes = unsafe batch.text(text) else { return false }
        let hash = unsafe ByteHash.hash(of: bytes)
        let place = HeldNames.place(signal: signal, hash: hash)
        if heldNames.count(text, hash, signal: signal, in: batch, at: place, count) { return true }
        let known = unsafe slots[lent.slot].known(bytes, at: text, hash: hash, count, signal: signal)
        if let other = heldNames.exchange(known, at: place) { take(other, lent: &lent) }
        return true
    }

    /// Takes a name that was held.
    private mutating func take(_ name: KnownName, lent: inout LentPane) {
        let unlisted = slots[lent.slot].take(name, pane: &lent.pane.signals[name.signal], isCompared: true)
        overflows[Int(MonitorLimit.categoriesPerSignal.rawValue)] &+= unlisted
    }

    // MARK: Signals

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
}
