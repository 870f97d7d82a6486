import Statistics

/// Rules on calm streams of little traffic: small references, small windows, many looks.
///
/// As in the yardstick, a window of the last 500 (200) events is judged every 125 (50) events, an onset is a judgement
/// that newly is an alarm, and rates are per 100,000 judgements.
enum LowTraffic {
    /// Events of a stream.
    private static let events = 50_000

    private struct Setting {
        var reference: Int
        var window: Int
        var step: Int
    }

    /// Onsets of each rule on one stream.
    private struct Onsets {
        var window = 0
        var evidence = 0
        var verdict = 0
    }

    static func table(runs: Int) {
        print("### Little traffic: onsets per 100,000 evaluations on calm streams (\(runs) streams each)\n")
        print("| configuration | family | both gates on the window | evidence | evidence and effect |")
        print("| --- | --- | --- | --- | --- |")
        for reference in [1_000, 5_000] {
            for (window, step) in [(500, 125), (200, 50)] {
                let setting = Setting(reference: reference, window: window, step: step)
                for family in Family.allCases { row(family, setting, runs: runs) }
            }
        }
        print("")
    }

    private static func row(_ family: Family, _ setting: Setting, runs: Int) {
        var sum = Onsets()
        for run in 0..<runs {
            let onsets = onsets(family, setting, seed: UInt64(2_000_000 + run))
            sum.window += onsets.window
            sum.evidence += onsets.evidence
            sum.verdict += onsets.verdict
        }
        let evaluations = Double(runs) * Double(events / setting.step)
        let rates = [sum.window, sum.evidence, sum.verdict].map {
            Calibration.text(Double($0) / evaluations * 100_000)
        }
        print(
            "| ref \(setting.reference), window \(setting.window), every \(setting.step) | \(family.rawValue)",
            "| \(rates.joined(separator: " | ")) |")
    }

    private static func onsets(_ family: Family, _ setting: Setting, seed: UInt64) -> Onsets {
        var stream = SimulatedStream(family, seed: seed, referenceEvents: setting.reference)
        var detector = EvidenceDetector(reference: stream.reference, orderedCount: stream.orderedCount)
        var onsets = Onsets()
        var totals = [[UInt64](repeating: 0, count: stream.reference.count)]
        var (wasAlarm, wasDrift, ticked) = (false, false, 0)
        for step in 1...(events / setting.step) {
            totals.append(stream.next(setting.step))
            let back = setting.window / setting.step
            if totals.count > back + 1 { totals.removeFirst() }
            if step >= back {
                let counts = zip(totals[back], totals[0]).map { $0 - $1 }
                let isAlarm = passesGates(reference: stream.reference, counts: counts)
                if isAlarm, !wasAlarm { onsets.window += 1 }
                wasAlarm = isAlarm
            }
            guard step * setting.step >= ticked + 100 else { continue }
            ticked = step * setting.step
            if case .fired = detector.complete(stream.totals) { onsets.evidence += 1 }
            // As the daemon does: drift, once found, lasts as long as the evidence.
            let isDrift =
                detector.state.sinceOnset.map { since in
                    wasDrift || effect(reference: stream.reference, counts: since.counts) >= 0.1
                } ?? false
            if isDrift, !wasDrift { onsets.verdict += 1 }
            wasDrift = isDrift
        }
        return onsets
    }

    /// The gates of the recording rules: beyond chance at 4.26 standard deviations, and 0.1 beyond its expectation.
    private static func passesGates(reference: [UInt64], counts: [UInt64]) -> Bool {
        guard let both = TwoSampleCounts(reference: reference, current: counts) else { return false }
        return PopulationStability(both).excess >= 0.1 && ChiSquare(both.pooled).score >= 4.26
    }

    /// What the effect is at least; missing values take no part.
    private static func effect(reference: [UInt64], counts: [UInt64]) -> Double {
        TwoSampleCounts(reference: Array(reference.dropLast()), current: Array(counts.dropLast()))
            .map { PopulationStability($0).excessLower } ?? 0
    }
}
