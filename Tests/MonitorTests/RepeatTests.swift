import Events
import Monitor
import Statistics
import TestKit
import Testing

/// Predictions that come more than once.
@Suite struct RepeatTests {
    private static let schema = Schema(
        signals: [Signal(name: "x", role: .feature, kind: .numeric)], timestamp: ["ts"], identifier: ["id"])

    private static var settings: MonitorSettings {
        var settings = testSettings
        settings.learning.events = 5_000
        return settings
    }

    /// Traffic of a normal feature, a second at a time, each event of it sent `copies` times in a row.
    private struct Traffic {
        var random = SplitMix64(seed: 5)
        var second = 0
        var hasIdentifiers = true

        mutating func next(_ distinct: Int, copies: Int) -> EventBatch {
            defer { second += 1 }
            let begin = TestHistory.epoch + Int64(second) * 1_000_000_000
            let events = (0..<distinct).flatMap { i -> [TestEvent] in
                var event = TestEvent(
                    timestamp: begin + Int64(i) * 5_000_000, cells: [.number(random.normal())])
                let id = random.next() | 1
                event.id = hasIdentifiers ? id : 0
                return [TestEvent](repeating: event, count: copies)
            }
            return EventBatch.of(events, schema: RepeatTests.schema)
        }

        var now: Instant { TestHistory.instant(Double(second)) }
    }

    /// The model after seconds of traffic: 200 events each to learn from, then each of 25 sent eight times.
    private func snapshot(
        hasIdentifiers: Bool, cut: Bool = false
    ) throws -> (model: ModelSnapshot, state: MonitorState) {
        var traffic = Traffic()
        traffic.hasIdentifiers = hasIdentifiers
        var monitor = Monitor(settings: Self.settings, at: traffic.now)
        var last: MonitorCut?
        for second in 0..<120 {
            monitor.apply(second < 30 ? traffic.next(200, copies: 1) : traffic.next(25, copies: 8), at: traffic.now)
            let made = monitor.cut(at: traffic.now)
            if cut, second % 7 == 3 {
                monitor = Monitor(settings: Self.settings, restoring: made.state, at: traffic.now)
            }
            last = made
        }
        let made = try #require(last)
        return (try #require(made.snapshot.models.first), made.state)
    }

    /// Seven of eight events repeat one: they are evidence once, and taken for independent they cry wolf.
    @Test func repeatsAreNoEvidence() throws {
        let (known, _) = try snapshot(hasIdentifiers: true)
        #expect(known.repeats == 90 * 175 && known.predictions[0] == 24_000)
        let x = try #require(known.signals.first)
        #expect(x.bins.reduce(0, +) == 19_000, "counters count every prediction")
        #expect(x.evidence?.alarms == 0 && (x.evidence?.logEvidence ?? 99) < 5, "\(x.evidence as Any)")
        let window = try #require(known.windows.first)
        #expect(window.events == window.worth.events && window.worth.ratio < 0.3)
        let drift = try #require(x.windows.first?.drift)
        #expect(drift.chiSquareScore < 4, "\(drift.chiSquareScore)")
        #expect(drift.currentEvents < 6_000)

        let (unknown, _) = try snapshot(hasIdentifiers: false)
        #expect(unknown.repeats == nil && unknown.windows.first?.worth.ratio == 1)
        let y = try #require(unknown.signals.first)
        #expect((y.evidence?.logEvidence ?? 0) > 10 || (y.evidence?.alarms ?? 0) > 0, "\(y.evidence as Any)")
        #expect((y.windows.first?.drift?.chiSquareScore ?? 0) > drift.chiSquareScore)
    }

    /// What is known of repeats survives restarts, and so changes nothing.
    @Test func restartsChangeNothing() throws {
        let (one, first) = try snapshot(hasIdentifiers: true)
        let (other, second) = try snapshot(hasIdentifiers: true, cut: true)
        #expect(one.repeats == other.repeats && first.models[0].recent == second.models[0].recent)
        #expect(first.models[0].signals.map(\.evidence) == second.models[0].signals.map(\.evidence))
    }

    /// Instances of one record share its identifier and are no repeats; nor are predictions without one.
    @Test func whatIsNoRepeat() throws {
        let instances = Schema(
            signals: [Signal(name: "x", role: .feature, kind: .numeric)], identifier: ["id"],
            inputs: [["instances"]])
        for (schema, id) in [(instances, 7 as UInt64), (Self.schema, 0)] {
            var monitor = Monitor(settings: Self.settings, at: TestHistory.instant(0))
            var event = TestEvent(cells: [.number(1)])
            event.id = id
            monitor.apply(
                EventBatch.of([TestEvent](repeating: event, count: 5), schema: schema), at: TestHistory.instant(1))
            let model = try #require(monitor.cut(at: TestHistory.instant(1)).snapshot.models.first)
            #expect((model.repeats ?? 0) == 0 && model.windows.first?.worth.ratio == 1)
        }
    }

    /// The table forgets, and is of one size.
    @Test func theTableIsBounded() throws {
        var traffic = Traffic()
        var monitor = Monitor(settings: Self.settings, at: traffic.now)
        for _ in 0..<100 { monitor.apply(traffic.next(500, copies: 1), at: traffic.now) }
        let cut = monitor.cut(at: traffic.now)
        #expect(cut.state.models[0].recent.entries.count == RecentIdentifiers.capacity)
        #expect(cut.snapshot.models[0].repeats == 0)
        #expect(RecentIdentifiers(entries: Array(cut.state.models[0].recent.entries.dropLast())) == nil)
    }
}
