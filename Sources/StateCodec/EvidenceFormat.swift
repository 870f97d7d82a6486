import Monitor
import Statistics

// Evidence of drift. What becomes of it, the detector decides: it refuses a state that contradicts itself, and begins
// anew.

extension StateWriter {
    mutating func evidence(_ evidence: SignalEvidence) {
        let detector = evidence.detector
        count(detector.tick)
        list(detector.marks) { $0.mark($1) }
        count(detector.origin)
        counts(detector.history)
        list(detector.historyExpected) { $0.number($1) }
        mark(detector.resumed)
        optional(detector.episode) { writer, episode in
            writer.mark(episode.onset)
            writer.count(episode.lastAlarm)
            writer.count(episode.lastAlarmEvents)
            writer.count(episode.longestGap)
        }
        number(detector.logEvidence)
        counts(evidence.counted)
        list(evidence.countedExpected) { $0.number($1) }
        count(evidence.countedInvalid)
        worth(evidence.countedWorth)
        number(evidence.carried)
        flag(evidence.isDrifted)
    }

    private mutating func mark(_ mark: EvidenceDetector.Mark) {
        count(mark.tick)
        signed(mark.time)
        counts(mark.counts)
        count(mark.uncounted)
        list(mark.expected) { $0.number($1) }
    }
}

extension StateReader {
    /// Most ticks of a detector: a thousand years of them.
    private static let tickLimit = 1 << 40

    mutating func evidence() throws(StateError) -> SignalEvidence {
        let tick = try ticks()
        let marks = try list("marks") { (reader) throws(StateError) in try reader.mark() }
        let origin = try ticks()
        let history = try counts("cells")
        let historyExpected = try expected()
        let resumed = try mark()
        let episode = try optional { (reader) throws(StateError) in
            EvidenceDetector.Episode(
                onset: try reader.mark(), lastAlarm: try reader.ticks(), lastAlarmEvents: try reader.count(),
                longestGap: try reader.count())
        }
        let state = EvidenceDetector.State(
            tick: tick, marks: marks, origin: origin, history: history, historyExpected: historyExpected,
            resumed: resumed, episode: episode, logEvidence: try number())
        return SignalEvidence(
            detector: state, counted: try counts("cells"), countedExpected: try expected(),
            countedInvalid: try count(), countedWorth: try worth(), carried: try finite("a rest of counts"),
            isDrifted: try flag())
    }

    private mutating func mark() throws(StateError) -> EvidenceDetector.Mark {
        let tick = try ticks()
        let time = try signed()
        return EvidenceDetector.Mark(
            tick: tick, counts: try counts("cells"), time: time, uncounted: try count(), expected: try expected())
    }

    /// What a reference expects per cell.
    mutating func expected() throws(StateError) -> [Double] {
        try list("cells", size: 8) { (reader) throws(StateError) in
            let number = try reader.finite("an expectation")
            guard number >= 0 else { throw .malformed("an expectation below 0") }
            return number
        }
    }

    private mutating func ticks() throws(StateError) -> Int { try count(upTo: Self.tickLimit, "ticks") }
}
