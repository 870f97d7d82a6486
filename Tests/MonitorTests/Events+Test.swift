import Events
import Monitor
import TestKit

/// One value of a test event.
enum Cell: Equatable {
    case missing
    case invalid
    case number(Double)
    case text(String)
}

/// One event of a test history, kept apart from batches so that a brute-force reckoning can read it.
struct TestEvent {
    var timestamp: Int64 = EventBatch.noTimestamp
    var model: String?
    var version: String?
    var status = Status.success
    var cells: [Cell]
}

extension EventBatch {
    /// A batch that holds the events, in order.
    static func of(
        _ events: some Collection<TestEvent>, schema: Schema, source: Int = 0, capacity: Int = 256
    ) -> EventBatch {
        let batch = EventBatch(
            source: source, schema: schema, rowCapacity: max(1, capacity), observationCapacity: 64,
            byteCapacity: 1 << 18)
        for event in events { batch.append(event) }
        return batch
    }

    /// Copies a text into the batch's bytes.
    func write(_ text: String?) -> ByteRange {
        guard let text else { return .missing }
        let offset = byteCount
        for byte in text.utf8 {
            unsafe bytes.storeBytes(of: byte, toByteOffset: byteCount, as: UInt8.self)
            byteCount += 1
        }
        return ByteRange(offset: UInt32(offset), length: UInt32(text.utf8.count))
    }

    /// Appends one event as an accepted row.
    func append(_ event: TestEvent) {
        let row = rowCount
        unsafe timestamps[row] = event.timestamp
        unsafe identifiers[row] = 0
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
}

/// Instants of tests: seconds after a fixed day, on both clocks.
func instant(_ seconds: Double) -> Instant {
    Instant(wall: Test.epoch + Int64(seconds * 1e9), monotonic: Int64(seconds * 1e9))
}

enum Test {
    /// 2026-01-01T00:00:00Z in nanoseconds.
    static let epoch: Int64 = 1_767_225_600_000_000_000
    /// One minute in nanoseconds.
    static let minute: Int64 = 60_000_000_000

    /// Two numbers, a category, a class, a score, an outcome and a latency.
    static let schema = Schema(
        signals: [
            Signal(name: "amount", role: .feature, kind: .numeric),
            Signal(name: "age", role: .feature, kind: .numeric),
            Signal(name: "country", role: .feature, kind: .categorical),
            Signal(name: "prediction", role: .prediction, kind: .categorical),
            Signal(name: "score", role: .score, kind: .numeric),
            Signal(name: "outcome", role: .outcome, kind: .categorical),
            Signal(name: "latency", role: .latency, kind: .numeric),
        ], timestamp: ["ts"], model: ["model"], version: ["version"], defaultModel: "fraud", defaultVersion: "1")

    /// Settings with one source.
    static var settings: MonitorSettings {
        var settings = MonitorSettings()
        settings.sources = ["test"]
        return settings
    }
}
