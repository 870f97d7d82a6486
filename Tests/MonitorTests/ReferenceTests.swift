import Events
import Monitor
import TestKit
import Testing

/// References: how they are made, learned, given and exchanged.
@Suite struct ReferenceTests {
    private static let number = Schema(signals: [Signal(name: "x", role: .feature, kind: .numeric)])

    private func reference(_ values: [TestCell], binCount: Int = 10, limit: Int = 1_000_000) throws -> SignalReference {
        var builder = ReferenceBuilder(eventLimit: limit)
        for start in stride(from: 0, to: values.count, by: 100) {
            let events = values[start..<min(start + 100, values.count)].map { TestEvent(cells: [$0]) }
            builder.add(EventBatch.of(events, schema: Self.number))
        }
        let built = builder.build(
            model: nil, version: nil, source: .file, created: 0, binCount: binCount, categories: 10)
        #expect(built?.flaw == nil)
        return try #require(built?.signals.first)
    }

    private func edges(_ reference: SignalReference) -> [Double] {
        if case .numeric(let edges) = reference.layout { edges } else { [] }
    }

    /// Edges are numpy's quantiles: `np.quantile(np.arange(1001), np.arange(1, 10) / 10)`.
    @Test func equalProbability() throws {
        let reference = try reference((0...1_000).map { .number(Double($0)) })
        #expect(edges(reference) == [100, 200, 300, 400, 500, 600, 700, 800, 900])
        #expect(reference.counts == [100, 100, 100, 100, 100, 100, 100, 100, 100, 101, 0])
        #expect(reference.range == 0...1_000 && reference.mean == 500 && reference.interquartileRange == 500)
    }

    @Test func missingAndInvalid() throws {
        let cells: [TestCell] = [.number(1), .missing, .number(2), .invalid, .missing, .number(3)]
        let reference = try reference(cells)
        #expect(reference.counts == [1, 1, 1, 2] && reference.invalid == 1)
    }

    /// An outcome in a record of its own lacks no feature.
    @Test func outcomesAlone() throws {
        let schema = Schema(signals: [
            Signal(name: "x", role: .feature, kind: .numeric),
            Signal(name: "truth", role: .outcome, kind: .categorical),
        ])
        var builder = ReferenceBuilder(eventLimit: 100)
        let cells: [[TestCell]] = [[.number(1), .missing], [.missing, .text("yes")], [.missing, .missing]]
        builder.add(EventBatch.of(cells.map { TestEvent(cells: $0) }, schema: schema))
        let built = builder.build(
            model: nil, version: nil, source: .file, created: 0, binCount: 10, categories: 10)
        #expect(built?.signals.map { $0.counts.reduce(0, +) } == [2, 1])
        #expect(built?.signals.first?.counts.last == 1)
    }

    /// A move of a constant either way leaves its bin.
    @Test(arguments: [0, 5, -3.25, 1e300, -1e-300, 1e-9] as [Double]) func constant(value: Double) throws {
        let reference = try reference([TestCell](repeating: .number(value), count: 50))
        #expect(edges(reference).count == 2)
        #expect(reference.counts == [0, 50, 0, 0])
    }

    /// Few different values have a bin each.
    @Test func discrete() throws {
        let reference = try reference((0..<100).map { .number([0, 1, 2, 7][$0 % 4]) })
        #expect(edges(reference) == [0.5, 1.5, 4.5])
        #expect(reference.counts == [25, 25, 25, 25, 0])
    }

    /// A value with most of the mass has a bin of its own, and the rest is still told apart.
    @Test func ties() throws {
        var random = SplitMix64(seed: 4)
        let cells = (0..<1_000).map { i in TestCell.number(i % 10 != 0 ? 0 : 1 + random.uniform()) }
        let reference = try reference(cells)
        #expect(edges(reference).count >= 6)
        #expect(reference.counts[0] == 900)
    }

    /// Every layout is ascending and counts every number once, whatever the numbers are.
    @Test(arguments: 0..<UInt64(20)) func layoutsAreSound(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let spread = 1 + random.next() % 30
        let cells = (0..<500).map { _ in
            TestCell.number(seed % 2 == 0 ? (random.normal() * 1e3).rounded() : Double(random.next() % spread) - 5)
        }
        for binCount in [2, 5, 20] {
            let reference = try reference(cells, binCount: binCount)
            #expect(reference.counts.reduce(0, +) == 500)
            #expect(reference.layout.binCount <= max(3, binCount + 2))
        }
    }

    /// A reference that is autocorrelated is worth less than its rows, also as far as only a sample of it is kept;
    /// the same values in any order are not.
    @Test(arguments: [TestCell.number(0), .text("")], [1_000_000, 2_000])
    func effectiveEvents(kind: TestCell, limit: Int) throws {
        var random = SplitMix64(seed: 77)
        var level = 0.0
        var cells = (0..<8_000).map { _ in
            level = 0.995 * level + 0.0999 * random.normal()
            if case .number = kind { return TestCell.number(level) }
            return TestCell.text(level < -0.5 ? "low" : level > 0.5 ? "high" : "middle")
        }
        let signal = Signal(name: "x", role: .feature, kind: kind == .number(0) ? .numeric : .categorical)
        let schema = Schema(signals: [signal])
        func events(_ cells: [TestCell]) throws -> UInt64? {
            var builder = ReferenceBuilder(eventLimit: limit)
            for start in stride(from: 0, to: cells.count, by: 100) {
                builder.add(EventBatch.of(cells[start..<start + 100].map { TestEvent(cells: [$0]) }, schema: schema))
            }
            let built = builder.build(
                model: nil, version: nil, source: .file, created: 0, binCount: 10, categories: 10)
            return try #require(built?.signals.first).effectiveEvents
        }
        let found = try #require(try events(cells))
        #expect((1...40).contains(found), "\(found)")
        cells.shuffle(using: &random)
        #expect(try events(cells).map { $0 > 300 } ?? true)
    }

    /// Beyond its limit a builder keeps an even sample.
    @Test func sampling() throws {
        let reference = try reference((0..<20_000).map { .number(Double($0)) }, limit: 2_000)
        #expect(reference.counts.reduce(0, +) == 2_000)
        let middle = edges(reference)[4]
        // Five standard errors of a median of 2,000.
        #expect(abs(middle - 10_000) < 5 * 20_000 / (2 * 2_000.0.squareRoot()))
        #expect(reference.mean == 9_999.5)
    }

    @Test func categories() throws {
        let schema = Schema(signals: [Signal(name: "c", role: .feature, kind: .categorical)])
        var builder = ReferenceBuilder()
        let names = ["b", "a", "b", "c", "c", "b", "d", "other"]
        builder.add(EventBatch.of(names.map { TestEvent(cells: [.text($0)]) }, schema: schema))
        builder.add(EventBatch.of([TestEvent(cells: [.missing]), TestEvent(cells: [.invalid])], schema: schema))
        let built = builder.build(model: "m", version: nil, source: .file, created: 5, binCount: 10, categories: 3)
        let signal = try #require(built?.signals.first)
        #expect(signal.layout == .categorical(names: ["b", "c", "a"]))
        #expect(signal.counts == [3, 2, 1, 2, 1] && signal.invalid == 1)
        #expect(built?.events == 10 && built?.hash.utf8.count == 12)
        let again = builder.build(model: nil, version: nil, source: .learned, created: 9, binCount: 10, categories: 3)
        #expect(again?.hash == built?.hash, "the hash is of the content")
        builder.add(EventBatch.of([TestEvent(cells: [.text("a")])], schema: schema))
        let more = builder.build(model: nil, version: nil, source: .learned, created: 9, binCount: 10, categories: 3)
        #expect(more?.hash != built?.hash)
    }

    // MARK: In the monitor

    private func events(_ range: Range<Int>) -> [TestEvent] {
        var random = SplitMix64(seed: 21)
        return range.map { i in
            TestEvent(timestamp: TestHistory.epoch + Int64(i) * 1_000_000_000, cells: TestHistory.cells(&random))
        }
    }

    /// Learning takes exactly the events it was told to, states how far it is, and then compares the rest.
    @Test func learning() throws {
        var settings = testSettings
        settings.learning.events = 150
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        monitor.apply(EventBatch.of(events(0..<100)), at: TestHistory.instant(100))
        var model = try #require(monitor.cut(at: TestHistory.instant(100)).snapshot.models.first)
        #expect(model.referenceState == .learning(events: 100, of: 150))
        #expect(model.reference == nil)
        #expect(model.signals.allSatisfy { $0.bins.isEmpty && $0.reference == nil })
        monitor.apply(EventBatch.of(events(100..<300)), at: TestHistory.instant(300))
        model = try #require(monitor.cut(at: TestHistory.instant(300)).snapshot.models.first)
        #expect(model.referenceState == .ready && model.reference?.events == 150)
        #expect(model.reference?.source == .learned && model.reference?.created == TestHistory.instant(300).wall)
        #expect(model.signals.filter { $0.reference != nil }.allSatisfy { $0.bins.reduce(0, +) == 150 })
        #expect(model.signals.first { $0.role == .latency }?.reference == nil)
    }

    /// Learning by time goes on until both conditions are met.
    @Test func learningByTime() throws {
        var settings = testSettings
        settings.learning.events = 10
        settings.learning.seconds = 120
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        monitor.apply(EventBatch.of(events(0..<100)), at: TestHistory.instant(100))
        #expect(monitor.cut(at: TestHistory.instant(100)).snapshot.models[0].reference == nil)
        monitor.apply(EventBatch.of(events(100..<200)), at: TestHistory.instant(200))
        let reference = try #require(monitor.cut(at: TestHistory.instant(200)).snapshot.models[0].reference)
        // The watermark is one event behind the newest.
        #expect((121...123).contains(reference.events))
    }

    /// A reference from a file holds for all models, or for the one it names; signals that never come are exposed
    /// empty.
    @Test func files() throws {
        var builder = ReferenceBuilder()
        builder.add(EventBatch.of(events(0..<200)))
        var general = try #require(
            builder.build(model: nil, version: nil, source: .file, created: 1, binCount: 5, categories: 5))
        general.signals.append(
            SignalReference(kind: .input, name: "absent", layout: .numeric(edges: [1]), counts: [1, 1, 0]))
        var special = general
        special.model = "price"
        special.hash = "special"
        var settings = testSettings
        settings.references = [general, special]
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        var events = events(200..<400)
        for i in events.indices where i % 2 == 0 { events[i].model = "price" }
        monitor.apply(EventBatch.of(events), at: TestHistory.instant(1))
        let snapshot = monitor.cut(at: TestHistory.instant(2)).snapshot
        #expect(snapshot.models.map(\.model) == ["fraud", "price"])
        #expect(snapshot.models.map(\.reference?.hash) == [general.hash, "special"])
        #expect(snapshot.models.allSatisfy { $0.referenceState == .ready })
        let absent = try #require(snapshot.models[0].signals.first { $0.name == "absent" })
        #expect(absent.observations == 0 && absent.bins == [0, 0, 0])
        #expect(snapshot.models[0].signals.first { $0.name == "amount" }?.bins.reduce(0, +) == 100)
    }

    /// Other settings keep the state that fits, and say what does not.
    @Test func reconfiguring() throws {
        var settings = testSettings
        settings.learning.events = 100
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        monitor.apply(EventBatch.of(events(0..<300)), at: TestHistory.instant(300))
        #expect(monitor.reconfigure(settings, at: TestHistory.instant(300)) == [])
        var model = try #require(monitor.cut(at: TestHistory.instant(300)).snapshot.models.first)
        #expect(model.windows[0].events == 300 && model.reference?.source == .learned)

        var builder = ReferenceBuilder()
        builder.add(EventBatch.of(events(0..<200)))
        settings.references = [
            try #require(builder.build(model: nil, version: nil, source: .file, created: 1, binCount: 5, categories: 5))
        ]
        #expect(monitor.reconfigure(settings, at: TestHistory.instant(300)).count == 1)
        model = try #require(monitor.cut(at: TestHistory.instant(300)).snapshot.models.first)
        #expect(model.reference?.source == .file && model.predictions[0] == 300)
        #expect(model.signals.allSatisfy { $0.bins.allSatisfy { $0 == 0 } })
        #expect(model.windows[0].events == 300 && model.signals[0].windows[0].drift == nil)

        #expect(model.signals.allSatisfy { $0.values == nil } && model.latency?.count == 300)
        settings.exposedValues = ["age"]
        #expect(monitor.reconfigure(settings, at: TestHistory.instant(300)) == [])
        monitor.apply(EventBatch.of(events(300..<310)), at: TestHistory.instant(310))
        model = try #require(monitor.cut(at: TestHistory.instant(310)).snapshot.models.first)
        #expect(model.signals.first { $0.name == "age" }?.values?.count == 10 && model.latency?.count == 310)

        settings.windows = [WindowSetting(label: "10m", seconds: 600)]
        settings.sources = ["other"]
        #expect(monitor.reconfigure(settings, at: TestHistory.instant(300)).count == 2)
        let snapshot = monitor.cut(at: TestHistory.instant(300)).snapshot
        #expect(snapshot.models[0].windows.map(\.events) == [0] && snapshot.models[0].predictions[0] == 310)
        #expect(snapshot.sources.map(\.name) == ["other"] && snapshot.sources[0].receipt.received == 0)
    }
}
