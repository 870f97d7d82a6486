import Events
import Sketches

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
        var cell: Int?
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
            guard let text = unsafe batch.text(observation.text) else {
                cell = countLacking(isMissing: observation.isMissing, count: count, signal: signal, pane: &pane)
                break
            }
            let name = unsafe known(text, at: observation.text, hash: ByteHash.hash(of: text), count, signal: signal)
            return take(name, pane: &pane, isCompared: !isLearning)
        }
        pane.observations &+= count
        state.signals[signal].observations &+= count
        if !isLearning, let cell { book(count, cell: cell, signal: signal, pane: &pane) }
        return 0
    }

    /// Finds what a name is to a signal, and numbers it if it is a new class.
    mutating func known(
        _ text: UnsafeRawBufferPointer, at place: ByteRange, hash: UInt64, _ count: UInt64, signal: Int
    ) -> KnownName {
        var name = KnownName(
            signal: signal, text: place, hash: hash, classNumber: -1, cell: -1, isUnseen: false, count: count)
        let role = state.signals[signal].role
        if role == .prediction || role == .outcome { name.classNumber = unsafe classNumber(of: text, hash: hash) }
        if compiled[signal].categories != nil {
            let known = unsafe compiled[signal].categories?.id(of: text, hash: hash)
            name.isUnseen = known == nil
            name.cell = known ?? compiled[signal].cellCount - 2
        }
        return name
    }

    /// Takes a name as often as it was counted.
    ///
    /// Returns how many of them were of a class beyond the limit.
    mutating func take(_ name: KnownName, pane: inout SignalPane, isCompared: Bool) -> UInt64 {
        let (signal, count) = (name.signal, name.count)
        pane.observations &+= count
        state.signals[signal].observations &+= count
        switch state.signals[signal].role {
        case .feature: pane.distinct.insert(hash: name.hash)
        case .prediction: state.classCounts[name.classNumber] &+= count
        case .score, .outcome, .latency: break
        }
        if isCompared {
            if name.isUnseen { state.signals[signal].issues.unseenCategory &+= count }
            if name.cell >= 0 { book(count, cell: name.cell, signal: signal, pane: &pane) }
        }
        return name.classNumber == 0 ? count : 0
    }

    /// Adds to the count of a cell.
    private mutating func book(_ count: UInt64, cell: Int, signal: Int, pane: inout SignalPane) {
        guard state.signals[signal].bins.indices.contains(cell) else { return }
        if pane.cells.count < compiled[signal].cellCount {
            pane.cells = pane.cells + [UInt64](repeating: 0, count: compiled[signal].cellCount - pane.cells.count)
        }
        pane.cells[cell] &+= count
        state.signals[signal].bins[cell] &+= count
        if hour >= 0 { expect(count, signal: signal, pane: &pane) }
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
