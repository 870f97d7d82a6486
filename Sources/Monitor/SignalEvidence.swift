public import Statistics

/// What a drift verdict asks for: evidence and effect.
public struct VerdictSetting: Sendable, Equatable {
    /// Mean time between two false alarms of one model, in seconds of its event time, all its signals together.
    public var falseAlarmBudget: Int64 = 90 * 86_400
    /// Least PSI, above what chance explains, of everything since the drift began.
    public var effect = 0.1

    /// The defaults: 90 days and 0.1.
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

    /// Creates a snapshot.
    public init(logEvidence: Double, isDrifted: Bool, onset: Int64?, alarms: UInt64) {
        (self.logEvidence, self.isDrifted, self.onset, self.alarms) = (logEvidence, isDrifted, onset, alarms)
    }
}
