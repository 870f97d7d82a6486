import Events
import Monitor
import Sketches

// The state as a whole, models, signals and panes. Each writer stands beside its reader.

extension StateWriter {
    mutating func state(_ state: MonitorState) {
        progress(state)
        signed(state.taken.wall)
        signed(state.taken.monotonic)
        counts(state.overflows)
        list(state.windows) { writer, window in
            writer.text(window.label)
            writer.signed(window.seconds)
        }
        for source in state.sources { self.source(source) }
        list(state.models) { $0.model($1) }
        custom(state.custom)
        held(state.outcomes)
        list(state.shown.hashes) { $0.long($1) }
    }

    private mutating func model(_ model: ModelState) {
        text(model.model)
        text(model.version)
        counts(model.predictions)
        worth(model.worth)
        recent(model.recent)
        optional(model.lastPrediction) { $0.signed($1) }
        for value in [
            model.lateEvents, model.missingFields, model.unexpectedFields, model.wrongTypes, model.joinedOutcomes,
        ] { count(value) }
        list(model.classes) { $0.text($1) }
        counts(model.classCounts)
        counts(model.confusion.counts)
        errors(model.errors)
        optional(model.reference) { $0.reference($1) }
        optional(model.learner) { $0.learner($1) }
        list(model.signals) { $0.signal($1) }
        count(model.evidenceTicks)
        optional(model.evidenceSince) { $0.signed($1) }
        list(model.watches) { $0.watch($1) }
        waiting(model)
        clock(model.clock)
        optional(model.panes.headMinute) { $0.signed($1) }
        let filled = model.panes.tiers.enumerated().flatMap { tier in
            tier.element.panes.indices.filter { tier.element.panes[$0].index != Pane.vacant }.map { (tier.offset, $0) }
        }
        list(filled) { writer, place in
            writer.count(place.0)
            writer.pane(model.panes.tiers[place.0].panes[place.1])
        }
    }

    private mutating func signal(_ signal: SignalState) {
        byte(signal.role.rawValue)
        text(signal.name)
        byte(signal.kind.rawValue)
        for value in [
            signal.observations, signal.issues.missing, signal.issues.invalid, signal.issues.belowMinimum,
            signal.issues.aboveMaximum, signal.issues.unseenCategory,
        ] { count(value) }
        counts(signal.bins)
        list(signal.expected) { $0.number($1) }
        number(signal.carriedWeight)
        optional(signal.histogram) { $0.histogram($1) }
        count(signal.driftAlarms)
        optional(signal.evidence) { $0.evidence($1) }
    }

    private mutating func clock(_ clock: EventClock) {
        byte(clock.seen)
        for time in [
            clock.newest, clock.second, clock.third, clock.watermark, clock.restingWatermark, clock.arrivalWall,
        ] { signed(time) }
        count(UInt64(clock.contradicted))
    }

    private mutating func errors(_ errors: ErrorSums) {
        count(errors.count)
        guard errors.count > 0 else { return }
        number(errors.absolute)
        number(errors.squared)
        number(errors.signed)
    }

    private mutating func pane(_ pane: Pane) {
        signed(pane.index)
        worth(pane.worth)
        counts(pane.confusion.counts)
        errors(pane.errors)
        count(pane.signals.count)
        for signal in pane.signals {
            flag(!signal.isEmpty)
            if signal.isEmpty { continue }
            count(signal.observations)
            count(signal.missing)
            count(signal.invalid)
            counts(signal.cells)
            list(signal.expected) { $0.number($1) }
            distinct(signal.distinct)
            moments(signal.moments)
            if signal.moments.count > 0 { sketch(signal.sketch) }
        }
    }
}

extension StateReader {
    /// Most windows of a state.
    private static let windowLimit = 64

    mutating func state() throws(StateError) -> MonitorState {
        var state = try progress()
        state.taken = Instant(wall: try signed(), monotonic: try signed())
        state.overflows = try counts("limits")
        let windows = try list("windows") { (reader) throws(StateError) in
            WindowSetting(label: try reader.text(), seconds: try reader.signed())
        }
        guard windows.count <= Self.windowLimit, windows.allSatisfy({ (60...604_800).contains($0.seconds) }) else {
            throw .malformed("impossible windows")
        }
        state.windows = windows
        for source in state.sources.indices { try self.source(into: &state.sources[source]) }
        state.models = try list("models") { (reader) throws(StateError) in try reader.model(windows) }
        state.custom = try custom()
        state.outcomes = try held()
        state.shown = ShownSeries(
            try list("series", size: 8) { (reader) throws(StateError) in try reader.long() })
        return state
    }

    private mutating func model(_ windows: [WindowSetting]) throws(StateError) -> ModelState {
        var model = ModelState(model: try text(), version: try text(), windows: windows)
        let predictions = try counts("statuses")
        guard predictions.count <= model.predictions.count else { throw .malformed("an unknown status") }
        for status in predictions.indices { model.predictions[status] = predictions[status] }
        model.worth = try worth()
        model.recent = try recent()
        model.lastPrediction = try optional { (reader) throws(StateError) in try reader.signed() }
        model.lateEvents = try count()
        model.missingFields = try count()
        model.unexpectedFields = try count()
        model.wrongTypes = try count()
        model.joinedOutcomes = try count()
        model.classes = try list("classes") { (reader) throws(StateError) in try reader.text() }
        model.classCounts = try counts("classes")
        guard model.classCounts.count == model.classes.count + 1, Set(model.classes).count == model.classes.count else {
            throw .malformed("impossible classes")
        }
        model.confusion = try confusion(classes: model.classes.count + 1)
        model.errors = try errors()
        model.reference = try optional { (reader) throws(StateError) in try reader.reference() }
        model.learner = try optional { (reader) throws(StateError) in try reader.learner() }
        model.signals = try list("signals") { (reader) throws(StateError) in try reader.signal() }
        model.evidenceTicks = try count()
        model.evidenceSince = try optional { (reader) throws(StateError) in try reader.signed() }
        model.watches = try watches()
        try waiting(into: &model)
        model.clock = try clock()
        let head = try optional { (reader) throws(StateError) in try reader.signed() }
        let (signals, classes) = (model.signals.count, model.classes.count + 1)
        let panes = try list("panes") { (reader) throws(StateError) in
            (tier: try reader.count(upTo: 2, "tiers"), pane: try reader.pane(signals: signals, classes: classes))
        }
        model.panes = try valid(PaneTiers(windows: windows, headMinute: head, panes: panes), "panes")
        return model
    }

    private mutating func signal() throws(StateError) -> SignalState {
        let role: Role = try choice("role")
        let name = try text()
        var signal = SignalState(role: role, name: name, kind: try choice("kind of signal"))
        signal.observations = try count()
        signal.issues.missing = try count()
        signal.issues.invalid = try count()
        signal.issues.belowMinimum = try count()
        signal.issues.aboveMaximum = try count()
        signal.issues.unseenCategory = try count()
        signal.bins = try counts("cells")
        signal.expected = try expected()
        signal.carriedWeight = try number()
        guard signal.carriedWeight >= 0, signal.carriedWeight < 1 else { throw .malformed("an impossible weight") }
        signal.histogram = try optional { (reader) throws(StateError) in try reader.histogram() }
        signal.driftAlarms = try count()
        signal.evidence = try optional { (reader) throws(StateError) in try reader.evidence() }
        return signal
    }

    private mutating func clock() throws(StateError) -> EventClock {
        let seen = try byte()
        let newest = try signed()
        let second = try signed()
        let third = try signed()
        let watermark = try signed()
        let restingWatermark = try signed()
        let arrivalWall = try signed()
        let contradicted = try valid(UInt32(exactly: try count()), "clock")
        let clock = EventClock(
            newest: newest, second: second, third: third, seen: seen, watermark: watermark,
            restingWatermark: restingWatermark, arrivalWall: arrivalWall, contradicted: contradicted)
        return try valid(clock, "clock")
    }

    private mutating func confusion(classes: Int) throws(StateError) -> ConfusionCounts {
        try valid(ConfusionCounts(counts: try counts("pairs of classes"), classLimit: classes), "pairs of classes")
    }

    private mutating func errors() throws(StateError) -> ErrorSums {
        var errors = ErrorSums()
        errors.count = try count()
        guard errors.count > 0 else { return errors }
        errors.absolute = try finite("a sum of errors")
        errors.squared = try finite("a sum of errors")
        errors.signed = try finite("a sum of errors")
        guard errors.absolute >= 0, errors.squared >= 0 else { throw .malformed("a negative sum of errors") }
        return errors
    }

    private mutating func pane(signals: Int, classes: Int) throws(StateError) -> Pane {
        var pane = Pane()
        pane.index = try signed()
        pane.worth = try worth()
        pane.confusion = try confusion(classes: classes)
        pane.errors = try errors()
        let count = try count(upTo: min(signals, left), "signals of a pane")
        for _ in 0..<count {
            var signal = SignalPane()
            if try flag() {
                signal.observations = try self.count()
                signal.missing = try self.count()
                signal.invalid = try self.count()
                signal.cells = try counts("cells")
                signal.expected = try expected()
                guard signal.observations > 0, signal.cells.count <= Reference.cellLimit,
                    signal.expected.isEmpty || signal.expected.count == signal.cells.count
                else {
                    throw .malformed("an impossible signal of a pane")
                }
                signal.distinct = try distinct()
                signal.moments = try moments()
                if signal.moments.count > 0 { signal.sketch = try sketch() }
            }
            pane.signals.append(signal)
        }
        return pane
    }
}
