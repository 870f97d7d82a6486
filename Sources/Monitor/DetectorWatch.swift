import Events
public import Sketches
public import Statistics

/// A classical detector at work on one signal of a model.
public struct DetectorWatch: Sendable {
    /// Values that mean and deviation are learned from where the reference has none.
    public static let learnedValues: UInt64 = 1_000

    /// What it watches.
    public let setting: DetectorSetting
    /// The detector.
    public private(set) var detector: any ClassicalDetector
    /// Mean and deviation that values are counted in; `nil` while they are learned, and where none are needed.
    public private(set) var scale: (mean: Double, deviation: Double)?
    /// What they are learned from.
    public private(set) var learning = Moments()
    /// Alarms since the state began.
    public var alarms: UInt64 = 0

    /// A watch that has seen nothing.
    public init(_ setting: DetectorSetting) {
        self.setting = setting
        detector = setting.makeDetector()
    }

    /// Restores a watch; `false`, and nothing changes, if the numbers are not those of its detector.
    public mutating func restore(
        state: [Double], scale: (mean: Double, deviation: Double)?, learning: Moments, alarms: UInt64
    ) -> Bool {
        if let scale, !(scale.mean.isFinite && scale.deviation.isFinite && scale.deviation > 0) { return false }
        guard detector.restore(state) else { return false }
        (self.scale, self.learning, self.alarms) = (scale, learning, alarms)
        return true
    }

    /// Takes a finite value.
    mutating func insert(_ value: Double, reference: SignalReference?) {
        let isError = setting.signal == DetectorSetting.error
        if setting.kind.takesErrorsOnly {
            guard value == 0 || value == 1 else { return }
            if detector.insert(value) { alarms &+= 1 }
            return
        }
        guard setting.kind.standardises, !(isError && setting.kind == .adaptiveWindow) else {
            if detector.insert(value) { alarms &+= 1 }
            return
        }
        if scale == nil { learnScale(value, reference) }
        guard let scale else { return }
        let standardised = (value - scale.mean) / scale.deviation
        if standardised.isFinite, detector.insert(standardised) { alarms &+= 1 }
    }

    /// Learns mean and deviation from the reference or from the first values.
    private mutating func learnScale(_ value: Double, _ reference: SignalReference?) {
        if let mean = reference?.mean, let deviation = reference?.standardDeviation, deviation > 0 {
            scale = (mean, deviation)
            return
        }
        learning.insert(value)
        guard learning.count >= Self.learnedValues, let deviation = learning.standardDeviation, deviation > 0 else {
            return
        }
        scale = (learning.mean, deviation)
    }
}

/// What is exposed of a watch.
public struct DetectorSnapshot: Sendable, Equatable {
    /// Which detector.
    public var kind: DetectorKind
    /// What it watches.
    public var signal: String
    /// How close it is to an alarm.
    public var score: Double
    /// What the score has to pass.
    public var threshold: Double
    /// Alarms since the state began.
    public var alarms: UInt64

    /// Creates a snapshot.
    public init(kind: DetectorKind, signal: String, score: Double, threshold: Double, alarms: UInt64) {
        (self.kind, self.signal, self.score) = (kind, signal, score)
        (self.threshold, self.alarms) = (threshold, alarms)
    }
}

extension ModelSlot {
    /// Begins the watches that the settings ask for, goes on with those that are known, and ends the others.
    mutating func fitWatches(_ settings: MonitorSettings) {
        let known = state.watches
        state.watches = settings.detectors.filter { $0.model == nil || $0.model == state.model }.map { wanted in
            known.first { $0.setting == wanted } ?? DetectorWatch(wanted)
        }
        hasErrorWatch = state.watches.contains { $0.setting.signal == DetectorSetting.error }
        findWatched()
    }

    /// Notes which signals are watched.
    mutating func findWatched() {
        watched =
            state.watches.isEmpty
            ? []
            : state.signals.map { signal in
                state.watches.indices.filter { state.watches[$0].setting.names(signal) }
            }
    }

    /// Takes values of a signal, in their order.
    mutating func watch(_ values: UnsafeBufferPointer<Double>, signal: Int) {
        guard watched.indices.contains(signal) else { return }
        let reference = compiled[signal].reference
        for number in watched[signal] {
            for i in 0..<values.count { unsafe state.watches[number].insert(values[i], reference: reference) }
        }
    }

    /// Takes one value of a signal, as often as it came.
    mutating func watch(_ value: Double, count: UInt64, signal: Int) {
        guard watched.indices.contains(signal) else { return }
        let reference = compiled[signal].reference
        for number in watched[signal] {
            // A sampled value stands for others that nobody saw; more of them than a scale takes prove nothing further.
            for _ in 0..<min(count, DetectorWatch.learnedValues) {
                state.watches[number].insert(value, reference: reference)
            }
        }
    }

    /// Takes the error of one prediction: the difference, or 1 for a wrong class and 0 for the right one.
    mutating func watch(error: Double) {
        guard hasErrorWatch else { return }
        for number in state.watches.indices where state.watches[number].setting.signal == DetectorSetting.error {
            state.watches[number].insert(error, reference: nil)
        }
    }

    /// What is exposed of the watches.
    var detectorSnapshots: [DetectorSnapshot] {
        state.watches.map {
            DetectorSnapshot(
                kind: $0.setting.kind, signal: $0.setting.signal, score: $0.detector.score,
                threshold: $0.detector.threshold, alarms: $0.alarms)
        }
    }
}

extension DetectorSetting {
    /// Whether it watches a signal.
    func names(_ known: SignalState) -> Bool {
        guard known.kind == .numeric else { return false }
        return known.role == .feature ? signal == known.name : signal == known.role.defaultName
    }
}
