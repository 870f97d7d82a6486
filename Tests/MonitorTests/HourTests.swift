import Events
import Monitor
import Statistics
import TestKit
import Testing

/// References that tell the hours of the week apart: how they are learned, and what traffic is compared with.
@Suite struct HourTests {
    private static let schema = Schema(signals: [
        Signal(name: "x", role: .feature, kind: .numeric), Signal(name: "k", role: .feature, kind: .categorical),
        Signal(name: "flat", role: .feature, kind: .numeric),
    ])
    /// A Monday, 0 o'clock UTC.
    private static let monday: Int64 = 1_767_571_200
    private static let hour: Int64 = 3_600

    /// An event of an hour: `x` is higher by day, `k` is `night` by night, `flat` knows no time.
    private static func event(_ second: Int64, _ random: inout SplitMix64, shift: Double = 0) -> TestEvent {
        let isDay = (8..<20).contains((second - monday) / hour % 24)
        let x = random.normal() + (isDay ? 3 : 0) + shift
        let k = random.uniform() < (isDay ? 0.1 : 0.7) ? "night" : "day"
        return TestEvent(
            timestamp: second * 1_000_000_000,
            cells: [random.uniform() < 0.05 ? .missing : .number(x), .text(k), .number(random.normal())])
    }

    private static func hours(_ hours: Range<Int64>, seed: UInt64, shift: Double = 0) -> [[TestEvent]] {
        var random = SplitMix64(seed: seed)
        return hours.map { number in
            (0..<60).map { event(monday + number * hour + $0 * 60, &random, shift: shift) }
        }
    }

    private static func reference(utcOffset: Int32? = 0) throws -> Reference {
        var builder = ReferenceBuilder(eventLimit: 1_000_000, utcOffset: utcOffset)
        for events in hours(0..<504, seed: 1) { builder.add(EventBatch.of(events, schema: schema)) }
        let reference = builder.build(
            model: nil, version: nil, source: .file, created: 0, binCount: 10, categories: 10)
        #expect(reference?.flaw == nil)
        return try #require(reference)
    }

    private static func monitor(_ reference: Reference) -> Monitor {
        var settings = testSettings
        settings.references = [reference]
        settings.windows = [WindowSetting(label: "1h", seconds: 3_600), WindowSetting(label: "7d", seconds: 604_800)]
        return Monitor(settings: settings, at: Instant(wall: monday * 1_000_000_000, monotonic: 0))
    }

    private static func instant(_ hours: Int64) -> Instant {
        Instant(wall: (monday + hours * hour) * 1_000_000_000, monotonic: hours * hour * 1_000_000_000)
    }

    @Test func learning() throws {
        let reference = try Self.reference()
        let signals = Dictionary(uniqueKeysWithValues: reference.signals.map { ($0.name, $0) })
        #expect(signals["x"]?.hours != nil && signals["k"]?.hours != nil && signals["flat"]?.hours == nil)
        let counts = try #require(signals["k"]?.hours?.counts)
        let cells = try #require(signals["k"]?.layout.cellCount)
        // Three weeks of 60 events an hour; day comes first, as the commoner one.
        let night = counts[(2 * cells)..<(3 * cells)].reduce(0, +)
        #expect(night == 180)
        #expect(counts[2 * cells] < 90)
        #expect(counts[12 * cells] > 130)
        #expect(reference.hash != (try Self.reference(utcOffset: nil)).hash)
        #expect(try Self.reference(utcOffset: nil).signals.allSatisfy { $0.hours == nil })
        #expect(try Self.reference(utcOffset: 7_200).signals.first { $0.name == "k" }?.hours?.counts != counts)
    }

    /// Hours are those of local time, before the epoch as well, and half-hour zones have them too.
    @Test func slots() {
        func slot(_ second: Int64, _ offset: Int32 = 0) -> Int {
            HourlyReference.slot(ofMinute: second / 60, utcOffset: offset)
        }
        #expect(slot(Self.monday) == 0 && slot(Self.monday + 3_599) == 0 && slot(Self.monday + 3_600) == 1)
        #expect(slot(0) == 72, "the epoch was a Thursday")
        #expect(slot(-60) == 71 && slot(-72 * 3_600 - 60) == 167)
        #expect(slot(Self.monday, 3_600) == 1 && slot(Self.monday, -60) == 167)
        #expect(slot(Self.monday + 1_800, 19_800) == 6)
    }

    /// By day, by night and over the week, windows are compared with what is usual then.
    @Test func windows() throws {
        var monitor = Self.monitor(try Self.reference())
        var (excess, last): ([String: Double], [String: Double]) = ([:], [:])
        for (number, events) in Self.hours(0..<168, seed: 2).enumerated() {
            monitor.apply(EventBatch.of(events, schema: Self.schema), at: Self.instant(Int64(number) + 1))
            let model = try #require(monitor.cut(at: Self.instant(Int64(number) + 1)).snapshot.models.first)
            for signal in model.signals {
                for window in signal.windows {
                    let name = "\(signal.name) \(window.label)"
                    last[name] = try #require(window.drift).psiExcess
                    excess[name] = max(excess[name] ?? 0, last[name] ?? 0)
                }
                if let evidence = signal.evidence { #expect(!evidence.isDrifted, "\(signal.name) \(number)") }
                #expect(signal.expected.isEmpty == (signal.name == "flat"))
                let seen = Double(signal.bins.reduce(0, +))
                let error = abs(signal.expected.reduce(0, +) - seen)
                #expect(signal.name == "flat" || error < 1e-6 * seen)
            }
        }
        let weeks = last.filter { $0.key.hasSuffix("7d") }.map(\.value)
        #expect(weeks.count == 3 && weeks.allSatisfy { $0 < 0.02 }, "\(last)")
        // Sixty values an hour.
        #expect(excess.values.allSatisfy { $0 < 0.5 }, "\(excess)")
    }

    /// A night in the middle of the day is drift, although it is as common as ever in the whole.
    @Test func wrongHour() throws {
        func alarms(_ reference: Reference) throws -> [String] {
            var monitor = Self.monitor(reference)
            var drifted: Set<String> = []
            for (number, events) in Self.hours(20..<32, seed: 3).enumerated() {
                let moved = events.map { event in
                    var event = event
                    event.timestamp -= 12 * Self.hour * 1_000_000_000
                    return event
                }
                monitor.apply(EventBatch.of(moved, schema: Self.schema), at: Self.instant(9 + Int64(number)))
                let model = try #require(monitor.cut(at: Self.instant(9 + Int64(number))).snapshot.models.first)
                drifted.formUnion(model.signals.filter { $0.evidence?.isDrifted ?? false }.map(\.name))
            }
            return drifted.sorted()
        }
        #expect(try alarms(Self.reference()) == ["k", "x"])
        #expect(try alarms(Self.reference(utcOffset: nil)) == [], "the wobble of the days hides it")
    }

    /// Single values, values of panes that hold several hours, and late ones keep their hours; a restart changes
    /// nothing.
    @Test func restart() throws {
        let reference = try Self.reference()
        var monitor = Self.monitor(reference)
        func feed(_ monitor: inout Monitor, _ day: Int64) {
            let events = Self.hours((day * 24)..<(day * 24 + 24), seed: UInt64(day) + 4).flatMap { $0 }
            let batch = EventBatch.of(events + events.prefix(200), schema: Self.schema)
            batch.observe(.feature, "x", .number(1))
            monitor.apply(batch, at: Self.instant(day * 24 + 24))
            let early = (0..<50).map { (number: Int64) -> TestEvent in
                let second = Self.monday - 30 * 86_400 + number * 900
                return TestEvent(timestamp: second * 1_000_000_000, cells: events[0].cells)
            }
            monitor.apply(EventBatch.of(early, schema: Self.schema), at: Self.instant(day * 24 + 24))
        }
        for day in 0..<3 { feed(&monitor, Int64(day)) }
        let cut = monitor.cut(at: Self.instant(72))
        var twin = Monitor(
            settings: monitor.settings, restoring: cut.state, at: Self.instant(72))
        #expect(twin.notes.isEmpty)
        for day in 3..<5 {
            feed(&monitor, Int64(day))
            feed(&twin, Int64(day))
            let (one, other) = (monitor.cut(at: Self.instant(120)), twin.cut(at: Self.instant(120)))
            for (left, right) in zip(one.snapshot.models, other.snapshot.models) {
                #expect(left.signals.map(\.expected) == right.signals.map(\.expected))
                #expect(left.signals.map(\.evidence) == right.signals.map(\.evidence))
                #expect(left.signals.map { $0.windows.map(\.drift) } == right.signals.map { $0.windows.map(\.drift) })
            }
        }
        let signals = try #require(monitor.cut(at: Self.instant(120)).snapshot.models.first?.signals)
        let x = try #require(signals.first { $0.name == "x" })
        let seen = x.bins.reduce(0, +)
        #expect(seen == 5 * (24 * 60 + 200 + 50 + 1))
        #expect(abs(x.expected.reduce(0, +) - Double(seen)) < 1e-6)
    }

    /// Single values of one pane and several hours are compared with their own hours, however they are held back.
    @Test func observations() throws {
        let reference = try Self.reference()
        func expected(batches: Int) throws -> [Double] {
            var monitor = Self.monitor(reference)
            let days = Self.hours(0..<72, seed: 5).flatMap { $0 }
            monitor.apply(EventBatch.of(days, schema: Self.schema), at: Self.instant(72))
            // Values of one day ago, by turns of its first and its tenth hour, in runs of three.
            let seconds = (0..<60).map { number in
                Self.monday + 86_400 + (number / 3 % 2 == 0 ? 0 : 10 * Self.hour) + Int64(number)
            }
            for start in stride(from: 0, to: seconds.count, by: seconds.count / batches) {
                let batch = EventBatch.of([], schema: Self.schema)
                for second in seconds[start..<(start + seconds.count / batches)] {
                    batch.observe(.feature, "x", .number(1), timestamp: second * 1_000_000_000)
                }
                monitor.apply(batch, at: Self.instant(72))
            }
            let signals = try #require(monitor.cut(at: Self.instant(72)).snapshot.models.first?.signals)
            return try #require(signals.first { $0.name == "x" }).expected
        }
        let (together, apart) = (try expected(batches: 1), try expected(batches: 60))
        for (left, right) in zip(together, apart) { #expect(abs(left - right) < 1e-6) }
        #expect(abs(together.reduce(0, +) - Double(72 * 60 + 60)) < 1e-6)
    }

    /// Counters that begin at 0 again take what was expected of them along.
    @Test func counterReset() throws {
        var monitor = Self.monitor(try Self.reference())
        for (number, events) in Self.hours(0..<24, seed: 8).enumerated() {
            monitor.apply(EventBatch.of(events, schema: Self.schema), at: Self.instant(Int64(number) + 1))
        }
        var state = monitor.cut(at: Self.instant(24)).state
        state.resetCounters()
        var twin = Monitor(settings: monitor.settings, restoring: state, at: Self.instant(24))
        for (number, events) in Self.hours(24..<48, seed: 9).enumerated() {
            twin.apply(EventBatch.of(events, schema: Self.schema), at: Self.instant(Int64(number) + 25))
        }
        let model = try #require(twin.cut(at: Self.instant(48)).snapshot.models.first)
        #expect(model.signals.allSatisfy { $0.evidence?.isDrifted == false && $0.bins.reduce(0, +) == 24 * 60 })
    }
}
