internal import FoundationEssentials
internal import Monitor
internal import Statistics

/// What every version of the file begins with.
struct ReferenceHeader: Decodable {
    var telltale_reference: Int
}

/// The JSON form of a reference.
///
/// Key names are those of the file.
struct ReferenceDocument: Codable {
    var telltale_reference: Int
    var hash: String
    var model: String?
    var version: String?
    var source: String
    /// RFC 3339, UTC, milliseconds.
    var created: String
    var events: UInt64
    /// Seconds that the local time of `hour_of_week` is ahead of UTC; since format version 3.
    var utc_offset_seconds: Int32?
    var signals: [SignalDocument]

    init(_ reference: Reference) {
        telltale_reference = ReferenceFile.formatVersion
        hash = reference.hash
        model = reference.model
        version = reference.version
        source = reference.source.label
        created = Timestamps.text(reference.created)
        events = reference.events
        let hasHours = reference.signals.contains { $0.hours != nil }
        utc_offset_seconds = hasHours ? reference.utcOffset : nil
        signals = reference.signals.map(SignalDocument.init)
    }

    /// The reference, checked but for its hash.
    func reference() throws(ReferenceRule) -> Reference {
        guard let source = ReferenceSource.allCases.first(where: { $0.label == source }) else {
            throw ReferenceRule("has the unknown source \"\(Escaping.printable(source, limit: 80))\"")
        }
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        guard let date = try? style.parse(created),
            let milliseconds = Int64(exactly: (date.timeIntervalSince1970 * 1_000).rounded()),
            case let (nanoseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000), !overflow
        else { throw ReferenceRule("has a created time that is not RFC 3339") }
        guard signals.count <= ReferenceFile.maximumSignals else {
            throw ReferenceRule("has more than \(ReferenceFile.maximumSignals) signals")
        }
        var signals: [SignalReference] = []
        var seen: Set<String> = []
        for document in self.signals {
            let signal = try document.signal()
            guard seen.insert("\(signal.kind.label)/\(signal.name)").inserted else {
                throw ReferenceRule("has the signal \(document.place) twice")
            }
            signals.append(signal)
        }
        let reference = Reference(
            model: model, version: version, hash: hash, source: source, created: nanoseconds, events: events,
            utcOffset: utc_offset_seconds ?? 0, signals: signals)
        // What is left to be wrong after the checks above are the hours.
        if signals.contains(where: { $0.hours != nil }), let flaw = reference.flaw {
            throw ReferenceRule("has \(flaw)")
        }
        return reference
    }
}

/// The JSON form of one signal.
struct SignalDocument: Codable {
    /// A category and its count.
    struct Category: Codable {
        var name: String
        var count: UInt64
    }

    /// What is known of each hour of the week.
    struct Hours: Codable {
        /// Events that the shares of the whole reference count for in each hour's.
        var weight: UInt64
        /// Counts per cell, in the order of the signal, other and missing included, one text per hour from Monday, 0
        /// o'clock; empty for an hour without events.
        var counts: [String]
    }

    var kind: String
    var name: String
    var type: String
    /// Numeric: ascending edges; `counts` has one entry more.
    var edges: [Double]?
    var counts: [UInt64]?
    /// Categorical: the categories, and how many values were none of them.
    var categories: [Category]?
    var other: UInt64?
    var missing: UInt64
    var invalid: UInt64
    var minimum: Double?
    var maximum: Double?
    var mean: Double?
    var standard_deviation: Double?
    var interquartile_range: Double?
    /// Since format version 2.
    var effective_events: UInt64?
    /// Since format version 3.
    var hour_of_week: Hours?

    init(_ signal: SignalReference) {
        kind = signal.kind.label
        name = signal.name
        missing = signal.counts.last ?? 0
        invalid = signal.invalid
        (minimum, maximum) = (signal.range?.lowerBound, signal.range?.upperBound)
        (mean, standard_deviation) = (signal.mean, signal.standardDeviation)
        interquartile_range = signal.interquartileRange
        effective_events = signal.effectiveEvents
        hour_of_week = signal.hours.map { Hours($0, cellCount: signal.layout.cellCount) }
        switch signal.layout {
        case .numeric(let edges):
            type = "numeric"
            self.edges = edges
            counts = Array(signal.counts.dropLast())
        case .categorical(let names):
            type = "categorical"
            categories = zip(names, signal.counts).map { Category(name: $0, count: $1) }
            other = signal.counts.dropLast().last ?? 0
        }
    }

    /// The signal's name in an error.
    var place: String { "\(Escaping.printable(kind, limit: 20))/\(Escaping.printable(name, limit: 80))" }

    /// The signal, checked.
    func signal() throws(ReferenceRule) -> SignalReference {
        guard let kind = DriftKind.allCases.first(where: { $0.label == kind }) else {
            throw ReferenceRule("has the unknown kind \(place)")
        }
        guard !name.isEmpty, name.utf8.count <= ConfigLimits.nameBytes else {
            throw ReferenceRule("has a signal whose name is not 1 to \(ConfigLimits.nameBytes) bytes long")
        }
        var cells: [UInt64]
        let layout: BinLayout
        switch (type, edges, counts, categories) {
        case ("numeric", let edges?, let counts?, nil):
            guard counts.count == edges.count + 1 else {
                throw ReferenceRule("has \(counts.count) counts for \(edges.count) edges at \(place), not one more")
            }
            guard edges.allSatisfy(\.isFinite), zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 }) else {
                throw ReferenceRule("has edges that do not ascend at \(place)")
            }
            (layout, cells) = (.numeric(edges: edges), counts)
        case ("categorical", nil, nil, let categories?):
            guard Set(categories.map(\.name)).count == categories.count else {
                throw ReferenceRule("has a category twice at \(place)")
            }
            (layout, cells) = (.categorical(names: categories.map(\.name)), categories.map(\.count) + [other ?? 0])
        default:
            throw ReferenceRule("has neither edges and counts nor categories, as its type demands, at \(place)")
        }
        cells.append(missing)
        guard cells.count <= ReferenceFile.maximumCells else {
            throw ReferenceRule("has more than \(ReferenceFile.maximumCells) bins at \(place)")
        }
        guard cells.allSatisfy({ $0 <= 1 << 53 }), invalid <= 1 << 53 else {
            throw ReferenceRule("has a count above 2^53 at \(place)")
        }
        var range: ClosedRange<Double>?
        if let minimum, let maximum {
            guard minimum.isFinite, maximum.isFinite, minimum <= maximum else {
                throw ReferenceRule("has a minimum above its maximum at \(place)")
            }
            range = minimum...maximum
        }
        for value in [mean, standard_deviation, interquartile_range] {
            guard value?.isFinite ?? true else { throw ReferenceRule("has a number that is not finite at \(place)") }
        }
        guard standard_deviation ?? 0 >= 0, interquartile_range ?? 0 >= 0 else {
            throw ReferenceRule("has a negative spread at \(place)")
        }
        guard effective_events.map({ 1...(1 << 53) ~= $0 }) ?? true else {
            throw ReferenceRule("has effective_events that are not 1 to 2^53 at \(place)")
        }
        return SignalReference(
            kind: kind, name: name, layout: layout, counts: cells, invalid: invalid, range: range, mean: mean,
            standardDeviation: standard_deviation, interquartileRange: interquartile_range,
            effectiveEvents: effective_events, hours: try hour_of_week?.reference(cellCount: cells.count, place: place))
    }
}

extension SignalDocument.Hours {
    fileprivate init(_ hours: HourlyReference, cellCount: Int) {
        weight = hours.weight
        counts = stride(from: 0, to: hours.counts.count, by: max(1, cellCount)).map { begin in
            let slot = hours.counts[begin..<min(begin + cellCount, hours.counts.count)]
            return slot.contains { $0 > 0 } ? slot.map { String($0) }.joined(separator: " ") : ""
        }
    }

    /// The hours, with as many counts each as the signal has cells.
    fileprivate func reference(cellCount: Int, place: String) throws(ReferenceRule) -> HourlyReference {
        guard counts.count == SeasonalShares.slotCount, cellCount <= HourlyReference.cellLimit else {
            throw ReferenceRule("has \(counts.count) hours of \(cellCount) bins at \(place), not 168 of 128 at most")
        }
        var all: [UInt64] = []
        for text in counts {
            let numbers = text.split(separator: " ").map { UInt64($0) ?? .max }
            let slot = text.isEmpty ? [UInt64](repeating: 0, count: cellCount) : numbers
            guard slot.count == cellCount, slot.allSatisfy({ $0 <= 1 << 53 }) else {
                throw ReferenceRule("has an hour that is not \(cellCount) counts up to 2^53 at \(place)")
            }
            all.append(contentsOf: slot)
        }
        return HourlyReference(counts: all, weight: weight)
    }
}
