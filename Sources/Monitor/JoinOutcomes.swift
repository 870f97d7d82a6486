import Events
import Sketches

// Outcomes that come in records of their own, after their prediction or before it: which of both is first makes no
// difference. An outcome counts as if its prediction had carried it, at the time of the prediction.

extension Monitor {
    /// Takes a row that is an outcome and nothing else.
    mutating func takeOutcome(_ batch: EventBatch, row: Int, binding: SchemaBinding, arrival: Int64) {
        guard let (cell, column) = outcomeCell(batch, row: row, binding: binding) else { return }
        let named = unsafe batch.text(batch.models[row])
        let name = unsafe named.map { unsafe String(decoding: $0, as: UTF8.self) } ?? batch.schema.defaultModel
        let isScoped = unsafe named != nil || batch.schema.defaultModel != SchemaBinding.unnamedModel
        guard let model = held.models.insert(name) else {
            overflows[Int(MonitorLimit.models.rawValue)] &+= 1
            bookOrphan(slot(model: Self.otherModel, version: "", cost: SeriesCost.model(settings)))
            return
        }
        let timestamp = unsafe batch.timestamps[row]
        let time = timestamp == EventBatch.noTimestamp ? arrival : timestamp
        var outcome = HeldOutcome(
            id: unsafe batch.identifiers[row], time: EventClock.clamped(time), number: cell.number,
            name: heldName(of: cell, isSpelled: column == .categorical),
            model: Int32(truncatingIfNeeded: model), arrival: Self.wholeSeconds(arrival), isScoped: isScoped)
        if let place = held.place(of: outcome.id, model: outcome.model, isScoped: isScoped) {
            repeatOutcome(at: place, outcome)
            return
        }
        for slot in slots.indices where !isScoped || slots[slot].state.model == name {
            guard let place = slots[slot].state.pending.place(of: outcome.id) else { continue }
            let prediction = slots[slot].state.pending.remove(at: place)
            waiting &-= 1
            join(slot, prediction, cell, time: outcome.time)
            if outcome.met < 0 { outcome.met = Int32(truncatingIfNeeded: slot) }
        }
        while held.table.count >= settings.joining.pending, let oldest = held.table.removeOldest() {
            if oldest.met < 0 { overflows[Int(MonitorLimit.pendingOutcomes.rawValue)] &+= 1 }
            giveUp(oldest)
        }
        held.table.insert(outcome)
    }

    /// Lets the predictions of a group wait for their outcomes, or compares them with those that came before them.
    ///
    /// Called right after the group was absorbed, while its classes are at hand.
    mutating func awaitOutcomes(
        _ batch: EventBatch, _ group: RowGroup, binding: SchemaBinding, signals: [Int32], arrival: Int64
    ) {
        guard let prediction = binding.prediction, let place = binding.predictionPlace, signals[place] >= 0 else {
            return
        }
        let slot = group.slot
        let cells = prediction.place &* batch.rowCapacity
        for i in 0..<group.count {
            let row = unsafe Int(scratch.order[group.start &+ i])
            let id = unsafe batch.identifiers[row]
            if id == 0 || binding.hasInstances && batch.isOneOfSeveral(row) { continue }
            if let outcome = binding.outcome, !outcome.isMissing(batch, row: row) { continue }
            let timestamp = unsafe batch.timestamps[row]
            let time = timestamp == EventBatch.noTimestamp ? max(arrival, slots[slot].state.clock.watermark) : timestamp
            var pending = PendingPrediction(
                id: id, time: EventClock.clamped(time), number: 0, predicted: -1, arrival: Self.wholeSeconds(arrival))
            switch prediction.kind {
            case .numeric:
                pending.number = unsafe batch.numbers[cells &+ row]
                guard pending.number.isFinite else { continue }
            case .categorical:
                if unsafe batch.text(batch.texts[cells &+ row]) == nil { continue }
                // A name too long to be listed is of no class.
                pending.predicted = unsafe max(0, scratch.predicted[i])
            }
            if held.table.count > 0, let place = held.place(of: id, predictedBy: slots[slot].state.model) {
                meet(slot, pending, at: place)
            } else if slots[slot].state.letWait(pending) {
                waiting &+= 1
                if waiting > settings.joining.pending { makeRoom(for: slot) }
            }
        }
    }

    /// Gives up what has waited too long.
    mutating func expireOutcomes(arrival: Int64) {
        let earliest = Self.wholeSeconds(arrival &- settings.joining.seconds &* 1_000_000_000)
        if waiting > 0 {
            for slot in slots.indices where slots[slot].state.expirePending(before: earliest) {
                slots[slot].isDirty = true
            }
            waiting = slots.reduce(0) { $0 &+ $1.state.pending.count }
        }
        while let outcome = held.table.removeOldest(before: earliest) { giveUp(outcome) }
        held.forgetNames()
    }

    /// Takes over what waited when a state was saved, as far as the settings allow.
    ///
    /// - Parameter slotOfModel: Number of each model of the state; -1 for one that was forgotten.
    mutating func adoptOutcomes(_ saved: HeldOutcomes, slotOfModel: [Int]) {
        held = saved
        held.table = WaitingTable()
        for var outcome in saved.table.inOrder {
            if outcome.met >= 0 {
                let slot = slotOfModel.indices.contains(Int(outcome.met)) ? slotOfModel[Int(outcome.met)] : -1
                outcome.met = slot < 0 ? .max : Int32(truncatingIfNeeded: slot)
            }
            held.table.insert(outcome)
        }
        while held.table.count > settings.joining.pending, let oldest = held.table.removeOldest() { giveUp(oldest) }
        waiting = slots.reduce(0) { $0 &+ $1.state.pending.count }
        while waiting > settings.joining.pending { makeRoom(for: nil) }
    }

    /// Gives up a waiting prediction: the oldest of the model that has the most, or of one that has its share.
    private mutating func makeRoom(for slot: Int?) {
        var victim = slot ?? 0
        if slot == nil || slots[victim].state.pending.count &* slots.count <= settings.joining.pending {
            for other in slots.indices
            where slots[other].state.pending.count > slots[victim].state.pending.count { victim = other }
        }
        slots[victim].state.evictPending()
        slots[victim].isDirty = true
        waiting &-= 1
        overflows[Int(MonitorLimit.pendingOutcomes.rawValue)] &+= 1
    }

    // MARK: Meeting

    /// Compares a prediction with the outcome that came before it.
    private mutating func meet(_ slot: Int, _ prediction: PendingPrediction, at place: Int) {
        let outcome = held.table[place]
        // The same prediction once more.
        if outcome.met == slot { return }
        let text: ByteRange
        if outcome.name >= 0 {
            text = routed.hold(held.names.nameBytes(of: Int(outcome.name)))
        } else if outcome.number.isNaN {
            // There was no room for the name: it is of no class that is listed.
            text = ByteRange(offset: 0, length: UInt32(EventLimits.nameBytes + 1))
        } else {
            text = routed.hold(OutcomeText.spelling(outcome.number).utf8)
        }
        join(slot, prediction, OutcomeCell(batch: routed, text: text, number: outcome.number), time: outcome.time)
        if outcome.met < 0 {
            held.table[place].met = Int32(truncatingIfNeeded: slot)
            slots[slot].state.outcomes.duplicates &+= UInt64(outcome.duplicates)
            slots[slot].state.outcomes.corrections &+= UInt64(outcome.corrections)
        }
    }

    /// Counts an outcome with its prediction.
    private mutating func join(_ slot: Int, _ prediction: PendingPrediction, _ cell: OutcomeCell, time: Int64) {
        let kind: SignalKind = prediction.predicted < 0 ? .numeric : .categorical
        let signal =
            slots[slot].outcomeSignal
            ?? self.signal(slot: slot, role: .outcome, name: Role.outcome.defaultName, kind: kind)
        if signal < 0, signal != UnmeasuredColumn.otherKind {
            let limit: MonitorLimit = signal == UnmeasuredColumn.series ? .series : .signalsPerModel
            overflows[Int(limit.rawValue)] &+= 1
        }
        let unlisted = slots[slot].join(prediction, cell, signal: signal, time: time, settings: settings)
        overflows[Int(MonitorLimit.categoriesPerSignal.rawValue)] &+= unlisted
    }

    /// Counts an outcome that came before.
    private mutating func repeatOutcome(at place: Int, _ outcome: HeldOutcome) {
        let known = held.table[place]
        let agrees = known.agrees(with: outcome)
        if known.met >= 0 {
            guard slots.indices.contains(Int(known.met)) else { return }
            slots[Int(known.met)].isDirty = true
            if agrees {
                slots[Int(known.met)].state.outcomes.duplicates &+= 1
            } else {
                slots[Int(known.met)].state.outcomes.corrections &+= 1
            }
        } else if agrees {
            held.table[place].duplicates = known.duplicates == .max ? .max : known.duplicates + 1
        } else {
            held.table[place].corrections = known.corrections == .max ? .max : known.corrections + 1
        }
    }

    /// Books an outcome that is no longer remembered.
    private mutating func giveUp(_ outcome: HeldOutcome) {
        guard outcome.met < 0 else { return }
        let name = held.model(outcome)
        let known = slots.firstIndex { $0.state.model == name } ?? (outcome.isScoped ? nil : slots.indices.first)
        let slot = known ?? self.slot(model: name, version: "", cost: SeriesCost.model(settings))
        bookOrphan(slot)
        slots[slot].state.outcomes.duplicates &+= UInt64(outcome.duplicates)
        slots[slot].state.outcomes.corrections &+= UInt64(outcome.corrections)
    }

    private mutating func bookOrphan(_ slot: Int) {
        slots[slot].state.outcomes.orphans &+= 1
        slots[slot].isDirty = true
    }

    // MARK: Values

    /// The outcome in a row, and how its column has it.
    private func outcomeCell(
        _ batch: EventBatch, row: Int, binding: SchemaBinding
    ) -> (cell: OutcomeCell, column: SignalKind)? {
        guard let outcome = binding.outcome else { return nil }
        let place = outcome.place &* batch.rowCapacity &+ row
        switch outcome.kind {
        case .numeric:
            let number = unsafe batch.numbers[place]
            let text = routed.hold(OutcomeText.spelling(number).utf8)
            return (OutcomeCell(batch: routed, text: text, number: number), .numeric)
        case .categorical:
            let range = unsafe batch.texts[place]
            guard let text = unsafe batch.text(range) else { return nil }
            return (OutcomeCell(batch: batch, text: range, number: unsafe OutcomeText.number(text)), .categorical)
        }
    }

    /// Number of the name that is held; -1 if the number of the outcome has the same spelling.
    private mutating func heldName(of cell: OutcomeCell, isSpelled: Bool) -> Int32 {
        guard isSpelled, let text = unsafe cell.batch.text(cell.text) else { return -1 }
        if !cell.number.isNaN, unsafe OutcomeText.spelling(cell.number).utf8.elementsEqual(text) { return -1 }
        return unsafe held.names.insert(text).map { Int32(truncatingIfNeeded: $0) } ?? -1
    }

    private static func wholeSeconds(_ time: Int64) -> UInt32 { UInt32(clamping: time / 1_000_000_000) }
}

extension EventClock {
    /// The time within `range` that is nearest.
    static func clamped(_ time: Int64) -> Int64 { min(max(time, range.lowerBound), range.upperBound) }
}

extension ModelSlot {
    /// Counts an outcome with its prediction, in the pane of the prediction.
    ///
    /// - Parameters:
    ///   - signal: Number of the outcome's signal; negative for one that goes unmeasured.
    ///   - time: When the outcome became known.
    /// - Returns: How many values were of a class beyond the limit: 0 or 1.
    mutating func join(
        _ prediction: PendingPrediction, _ cell: OutcomeCell, signal: Int, time: Int64,
        settings: borrowing MonitorSettings
    ) -> UInt64 {
        isDirty = true
        let minute = PaneTiers.minute(of: prediction.time)
        let home = residence(ofMinute: minute)
        hour = hour(ofMinute: minute)
        var pane = lend(tier: home?.tier ?? -1, index: home?.index ?? 0)
        var unlisted: UInt64 = 0
        if signal >= 0 {
            let observation = Observation(
                timestamp: time, model: .missing, version: .missing, role: .outcome, name: .missing,
                number: cell.number.isNaN ? NumberMark.missing : cell.number, text: cell.text, weight: 1,
                isPrediction: false, status: .success)
            unlisted = observe(
                observation, of: cell.batch, signal: signal, count: 1, pane: &pane.signals[signal],
                learning: settings.learning)
        }
        if compare(prediction, cell, pane: &pane, classes: settings.limits.confusionClasses) {
            state.joinedOutcomes &+= 1
            var delay = state.outcomeDelay ?? ValueHistogram(bounds: ValueHistogram.delayBounds)
            state.outcomeDelay = nil
            // The difference of two times in range may need all 64 bits.
            let waited = time > prediction.time ? UInt64(bitPattern: time &- prediction.time) : 0
            delay.insert(Double(waited) / 1e9, count: 1)
            state.outcomeDelay = delay
        } else {
            state.outcomes.incomparable &+= 1
        }
        restore(pane, tier: home?.tier ?? -1, index: home?.index ?? 0)
        return unlisted
    }

    /// Counts a prediction against its outcome; `false` if they cannot be compared.
    private mutating func compare(
        _ prediction: PendingPrediction, _ cell: OutcomeCell, pane: inout Pane, classes limit: Int
    ) -> Bool {
        if prediction.predicted < 0 {
            let error = prediction.number - cell.number
            guard error.isFinite, (error * error).isFinite else { return false }
            state.errors.insert(error)
            pane.errors.insert(error)
            watch(error: error)
            return true
        }
        guard let text = unsafe cell.batch.text(cell.text) else { return false }
        let actual = unsafe classNumber(of: text, hash: ByteHash.hash(of: text))
        let predicted = Int(prediction.predicted)
        let pair = (actual: actual > limit ? 0 : actual, predicted: predicted > limit ? 0 : predicted)
        state.confusion.insert(actual: pair.actual, predicted: pair.predicted)
        pane.confusion.insert(actual: pair.actual, predicted: pair.predicted)
        watch(error: pair.actual == pair.predicted ? 0 : 1)
        return true
    }
}
