import Events
import Monitor
import Sketches
import TestKit
import Testing

/// What happens at each limit: totals stay right, and reaching it is counted.
@Suite struct LimitTests {
    private func overflow(_ snapshot: MonitorSnapshot, _ limit: String) -> UInt64? {
        snapshot.overflows.first { $0.limit == limit }?.count
    }

    private func events(_ count: Int, model: (Int) -> String?) -> [TestEvent] {
        var random = SplitMix64(seed: 11)
        return (0..<count).map { i in
            TestEvent(
                timestamp: TestHistory.epoch + Int64(i), model: model(i), cells: TestHistory.cells(&random))
        }
    }

    /// Models beyond the limit share `__other__`, and no event is lost.
    @Test func models() throws {
        var settings = testSettings
        settings.limits.models = 3
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        monitor.apply(EventBatch.of(events(100) { "m\($0 % 10)" }), at: TestHistory.instant(1))
        let snapshot = monitor.cut(at: TestHistory.instant(2)).snapshot
        #expect(snapshot.models.map(\.model) == ["__other__", "m0", "m1", "m2"])
        #expect(snapshot.models.map { $0.predictions[0] } == [70, 10, 10, 10])
        #expect(snapshot.models[0].windows.allSatisfy { $0.events == 70 })
        #expect(snapshot.models[0].referenceState == .none)
        #expect(overflow(snapshot, "models") == 70)
    }

    /// Names longer than the limit go to `__other__`; a model of that name is the same one, and no overflow.
    @Test func modelNames() throws {
        var monitor = Monitor(settings: testSettings, at: TestHistory.instant(0))
        let long = String(repeating: "x", count: EventLimits.nameBytes + 1)
        monitor.apply(EventBatch.of(events(10) { $0 < 4 ? long : "__other__" }), at: TestHistory.instant(1))
        let snapshot = monitor.cut(at: TestHistory.instant(2)).snapshot
        #expect(snapshot.models.map(\.model) == ["__other__"])
        #expect(snapshot.models[0].predictions[0] == 10)
        #expect(overflow(snapshot, "models") == 4)
    }

    /// Signals beyond the limit go unmeasured, and each of their values is counted.
    @Test func signals() throws {
        var settings = testSettings
        settings.limits.signalsPerModel = 5
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        monitor.apply(EventBatch.of(events(20) { _ in nil }), at: TestHistory.instant(1))
        let snapshot = monitor.cut(at: TestHistory.instant(2)).snapshot
        #expect(snapshot.models[0].signals.count == 5)
        #expect(overflow(snapshot, "signals_per_model") == 40)
        #expect(snapshot.models[0].predictions[0] == 20)
    }

    /// Classes beyond the limit are one, in counts and against outcomes.
    @Test func classes() throws {
        var settings = testSettings
        settings.limits.categoriesPerSignal = 4
        settings.limits.confusionClasses = 2
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        var events = events(80) { _ in nil }
        for i in events.indices {
            events[i].cells[3] = .text("k\(i % 8)")
            events[i].cells[5] = .text("k\(i % 8)")
        }
        monitor.apply(EventBatch.of(events), at: TestHistory.instant(1))
        let model = try #require(monitor.cut(at: TestHistory.instant(2)).snapshot.models.first)
        #expect(model.classes.map(\.name) == ["k0", "k1", "k2", "k3", "__other__"])
        #expect(model.classes.map(\.count) == [10, 10, 10, 10, 40])
        #expect(model.confusion.map(\.count).reduce(0, +) == 80)
        let diagonal = model.confusion.filter { $0.actual == $0.predicted }
        #expect(diagonal.map(\.actual) == ["k0", "k1", "__other__"] && diagonal.map(\.count) == [10, 10, 60])
        #expect(model.confusion.count == 9)
        // 40 predictions and 40 outcomes.
        #expect(overflow(monitor.cut(at: TestHistory.instant(2)).snapshot, "categories_per_signal") == 80)
    }

    /// A model whose time series would not fit goes to `__other__`.
    @Test func series() throws {
        var settings = testSettings
        let model = TestHistory.schema.signals.reduce(SeriesCost.model(settings)) {
            $0 + SeriesCost.signal(role: $1.role, kind: $1.kind, settings: settings)
        }
        settings.limits.series = 3 * model
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        monitor.apply(EventBatch.of(events(60) { "m\($0 % 6)" }), at: TestHistory.instant(1))
        let snapshot = monitor.cut(at: TestHistory.instant(2)).snapshot
        #expect(snapshot.models.map(\.model) == ["__other__", "m0", "m1", "m2"])
        #expect(snapshot.models.map { $0.predictions[0] }.reduce(0, +) == 60)
        #expect((overflow(snapshot, "series") ?? 0) >= 30)
    }

    /// What is not a finite number enters no sum, whatever bits it has.
    @Test(
        arguments: [.nan, .infinity, -.infinity, .signalingNaN, Double(bitPattern: 0xFFFF_FFFF_FFFF_FFFF)] as [Double])
    func nonfinite(value: Double) throws {
        var settings = testSettings
        settings.learning.events = 20
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        var events = events(100) { _ in nil }
        for i in events.indices where i % 2 == 0 {
            for place in [0, 1, 4, 6] { events[i].cells[place] = .number(value) }
        }
        let batch = EventBatch.of(events)
        batch.observe(.feature, "amount", .number(value))
        batch.observe(.feature, "amount", .number(1), weight: value)
        monitor.apply(batch, at: TestHistory.instant(1))
        let model = try #require(monitor.cut(at: TestHistory.instant(2)).snapshot.models.first)
        for signal in model.signals where signal.kind == .numeric {
            let window = signal.windows[0]
            let moments = try #require(window.moments)
            #expect(moments.mean.isFinite && moments.sum.isFinite && moments.maximum.isFinite)
            #expect(window.quantiles.allSatisfy { $0.value.isFinite })
            #expect(signal.issues.invalid == (signal.name == "amount" ? 51 : 50))
        }
        #expect(model.latency?.sum.isFinite == true && model.latency?.count == 50)
        #expect(model.score?.count == 50)
    }

    /// Numbers at the ends of the doubles keep every exposed number finite.
    @Test func largeNumbers() throws {
        var settings = testSettings
        settings.learning.events = 20
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        var events = events(200) { _ in nil }
        for i in events.indices {
            events[i].cells[0] = .number(i % 2 == 0 ? .greatestFiniteMagnitude : -.greatestFiniteMagnitude)
            events[i].cells[1] = .number(.leastNonzeroMagnitude)
        }
        monitor.apply(EventBatch.of(events), at: TestHistory.instant(1))
        let model = try #require(monitor.cut(at: TestHistory.instant(2)).snapshot.models.first)
        for signal in model.signals.prefix(2) {
            let window = signal.windows[0]
            #expect(window.moments?.mean.isFinite == true && window.moments?.standardDeviation?.isFinite == true)
            #expect(window.drift?.psi.isFinite == true)
            #expect(window.drift?.wasserstein?.isFinite != false)
            #expect(signal.bins.reduce(0, +) == 180)
        }
    }

    /// No counter of a snapshot is ever below that of an earlier one.
    @Test(arguments: [1, 2] as [UInt64]) func countersNeverDecrease(seed: UInt64) {
        var settings = testSettings
        settings.learning.events = 200
        settings.limits.models = 2
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        var before: [String: Double] = [:]
        let events = TestHistory.events(seed: seed, count: 2_000, minutes: 3_000)
        for start in stride(from: 0, to: events.count, by: 50) {
            let now = TestHistory.instant(Double(start) * 90)
            monitor.apply(EventBatch.of(events[start..<start + 50]), at: now)
            let counters = Self.counters(monitor.cut(at: now).snapshot)
            for (name, value) in before { #expect(counters[name] ?? -1 >= value, "\(name)") }
            before = counters
        }
        #expect(before.count > 100)
    }

    private static func counters(_ snapshot: MonitorSnapshot) -> [String: Double] {
        var counters: [String: Double] = [:]
        for model in snapshot.models {
            let key = "\(model.model)/\(model.version)"
            for (status, count) in model.predictions.enumerated() {
                counters["\(key) status \(status)"] = Double(count)
            }
            for pair in model.classes { counters["\(key) class \(pair.name)"] = Double(pair.count) }
            for pair in model.confusion { counters["\(key) \(pair.actual) \(pair.predicted)"] = Double(pair.count) }
            counters["\(key) late"] = Double(model.lateEvents)
            counters["\(key) missing"] = Double(model.missingFields)
            counters["\(key) wrong"] = Double(model.wrongTypes)
            counters["\(key) joined"] = Double(model.joinedOutcomes)
            for (name, histogram) in [("latency", model.latency), ("score", model.score)] {
                for (i, count) in (histogram?.counts ?? []).enumerated() {
                    counters["\(key) \(name) bucket \(i)"] = Double(count)
                }
                counters["\(key) \(name) sum"] = histogram?.sum
            }
            for signal in model.signals {
                counters["\(key) \(signal.name)"] = Double(signal.observations)
                counters["\(key) \(signal.name) missing"] = Double(signal.issues.missing)
                counters["\(key) \(signal.name) unseen"] = Double(signal.issues.unseenCategory)
                for (bin, count) in signal.bins.enumerated() {
                    counters["\(key) \(signal.name) bin \(bin)"] = Double(count)
                }
            }
        }
        for limit in snapshot.overflows { counters["overflow \(limit.limit)"] = Double(limit.count) }
        return counters
    }
}
