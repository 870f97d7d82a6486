public import Events

/// A verdict about one signal that turned to drift, or back.
public struct VerdictChange: Sendable, Equatable {
    /// Model and version.
    public var model: String
    /// See `model`.
    public var version: String
    /// Which distribution.
    public var kind: DriftKind
    /// The signal.
    public var name: String
    /// What the verdict is now.
    public var isDrifted: Bool
    /// Event time of the model at the change, in nanoseconds since the epoch.
    public var time: Int64
    /// Event time at which the drift probably began; `nil` when it is over.
    public var onset: Int64?
    /// How large the drift is, by everything since it began; `nil` when it is over.
    public var effect: DriftEffect?
    /// Natural logarithm of the evidence.
    public var logEvidence: Double
}

/// Driving the detectors without taking a cut, for who goes through the past at full speed.
extension Monitor {
    /// Lets time pass and completes the ticks that are due, exactly as a cut at this moment would.
    ///
    /// - Returns: The verdicts that changed, by model and signal in the order in which they came up.
    public mutating func completeTicks(at now: Instant) -> [VerdictChange] {
        advance(to: now)
        var changes: [VerdictChange] = []
        for slot in slots.indices where slots[slot].isDirty || slots[slot].cached == nil {
            changes += slots[slot].completeTicks(settings.verdict)
        }
        return changes
    }

    /// Rows that have to come before any tick can be due: with fewer, `completeTicks` changes no verdict.
    ///
    /// At least 1. A row gives a signal one value at most.
    public var rowsToTick: UInt64 {
        slots.reduce(ModelSlot.tickEvents) { min($0, $1.valuesToTick) }
    }
}
