/// The windows of a detector: where they begin, what each is compared with, and what each weighs.
extension EvidenceDetector {
    /// One window and its weighted evidence.
    struct Term {
        var mark: Mark
        var logEvidence: Double
    }

    /// Evidence of the windows that end with `newest`.
    func evidence(against newest: Mark) -> [Term] {
        var terms: [Term] = []
        var (window, baseline) = ([Double](), [Double]())
        for mark in state.marks where mark.tick >= state.origin {
            let weight = settings.weight(ofStart: mark.tick, now: state.tick)
            guard weight > 0 else { continue }
            window.removeAll(keepingCapacity: true)
            for (now, then) in zip(newest.counts, mark.counts) { window.append(Double(now &- then)) }
            let total = window.reduce(0, +)
            guard total > 0 else { continue }
            var logs: [Double] = []
            func look(at baseline: [Double], with known: EvidenceTest? = nil) {
                guard
                    settings.screen <= 0
                        || EvidenceTest.pearson(window, total: total, baseline: baseline) >= settings.screen
                else { return }
                let test = known ?? EvidenceTest(baseline: baseline, orderedCount: orderedCount, limit: settings.limit)
                logs.append(test.logEvidence(window, total: total))
            }
            if mark.expected.isEmpty {
                look(at: fixedBaseline, with: fixedTest)
                baseline.removeAll(keepingCapacity: true)
                for (fixed, since) in zip(reference, history(before: mark)) {
                    baseline.append(Double(fixed) + Double(since))
                }
                look(at: baseline)
            } else {
                let seasonal = seasonalReference(from: mark, to: newest)
                look(at: seasonal)
                look(at: seasonalHistory(before: mark, seasonal))
            }
            guard !logs.isEmpty else { continue }
            terms.append(Term(mark: mark, logEvidence: Libm.log(weight / 2) + LogSum.of(logs)))
        }
        return terms
    }

    /// The reference as it would be, had all of it come at the hours of the events between two marks.
    private func seasonalReference(from mark: Mark, to newest: Mark) -> [Double] {
        let expected = zip(newest.expected, mark.expected).map { $0 - $1 }
        let sum = expected.reduce(0, +)
        let size = reference.reduce(0) { $0 + Double($1) }
        // Events without an hour say nothing about seasons.
        return sum > 0 ? expected.map { $0 / sum * size } : reference.map { Double($0) }
    }

    /// The second baseline at the hours of a window: each cell as much above or below its expectation as it was in all
    /// that is known, reference and history.
    ///
    /// Without seasons that is the sum of both.
    private func seasonalHistory(before mark: Mark, _ seasonal: [Double]) -> [Double] {
        let (history, expected) = (history(before: mark), historyExpected(before: mark))
        let known = history.reduce(0) { $0 + Double($1) }
        guard known > 0 else { return seasonal }
        let raw = seasonal.indices.map { cell in
            let prior = Double(reference[cell]) + 0.5
            return (seasonal[cell] + 0.5) * (prior + Double(history[cell])) / (prior + expected[cell])
        }
        let scale = (seasonal.reduce(0, +) + known) / raw.reduce(0, +)
        return raw.map { $0 * scale }
    }

    /// What the second baseline knows of events before a mark, besides the reference.
    func history(before mark: Mark) -> [UInt64] {
        if state.episode != nil || mark.tick < state.resumed.tick { return state.history }
        return zip(state.history, zip(mark.counts, state.resumed.counts)).map { $0 &+ ($1.0 &- $1.1) }
    }

    /// What the reference expects of those events.
    func historyExpected(before mark: Mark) -> [Double] {
        if state.episode != nil || mark.tick < state.resumed.tick { return state.historyExpected }
        return zip(state.historyExpected, zip(mark.expected, state.resumed.expected)).map { $0 + max(0, $1.0 - $1.1) }
    }
}
