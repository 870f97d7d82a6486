import Events
import Monitor
import Sketches

// References, finished and in the making. Each writer stands beside its reader.

extension StateWriter {
    mutating func reference(_ reference: Reference) {
        optional(reference.model) { $0.text($1) }
        optional(reference.version) { $0.text($1) }
        text(reference.hash)
        byte(reference.source.rawValue)
        signed(reference.created)
        count(reference.events)
        signed(Int64(reference.utcOffset))
        list(reference.signals) { $0.signalReference($1) }
    }

    private mutating func signalReference(_ signal: SignalReference) {
        byte(signal.kind.rawValue)
        text(signal.name)
        switch signal.layout {
        case .numeric(let edges):
            byte(SignalKind.numeric.rawValue)
            list(edges) { $0.number($1) }
        case .categorical(let names):
            byte(SignalKind.categorical.rawValue)
            list(names) { $0.text($1) }
        }
        counts(signal.counts)
        count(signal.invalid)
        optional(signal.range) { writer, range in
            writer.number(range.lowerBound)
            writer.number(range.upperBound)
        }
        for value in [signal.mean, signal.standardDeviation, signal.interquartileRange] {
            optional(value) { $0.number($1) }
        }
        optional(signal.effectiveEvents) { $0.count($1) }
        optional(signal.hours) { writer, hours in
            writer.counts(hours.counts)
            writer.count(hours.weight)
        }
    }

    mutating func learner(_ learner: ReferenceLearner) {
        optional(learner.since) { $0.signed($1) }
        count(learner.builder.eventLimit)
        list(learner.builder.columns) { $0.column($1) }
    }

    private mutating func column(_ column: ReferenceColumn) {
        byte(column.kind.rawValue)
        text(column.name)
        byte(column.signalKind.rawValue)
        count(column.seen)
        switch column.signalKind {
        case .numeric:
            list(column.sample) { $0.number($1) }
            moments(column.moments)
        case .categorical:
            list(column.names.names) { $0.text($1) }
            counts(column.nameCounts)
            count(column.otherNames)
            count(column.missingNames)
            count(column.invalidNames)
            list(column.nameSample) { $0.count(UInt64($1)) }
        }
    }
}

extension StateReader {
    mutating func reference() throws(StateError) -> Reference {
        let model = try optional { (reader) throws(StateError) in try reader.text() }
        let version = try optional { (reader) throws(StateError) in try reader.text() }
        let hash = try text()
        let source: ReferenceSource = try choice("source of a reference")
        let created = try signed()
        let events = try count()
        let utcOffset = try valid(Int32(exactly: try signed()), "distance from UTC")
        let signals = try list("signals of a reference") { (reader) throws(StateError) in try reader.signalReference() }
        let reference = Reference(
            model: model, version: version, hash: hash, source: source, created: created, events: events,
            utcOffset: utcOffset, signals: signals)
        if let flaw = reference.flaw { throw .malformed(flaw) }
        return reference
    }

    private mutating func signalReference() throws(StateError) -> SignalReference {
        let kind: DriftKind = try choice("kind of a reference")
        let name = try text()
        let signalKind: SignalKind = try choice("kind of signal")
        let layout: BinLayout
        switch signalKind {
        case .numeric:
            let edges = try list("edges", size: 8) { (reader) throws(StateError) in try reader.finite("an edge") }
            layout = .numeric(edges: edges)
        case .categorical:
            let names = try list("categories") { (reader) throws(StateError) in try reader.text() }
            layout = .categorical(names: names)
        }
        let counts = try counts("cells")
        let invalid = try count()
        let range = try optional { (reader) throws(StateError) in
            let lower = try reader.finite("a minimum")
            let upper = try reader.finite("a maximum")
            guard lower <= upper else { throw .malformed("a minimum above its maximum") }
            return lower...upper
        }
        let mean = try optional { (reader) throws(StateError) in try reader.finite("a mean") }
        let deviation = try optional { (reader) throws(StateError) in try reader.finite("a deviation") }
        let interquartileRange = try optional { (reader) throws(StateError) in try reader.finite("a range") }
        let effectiveEvents = try optional { (reader) throws(StateError) in try reader.count() }
        let hours = try optional { (reader) throws(StateError) in
            HourlyReference(counts: try reader.counts("cells of hours"), weight: try reader.count())
        }
        return SignalReference(
            kind: kind, name: name, layout: layout, counts: counts, invalid: invalid, range: range, mean: mean,
            standardDeviation: deviation, interquartileRange: interquartileRange, effectiveEvents: effectiveEvents,
            hours: hours)
    }

    mutating func learner() throws(StateError) -> ReferenceLearner {
        let since = try optional { (reader) throws(StateError) in try reader.signed() }
        if let since, !EventClock.range.contains(since) { throw .malformed("a time out of range") }
        let limit = try count(upTo: 1 << 32, "events to learn from")
        let columns = try list("columns") { (reader) throws(StateError) in try reader.column() }
        let builder = ReferenceBuilder(eventLimit: limit, columns: columns)
        return ReferenceLearner(builder: try valid(builder, "reference in the making"), since: since)
    }

    private mutating func column() throws(StateError) -> ReferenceColumn {
        let kind: DriftKind = try choice("kind of a reference")
        let name = try text()
        let signalKind: SignalKind = try choice("kind of signal")
        let seen = try count()
        switch signalKind {
        case .numeric:
            let sample = try list("samples", size: 8) { (reader) throws(StateError) in try reader.number() }
            let column = ReferenceColumn(kind: kind, name: name, seen: seen, sample: sample, moments: try moments())
            return try valid(column, "sample")
        case .categorical:
            let names = try list("names") { (reader) throws(StateError) in try reader.text() }
            let counts = try counts("names")
            let other = try count()
            let missing = try count()
            let invalid = try count()
            let sample = try list("samples") { (reader) throws(StateError) in
                UInt16(truncatingIfNeeded: try reader.count(upTo: Int(UInt16.max), "names"))
            }
            let column = ReferenceColumn(
                kind: kind, name: name, seen: seen, names: names, counts: counts, other: other, missing: missing,
                invalid: invalid, sample: sample)
            return try valid(column, "count of names")
        }
    }
}
