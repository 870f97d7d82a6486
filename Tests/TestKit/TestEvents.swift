public import Events

/// One value of a test event.
public enum TestCell: Equatable, Sendable {
    case missing
    case invalid
    case number(Double)
    case text(String)

    /// The number, if it is one.
    public var number: Double? { if case .number(let value) = self { value } else { nil } }
    /// The text, if it is one.
    public var text: String? { if case .text(let value) = self { value } else { nil } }
}

/// One event of a test history, kept apart from batches so that a brute-force reckoning can read it.
public struct TestEvent: Sendable {
    /// Event time, or `EventBatch.noTimestamp`.
    public var timestamp: Int64
    /// Model, or `nil` for the schema's default.
    public var model: String?
    /// Version, or `nil` for the schema's default.
    public var version: String?
    /// How the model answered.
    public var status = Status.success
    /// Hash of its identifier, or 0.
    public var id: UInt64 = 0
    /// Values in the order of the schema.
    public var cells: [TestCell]

    /// Creates an event.
    public init(
        timestamp: Int64 = EventBatch.noTimestamp, model: String? = nil, version: String? = nil,
        status: Status = .success, cells: [TestCell]
    ) {
        (self.timestamp, self.model, self.version) = (timestamp, model, version)
        (self.status, self.cells) = (status, cells)
    }
}

extension EventBatch {
    /// A batch that holds the events in order, each as an accepted row.
    public static func of(
        _ events: some Collection<TestEvent>, schema: Schema = TestHistory.schema, source: Int = 0
    ) -> EventBatch {
        let batch = EventBatch(
            source: source, schema: schema, rowCapacity: max(1, events.count), observationCapacity: 64,
            byteCapacity: 1 << 18)
        for event in events { batch.append(event) }
        return batch
    }

    /// Copies a text into the batch's bytes.
    public func write(_ text: String?) -> ByteRange {
        guard let text else { return .missing }
        let offset = byteCount
        for byte in text.utf8 {
            unsafe bytes.storeBytes(of: byte, toByteOffset: byteCount, as: UInt8.self)
            byteCount += 1
        }
        return ByteRange(offset: UInt32(offset), length: UInt32(text.utf8.count))
    }

    /// Appends one event as an accepted row.
    public func append(_ event: TestEvent) {
        let row = rowCount
        unsafe timestamps[row] = event.timestamp
        unsafe identifiers[row] = event.id
        unsafe models[row] = write(event.model)
        unsafe versions[row] = write(event.version)
        unsafe statuses[row] = event.status.rawValue
        for (place, signal) in schema.signals.enumerated() {
            let cell = columnIndices[place] * rowCapacity + row
            switch (signal.kind, event.cells[place]) {
            case (.numeric, .number(let number)): unsafe numbers[cell] = number
            case (.numeric, .missing): unsafe numbers[cell] = NumberMark.missing
            case (.numeric, _): unsafe numbers[cell] = NumberMark.invalid
            case (.categorical, .text(let text)): unsafe texts[cell] = write(text)
            case (.categorical, .missing): unsafe texts[cell] = .missing
            case (.categorical, _): unsafe texts[cell] = .invalid
            }
        }
        rowCount += 1
        receipt.accept()
    }

    /// Appends one observation as an accepted line.
    public func observe(
        _ role: Role, _ name: String? = nil, _ value: TestCell, weight: Double = 1, isPrediction: Bool = false,
        timestamp: Int64 = EventBatch.noTimestamp, model: String? = nil
    ) {
        let number =
            switch value {
            case .number(let number): number
            case .invalid: NumberMark.invalid
            case .missing, .text: NumberMark.missing
            }
        unsafe observations[observationCount] = Observation(
            timestamp: timestamp, model: write(model), version: .missing, role: role, name: write(name),
            number: number, text: write(value.text), weight: weight, isPrediction: isPrediction, status: .success)
        observationCount += 1
        receipt.accept()
    }
}

extension EventBatch {
    /// Appends one sample as an accepted line.
    public func sample(
        _ kind: SampleKind, _ name: String, tags: String? = nil, _ value: Double = 0, text: String? = nil,
        weight: Double = 1
    ) {
        unsafe samples[sampleCount] = MetricSample(
            name: write(name), tags: write(tags), separator: UInt8(ascii: ":"), kind: kind, isFirst: true,
            value: value, text: write(text), weight: weight, timestamp: Self.noTimestamp)
        sampleCount += 1
        receipt.accept()
    }
}

/// Reproducible traffic with everything that traffic has: gaps, late and early events, missing and wrong values.
public enum TestHistory {
    /// 2026-01-01T00:00:00Z in nanoseconds.
    public static let epoch: Int64 = 1_767_225_600_000_000_000
    /// One minute in nanoseconds.
    public static let minute: Int64 = 60_000_000_000

    /// Two numbers, a category, a class, a score, an outcome and a latency.
    public static let schema = Schema(
        signals: [
            Signal(name: "amount", role: .feature, kind: .numeric),
            Signal(name: "age", role: .feature, kind: .numeric),
            Signal(name: "country", role: .feature, kind: .categorical),
            Signal(name: "prediction", role: .prediction, kind: .categorical),
            Signal(name: "score", role: .score, kind: .numeric),
            Signal(name: "outcome", role: .outcome, kind: .categorical),
            Signal(name: "latency", role: .latency, kind: .numeric),
        ], timestamp: ["ts"], model: ["model"], version: ["version"], defaultModel: "fraud", defaultVersion: "1")

    /// The moment `seconds` after `epoch`, on both clocks.
    public static func instant(_ seconds: Double) -> Instant {
        Instant(wall: epoch + Int64(seconds * 1e9), monotonic: Int64(seconds * 1e9))
    }

    /// Values of an ordinary event of `schema`.
    public static func cells(_ random: inout SplitMix64, shift: Double = 0) -> [TestCell] {
        var cells: [TestCell] = [.number(random.normal(mean: shift) * 10)]
        cells.append(.number(Double(20 + random.zipf(30))))
        cells.append(.text("c\(random.zipf(8))"))
        let isRight = random.uniform() < 0.9
        let isDenied = random.uniform() < 0.3
        cells.append(.text(isDenied ? "deny" : "approve"))
        cells.append(.number(random.uniform()))
        cells.append(.text(isDenied == isRight ? "deny" : "approve"))
        cells.append(.number(random.exponential(mean: 0.02)))
        return cells
    }

    /// Events of two models over about `minutes`, out of order, with outliers in time, missing and wrong values.
    public static func events(seed: UInt64, count: Int, minutes: Double) -> [TestEvent] {
        var random = SplitMix64(seed: seed)
        let step = minutes * Double(minute) / Double(count)
        return (0..<count).map { i in
            var time = epoch + Int64(Double(i) * step + random.normal() * 20e9)
            let chance = random.uniform()
            if chance < 0.002 { time += 40 * 86_400 * 1_000_000_000 }
            if chance > 0.998 { time = 1_000 }
            if chance > 0.4, chance < 0.41 { time -= Int64(random.uniform() * 7_200e9) }
            var event = TestEvent(timestamp: time, cells: cells(&random))
            event.model = random.uniform() < 0.8 ? nil : "price"
            event.version = random.uniform() < 0.9 ? nil : "2"
            if random.uniform() < 0.05 { event.status = .error }
            if random.uniform() < 0.05 { event.cells[Int(random.next() % 7)] = .missing }
            if random.uniform() < 0.03 { event.cells[Int(random.next() % 7)] = .invalid }
            return event
        }
    }
}
