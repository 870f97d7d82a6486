import Events
import Monitor
import Sketches
import Statistics
import TestKit

/// The monitor's windows by definition: every event is kept, every window is counted anew.
struct BruteForce {
    /// An event and the minute it belongs to.
    struct Placed {
        var event: TestEvent
        var minute: Int64
        var isLate: Bool
        var isLearned: Bool
    }

    /// Key: model and version, separated by a slash.
    var models: [String: [Placed]] = [:]
    var watermarks: [String: Int64] = [:]

    init(_ events: [TestEvent], learning: Int, days: Int64 = 7) {
        var stamps: [String: [Int64]] = [:]
        for event in events {
            let key = "\(event.model ?? "fraud")/\(event.version ?? "1")"
            stamps[key, default: []].append(event.timestamp)
            let three = stamps[key, default: []].suffix(3)
            let median = three.count == 3 ? three.sorted()[1] : three.min() ?? 0
            let before = watermarks[key] ?? median
            let watermark = three.count < 3 ? median : max(before, median)
            watermarks[key] = watermark
            let minute = Self.minute(min(event.timestamp, watermark + 5 * TestHistory.minute))
            let isLate = Self.floor(minute, 1_440) <= Self.floor(Self.minute(watermark), 1_440) - days
            let count = models[key]?.count ?? 0
            models[key, default: []].append(
                Placed(event: event, minute: minute, isLate: isLate, isLearned: count < learning))
        }
    }

    static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        (value - ((value % divisor) + divisor) % divisor) / divisor
    }

    static func minute(_ time: Int64) -> Int64 { floor(time, TestHistory.minute) }

    /// Events of a window of a model.
    func window(_ key: String, seconds: Int64) -> [Placed] {
        let head = Self.minute(watermarks[key] ?? 0)
        return (models[key] ?? []).filter { placed in
            guard !placed.isLate, placed.minute <= head else { return false }
            if seconds <= 3_600 { return placed.minute > head - seconds / 60 }
            let pane: Int64 = seconds <= 86_400 ? 60 : 1_440
            return Self.floor(placed.minute, pane) > Self.floor(head, pane) - seconds / (60 * pane)
        }
    }

    /// Events with a cell that counts: an outcome that is missing is not known yet.
    static func known(_ events: [Placed], place: Int) -> [Placed] {
        let isOutcome = TestHistory.schema.signals[place].role == .outcome
        return isOutcome ? events.filter { $0.event.cells[place] != .missing } : events
    }

    /// Counts per cell of a layout, over events that are compared.
    static func cells(_ events: [Placed], place: Int, layout: BinLayout) -> [UInt64] {
        var counts = [UInt64](repeating: 0, count: layout.cellCount)
        for placed in known(events, place: place) where !placed.isLearned {
            switch (layout, placed.event.cells[place]) {
            case (.numeric(let edges), .number(let value)): counts[edges.count { $0 <= value }] += 1
            case (.categorical(let names), .text(let name)): counts[names.firstIndex(of: name) ?? names.count] += 1
            case (_, .missing): counts[layout.binCount] += 1
            default: break
            }
        }
        return counts
    }
}
