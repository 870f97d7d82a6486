import Glibc
import Statistics

/// The sequential detector on simulated streams: what it costs, how often it is wrong, how late it is.
///
/// Every stream has 50,000 events and a reference of 5,000 where nothing else is said; a change comes at event 25,000.
/// False alarms are onsets per 100,000 evaluations, an evaluation being 500 events as for a window of 2,000.
enum Calibration {
    private static let events = 100
    private static let ticks = 500

    /// A way to look.
    struct Look {
        var name: String
        var settings = EvidenceSettings()
        /// Events per tick.
        var events = Calibration.events

        static let standard = Look(name: "standard")

        /// The same with a threshold of A / `divisor`.
        func divided(by divisor: Double) -> Look {
            var look = self
            look.settings.threshold -= log(divisor)
            return look
        }
    }

    /// Cost of a tick on a calm stream.
    static func cost(ticks: Int) {
        for look in [Look.standard, tolerant, slow] {
            let perTick = cost(of: look, ticks: ticks)
            print(
                "evidence \(look.name) ticks=\(ticks) us/tick=\((perTick * 10).rounded() / 10)",
                "us/event=\((perTick / Double(look.events) * 1_000).rounded() / 1_000)")
        }
    }

    /// Microseconds per tick.
    static func cost(of look: Look, ticks: Int) -> Double {
        var stream = SimulatedStream(.normal, seed: 1, referenceEvents: 5_000)
        var detector = EvidenceDetector(
            reference: stream.reference, orderedCount: stream.orderedCount, settings: look.settings)
        var seconds = 0.0
        for _ in 0..<ticks {
            let counts = stream.next(look.events)
            let start = ThreadClock.now
            detector.complete(counts)
            seconds += ThreadClock.now - start
        }
        return seconds / Double(max(1, ticks)) * 1e6
    }

    /// The tables, in Markdown, from so many streams per row.
    static func tables(runs: Int) {
        falseAlarms(runs: runs)
        LowTraffic.table(runs: runs)
        smallReferences(runs: runs)
        delays(runs: max(1, runs / 4))
        candidates(runs: max(1, runs / 4))
        models(runs: max(1, runs / 20))
    }

    // MARK: False alarms

    /// Onsets on a calm stream, and whether there was any.
    private static func onsets(_ family: Family, seed: UInt64, referenceEvents: Int, _ look: Look) -> Int {
        var stream = SimulatedStream(family, seed: seed, referenceEvents: referenceEvents)
        var detector = EvidenceDetector(
            reference: stream.reference, orderedCount: stream.orderedCount, settings: look.settings)
        var onsets = 0
        for _ in 0..<(ticks * events / look.events) {
            if case .fired = detector.complete(stream.next(look.events)) { onsets += 1 }
        }
        return onsets
    }

    private static func falseAlarms(runs: Int) {
        print("### False alarms on calm streams: onsets per 100,000 evaluations (\(runs) streams each)\n")
        print("| family | at A | at A/3 | at A/10 | streams with an alarm at A | guaranteed at most |")
        print("| --- | --- | --- | --- | --- | --- |")
        for family in Family.allCases {
            var rates: [String] = []
            var alarmed = 0
            for divisor in [1.0, 3, 10] {
                let found = (0..<runs).map {
                    onsets(family, seed: UInt64($0), referenceEvents: 5_000, Look.standard.divided(by: divisor))
                }
                if divisor == 1 { alarmed = found.count { $0 > 0 } }
                rates.append(text(perEvaluations(found.reduce(0, +), runs: runs)))
            }
            print("| \(family.rawValue) | \(rates.joined(separator: " | ")) | \(alarmed) | \(text(guaranteed(runs))) |")
        }
        print("")
    }

    private static func smallReferences(runs: Int) {
        print("### Streams with an alarm at A, and delay of a change, by size of the reference (\(runs) streams)\n")
        print("| family | reference | streams with an alarm | guaranteed at most | change | detected / median delay |")
        print("| --- | --- | --- | --- | --- | --- |")
        let changes: [(Family, Change)] = [
            (.normal, Change(name: "mean+0.25s", shift: 0.25)), (.bernoulli, Change(name: "rate .1->.2", moved: 0.1)),
        ]
        for (family, change) in changes {
            for size in [100, 200, 1_000, 5_000, 20_000] {
                let alarmed = (0..<runs).count {
                    onsets(family, seed: UInt64(1_000_000 + $0), referenceEvents: size, .standard) > 0
                }
                let delay = delay(family, change, referenceEvents: size, runs: max(1, runs / 10), .standard)
                print(
                    "| \(family.rawValue) | \(size) | \(alarmed) | \(text(guaranteed(runs))) | \(change.name)",
                    "| \(delay) |")
            }
        }
        print("")
    }

    /// Streams that may alarm at most on average: ticks over A, for each.
    private static func guaranteed(_ runs: Int) -> Double {
        Double(runs) * Double(ticks) / exp(EvidenceSettings().threshold)
    }

    private static func perEvaluations(_ onsets: Int, runs: Int) -> Double {
        Double(onsets) / (Double(runs) * Double(ticks * events) / 500) * 100_000
    }

    // MARK: Delays

    private static let numeric = [
        Change(name: "mean+0.1s", shift: 0.1), Change(name: "mean+0.25s", shift: 0.25),
        Change(name: "mean+0.5s", shift: 0.5), Change(name: "mean+1s", shift: 1),
        Change(name: "var x1.5", spread: 1.224_745), Change(name: "missing 5%", missing: 0.05),
    ]

    private static let changes: [(Family, [Change])] = [
        (.normal, numeric), (.lognormal, numeric),
        (.zipf, [Change(name: "category shift 5pp", moved: 0.05), Change(name: "missing 5%", missing: 0.05)]),
        (
            .bernoulli,
            [
                Change(name: "rate .1->.12", moved: 0.02), Change(name: "rate .1->.15", moved: 0.05),
                Change(name: "rate .1->.2", moved: 0.1),
            ]
        ),
    ]

    /// Share detected within 25,000 events, and the median delay in events.
    private static func delay(
        _ family: Family, _ change: Change, referenceEvents: Int = 5_000, runs: Int, _ look: Look
    ) -> String {
        var delays: [Int] = []
        let half = ticks / 2 * events / look.events
        for run in 0..<runs {
            var stream = SimulatedStream(family, seed: UInt64(500_000 + run), referenceEvents: referenceEvents)
            var detector = EvidenceDetector(
                reference: stream.reference, orderedCount: stream.orderedCount, settings: look.settings)
            for _ in 0..<half { detector.complete(stream.next(look.events)) }
            var delay = Int.max
            for tick in 1...half {
                if case .fired = detector.complete(stream.next(look.events, change)) {
                    delay = tick * look.events
                    break
                }
            }
            delays.append(delay)
        }
        delays.sort()
        let detected = delays.count { $0 < .max }
        let middle = delays[runs / 2]
        return "\(detected * 100 / runs) % / \(middle == .max ? "never" : "\(middle)")"
    }

    private static func delays(runs: Int) {
        print("### Detected within 25,000 events / median delay in events (\(runs) streams each)\n")
        print("| change | at A | at A/3 |")
        print("| --- | --- | --- |")
        for (family, changes) in changes {
            for change in changes {
                let found = [1.0, 3].map { delay(family, change, runs: runs, Look.standard.divided(by: $0)) }
                print("| \(family.rawValue): \(change.name) | \(found.joined(separator: " | ")) |")
            }
        }
        print("")
    }

    // MARK: Variants

    private static var tolerant: Look {
        var look = Look(name: "tolerance 0.01")
        look.settings.limit = 900
        return look
    }

    private static var slow: Look { Look(name: "tick of 500", events: 500) }

    private static func candidates(runs: Int) {
        print("### Ways to look, normal streams (\(runs) streams each)\n")
        print("| way | onsets at A | at A/10 | \(numeric.map(\.name).joined(separator: " | ")) | us/event |")
        print("| --- | --- | --- |\(String(repeating: " --- |", count: numeric.count + 1))")
        for look in [Look.standard, tolerant, slow] {
            let rates = [1.0, 10].map { divisor in
                let found = (0..<runs).reduce(0) {
                    $0 + onsets(.normal, seed: UInt64($1), referenceEvents: 5_000, look.divided(by: divisor))
                }
                return text(perEvaluations(found, runs: runs))
            }
            let delays = numeric.map { delay(.normal, $0, runs: runs, look) }
            let cost = text(cost(of: look, ticks: 2_000) / Double(look.events))
            print("| \(look.name) | \((rates + delays + [cost]).joined(separator: " | ")) |")
        }
        print("")
    }

    // MARK: Models

    /// Models of 20 normal features, judged together: e-BH at the same A for the model.
    private static func models(runs: Int) {
        print("### Models of 20 normal features, e-BH at A for the model (\(runs) models each)\n")
        print(
            "| features that change | detected / median delay | flagged 10,000 events later | wrongly flagged"
                + " | models with a false alarm in the 25,000 events before |")
        print("| --- | --- | --- | --- | --- |")
        for (changed, shift) in [(0, 0.0), (1, 0.25), (5, 0.1), (5, 0.25), (20, 0.1)] {
            var (delays, right, wrong, early) = ([Int](), 0, 0, 0)
            for run in 0..<runs {
                let result = model(run: run, changed: changed, change: Change(name: "", shift: shift))
                delays.append(result.delay)
                right += result.right
                wrong += result.wrong
                if result.early { early += 1 }
            }
            delays.sort()
            let middle = delays[runs / 2]
            let share = { (count: Int) in text(Double(count) / Double(runs)) }
            print(
                "| \(changed == 0 ? "none" : "\(changed) by \(shift) s")",
                "| \(delays.count { $0 < .max } * 100 / runs) % / \(middle == .max ? "never" : "\(middle)")",
                "| \(share(right)) | \(share(wrong)) | \(early) of \(runs) |")
        }
    }

    private static func model(
        run: Int, changed: Int, change: Change
    ) -> (delay: Int, right: Int, wrong: Int, early: Bool) {
        var streams = (0..<20).map {
            SimulatedStream(.normal, seed: UInt64(7_000_000 + run * 20 + $0), referenceEvents: 5_000)
        }
        var detectors = streams.map { EvidenceDetector(reference: $0.reference, orderedCount: $0.orderedCount) }
        let budget = EvidenceSettings().threshold
        var (delay, early) = (Int.max, false)
        var flagged: Set<Int> = []
        for tick in 1...ticks {
            let isAfter = tick > ticks / 2
            var made: [EvidenceDetector.Tick?] = []
            for number in streams.indices {
                let counts = streams[number].next(events, isAfter && number < changed ? change : .none)
                made.append(detectors[number].tick(counts))
            }
            let threshold = EvidenceRanking.threshold(made.map { $0?.logEvidence ?? -.infinity }, logBudget: budget)
            for (number, tick) in made.enumerated() {
                guard let tick, case .fired = detectors[number].complete(tick, threshold: threshold) else { continue }
                if isAfter { flagged.insert(number) } else { early = true }
            }
            guard isAfter else { continue }
            let since = (tick - ticks / 2) * events
            if delay == .max, !flagged.isEmpty { delay = since }
            if since >= (delay == .max ? 25_000 : delay + 10_000) { break }
        }
        return (delay, flagged.count { $0 < changed }, flagged.count { $0 >= changed }, early)
    }

    static func text(_ value: Double) -> String {
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
