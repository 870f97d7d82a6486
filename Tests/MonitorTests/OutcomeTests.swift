import Events
import Monitor
import Sketches
import TestKit
import Testing

/// Outcomes in the same record, single observations, and what each source accounts for.
@Suite struct OutcomeTests {
    private static let regression = Schema(
        signals: [
            Signal(name: "x", role: .feature, kind: .numeric), Signal(name: "y", role: .prediction, kind: .numeric),
            Signal(name: "truth", role: .outcome, kind: .numeric),
        ], timestamp: ["ts"])

    private func snapshot(_ batch: EventBatch, _ settings: MonitorSettings = testSettings) -> MonitorSnapshot {
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        monitor.apply(batch, at: TestHistory.instant(1))
        return monitor.cut(at: TestHistory.instant(2)).snapshot
    }

    @Test func errorsOfARegression() throws {
        let pairs: [(TestCell, TestCell)] = [
            (.number(3), .number(1)), (.number(1), .number(2)), (.number(5), .missing), (.missing, .number(1)),
            (.invalid, .number(1)), (.number(4), .number(4)),
        ]
        let events = pairs.map { TestEvent(timestamp: TestHistory.epoch, cells: [.number(1), $0.0, $0.1]) }
        let model = try #require(snapshot(EventBatch.of(events, schema: Self.regression)).models.first)
        let errors = try #require(model.errors)
        #expect(errors.count == 3 && errors.absolute == 3 && errors.squared == 5 && errors.signed == 1)
        #expect(model.joinedOutcomes == 3 && model.confusion.isEmpty && model.classes.isEmpty)
        let performance = model.windows[0].performance
        #expect(performance.map(\.metric) == ["mae", "rmse", "bias"])
        #expect(performance[0].value == 1 && performance[1].value == (5.0 / 3).squareRoot())
        #expect(model.value?.count == 4 && model.value?.sum == 13)
        #expect(model.predictions[0] == 6)
    }

    @Test func confusionOfAClassification() throws {
        var random = SplitMix64(seed: 8)
        let events = (0..<500).map { i in
            TestEvent(timestamp: TestHistory.epoch + Int64(i), cells: TestHistory.cells(&random))
        }
        let model = try #require(snapshot(EventBatch.of(events)).models.first)
        for pair in model.confusion {
            let expected = events.count { $0.cells[5] == .text(pair.actual) && $0.cells[3] == .text(pair.predicted) }
            #expect(pair.count == UInt64(expected))
        }
        #expect(model.confusion.count == 4 && model.joinedOutcomes == 500)
        let accuracy = try #require(model.windows[0].performance.first)
        let right = events.count { $0.cells[3] == $0.cells[5] }
        #expect(accuracy.metric == "accuracy" && accuracy.value == Double(right) / 500)
        #expect((accuracy.lower ?? 1) < accuracy.value && (accuracy.upper ?? 0) > accuracy.value)
    }

    /// A record with an outcome and nothing else is no prediction and lacks no feature.
    @Test func outcomesAlone() throws {
        var random = SplitMix64(seed: 8)
        var events = (0..<20).map { _ in TestEvent(timestamp: TestHistory.epoch, cells: TestHistory.cells(&random)) }
        for i in 10..<20 {
            events[i].cells = [TestCell](repeating: .missing, count: 7)
            events[i].cells[5] = .text("approve")
        }
        let model = try #require(snapshot(EventBatch.of(events)).models.first)
        #expect(model.predictions[0] == 10 && model.windows[0].events == 10)
        #expect(model.signals.first { $0.role == .outcome }?.observations == 20)
        #expect(model.signals.filter { $0.role == .feature }.allSatisfy { $0.observations == 10 })
        #expect(model.joinedOutcomes == 10 && model.missingFields == 0)
    }

    /// An outcome that is not known yet counts for nothing: neither in the reference nor as drift from it.
    @Test(arguments: [SignalKind.categorical, .numeric]) func unknownOutcomes(kind: SignalKind) throws {
        let schema = Schema(signals: [
            Signal(name: "prediction", role: .prediction, kind: kind),
            Signal(name: "outcome", role: .outcome, kind: kind),
        ])
        let value: TestCell = kind == .numeric ? .number(1) : .text("yes")
        func events(_ count: Int, known: Int) -> [TestEvent] {
            (0..<count).map { TestEvent(cells: [value, $0 < known ? value : .missing]) } + [
                TestEvent(cells: [value, .invalid])
            ]
        }
        var settings = testSettings
        settings.learning.events = 101
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        monitor.apply(EventBatch.of(events(100, known: 60), schema: schema), at: TestHistory.instant(1))
        monitor.apply(EventBatch.of(events(500, known: 0), schema: schema), at: TestHistory.instant(2))
        let batch = EventBatch.of([TestEvent](), schema: schema)
        batch.observe(.outcome, nil, .missing)
        monitor.apply(batch, at: TestHistory.instant(2))
        let model = try #require(monitor.cut(at: TestHistory.instant(3)).snapshot.models.first)
        let outcome = try #require(model.signals.first { $0.role == .outcome })
        #expect(outcome.observations == 62 && outcome.issues.missing == 0 && outcome.issues.invalid == 2)
        #expect(outcome.windows[0].observations == 62 && outcome.windows[0].missing == 0)
        let reference = try #require(outcome.reference)
        #expect(reference.counts.reduce(0, +) == 60 && reference.invalid == 1)
        #expect(outcome.bins.allSatisfy { $0 == 0 })
        #expect(model.joinedOutcomes == 60)
    }

    @Test func schemaViolations() throws {
        var random = SplitMix64(seed: 8)
        var events = (0..<20).map { _ in TestEvent(timestamp: TestHistory.epoch, cells: TestHistory.cells(&random)) }
        events[1].cells[0] = .missing
        events[1].cells[1] = .missing
        events[2].cells[2] = .invalid
        events[2].cells[0] = .missing
        events[3].cells[5] = .missing
        let batch = EventBatch.of(events)
        batch.unexpectedFields = 4
        let model = try #require(snapshot(batch).models.first)
        #expect(model.missingFields == 2 && model.wrongTypes == 1 && model.unexpectedFields == 4)
    }

    /// Classic buckets hold their upper bound, as `le` says.
    @Test func bucketBounds() throws {
        let schema = Schema(signals: [Signal(name: "latency", role: .latency, kind: .numeric)])
        let events = [0.001, 0.0011, 10, 10.1, 0].map { TestEvent(cells: [.number($0)]) }
        let latency = try #require(snapshot(EventBatch.of(events, schema: schema)).models.first?.latency)
        #expect(latency.counts[0] == 2 && latency.counts[1] == 1)
        #expect(latency.counts[12] == 1 && latency.counts[13] == 1)
        #expect(latency.bounds.count == 13 && latency.native.count == 5)
    }

    // MARK: Observations

    /// Fractions of weights add up: 100 observations at a sample rate of 0.4 are 250 events.
    @Test func weights() throws {
        let batch = EventBatch(
            source: 0, schema: Schema(signals: []), rowCapacity: 1, observationCapacity: 200, byteCapacity: 4_096)
        for _ in 0..<100 { batch.observe(.feature, "amount", .number(2), weight: 2.5) }
        for _ in 0..<10 { batch.observe(.prediction, nil, .text("yes"), weight: 1.1, isPrediction: true) }
        batch.observe(.latency, nil, .number(0.02), isPrediction: true)
        let snapshot = snapshot(batch)
        let model = try #require(snapshot.models.first)
        #expect(model.model == "default")
        let amount = try #require(model.signals.first { $0.name == "amount" })
        #expect(amount.observations == 250 && amount.windows[0].moments?.sum == 500)
        #expect(amount.windows[0].distinct == 1)
        #expect(model.predictions[0] == 11 || model.predictions[0] == 12)
        #expect(model.classes.map(\.name) == ["yes"])
        #expect(model.latency?.count == 1 && model.windows[0].events == model.predictions[0])
    }

    /// A model fed by observations learns its reference from them.
    @Test func observationsLearn() throws {
        var settings = testSettings
        settings.learning.events = 100
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        var random = SplitMix64(seed: 5)
        for second in 0..<10 {
            let batch = EventBatch(
                source: 0, schema: Schema(signals: []), rowCapacity: 1, observationCapacity: 200, byteCapacity: 8_192)
            for _ in 0..<40 {
                batch.observe(.feature, "amount", .number(random.normal()), isPrediction: true)
                batch.observe(.feature, "country", .text(random.uniform() < 0.5 ? "DE" : "FR"))
            }
            monitor.apply(batch, at: TestHistory.instant(Double(second)))
        }
        let model = try #require(monitor.cut(at: TestHistory.instant(10)).snapshot.models.first)
        #expect(model.referenceState == .ready && model.predictions[0] == 400)
        let amount = try #require(model.signals.first { $0.name == "amount" })
        #expect(amount.reference?.counts.reduce(0, +) == 100 && amount.bins.reduce(0, +) == 300)
        #expect(amount.windows[0].drift?.currentEvents == 300)
        let country = try #require(model.signals.first { $0.name == "country" })
        #expect(country.bins.reduce(0, +) == 301 || country.bins.reduce(0, +) == 300)
    }

    /// Numbers that are held back to be taken together come to the same as one by one: of two models by turns, with
    /// weights, over several minutes, while and after the reference is learned.
    @Test func heldNumbers() throws {
        func history(perBatch: Int) throws -> [ModelSnapshot] {
            var settings = testSettings
            settings.learning.events = 100
            var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
            var random = SplitMix64(seed: 11)
            var batch: EventBatch?
            for number in 0..<3_000 {
                if number % perBatch == 0 {
                    if let batch { monitor.apply(batch, at: TestHistory.instant(400)) }
                    batch = EventBatch(
                        source: 0, schema: Schema(signals: []), rowCapacity: 1, observationCapacity: 8_000,
                        byteCapacity: 200_000)
                }
                let weight = number % 7 == 0 ? 3.0 : 1
                let value = number % 50 == 0 ? TestCell.missing : .number((random.normal() * 64).rounded() / 64)
                let time = TestHistory.instant(Double(number / 10)).wall
                batch?.observe(
                    .feature, "amount", value, weight: weight, timestamp: time, model: number % 90 < 50 ? "a" : "b")
                batch?.observe(
                    .score, nil, .number(random.uniform()), isPrediction: true, timestamp: time,
                    model: number % 90 < 50 ? "a" : "b")
            }
            if let batch { monitor.apply(batch, at: TestHistory.instant(400)) }
            return monitor.cut(at: TestHistory.instant(400)).snapshot.models
        }
        let (held, single) = (try history(perBatch: 3_000), try history(perBatch: 1))
        #expect(held.count == 2 && held.map(\.model) == single.map(\.model))
        for (one, other) in zip(held, single) {
            #expect(one.predictions == other.predictions && one.predictions[0] > 1_000)
            for (signal, alone) in zip(one.signals, other.signals) {
                #expect(signal.observations == alone.observations && signal.bins == alone.bins)
                #expect(signal.issues == alone.issues && signal.bins.reduce(0, +) > 1_000)
                for (window, expected) in zip(signal.windows, alone.windows) {
                    #expect(window.observations == expected.observations && window.missing == expected.missing)
                    #expect(window.distinct == expected.distinct && window.moments?.sum == expected.moments?.sum)
                    #expect(window.moments?.minimum == expected.moments?.minimum)
                    #expect(window.drift?.currentEvents == expected.drift?.currentEvents)
                }
            }
        }
    }

    /// A value of the other kind than its signal is invalid, whichever way round.
    @Test func kindsOfObservations() throws {
        let batch = EventBatch(
            source: 0, schema: Schema(signals: []), rowCapacity: 1, observationCapacity: 20, byteCapacity: 4_096)
        batch.observe(.feature, "n", .number(1))
        batch.observe(.feature, "n", .text("one"))
        batch.observe(.feature, "n", .missing)
        batch.observe(.feature, "c", .text("one"))
        batch.observe(.feature, "c", .number(1))
        let model = try #require(snapshot(batch).models.first)
        let (c, n) = (model.signals[0], model.signals[1])
        #expect(n.observations == 3 && n.issues.invalid == 1 && n.issues.missing == 1)
        #expect(c.observations == 2 && c.issues.invalid == 1 && c.windows[0].distinct == 1)
        #expect(model.predictions[0] == 0)
    }

    /// With two predictions the first one is compared with the outcome and counted by class; both are measured.
    @Test func twoPredictions() throws {
        let schema = Schema(signals: [
            Signal(name: "first", role: .prediction, kind: .categorical),
            Signal(name: "outcome", role: .outcome, kind: .categorical),
            Signal(name: "second", role: .prediction, kind: .categorical),
        ])
        let events = (0..<10).map { _ in TestEvent(cells: [.text("yes"), .text("yes"), .text("no")]) }
        let model = try #require(snapshot(EventBatch.of(events, schema: schema)).models.first)
        #expect(model.classes.map(\.name) == ["yes"] && model.classes.map(\.count) == [10])
        #expect(model.windows[0].performance.first?.value == 1)
        #expect(model.signals.map(\.observations) == [10, 10, 10])
    }

    // MARK: Sources

    /// Receipts and positions change only with the batch that carries them; several files per source.
    @Test func accounts() throws {
        var settings = testSettings
        settings.sources = ["a", "b"]
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        func position(_ inode: UInt64, _ offset: UInt64) -> FilePosition {
            FilePosition(identity: FileIdentity(device: 1, inode: inode, birth: 0), path: "/x", offset: offset)
        }
        func batch(_ positions: [PositionUpdate]) -> EventBatch {
            let batch = EventBatch.of([TestEvent](), source: 1)
            batch.receipt.accept(3)
            batch.receipt.drop(.queueFull, count: 2)
            batch.receipt.bytesRead = 10
            batch.positions = positions
            return batch
        }
        monitor.apply(batch([.reached(position(1, 5)), .reached(position(2, 7))]), at: TestHistory.instant(0))
        monitor.apply(batch([.reached(position(1, 9))]), at: TestHistory.instant(0))
        var sources = monitor.cut(at: TestHistory.instant(0)).state.sources
        #expect(sources[0].receipt == Receipt() && sources[0].positions.isEmpty)
        #expect(sources[1].receipt.accepted == 6 && sources[1].receipt.received == 10)
        #expect(sources[1].receipt.isBalanced)
        #expect(sources[1].positions == [position(1, 9), position(2, 7)])
        monitor.apply(batch([.finished(position(1, 9).identity)]), at: TestHistory.instant(0))
        sources = monitor.cut(at: TestHistory.instant(0)).state.sources
        #expect(sources[1].positions == [position(2, 7)])
        #expect(sources[1].schema == TestHistory.schema)
    }
}
