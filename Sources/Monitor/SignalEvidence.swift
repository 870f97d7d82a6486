public import Statistics

/// What a drift verdict asks for: evidence and effect.
public struct VerdictSetting: Sendable, Equatable {
    /// Mean time between two false alarms of one model, in seconds of its event time, all its signals together.
    public var falseAlarmBudget: Int64 = 90 * 86_400
    /// Least PSI, above what chance explains, of everything since the drift began.
    public var effect = 0.1
    /// PSI that is no evidence, however many events show it; 0 for none.
    public var tolerance = 0.0
    /// Whether a reference that wobbled over its own time counts for its effective events only.
    public var usesWobble = true

    /// The defaults: 90 days, 0.1, no tolerance, wobble counts.
    public init() {}
}

/// Evidence that one signal has left its reference, as far as it is kept.
public struct SignalEvidence: Sendable, Equatable {
    /// The detector's state.
    public var detector: EvidenceDetector.State
    /// Counts per cell (`SignalState.bins`) at the end of its last tick.
    public var counted: [UInt64]
    /// Whether the verdict is drift: evidence and effect have passed their gates, and the drift is not over.
    public var isDrifted: Bool

    /// Creates evidence.
    public init(detector: EvidenceDetector.State, counted: [UInt64], isDrifted: Bool = false) {
        (self.detector, self.counted, self.isDrifted) = (detector, counted, isDrifted)
    }
}

/// What is exposed about the evidence of one signal.
public struct EvidenceSnapshot: Sendable, Equatable {
    /// Natural logarithm of the evidence, at least 0: without any, 0.
    public var logEvidence: Double
    /// Whether evidence and effect have passed their gates, and the drift is not over.
    public var isDrifted: Bool
    /// Event time at which the drift probably began, in nanoseconds since the epoch; `nil` unless drifted.
    public var onset: Int64?
    /// Times the verdict turned to drift.
    public var alarms: UInt64
    /// Events that the reference counts for.
    public var referenceEvents: Double

    /// Creates a snapshot.
    public init(logEvidence: Double, isDrifted: Bool, onset: Int64?, alarms: UInt64, referenceEvents: Double) {
        (self.logEvidence, self.isDrifted, self.onset, self.alarms) = (logEvidence, isDrifted, onset, alarms)
        self.referenceEvents = referenceEvents
    }
}
