import Events
import Monitor
import Statistics
import TestKit
import Testing

/// Classical detectors at work on the signals of a model.
@Suite struct DetectorTests {
    private static let schema = Schema(signals: [
        Signal(name: "x", role: .feature, kind: .numeric), Signal(name: "k", role: .feature, kind: .categorical),
        Signal(name: "prediction", role: .prediction, kind: .categorical),
        Signal(name: "outcome", role: .outcome, kind: .categorical),
        Signal(name: "latency", role: .latency, kind: .numeric),
    ])

    private static func settings(_ kinds: [(DetectorKind, String)]) -> MonitorSettings {
        var settings = testSettings
        settings.detectors = kinds.map { DetectorSetting(kind: $0.0, signal: $0.1, runLength: 100_000) }
        return settings
    }

    /// Events of a batch: `x` and the latency normal, a tenth of the predictions wrong.
    private static func batch(
        _ random: inout SplitMix64, at start: Double, x: Double = 0, latency: Double = 0, wrong: Double = 0.1
    ) -> EventBatch {
        let begin = TestHistory.epoch + Int64(start * 1e9)
        let events = (0..<500).map { i in
            TestEvent(
                timestamp: begin + Int64(i) * 1_000_000,
                cells: [
                    .number(1_000 + 50 * (random.normal() + x)), .text("a"), .text("yes"),
                    .text(random.uniform() < wrong ? "no" : "yes"), .number(0.02 + 0.005 * (random.normal() + latency)),
                ])
        }
        return EventBatch.of(events, schema: schema)
    }

    private static let all: [(DetectorKind, String)] = [
        (.cumulativeSum, "x"), (.pageHinkley, "x"), (.movingAverage, "latency"), (.adaptiveWindow, "x"),
        (.kolmogorovWindow, "latency"), (.errorRate, "error"), (.errorDistance, "error"), (.hoeffdingMean, "error"),
        (.hoeffdingWeighted, "error"), (.cumulativeSum, "error"),
    ]

    private func detectors(_ cut: MonitorCut) throws -> [String: DetectorSnapshot] {
        let model = try #require(cut.snapshot.models.first)
        return Dictionary(
            model.detectors.map { ("\($0.kind.label) \($0.signal)", $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Each alarms for its own signal; charts in standard deviations do so in any unit, and rarely without a change.
    @Test func alarms() throws {
        var monitor = Monitor(settings: Self.settings(Self.all), at: TestHistory.instant(0))
        var random = SplitMix64(seed: 12)
        for second in 0..<20 {
            monitor.apply(Self.batch(&random, at: Double(second)), at: TestHistory.instant(Double(second)))
        }
        let calm = try detectors(monitor.cut(at: TestHistory.instant(20)))
        #expect(calm.count == Self.all.count)
        for name in ["cusum x", "page_hinkley x", "ewma latency", "adwin x", "hddm_a error", "cusum error"] {
            let detector = try #require(calm[name])
            #expect(detector.alarms <= 1 && detector.threshold > 0, "\(name): \(detector)")
            #expect(detector.score <= detector.threshold, "\(name)")
        }
        // Its alarms are those of its level, one in a thousand values.
        #expect(try #require(calm["kswin latency"]).alarms < 60)
        for second in 20..<24 {
            monitor.apply(
                Self.batch(&random, at: Double(second), x: 0.5, latency: 1, wrong: 0.3),
                at: TestHistory.instant(Double(second)))
        }
        let moved = try detectors(monitor.cut(at: TestHistory.instant(24)))
        for (name, detector) in moved where name != "eddm error" {
            #expect(detector.alarms > (calm[name]?.alarms ?? .max), "\(name)")
        }
    }

    /// A signal that is not watched is none's business, nor is another model's.
    @Test func otherSignals() throws {
        var settings = Self.settings([(.cumulativeSum, "k"), (.cumulativeSum, "y")])
        settings.detectors.append(DetectorSetting(kind: .cumulativeSum, signal: "x", model: "other"))
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        var random = SplitMix64(seed: 12)
        for second in 0..<10 {
            monitor.apply(
                Self.batch(&random, at: Double(second), x: second < 5 ? 0 : 9),
                at: TestHistory.instant(Double(second)))
        }
        let found = try detectors(monitor.cut(at: TestHistory.instant(10)))
        #expect(found.count == 2 && found.values.allSatisfy { $0.alarms == 0 && $0.score == 0 })
    }

    /// A restart changes nothing; other settings begin anew, and counters that are reset leave the state alone.
    @Test func restart() throws {
        let settings = Self.settings(Self.all)
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        var random = SplitMix64(seed: 4)
        for second in 0..<8 {
            monitor.apply(Self.batch(&random, at: Double(second)), at: TestHistory.instant(Double(second)))
        }
        let cut = monitor.cut(at: TestHistory.instant(8))
        var twin = Monitor(settings: settings, restoring: cut.state, at: TestHistory.instant(8))
        var twinRandom = random
        for second in 8..<16 {
            let shift = second < 12 ? 0.0 : 1
            monitor.apply(Self.batch(&random, at: Double(second), x: shift), at: TestHistory.instant(Double(second)))
            twin.apply(Self.batch(&twinRandom, at: Double(second), x: shift), at: TestHistory.instant(Double(second)))
        }
        let (one, other) = (
            try detectors(monitor.cut(at: TestHistory.instant(16))),
            try detectors(twin.cut(at: TestHistory.instant(16)))
        )
        #expect(one == other)
        var reset = cut.state
        reset.resetCounters()
        let counted = try #require(reset.models.first?.watches.first)
        #expect(counted.alarms == 0 && counted.detector.state == cut.state.models.first?.watches.first?.detector.state)
        var changed = settings
        changed.detectors = [DetectorSetting(kind: .cumulativeSum, signal: "x", runLength: 5_000)]
        _ = twin.reconfigure(changed, at: TestHistory.instant(17))
        let anew = try detectors(twin.cut(at: TestHistory.instant(18)))
        #expect(anew.count == 1 && anew["cusum x"]?.score == 0)
        #expect((anew["cusum x"]?.threshold ?? 0) < (one["cusum x"]?.threshold ?? 0))
    }

}
