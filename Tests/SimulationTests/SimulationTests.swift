import Foundation
import Testing

/// The core, the tail, the state store and the commit protocol under random histories, each drawn from a seed.
///
/// `SIMULATION_SEEDS` says how many (200), `SIMULATION_FROM` the first of them (1), `SIMULATION_SEED` replays one and
/// prints what happens in it. `Tests/Harness/simulate.sh` runs many.
@Suite struct SimulationTests {
    static let stepsPerSeed = 60

    private static func setting(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment["SIMULATION_" + name].flatMap { UInt64($0) }
    }

    @Test func histories() {
        if let seed = Self.setting("SEED") {
            Self.live(seed, isTold: true)
            return
        }
        let first = Self.setting("FROM") ?? 1
        var failures = 0
        for seed in first..<first + (Self.setting("SEEDS") ?? 200) where failures < 10 {
            if !Self.live(seed, isTold: false) { failures += 1 }
        }
    }

    @discardableResult
    private static func live(_ seed: UInt64, isTold: Bool) -> Bool {
        let world = World(seed: seed)
        var violation: Violation?
        do { try world.run(steps: stepsPerSeed) } catch { violation = error }
        if isTold { print(world.steps.joined(separator: "\n")) }
        guard let violation else { return true }
        Issue.record("SIMULATION_SEED=\(seed): \(violation) after \(world.steps.count) steps")
        return false
    }
}
