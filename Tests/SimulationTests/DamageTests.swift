import Events
import Monitor
import StateCodec
import TestKit
import Testing

@testable import Daemon

/// A state file that is not what was written is never believed (P10).
@Suite struct DamageTests {
    private static func state(_ generation: UInt64) -> [UInt8] {
        var settings = MonitorSettings()
        settings.sources = ["file:/log/app.log"]
        settings.models = [ModelSetting(name: "m", version: "1")]
        var monitor = Monitor(settings: settings, at: Instant(wall: 0, monotonic: 0))
        var cut = monitor.cut(at: Instant(wall: 0, monotonic: 0))
        cut.state.generation = generation
        return StateCodec.encode(cut.state)
    }

    /// Ten thousand flipped bits and truncations: each is found, and the generation before it goes on.
    @Test func everyMutantIsDetected() throws {
        let (older, newer) = (Self.state(1), Self.state(2))
        var random = SplitMix64(seed: 41)
        for mutant in 0..<10_000 {
            let directory = SimulatedStateDirectory()
            let store = StateStore(directory)
            try store.commit(older)
            try store.commit(newer)
            directory.damage(StateStore.Name.current, &random)
            let found = store.load(Self.content)
            try #require(found.standing == .behind && found.bytes == older, "mutant \(mutant)")
            try #require(directory.files.contains(StateStore.Name.bad))
        }
    }

    private static func content(_ bytes: [UInt8]) -> StateStore.Content {
        var state: MonitorState?
        return state.take(bytes)
    }

    private static func state(_ generation: UInt64, version: UInt32) -> [UInt8] {
        var bytes = state(generation)
        for byte in 0..<4 { bytes[8 + byte] = UInt8(truncatingIfNeeded: version >> UInt32(8 * byte)) }
        return StateCodec.signed(bytes)
    }

    /// A format from before positions could be told is no state of ours; it is kept, and the one before it tried.
    @Test func unknownVersion() throws {
        let directory = SimulatedStateDirectory()
        let store = StateStore(directory)
        try store.commit(Self.state(2, version: 10))
        #expect(store.load(Self.content).standing == .none)
        try store.commit(Self.state(3))
        #expect(directory.files.contains(StateStore.Name.bad))
        #expect(store.load(Self.content).standing == .current)
    }

    /// A later format goes on from its positions: it stays until there is a commit of ours, and is kept after that.
    @Test func otherVersion() throws {
        let foreign = Self.state(2, version: StateCodec.version + 1)
        let directory = SimulatedStateDirectory()
        let store = StateStore(directory)
        try store.commit(foreign)
        for _ in 0..<2 {
            let found = store.load(Self.content)
            #expect(found.standing == .foreign && found.bytes == foreign)
            #expect(found.notes.map(\.reason) == [.version])
        }
        try store.commit(Self.state(3))
        #expect(store.load(Self.content).standing == .current)
        #expect(try directory.read(StateStore.Name.foreign, limit: 1 << 20) == foreign)
        // Damaged, it is not believed either.
        var random = SplitMix64(seed: 3)
        directory.damage(StateStore.Name.current, &random)
        #expect(store.load(Self.content).standing == .foreign)
    }

    /// Each call of a commit fails once, at the first, second, … n-th of them: what a start finds afterwards never has
    /// counters below those that were shown.
    @Test func everyCallFailsOnce() throws {
        let states = (1...3).map { Self.state(UInt64($0)) }
        var call = 0
        while true {
            call += 1
            let directory = SimulatedStateDirectory()
            let store = StateStore(directory)
            try store.commit(states[0])
            let begin = directory.calls
            directory.fault = .init(after: begin + call, code: 5, calls: 1)
            // Published are the second state, durable or not, and then the third.
            for state in states[1...] where (try? store.commit(state)) == nil { #expect(store.markBehind()) }
            let isOver = directory.fault != nil
            directory.restart()
            let found = StateStore(directory).load(Self.content)
            #expect(found.standing == .behind || found.bytes == states[2], "call \(call)")
            if isOver { break }
        }
        #expect(call > 15, "two commits have more calls than that")
    }
}
