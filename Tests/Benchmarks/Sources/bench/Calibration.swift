import Glibc
import Statistics

/// Simulated streams for the sequential detector: what it costs, how often it is wrong, how late it is.
enum Calibration {
    /// Deciles of a standard normal distribution.
    private static let edges = [-1.281552, -0.841621, -0.524401, -0.253347, 0, 0.253347, 0.524401, 0.841621, 1.281552]
    private static let events = 100

    /// Running counts of a normal signal in deciles, missing values last.
    private struct Stream {
        var state: UInt64
        var totals = [UInt64](repeating: 0, count: 11)

        /// Seeds are mixed: streams of neighbouring ones would be the same but for a step.
        init(seed: UInt64) { state = Self.mixed(seed) }

        private static func mixed(_ value: UInt64) -> UInt64 {
            var z = value
            z = (z ^ z &>> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z &>> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z &>> 31
        }

        private mutating func uniform() -> Double {
            state &+= 0x9E37_79B9_7F4A_7C15
            return (Double(Self.mixed(state) &>> 11) + 0.5) * 0x1p-53
        }

        mutating func next(_ count: Int, _ change: Change) {
            for _ in 0..<count {
                if change.missing > 0, uniform() < change.missing {
                    totals[10] += 1
                    continue
                }
                let value = change.shift + change.spread * sqrt(-2 * log(uniform())) * cos(2 * .pi * uniform())
                var bin = 0
                for edge in edges where edge <= value { bin += 1 }
                totals[bin] += 1
            }
        }

        static func reference(seed: UInt64, events: Int) -> [UInt64] {
            var stream = Stream(seed: seed)
            stream.next(events, Change(name: "none"))
            return stream.totals
        }
    }

    /// What happens to a stream.
    struct Change {
        var name: String
        var shift = 0.0
        var spread = 1.0
        var missing = 0.0
    }

    static let changes = [
        Change(name: "mean+0.1s", shift: 0.1), Change(name: "mean+0.25s", shift: 0.25),
        Change(name: "mean+0.5s", shift: 0.5), Change(name: "mean+1s", shift: 1),
        Change(name: "variance*1.5", spread: 1.224_745), Change(name: "missing-5%", missing: 0.05),
    ]

    /// Cost of a tick on a calm stream.
    static func cost(ticks: Int) {
        var detector = EvidenceDetector(reference: Stream.reference(seed: 1, events: 5_000), orderedCount: 10)
        var stream = Stream(seed: 2)
        var seconds = 0.0
        for _ in 0..<ticks {
            stream.next(events, Change(name: "none"))
            let start = ThreadClock.now
            detector.complete(stream.totals)
            seconds += ThreadClock.now - start
        }
        let perTick = seconds / Double(max(1, ticks)) * 1e6
        print(
            "evidence ticks=\(ticks) us/tick=\((perTick * 10).rounded() / 10)",
            "us/event=\((perTick / Double(events) * 1_000).rounded() / 1_000)")
    }

    /// False alarms of calm streams of 50,000 events, at the default threshold and at a hundredth of it, which is
    /// reached often enough to be counted.
    static func falseAlarms(runs: Int) {
        for size in [100, 1_000, 5_000, 20_000] {
            for divisor in [1.0, 100] {
                var settings = EvidenceSettings()
                settings.threshold -= log(divisor)
                var alarms = 0
                for run in 0..<runs {
                    var detector = EvidenceDetector(
                        reference: Stream.reference(seed: UInt64(1_000_000 + run), events: size), orderedCount: 10,
                        settings: settings)
                    var stream = Stream(seed: UInt64(run + 1))
                    for _ in 0..<500 {
                        stream.next(events, Change(name: "none"))
                        if case .fired = detector.complete(stream.totals) {
                            alarms += 1
                            break
                        }
                    }
                }
                let allowed = Double(runs) * 500 / exp(settings.threshold)
                print(
                    "false-alarms reference=\(size) threshold=A/\(Int(divisor)) runs=\(runs) alarmed=\(alarms)",
                    "guaranteed<=\((allowed * 100).rounded() / 100)")
            }
        }
    }

    /// Share detected within 25,000 events and median delay in events, after 25,000 calm events.
    static func delays(runs: Int) {
        for change in changes {
            var delays: [Int] = []
            for run in 0..<runs {
                var detector = EvidenceDetector(
                    reference: Stream.reference(seed: UInt64(2_000_000 + run), events: 5_000), orderedCount: 10)
                var stream = Stream(seed: UInt64(500_000 + run))
                for _ in 0..<250 {
                    stream.next(events, Change(name: "none"))
                    detector.complete(stream.totals)
                }
                var delay = Int.max
                for tick in 1...250 {
                    stream.next(events, change)
                    if case .fired = detector.complete(stream.totals) {
                        delay = tick * events
                        break
                    }
                }
                delays.append(delay)
            }
            delays.sort()
            let detected = delays.count { $0 < .max }
            let median = delays[runs / 2]
            print(
                "delay change=\(change.name) runs=\(runs) detected=\(detected * 100 / runs)%",
                "median-events=\(median == .max ? "never" : "\(median)")")
        }
    }
}
