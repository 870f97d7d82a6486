import Events
import Monitor
import TestKit
import Testing

/// Outcomes in records of their own.
@Suite struct JoinTests {
    private static let classes = Schema(
        signals: [
            Signal(name: "amount", role: .feature, kind: .numeric),
            Signal(name: "prediction", role: .prediction, kind: .categorical),
            Signal(name: "outcome", role: .outcome, kind: .categorical),
        ], timestamp: ["ts"], identifier: ["id"], model: ["model"])
    private static let numbers = Schema(
        signals: [Signal(name: "prediction", role: .prediction, kind: .numeric)], timestamp: ["ts"],
        identifier: ["id"])
    private static let outcomes = Schema(
        signals: [Signal(name: "outcome", role: .outcome, kind: .categorical)], timestamp: ["ts"], identifier: ["id"],
        model: ["model"])
    private static let second: Int64 = 1_000_000_000

    private static var settings: MonitorSettings {
        var settings = testSettings
        settings.sources = ["a", "b"]
        return settings
    }

    private static func prediction(
        _ id: UInt64, _ name: String, model: String? = "fraud", version: String? = nil, at time: Int64 = 0,
        outcome: String? = nil
    ) -> TestEvent {
        var event = TestEvent(
            timestamp: TestHistory.epoch + time * second, model: model, version: version,
            cells: [.number(1), .text(name), outcome.map { .text($0) } ?? .missing])
        event.id = id
        return event
    }

    private static func outcome(_ id: UInt64, _ name: String, model: String? = nil, at time: Int64 = 0) -> TestEvent {
        var event = TestEvent(timestamp: TestHistory.epoch + time * second, model: model, cells: [.text(name)])
        event.id = id
        return event
    }

    /// Applies batches of predictions (source 0) and outcomes (source 1), in the order given.
    private static func apply(
        _ monitor: inout Monitor, _ events: [(isOutcome: Bool, event: TestEvent)], at seconds: Double = 1
    ) {
        for (isOutcome, event) in events {
            let batch = EventBatch.of([event], schema: isOutcome ? outcomes : classes, source: isOutcome ? 1 : 0)
            monitor.apply(batch, at: TestHistory.instant(seconds))
        }
    }

    private func model(_ monitor: inout Monitor, _ name: String = "fraud", at seconds: Double = 2) throws
        -> ModelSnapshot
    {
        try #require(monitor.cut(at: TestHistory.instant(seconds)).snapshot.models.first { $0.model == name })
    }

    /// A joined outcome counts as if its prediction had carried it.
    @Test func sameAsInline() throws {
        var random = SplitMix64(seed: 77)
        var (inline, apart): ([TestEvent], [TestEvent]) = ([], [])
        for i in 0..<400 {
            var event = Self.prediction(
                UInt64(i + 1), random.uniform() < 0.5 ? "yes" : "no", at: Int64(random.next() % 7_000),
                outcome: random.uniform() < 0.5 ? "yes" : "no")
            inline.append(event)
            let outcome = event.cells[2].text ?? ""
            event.cells[2] = .missing
            apart += [event, Self.outcome(UInt64(i + 1), outcome, at: 9_000)]
        }
        var settings = Self.settings
        settings.learning.events = 0
        var one = Monitor(settings: settings, at: TestHistory.instant(0))
        var other = Monitor(settings: settings, at: TestHistory.instant(0))
        for event in inline { Self.apply(&one, [(false, event)]) }
        for event in apart { Self.apply(&other, [(event.cells.count == 1, event)]) }
        let (expected, found) = (try model(&one), try model(&other))
        #expect(found.joinedOutcomes == 400 && expected.joinedOutcomes == 400)
        let pairs = { (model: ModelSnapshot) in model.confusion.map { "\($0.actual) \($0.predicted) \($0.count)" } }
        #expect(Set(pairs(found)) == Set(pairs(expected)))
        for (window, truth) in zip(found.windows, expected.windows) {
            #expect(window.outcomes == truth.outcomes && window.events == truth.events)
            #expect(window.performance.first == truth.performance.first)
        }
        let signal = { (model: ModelSnapshot) in model.signals.first { $0.role == .outcome } }
        #expect(signal(found)?.observations == 400)
        #expect(signal(found)?.windows.map(\.observations) == signal(expected)?.windows.map(\.observations))
        #expect(found.outcomeDelay?.count == 400 && expected.outcomeDelay == nil)
        #expect(found.pendingPredictions == 0)
    }

    /// Which of both comes first, and in which batches, makes no difference.
    @Test(arguments: 0..<UInt64(20)) func anyInterleaving(seed: UInt64) throws {
        var fixed = SplitMix64(seed: 5)
        let predictions = (1...200).map { Self.prediction($0, fixed.uniform() < 0.5 ? "yes" : "no", at: Int64($0)) }
        var outcomes = (1...150).map { Self.outcome($0, fixed.uniform() < 0.5 ? "yes" : "no", at: 500) }
        // Of these no prediction comes; those are said twice.
        outcomes += (901...930).map { Self.outcome($0, "yes", at: 500) }
        outcomes += outcomes[0..<10]
        var random = SplitMix64(seed: 0x9E37_79B9 * (seed + 1))
        var (left, right) = (predictions[...], outcomes[...])
        var monitor = Monitor(settings: Self.settings, at: TestHistory.instant(0))
        while !left.isEmpty || !right.isEmpty {
            let size = Int(random.next() % 40)
            if random.uniform() < 0.5 {
                let batch = EventBatch.of(left.prefix(size), schema: Self.classes, source: 0)
                monitor.apply(batch, at: TestHistory.instant(1))
                left = left.dropFirst(size)
            } else {
                let batch = EventBatch.of(right.prefix(size), schema: Self.outcomes, source: 1)
                monitor.apply(batch, at: TestHistory.instant(1))
                right = right.dropFirst(size)
            }
            if random.uniform() < 0.1 {
                let state = monitor.cut(at: TestHistory.instant(1)).state
                monitor = Monitor(settings: Self.settings, restoring: state, at: TestHistory.instant(1))
            }
        }
        let found = try model(&monitor)
        var expected: [String: UInt64] = [:]
        for (prediction, outcome) in zip(predictions, outcomes.prefix(150)) {
            expected["\(outcome.cells[0]) \(prediction.cells[1])", default: 0] += 1
        }
        for pair in found.confusion {
            let key = "\(TestCell.text(pair.actual)) \(TestCell.text(pair.predicted))"
            #expect(pair.count == expected[key] ?? 0)
        }
        #expect(found.joinedOutcomes == 150 && found.pendingPredictions == 50)
        #expect(found.outcomes.duplicates == 10 && found.outcomes.orphans == 0)
        #expect(found.windows.last?.outcomes == 150 && found.predictions[0] == 200)
        #expect(found.signals.first { $0.role == .outcome }?.observations == 150)
        let later = try model(&monitor, at: 8 * 86_400)
        #expect(later.outcomes.orphans == 30 && later.outcomes.expired == 50 && later.pendingPredictions == 0)
    }

    /// Outcomes in the log of the predictions, and those that come in the record.
    @Test func oneLog() throws {
        var events = (1...4).map { Self.prediction($0, "yes", outcome: $0 == 4 ? "no" : nil) }
        for id in [1, 3, 9] as [UInt64] {
            var event = Self.outcome(id, "yes", at: 90)
            event.cells = [.missing, .missing, .text("yes")]
            events.insert(event, at: id == 1 ? 0 : events.count)
        }
        var monitor = Monitor(settings: Self.settings, at: TestHistory.instant(0))
        monitor.apply(EventBatch.of(events, schema: Self.classes), at: TestHistory.instant(1))
        let snapshot = monitor.cut(at: TestHistory.instant(2)).snapshot
        let model = try #require(snapshot.models.first)
        #expect(snapshot.models.count == 1 && model.predictions[0] == 4 && model.joinedOutcomes == 3)
        #expect(model.pendingPredictions == 1 && model.windows[0].outcomes == 3)
        #expect(model.outcomeDelay?.sum == 180)
        #expect(snapshot.sources[0].receipt.accepted == 7 && snapshot.sources[0].receipt.isBalanced)
    }

    /// Numbers are classes or quantities, as the prediction is; a name is no quantity.
    @Test func numbersAndNames() throws {
        var monitor = Monitor(settings: Self.settings, at: TestHistory.instant(0))
        for (id, value) in [(1, 10.5), (2, 20), (3, 5)] as [(UInt64, Double)] {
            var event = TestEvent(timestamp: TestHistory.epoch, cells: [.number(value)])
            event.id = id
            if id == 2 { Self.apply(&monitor, [(true, Self.outcome(2, "18"))]) }
            monitor.apply(EventBatch.of([event], schema: Self.numbers), at: TestHistory.instant(1))
        }
        Self.apply(&monitor, [(true, Self.outcome(1, "10.50")), (true, Self.outcome(3, "approve"))])
        let regression = try model(&monitor, "default")
        #expect(regression.errors?.count == 2 && regression.errors?.signed == 2)
        #expect(regression.joinedOutcomes == 2 && regression.outcomes.incomparable == 1)

        let whole = Schema(
            signals: [Signal(name: "outcome", role: .outcome, kind: .numeric)], timestamp: ["ts"], identifier: ["id"])
        for (id, value) in [(11, 1), (12, 0.5)] as [(UInt64, Double)] {
            Self.apply(&monitor, [(false, Self.prediction(id, id == 11 ? "1" : "0.5"))])
            var event = TestEvent(timestamp: TestHistory.epoch, cells: [.number(value)])
            event.id = id
            monitor.apply(EventBatch.of([event], schema: whole, source: 1), at: TestHistory.instant(1))
        }
        let classes = try model(&monitor)
        #expect(classes.joinedOutcomes == 2 && classes.windows[0].performance.first?.value == 1)
    }

    /// An outcome that names its model is that of no other; one that names none is that of all that predicted it.
    @Test func models() throws {
        var monitor = Monitor(settings: Self.settings, at: TestHistory.instant(0))
        Self.apply(
            &monitor,
            [
                (false, Self.prediction(1, "yes")), (false, Self.prediction(1, "no", model: "price")),
                (true, Self.outcome(1, "yes", model: "fraud")), (true, Self.outcome(2, "yes")),
                (false, Self.prediction(2, "no")), (false, Self.prediction(2, "yes", version: "2")),
                (true, Self.outcome(3, "yes", model: "none")), (false, Self.prediction(3, "yes")),
            ])
        let snapshot = monitor.cut(at: TestHistory.instant(8 * 86_400)).snapshot
        let model = { (name: String, version: String) in
            snapshot.models.first { $0.model == name && $0.version == version }
        }
        #expect(model("fraud", "")?.joinedOutcomes == 2 && model("fraud", "2")?.joinedOutcomes == 1)
        #expect(model("price", "")?.joinedOutcomes == 0 && model("price", "")?.outcomes.expired == 1)
        #expect(model("fraud", "")?.outcomes.expired == 1)
        #expect(model("none", "")?.outcomes.orphans == 1)
    }

    @Test func repeatsAndCorrections() throws {
        var monitor = Monitor(settings: Self.settings, at: TestHistory.instant(0))
        let outcomes = ["yes", "yes", "no", "yes"]
        Self.apply(
            &monitor,
            outcomes.map { (true, Self.outcome(1, $0)) } + [(false, Self.prediction(1, "yes"))]
                + outcomes.map { (true, Self.outcome(1, $0)) }
                // The prediction once more, and one that is repeated before its outcome.
                + [(false, Self.prediction(1, "yes"))]
                + [(false, Self.prediction(2, "yes")), (false, Self.prediction(2, "yes"))]
                + [(true, Self.outcome(2, "no"))])
        let found = try model(&monitor)
        #expect(found.joinedOutcomes == 2 && found.outcomes.duplicates == 5 && found.outcomes.corrections == 2)
        #expect(found.pendingPredictions == 0 && found.windows[0].performance.first?.value == 0.5)
    }

    /// Several instances of one record have one identifier, which tells no outcome apart.
    @Test func instances() throws {
        var schema = Self.numbers
        schema.inputs = [["instances"]]
        let events = ([1, 2, 2, 2, 3] as [UInt64]).map { id in
            var event = TestEvent(timestamp: TestHistory.epoch, cells: [.number(1)])
            event.id = id
            return event
        }
        var monitor = Monitor(settings: Self.settings, at: TestHistory.instant(0))
        monitor.apply(EventBatch.of(events, schema: schema), at: TestHistory.instant(1))
        Self.apply(&monitor, (1...3).map { (true, Self.outcome($0, "2")) })
        let found = try model(&monitor, "default")
        #expect(found.joinedOutcomes == 2 && found.pendingPredictions == 0 && found.errors?.count == 2)
    }

    // MARK: Limits

    @Test func limits() throws {
        var settings = Self.settings
        settings.joining.pending = 10
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        Self.apply(&monitor, (1...25).map { (false, Self.prediction($0, "yes")) })
        Self.apply(&monitor, (101...125).map { (true, Self.outcome($0, "yes")) })
        // The oldest made room.
        Self.apply(&monitor, [(true, Self.outcome(15, "yes")), (true, Self.outcome(16, "yes"))])
        let snapshot = monitor.cut(at: TestHistory.instant(2)).snapshot
        let model = try #require(snapshot.models.first)
        #expect(model.outcomes.evicted == 15 && model.pendingPredictions == 9 && model.joinedOutcomes == 1)
        #expect(model.outcomes.orphans == 17)
        #expect(snapshot.overflows.first { $0.limit == "pending_outcomes" }?.count == 32)

        settings.joining.pending = 4
        _ = monitor.reconfigure(settings, at: TestHistory.instant(3))
        let fewer = try self.model(&monitor, at: 3)
        #expect(fewer.pendingPredictions == 4 && fewer.outcomes.evicted == 20)
    }

    /// Models share the room: who has the most makes it.
    @Test func sharedRoom() throws {
        var settings = Self.settings
        settings.joining.pending = 10
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        Self.apply(&monitor, (1...10).map { (false, Self.prediction($0, "yes")) })
        Self.apply(&monitor, (1...20).map { (false, Self.prediction($0, "yes", model: "price")) })
        let (fraud, price) = (try model(&monitor), try model(&monitor, "price"))
        #expect(fraud.pendingPredictions == 5 && fraud.outcomes.evicted == 5)
        #expect(price.pendingPredictions == 5 && price.outcomes.evicted == 15)
        // The oldest are gone.
        Self.apply(&monitor, [(true, Self.outcome(6, "no", model: "fraud")), (true, Self.outcome(5, "no"))])
        #expect(try model(&monitor).joinedOutcomes == 1)
    }

    /// What waits longer than it should is given up, by the time that passes here and not by that of the records.
    @Test func age() throws {
        var settings = Self.settings
        settings.joining.seconds = 100
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        Self.apply(&monitor, [(false, Self.prediction(1, "yes")), (true, Self.outcome(7, "yes"))], at: 10)
        Self.apply(&monitor, [(false, Self.prediction(2, "yes", at: 9_000))], at: 50)
        #expect(try model(&monitor, at: 110).pendingPredictions == 2)
        let found = try model(&monitor, at: 111.5)
        #expect(found.pendingPredictions == 1 && found.outcomes.expired == 1 && found.outcomes.orphans == 1)
        Self.apply(&monitor, [(true, Self.outcome(1, "yes")), (true, Self.outcome(2, "yes"))], at: 112)
        let later = try model(&monitor, at: 300)
        #expect(later.joinedOutcomes == 1 && later.outcomes.orphans == 2)
    }

    /// Without identifiers, or with joining switched off, nothing waits and an outcome is measured as it comes.
    @Test func nothingWaits() throws {
        var settings = Self.settings
        settings.joining.pending = 0
        for (settings, id) in [(settings, 5), (Self.settings, 0)] as [(MonitorSettings, UInt64)] {
            var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
            Self.apply(
                &monitor,
                [(false, Self.prediction(id, "yes")), (true, Self.outcome(id, "yes", model: "fraud"))])
            let state = monitor.cut(at: TestHistory.instant(2)).state
            #expect(state.models[0].pending.count == 0 && state.outcomes.table.count == 0)
            let found = try model(&monitor)
            #expect(found.joinedOutcomes == 0 && found.signals.first { $0.role == .outcome }?.observations == 1)
        }
    }

    /// An outcome of a prediction that no pane holds any more counts in totals and in no window.
    @Test func oldPredictions() throws {
        var monitor = Monitor(settings: Self.settings, at: TestHistory.instant(0))
        Self.apply(&monitor, [(false, Self.prediction(1, "yes"))])
        let day: Int64 = 86_400
        let later = Double(20 * day)
        for second: Int64 in 0..<3 {
            Self.apply(&monitor, [(false, Self.prediction(0, "yes", at: 20 * day + second))], at: later)
        }
        Self.apply(&monitor, [(true, Self.outcome(1, "yes", at: 20 * day))], at: later)
        let found = try model(&monitor, at: later + 1)
        #expect(found.joinedOutcomes == 1 && found.windows.allSatisfy { $0.outcomes == 0 && $0.events > 0 })
        #expect(found.outcomeDelay?.counts[11] == 1 && found.lateEvents == 0)
    }

    /// Times as far apart as times can be.
    @Test func extremeTimes() throws {
        var monitor = Monitor(settings: Self.settings, at: TestHistory.instant(0))
        var (early, late) = (Self.prediction(1, "yes"), Self.outcome(1, "yes"))
        (early.timestamp, late.timestamp) = (.min + 1, .max)
        Self.apply(&monitor, [(false, early), (true, late), (true, Self.outcome(2, "yes"))])
        #expect(try model(&monitor).joinedOutcomes == 1)
    }
}
