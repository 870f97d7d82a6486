import Events
import Monitor
import Sketches
import Statistics
import TestKit
import Testing

/// Windows against a reckoning that keeps every event.
@Suite struct WindowTests {
    /// A monitor fed in batches of one size.
    ///
    /// Its wall clock is later than every timestamp.
    static func snapshot(_ events: [TestEvent], batch: Int, learning: Int) -> MonitorSnapshot {
        var settings = testSettings
        settings.learning.events = learning
        let now = TestHistory.instant(100 * 86_400)
        var monitor = Monitor(settings: settings, at: now)
        for start in stride(from: 0, to: events.count, by: batch) {
            monitor.apply(EventBatch.of(events[start..<min(start + batch, events.count)]), at: now)
        }
        return monitor.cut(at: now).snapshot
    }

    /// Events whose first three of each model are in order, so that no watermark is taken back.
    static func history(seed: UInt64, count: Int, minutes: Double) -> [TestEvent] {
        var random = SplitMix64(seed: seed)
        var events = TestHistory.events(seed: seed, count: count, minutes: minutes)
        var begin: [TestEvent] = []
        for model in [nil, "price"] as [String?] {
            for version in [nil, "2"] as [String?] {
                for i in 0..<3 {
                    var event = TestEvent(
                        timestamp: TestHistory.epoch + Int64(i), model: model, version: version,
                        cells: TestHistory.cells(&random))
                    if i == 1 { event.cells[0] = .missing }
                    begin.append(event)
                }
            }
        }
        events.insert(contentsOf: begin, at: 0)
        return events
    }

    @Test(
        arguments: [(1, 1, 30.0), (2, 7, 90), (3, 100, 200), (4, 1_000, 3_000), (5, 64, 20_000), (6, 64, 60_000)]
            as [(UInt64, Int, Double)])
    func windowsEqualBruteForce(seed: UInt64, batch: Int, minutes: Double) throws {
        let events = Self.history(seed: seed, count: 2_000, minutes: minutes)
        let learning = 300
        let snapshot = Self.snapshot(events, batch: batch, learning: learning)
        let truth = BruteForce(events, learning: learning)
        #expect(snapshot.models.count == 4)
        for model in snapshot.models {
            let key = "\(model.model)/\(model.version)"
            let all = try #require(truth.models[key])
            #expect(model.predictions.reduce(0, +) == UInt64(all.count))
            #expect(model.predictions[1] == UInt64(all.count { $0.event.status == .error }))
            #expect(model.lateEvents == UInt64(all.count(where: \.isLate)))
            #expect(model.signals.count == 7)
            for (number, window) in model.windows.enumerated() {
                let inside = truth.window(key, seconds: WindowSetting.defaults[number].seconds)
                #expect(window.events == UInt64(inside.count), "\(key) \(window.label)")
                try checkAccuracy(window, inside)
                for signal in model.signals { try check(signal, signal.windows[number], inside) }
            }
            for signal in model.signals { try checkTotals(signal, all) }
        }
    }

    private func place(_ signal: SignalSnapshot) throws -> Int {
        try #require(TestHistory.schema.signals.firstIndex { $0.name == signal.name })
    }

    private func checkTotals(_ signal: SignalSnapshot, _ all: [BruteForce.Placed]) throws {
        let place = try place(signal)
        let all = BruteForce.known(all, place: place)
        #expect(signal.observations == UInt64(all.count))
        #expect(signal.issues.missing == UInt64(all.count { $0.event.cells[place] == .missing }))
        #expect(signal.issues.invalid == UInt64(all.count { $0.event.cells[place] == .invalid }))
        guard let reference = signal.reference else { return }
        #expect(signal.bins == BruteForce.cells(all, place: place, layout: reference.layout))
        guard let range = reference.range else { return }
        let compared = all.filter { !$0.isLearned }.compactMap(\.event.cells[place].number)
        #expect(signal.issues.belowMinimum == UInt64(compared.count { $0 < range.lowerBound }))
        #expect(signal.issues.aboveMaximum == UInt64(compared.count { $0 > range.upperBound }))
    }

    private func check(_ signal: SignalSnapshot, _ window: SignalWindow, _ inside: [BruteForce.Placed]) throws {
        let place = try place(signal)
        let inside = BruteForce.known(inside, place: place)
        let cells = inside.map(\.event.cells[place])
        let numbers = cells.compactMap(\.number).sorted()
        #expect(window.observations == UInt64(inside.count))
        #expect(window.missing == UInt64(cells.count { $0 == .missing }))
        #expect(window.invalid == UInt64(cells.count { $0 == .invalid }))
        #expect(window.moments?.count ?? 0 == UInt64(numbers.count))
        if let moments = window.moments {
            #expect(moments.minimum == numbers.first && moments.maximum == numbers.last)
            let scale = numbers.reduce(0) { $0 + abs($1) }
            #expect(abs(moments.sum - numbers.reduce(0, +)) <= 1e-12 * scale)
        }
        for (q, value) in window.quantiles {
            let exact = numbers[max(1, Int((q * Double(numbers.count)).rounded(.up))) - 1]
            // Schema 4 at worst: these values span more than 16 octaves, but not 32.
            #expect(abs(value - exact) <= 0.0217 * abs(exact) + 1e-30)
        }
        if signal.role == .feature, signal.kind == .categorical, cells.contains(where: { $0.text != nil }) {
            #expect(window.distinct == Double(Set(cells.compactMap(\.text)).count))
        }
        guard let reference = signal.reference else {
            #expect(window.drift == nil)
            return
        }
        let current = BruteForce.cells(inside, place: place, layout: reference.layout)
        guard current.reduce(0, +) >= 50 else {
            #expect(window.drift == nil)
            return
        }
        let drift = try #require(window.drift)
        let counts = try #require(
            TwoSampleCounts(
                reference: reference.counts, current: current, orderedCount: reference.layout.orderedBinCount))
        let expected = Drift(counts)
        #expect(drift.psi == expected.populationStability.index)
        #expect(drift.psiExcess == expected.populationStability.excess)
        #expect(drift.jensenShannon == expected.jensenShannon && drift.hellinger == expected.hellinger)
        #expect(drift.totalVariation == expected.totalVariation)
        #expect(drift.kolmogorovSmirnov == expected.kolmogorovSmirnov)
        #expect(drift.chiSquare == expected.chiSquare.statistic && drift.chiSquareScore == expected.chiSquare.score)
        #expect(drift.currentEvents == current.reduce(0, +))
        let isPure = !inside.contains { $0.isLearned && $0.event.cells[place].number != nil }
        #expect((drift.wasserstein != nil) == (signal.kind == .numeric && isPure))
    }

    private func checkAccuracy(_ window: ModelWindow, _ inside: [BruteForce.Placed]) throws {
        let pairs = inside.compactMap { placed -> (String, String)? in
            guard let predicted = placed.event.cells[3].text, let actual = placed.event.cells[5].text else {
                return nil
            }
            return (predicted, actual)
        }
        let right = pairs.count { $0.0 == $0.1 }
        let accuracy = window.performance.first { $0.metric == "accuracy" }
        #expect(accuracy?.value == (pairs.isEmpty ? nil : Double(right) / Double(pairs.count)))
    }

    /// The same events lead to the same windows however they come in batches.
    @Test func batchesDoNotMatter() {
        let events = Self.history(seed: 9, count: 1_000, minutes: 500)
        let one = Self.snapshot(events, batch: 1, learning: 100)
        let other = Self.snapshot(events, batch: 333, learning: 100)
        for (model, twin) in zip(one.models, other.models) {
            #expect(model.reference?.hash == twin.reference?.hash)
            #expect(model.windows.map(\.events) == twin.windows.map(\.events))
            for (signal, same) in zip(model.signals, twin.signals) {
                #expect(signal.bins == same.bins)
                #expect(signal.windows.map(\.drift?.psi) == same.windows.map(\.drift?.psi))
            }
        }
    }

    /// Days are kept as days: seven of them, with what hours and minutes hold.
    @Test func dayWindows() throws {
        var settings = testSettings
        settings.windows = [
            WindowSetting(label: "1h", seconds: 3_600), WindowSetting(label: "2h", seconds: 7_200),
            WindowSetting(label: "7d", seconds: 604_800),
        ]
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        var random = SplitMix64(seed: 3)
        var now = TestHistory.instant(0)
        // Three events an hour for ten days, on the half hour.
        for hour in 0..<240 {
            let time = TestHistory.epoch + Int64(hour) * 60 * TestHistory.minute + 30 * TestHistory.minute
            let event = TestEvent(timestamp: time, cells: TestHistory.cells(&random))
            let batch = EventBatch.of([event, event, event])
            now = TestHistory.instant(Double(hour) * 3_600 + 1_800)
            monitor.apply(batch, at: now)
        }
        let model = try #require(monitor.cut(at: now).snapshot.models.first)
        // The first of each three comes while the watermark is an hour back, so it counts five minutes after that.
        #expect(model.windows.map(\.events) == [3, 5, 503])
        #expect(model.lateEvents == 0)
    }
}
