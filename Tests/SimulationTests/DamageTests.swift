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
            let found = store.load { (try? StateCodec.decode($0)) != nil }
            try #require(found.standing == .behind && found.bytes == older, "mutant \(mutant)")
            try #require(directory.files.contains(StateStore.Name.bad))
        }
    }

    /// A format of another version, older or newer, is no state of ours; it is kept, and the one before it tried.
    @Test(arguments: [StateCodec.version - 1, StateCodec.version + 1]) func otherVersion(version: UInt32) throws {
        var foreign = Self.state(2)
        for byte in 0..<4 { foreign[8 + byte] = UInt8(truncatingIfNeeded: version >> UInt32(8 * byte)) }
        let directory = SimulatedStateDirectory()
        let store = StateStore(directory)
        try store.commit(foreign)
        #expect(store.load { (try? StateCodec.decode($0)) != nil }.standing == .none)
        try store.commit(Self.state(3))
        #expect(directory.files.contains(StateStore.Name.bad))
        #expect(store.load { (try? StateCodec.decode($0)) != nil }.standing == .current)
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
            let found = StateStore(directory).load { (try? StateCodec.decode($0)) != nil }
            #expect(found.standing == .behind || found.bytes == states[2], "call \(call)")
            if isOver { break }
        }
        #expect(call > 15, "two commits have more calls than that")
    }
}
