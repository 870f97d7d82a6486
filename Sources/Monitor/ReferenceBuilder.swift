public import Events
import Sketches
import Statistics

/// Makes a reference from events: for `telltale reference build`, and while a model learns its own.
public struct ReferenceBuilder: Sendable {
    /// Most values sampled per numeric signal.
    public let eventLimit: Int
    /// Seconds that local time is ahead of UTC, to tell the hours of the week apart; `nil` not to.
    public let utcOffset: Int32?
    /// Rows without a time, of those whose hour was wanted.
    public private(set) var untimedRows: UInt64 = 0
    /// Events seen: the most that any signal was looked at.
    public private(set) var events: UInt64 = 0
    /// What is known about each signal, in the order in which they came up.
    public private(set) var columns: [ReferenceColumn] = []

    /// Creates an empty builder.
    ///
    /// - Parameter eventLimit: At least 1. Beyond it every further event replaces an earlier one with the probability
    ///   that keeps the sample even.
    /// - Parameter utcOffset: Seconds that local time is ahead of UTC, if the hours of the week are to be told apart;
    ///   they are of rows only.
    public init(eventLimit: Int = LearningSetting().eventLimit, utcOffset: Int32? = nil) {
        self.eventLimit = max(1, eventLimit)
        self.utcOffset = utcOffset
    }

    /// Restores a builder; `nil` if a signal comes twice or holds more than the limit.
    public init?(eventLimit: Int, columns: [ReferenceColumn]) {
        self.init(eventLimit: eventLimit)
        for column in columns {
            guard column.sample.count <= self.eventLimit, column.nameSample.count <= self.eventLimit,
                index(kind: column.kind, name: column.name) == nil
            else { return nil }
            self.columns.append(column)
            events = max(events, column.seen)
        }
    }

    /// Takes every row and every observation of a batch, whatever its model.
    public mutating func add(_ batch: EventBatch) {
        let binding = SchemaBinding(batch.schema, settings: MonitorSettings())
        let hours = self.hours(of: batch)
        for (place, signal) in batch.schema.signals.enumerated() {
            guard let kind = DriftKind(signal.role),
                let column = column(kind: kind, name: signal.name, signalKind: signal.kind)
            else { continue }
            // An outcome in a record of its own lacks no feature.
            for row in 0..<batch.rowCount where kind == .outcome || !binding.isOutcomeOnly(batch, row: row) {
                insert(row: row, of: batch, signal: place, into: column, hour: hours.isEmpty ? nil : hours[row])
            }
        }
        for i in 0..<batch.observationCount {
            let observation = unsafe batch.observations[i]
            guard let kind = DriftKind(observation.role) else { continue }
            let name = observation.name.isPresent ? batch.string(observation.name) : observation.role.defaultName
            let isNumber = observation.number.isFinite
            guard let column = column(kind: kind, name: name, signalKind: isNumber ? .numeric : .categorical) else {
                continue
            }
            insert(observation, of: batch, into: column)
        }
    }

    /// Hours from the first to the last, both included, of all values sampled; 0 if they are not told apart.
    public var hourSpan: Int {
        let known = columns.lazy.flatMap(\.hours).filter { $0 != ReferenceColumn.noHour }
        guard let first = known.min(), let last = known.max() else { return 0 }
        return Int(last) - Int(first) + 1
    }

    /// The hour of each row, counted from a Monday, 0 o'clock; empty if it is not wanted.
    private mutating func hours(of batch: EventBatch) -> [Int32] {
        guard let utcOffset else { return [] }
        return (0..<batch.rowCount).map { row in
            let time = unsafe batch.timestamps[row]
            guard time != EventBatch.noTimestamp else {
                untimedRows &+= 1
                return ReferenceColumn.noHour
            }
            let minute = PaneTiers.minute(of: EventClock.clamped(time))
            return Int32(truncatingIfNeeded: HourlyReference.hour(ofMinute: minute, utcOffset: utcOffset))
        }
    }

    /// Place of a signal's column, added if need be; `nil` if it exists with the other kind, or if there are
    /// `EventLimits.signals` already.
    mutating func column(kind: DriftKind, name: String, signalKind: SignalKind) -> Int? {
        if let found = index(kind: kind, name: name) {
            return columns[found].signalKind == signalKind ? found : nil
        }
        guard columns.count < EventLimits.signals else { return nil }
        columns.append(ReferenceColumn(kind: kind, name: name, signalKind: signalKind))
        return columns.count - 1
    }

    /// Takes one cell of a row.
    ///
    /// - Parameter hour: Its hour, counted from a Monday, 0 o'clock, if hours are told apart.
    mutating func insert(row: Int, of batch: EventBatch, signal: Int, into column: Int, hour: Int32? = nil) {
        let cell = batch.columnIndices[signal] &* batch.rowCapacity &+ row
        switch columns[column].signalKind {
        case .numeric: unsafe columns[column].insert(batch.numbers[cell], limit: eventLimit, hour: hour)
        case .categorical:
            unsafe columns[column].insert(
                batch.texts[cell], in: UnsafeRawPointer(batch.bytes), limit: eventLimit, hour: hour)
        }
        events = max(events, columns[column].seen)
    }

    /// Takes a single observation, once, whatever its weight.
    mutating func insert(_ observation: Observation, of batch: EventBatch, into column: Int) {
        switch columns[column].signalKind {
        case .numeric: columns[column].insert(observation.number, limit: eventLimit)
        case .categorical:
            unsafe columns[column].insert(observation.text, in: UnsafeRawPointer(batch.bytes), limit: eventLimit)
        }
        events = max(events, columns[column].seen)
    }

    /// Freezes what was seen; `nil` while no signal had a value.
    ///
    /// - Parameters:
    ///   - model: Model it is for; `nil` for every model.
    ///   - version: Version it is for; `nil` for every version.
    ///   - source: Where it comes from.
    ///   - created: Now, in nanoseconds since the epoch.
    ///   - binCount: Bins per numeric signal, 2 to 20.
    ///   - categories: Most categories per signal.
    public func build(
        model: String?, version: String?, source: ReferenceSource, created: Int64, binCount: Int, categories: Int
    ) -> Reference? {
        let bins = min(max(2, binCount), 20)
        let signals = columns.compactMap { $0.reference(binCount: bins, categories: max(1, categories)) }
            .sorted { ($0.kind.rawValue, $0.name) < ($1.kind.rawValue, $1.name) }
        guard !signals.isEmpty else { return nil }
        let offset = utcOffset ?? 0
        return Reference(
            model: model, version: version,
            hash: Reference.contentHash(events: events, utcOffset: offset, signals: signals), source: source,
            created: created, events: events, utcOffset: offset, signals: signals)
    }

    private func index(kind: DriftKind, name: String) -> Int? {
        columns.firstIndex { $0.kind == kind && $0.name == name }
    }
}

extension Reference {
    /// First 12 hexadecimal digits of a hash over rows, signals, layouts and counts: equal content, equal hash.
    public static func contentHash(events: UInt64, utcOffset: Int32 = 0, signals: [SignalReference]) -> String {
        var bytes: [UInt8] = []
        func add(_ number: UInt64) {
            for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
        }
        func add(_ text: String) {
            add(UInt64(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
        add(events)
        for signal in signals {
            add(UInt64(signal.kind.rawValue))
            add(signal.name)
            switch signal.layout {
            case .numeric(let edges):
                add(UInt64(edges.count))
                for edge in edges { add(edge.bitPattern) }
            case .categorical(let names):
                add(~UInt64(names.count))
                for name in names { add(name) }
            }
            for count in signal.counts { add(count) }
            add(signal.invalid)
            // Absent in references from before there was any, whose hashes stay as they are.
            if let effectiveEvents = signal.effectiveEvents { add(effectiveEvents) }
            guard let hours = signal.hours else { continue }
            add(UInt64(bitPattern: Int64(utcOffset)))
            add(hours.weight)
            for count in hours.counts { add(count) }
        }
        let hash = unsafe bytes.withUnsafeBytes { bytes in unsafe ByteHash.hash(of: bytes) }
        let digits = String(hash >> 16, radix: 16)
        return String(repeating: "0", count: 12 - digits.utf8.count) + digits
    }

    /// What makes the reference unusable, as one sentence; `nil` if nothing does.
    public var flaw: String? {
        var seen: Set<String> = []
        guard -Self.utcOffsetLimit...Self.utcOffsetLimit ~= utcOffset, utcOffset % 60 == 0 else {
            return "its distance from UTC is out of range"
        }
        for signal in signals {
            let place = "\(signal.kind.label) \(signal.name)"
            guard seen.insert(place).inserted else { return "\(place): comes twice" }
            guard signal.counts.count == signal.layout.cellCount else {
                return "\(place): \(signal.counts.count) counts for \(signal.layout.cellCount) cells"
            }
            guard signal.layout.cellCount <= Self.cellLimit else {
                return "\(place): more than \(Self.cellLimit) cells"
            }
            guard signal.counts.allSatisfy({ $0 <= SketchLimits.values }) else {
                return "\(place): a count beyond 2^53"
            }
            guard signal.effectiveEvents.map({ 1...SketchLimits.values ~= $0 }) ?? true else {
                return "\(place): effective events out of range"
            }
            if let flaw = signal.hoursFlaw { return "\(place): \(flaw)" }
            switch signal.layout {
            case .numeric(let edges):
                guard EdgeBins(edges: edges) != nil else { return "\(place): edges are not finite and ascending" }
            case .categorical(let names):
                guard Set(names).count == names.count else { return "\(place): a category comes twice" }
                guard names.allSatisfy({ $0.utf8.count <= EventLimits.nameBytes }) else {
                    return "\(place): a category is longer than \(EventLimits.nameBytes) bytes"
                }
            }
        }
        return nil
    }

    /// Most cells of one signal of a reference.
    public static let cellLimit = 512
    /// Largest distance of local time from UTC, in seconds.
    public static let utcOffsetLimit: Int32 = 86_400
}

extension SignalReference {
    /// What makes its hours unusable; `nil` if nothing does.
    fileprivate var hoursFlaw: String? {
        guard let hours else { return nil }
        guard layout.cellCount <= HourlyReference.cellLimit,
            hours.counts.count == layout.cellCount * SeasonalShares.slotCount
        else { return "\(hours.counts.count) counts for \(SeasonalShares.slotCount) hours" }
        guard hours.counts.allSatisfy({ $0 <= SketchLimits.values }), 1...SketchLimits.values ~= hours.weight,
            counts.contains(where: { $0 > 0 })
        else { return "a count or weight of its hours out of range" }
        return nil
    }
}
