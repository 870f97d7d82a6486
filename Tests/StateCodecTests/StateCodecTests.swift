import Events
import Monitor
import StateCodec
import TestKit
import Testing

@Suite struct StateCodecTests {
    static var settings: MonitorSettings {
        var settings = MonitorSettings()
        settings.sources = ["a", "b"]
        settings.learning.events = 400
        settings.exposedValues = ["age"]
        settings.custom.timeToLive = 7_000_000_000_000
        return settings
    }

    /// A monitor that has seen `count` events: rows, observations, positions, rejections.
    static func state(seed: UInt64, count: Int) -> MonitorState {
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        feed(&monitor, seed: seed, from: 0, count: count)
        return monitor.cut(at: TestHistory.instant(9_000)).state
    }

    static func feed(_ monitor: inout Monitor, seed: UInt64, from: Int, count: Int) {
        let events = TestHistory.events(seed: seed, count: from + count, minutes: 150)[from...]
        for start in stride(from: from, to: from + count, by: 100) {
            let end = min(start + 100, from + count)
            let batch = EventBatch.of(events[start..<end], source: start / 100 % 2)
            batch.receipt.reject(.malformedJSON)
            batch.observe(.feature, "amount", .number(Double(start)), weight: 2.5)
            batch.observe(.prediction, nil, .text("maybe"), isPrediction: true)
            batch.sample(.count, "requests", tags: "code:\(start % 300)", 1, weight: 1 / 0.3)
            batch.sample(.gauge, "depth", Double(start))
            batch.sample(.milliseconds, "took", tags: "route:a", Double(start % 7), weight: 2.5)
            batch.sample(.member, "users", text: "u\(start)")
            batch.positions = [
                .reached(
                    FilePosition(
                        identity: FileIdentity(device: 1, inode: UInt64(start / 500), birth: 5), path: "/log/ä.jsonl",
                        offset: UInt64(end * 100), headLength: 1_024, headHash: 77, tailLength: 4_096, tailHash: 78,
                        isRotated: true))
            ]
            monitor.apply(batch, at: TestHistory.instant(Double(start)))
            monitor.apply(joined(UInt64(start), kind: .categorical), at: TestHistory.instant(Double(start)))
            monitor.apply(joined(UInt64(start), kind: .numeric), at: TestHistory.instant(Double(start)))
        }
    }

    /// Predictions without an outcome, and outcomes: too late, too early, twice, and of no prediction.
    private static func joined(_ start: UInt64, kind: SignalKind) -> EventBatch {
        let schema = Schema(
            signals: [
                Signal(name: "prediction", role: .prediction, kind: kind),
                Signal(name: "outcome", role: .outcome, kind: kind),
            ], timestamp: ["ts"], identifier: ["id"], defaultModel: kind == .numeric ? "price" : "default")
        let events = (start + 1..<start + 12).map { number in
            let value: TestCell =
                kind == .numeric ? .number(Double(number) / 8) : .text(number % 3 == 0 ? "yes" : "class \(number % 4)")
            let isOutcome = number % 5 < 2
            var event = TestEvent(
                timestamp: TestHistory.epoch + Int64(number) * 1_000_000_000,
                cells: isOutcome ? [.missing, value] : [value, .missing])
            event.id = isOutcome ? number ^ 3 : number
            return event
        }
        return EventBatch.of(events + events.suffix(3), schema: schema, source: kind == .numeric ? 1 : 0)
    }

    /// What was written is read back, whether the reference is being learned, in use, or lacking.
    @Test(arguments: [0, 1, 50, 300, 1_000, 3_000]) func roundTrip(count: Int) throws {
        var state = Self.state(seed: UInt64(count), count: count)
        state.shown = ShownSeries((0..<UInt64(count)).map { $0 &* 0x9E37_79B9_7F4A_7C15 })
        let bytes = StateCodec.encode(state)
        let restored = try StateCodec.decode(bytes)
        #expect(StateCodec.encode(restored) == bytes)
        #expect(restored.sources == state.sources)
        #expect(restored.generation == 1)
        #expect(restored.shown.hashes == state.shown.hashes)
        #expect(restored.models.map(\.predictions) == state.models.map(\.predictions))
        #expect(restored.models.map(\.outcomes) == state.models.map(\.outcomes))
        #expect(restored.models.map(\.pending.inOrder) == state.models.map(\.pending.inOrder))
        #expect(count < 50 || restored.models.contains { $0.pending.count > 0 && $0.joinedOutcomes > 0 })
        let unknown = state.outcomes.table.inOrder.filter { $0.met < 0 }
        #expect(count < 50 || !unknown.isEmpty && unknown.count < state.outcomes.table.count)
    }

    /// A monitor restored from bytes goes on exactly as the one that wrote them.
    @Test(arguments: [100, 350, 2_000]) func restoredMonitorContinuesIdentically(count: Int) throws {
        var original = Monitor(settings: Self.settings, at: TestHistory.instant(0))
        Self.feed(&original, seed: 3, from: 0, count: count)
        let cut = original.cut(at: TestHistory.instant(Double(count)))
        let state = try StateCodec.decode(StateCodec.encode(cut.state))
        var restored = Monitor(settings: Self.settings, restoring: state, at: TestHistory.instant(Double(count)))
        #expect(restored.notes == [])
        Self.feed(&original, seed: 3, from: count, count: 1_500)
        Self.feed(&restored, seed: 3, from: count, count: 1_500)
        let first = original.cut(at: TestHistory.instant(9_000))
        let second = restored.cut(at: TestHistory.instant(9_000))
        #expect(StateCodec.encode(first.state) == StateCodec.encode(second.state))
        #expect(first.snapshot.models.count == second.snapshot.models.count)
        for (one, other) in zip(first.snapshot.models, second.snapshot.models) {
            #expect(one.reference == other.reference)
            #expect(one.signals.map(\.evidence) == other.signals.map(\.evidence))
            #expect(one.latency == other.latency && one.score == other.score)
            for (signal, twin) in zip(one.signals, other.signals) {
                #expect(signal.bins == twin.bins && signal.issues == twin.issues)
                #expect(signal.windows.map(\.drift) == twin.windows.map(\.drift))
                #expect(signal.windows.map(\.moments) == twin.windows.map(\.moments))
                #expect(signal.windows.map(\.distinct) == twin.windows.map(\.distinct))
                #expect(
                    signal.windows.flatMap(\.quantiles).map(\.value) == twin.windows.flatMap(\.quantiles).map(\.value))
            }
        }
    }

    /// A reference that tells hours apart is read back, and so is what it expected.
    @Test func hours() throws {
        let learned = Self.state(seed: 5, count: 600).models.compactMap(\.reference).first
        var reference = try #require(learned)
        reference.source = .file
        reference.utcOffset = -3_600
        for number in reference.signals.indices {
            let counts = reference.signals[number].counts
            let slots = (0..<168).flatMap { slot in counts.map { ($0 &+ UInt64(slot)) % 7 } }
            reference.signals[number].hours = HourlyReference(counts: slots, weight: 64)
        }
        var settings = Self.settings
        settings.references = [reference]
        var original = Monitor(settings: settings, at: TestHistory.instant(0))
        Self.feed(&original, seed: 3, from: 0, count: 600)
        let state = original.cut(at: TestHistory.instant(600)).state
        let bytes = StateCodec.encode(state)
        let decoded = try StateCodec.decode(bytes)
        #expect(StateCodec.encode(decoded) == bytes)
        #expect(decoded.models.first?.reference == reference)
        let signals = try #require(decoded.models.first?.signals)
        #expect(signals.contains { $0.expected.reduce(0, +) > 100 && $0.evidence != nil })
        var restored = Monitor(settings: settings, restoring: decoded, at: TestHistory.instant(600))
        #expect(restored.notes == [])
        Self.feed(&original, seed: 3, from: 600, count: 600)
        Self.feed(&restored, seed: 3, from: 600, count: 600)
        let cuts = (original.cut(at: TestHistory.instant(9_000)), restored.cut(at: TestHistory.instant(9_000)))
        #expect(StateCodec.encode(cuts.0.state) == StateCodec.encode(cuts.1.state))
        // Hours that do not fit are no state.
        var broken = state
        broken.models[0].reference?.signals[0].hours?.counts.removeLast()
        #expect(throws: StateError.self) { try StateCodec.decode(StateCodec.encode(broken)) }
    }

    /// Every truncation is refused.
    @Test func truncations() {
        let bytes = StateCodec.encode(Self.state(seed: 1, count: 60))
        for length in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: StateError.self) { try StateCodec.decode(Array(bytes.prefix(length))) }
        }
        #expect(throws: StateError.wrongLength) { try StateCodec.decode(bytes + [0]) }
    }

    /// Every flipped bit is found.
    @Test func bitFlips() {
        var bytes = StateCodec.encode(Self.state(seed: 2, count: 60))
        var random = SplitMix64(seed: 5)
        for _ in 0..<2_000 {
            let place = Int(random.next() % UInt64(bytes.count))
            let bit = UInt8(1) << UInt8(random.next() % 8)
            bytes[place] ^= bit
            #expect(throws: StateError.self) { try StateCodec.decode(bytes) }
            bytes[place] ^= bit
        }
        #expect(throws: Never.self) { try StateCodec.decode(bytes) }
    }

    /// A body that is wrong in spite of a right checksum is refused or restored to something that works; it never
    /// traps.
    @Test(arguments: 0..<UInt64(12)) func hostileBodies(seed: UInt64) throws {
        let bytes = StateCodec.encode(Self.state(seed: 4, count: seed % 2 == 0 ? 40 : 700))
        var random = SplitMix64(seed: seed)
        var restored = 0
        for _ in 0..<60 {
            var body = Array(bytes[20..<bytes.count - 4])
            for _ in 0...random.next() % 4 {
                let place = Int(random.next() % UInt64(body.count))
                switch random.next() % 4 {
                case 0: body[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: body[place] = 0xFF
                case 2: body.remove(at: place)
                default: body.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
                }
            }
            guard let state = try? StateCodec.decode(StateCodec.framed(body)) else { continue }
            var monitor = Monitor(settings: Self.settings, restoring: state, at: TestHistory.instant(10_000))
            Self.feed(&monitor, seed: seed, from: 0, count: 50)
            _ = StateCodec.encode(monitor.cut(at: TestHistory.instant(20_000)).state)
            restored += 1
        }
        #expect(restored > 0, "a mutant that nothing tells from a state has to be among them")
    }

    @Test func header() {
        #expect(throws: StateError.notAState) { try StateCodec.decode([]) }
        #expect(throws: StateError.notAState) { try StateCodec.decode([UInt8](repeating: 0, count: 64)) }
        var bytes = StateCodec.encode(Self.state(seed: 1, count: 0))
        bytes[8] = 99
        #expect(throws: StateError.unsupportedVersion(99)) { try StateCodec.decode(StateCodec.signed(bytes)) }
    }

    // MARK: - Progress

    private static func positions() -> MonitorState {
        let position = FilePosition(
            identity: FileIdentity(device: 7, inode: 42, birth: -5), path: "/log/a", offset: 300, size: 301,
            headLength: 64, headHash: 0x0102, tailLength: 9, tailHash: 0x0304, isRotated: true, isPacked: false)
        return MonitorState(
            generation: 5, taken: Instant(wall: 1, monotonic: 2), arrivalTime: 3, windows: [],
            sources: [SourceState(name: "file:/log/a", positions: [position]), SourceState(name: "udp:1")],
            models: [], overflows: [])
    }

    /// The progress of a state of whatever version is where it always was: these bytes must never change.
    @Test func progressOfAnyVersion() throws {
        let bytes = StateCodec.encode(Self.positions())
        let part: [UInt8] =
            [72, 5, 6, 2, 11] + Array("file:/log/a".utf8) + [1, 48]
            + [7, 0, 0, 0, 0, 0, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0, 9, 6] + Array("/log/a".utf8)
            + [0xAC, 2, 0xAD, 2, 64, 2, 1, 0, 0, 0, 0, 0, 0, 9, 4, 3, 0, 0, 0, 0, 0, 0, 1, 0]
            + [5] + Array("udp:1".utf8) + [0]
        #expect(Array(bytes[20..<20 + part.count]) == part)
        for version in [11, StateCodec.version, StateCodec.version + 1, .max] {
            // What follows is of a layout that is unknown here.
            var foreign = Array(bytes.prefix(20)) + part + [1, 2, 3, 0, 0, 0, 0]
            for i in 0..<4 { foreign[8 + i] = UInt8(truncatingIfNeeded: version >> UInt32(8 * i)) }
            for i in 0..<8 { foreign[12 + i] = UInt8(truncatingIfNeeded: (part.count + 3) >> (8 * i)) }
            foreign = StateCodec.signed(foreign)
            let progress = try StateCodec.progress(foreign)
            #expect(progress.sources == Self.positions().sources)
            #expect(progress.generation == 5 && progress.arrivalTime == 3 && progress.models.isEmpty)
            #expect(throws: StateError.self) { try StateCodec.decode(foreign) }
        }
    }

    /// A later version may add to the end of an entry, and of the part.
    @Test func laterProgress() throws {
        let bytes = StateCodec.encode(Self.positions())
        var body = Array(bytes[20..<bytes.count - 4])
        body[0] += 3
        body[17] += 2
        body.insert(contentsOf: [9, 9], at: 18 + 48)
        body.insert(9, at: 1 + 72 + 2)
        let progress = try StateCodec.progress(StateCodec.framed(body))
        #expect(progress.sources == Self.positions().sources)
    }

    /// Versions from before that have none.
    @Test func noProgress() throws {
        var bytes = StateCodec.encode(Self.positions())
        bytes[8] = 10
        #expect(throws: StateError.unsupportedVersion(10)) { try StateCodec.progress(StateCodec.signed(bytes)) }
        #expect(throws: StateError.wrongChecksum) { try StateCodec.progress(bytes) }
    }

    /// A monitor goes on from progress alone: sources keep their positions, everything else begins.
    @Test func restoredFromProgress() throws {
        let bytes = StateCodec.encode(Self.state(seed: 4, count: 500))
        let whole = try StateCodec.decode(bytes)
        var monitor = Monitor(
            settings: Self.settings, restoring: try StateCodec.progress(bytes), at: TestHistory.instant(500))
        #expect(monitor.notes == [])
        let cut = monitor.cut(at: TestHistory.instant(500))
        #expect(cut.state.sources.map(\.positions) == whole.sources.map(\.positions))
        #expect(cut.state.sources.contains { !$0.positions.isEmpty })
        #expect(cut.state.sources.allSatisfy { $0.receipt == Receipt() && $0.schema == nil })
        #expect(cut.state.models.isEmpty && cut.state.generation == whole.generation + 1)
    }
}
