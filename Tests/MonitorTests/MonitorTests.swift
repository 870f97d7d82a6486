import Events
import Monitor
import TestKit
import Testing

/// Settings with one source.
var testSettings: MonitorSettings {
    var settings = MonitorSettings()
    settings.sources = ["test"]
    return settings
}

@Suite struct MonitorTests {
    private func event(_ i: Int, _ random: inout SplitMix64) -> TestEvent {
        var cells: [TestCell] = [.number(random.normal())]
        cells.append(i % 10 == 0 ? .missing : .number(Double(i % 5)))
        cells.append(.text(i % 3 == 0 ? "DE" : "FR"))
        cells.append(.text(i % 4 == 0 ? "deny" : "approve"))
        cells.append(.number(random.uniform()))
        cells.append(.text("approve"))
        cells.append(.number(0.01))
        return TestEvent(timestamp: TestHistory.epoch + Int64(i) * 1_000_000_000, cells: cells)
    }

    /// Events go in; totals, windows and a learned reference come out.
    @Test func endToEnd() throws {
        var settings = testSettings
        settings.learning.events = 100
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        var random = SplitMix64(seed: 7)
        let events = (0..<300).map { event($0, &random) }
        for start in stride(from: 0, to: 300, by: 64) {
            let batch = EventBatch.of(events[start..<min(start + 64, 300)])
            monitor.apply(batch, at: TestHistory.instant(Double(start)))
        }
        let snapshot = monitor.cut(at: TestHistory.instant(300)).snapshot
        #expect(snapshot.sources[0].receipt.accepted == 300)
        let model = try #require(snapshot.models.first)
        #expect(model.model == "fraud" && model.version == "1")
        #expect(model.predictions[0] == 300)
        #expect(model.referenceState == .ready)
        #expect(model.reference?.events == 100)
        #expect(model.joinedOutcomes == 300)
        let amount = try #require(model.signals.first { $0.name == "amount" })
        #expect(amount.observations == 300)
        #expect(amount.bins.reduce(0, +) == 200)
        #expect(amount.reference?.counts.reduce(0, +) == 100)
        #expect(amount.windows.map(\.observations) == [300, 300, 300, 300])
        let drift = try #require(amount.windows[0].drift)
        #expect(drift.currentEvents == 200 && drift.chiSquareScore < 4)
        #expect(drift.wasserstein == nil, "its window still holds events that were learned from")
        let age = try #require(model.signals.first { $0.name == "age" })
        #expect(age.issues.missing == 30)
        #expect(model.missingFields == 30)
        #expect(model.classes.map(\.count).reduce(0, +) == 300)
        #expect(model.latency?.count == 300)
    }
}
