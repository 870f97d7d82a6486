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
        for mark in state.marks where mark.tick >= state.origin {
            let weight = weight(ofStart: mark.tick)
            guard weight > 0 else { continue }
            let window = zip(newest.counts, mark.counts).map { Double($0 &- $1) }
            let total = window.reduce(0, +)
            guard total > 0 else { continue }
            let half = Libm.log(weight / 2)
            var logs: [Double] = []
            func look(_ test: EvidenceTest?) {
                if let test { logs.append(half + test.logEvidence(window, total: total)) }
            }
            func test(_ baseline: [Double]) -> EvidenceTest? {
                EvidenceTest(
                    baseline: baseline, orderedCount: orderedCount, limit: settings.limit, screening: window,
                    total: total, screen: settings.screen)
            }
            if mark.expected.isEmpty {
                let isNear = settings.screen > 0 && fixedTest.pearson(window, total: total) < settings.screen
                if !isNear { look(fixedTest) }
                look(test(zip(reference, history(before: mark)).map { Double($0) + Double($1) }))
            } else {
                let seasonal = seasonalReference(from: mark, to: newest)
                look(test(seasonal))
                look(test(seasonalHistory(before: mark, seasonal)))
            }
            if !logs.isEmpty { terms.append(Term(mark: mark, logEvidence: LogSum.of(logs))) }
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

    /// Sum of the weights of the scales that have a window start there; 0 if none has.
    ///
    /// A scale of g ticks has its starts at the newest multiples of g, and a share of g over all scales: starts
    /// that come every g ticks and weigh g / n come to a weight of 1 per tick over n scales.
    func weight(ofStart start: Int) -> Double {
        var weight = 0
        for scale in 0..<settings.scaleCount {
            let length = 1 << scale
            let newest = state.tick / length * length
            guard start % length == 0, newest - start < settings.startsPerScale * length else { continue }
            weight += length
        }
        return Double(weight) / Double(settings.scaleCount)
    }
}
