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
        mark(detector.resumed)
        optional(detector.episode) { writer, episode in
            writer.mark(episode.onset)
            writer.count(episode.lastAlarm)
            writer.count(episode.lastAlarmEvents)
            writer.count(episode.longestGap)
        }
        number(detector.logEvidence)
        counts(evidence.counted)
        count(evidence.countedInvalid)
        flag(evidence.isDrifted)
    }

    private mutating func mark(_ mark: EvidenceDetector.Mark) {
        count(mark.tick)
        signed(mark.time)
        counts(mark.counts)
        count(mark.uncounted)
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
        let resumed = try mark()
        let episode = try optional { (reader) throws(StateError) in
            EvidenceDetector.Episode(
                onset: try reader.mark(), lastAlarm: try reader.ticks(), lastAlarmEvents: try reader.count(),
                longestGap: try reader.count())
        }
        let state = EvidenceDetector.State(
            tick: tick, marks: marks, origin: origin, history: history, resumed: resumed, episode: episode,
            logEvidence: try number())
        return SignalEvidence(
            detector: state, counted: try counts("cells"), countedInvalid: try count(), isDrifted: try flag())
    }

    private mutating func mark() throws(StateError) -> EvidenceDetector.Mark {
        let tick = try ticks()
        let time = try signed()
        return EvidenceDetector.Mark(
            tick: tick, counts: try counts("cells"), time: time, uncounted: try count())
    }

    private mutating func ticks() throws(StateError) -> Int { try count(upTo: Self.tickLimit, "ticks") }
}
