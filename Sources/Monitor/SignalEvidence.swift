public import Statistics

/// What a drift verdict asks for: evidence and effect.
public struct VerdictSetting: Sendable, Equatable {
    /// Mean time between two false alarms of one model, in seconds of its event time, all its signals together.
    public var falseAlarmBudget: Int64 = 90 * 86_400
    /// By which statistic a drift is large enough.
    public var statistic = EffectStatistic.populationStability
    /// What everything since the drift began has of it at least, above what chance explains, with confidence.
    public var effect = EffectStatistic.populationStability.defaultBand
    /// Growth of the share of missing or invalid values that is a problem of quality, with confidence.
    public var quality = 0.01
    /// PSI that is no evidence, however many events show it; 0 for none.
    public var tolerance = 0.0
    /// Whether a reference that wobbled over its own time counts for its effective events only.
    public var usesWobble = true

    /// The defaults: 90 days, 0.1, one percentage point, no tolerance, wobble counts.
    public init() {}

    /// Events that shares of a signal are worth at most, by the wobble of its reference.
    func effectiveEvents(of reference: SignalReference) -> Double {
        usesWobble ? reference.effectiveEvents.map { Double($0) } ?? .infinity : .infinity
    }

    /// Most events that a reference's counts are believed to be worth as evidence.
    ///
    /// A PSI of x against shares known as from N events is no evidence once x < (B − 1) / N: that is the tolerance.
    func limit(of reference: SignalReference) -> Double {
        let cells = Double(reference.layout.cellCount)
        return min(effectiveEvents(of: reference), tolerance > 0 ? max(1, (cells - 2) / tolerance) : .infinity)
    }
}

/// Evidence that one signal has left its reference, as far as it is kept.
public struct SignalEvidence: Sendable, Equatable {
    /// The detector's state.
    public var detector: EvidenceDetector.State
    /// Counts per cell (`SignalState.bins`) at the end of its last tick.
    public var counted: [UInt64]
    /// What the reference expected (`SignalState.expected`) at the end of its last tick; empty without hours.
    public var countedExpected: [Double]
    /// Invalid values (`SignalIssues.invalid`) at the end of its last tick.
    public var countedInvalid: UInt64
    /// Predictions of the model (`ModelState.worth`) at the end of its last tick.
    public var countedWorth: SampleWorth
    /// What is left over of bringing counts down to what they are worth (`SampleWorth.deflated`).
    public var carried: Double
    /// Whether the verdict is drift: evidence and effect have passed their gates, and the drift is not over.
    public var isDrifted: Bool

    /// Creates evidence.
    public init(
        detector: EvidenceDetector.State, counted: [UInt64], countedExpected: [Double] = [], countedInvalid: UInt64,
        countedWorth: SampleWorth, carried: Double = 0, isDrifted: Bool = false
    ) {
        (self.detector, self.counted, self.countedInvalid) = (detector, counted, countedInvalid)
        self.countedExpected = countedExpected
        (self.countedWorth, self.carried) = (countedWorth, carried)
        self.isDrifted = isDrifted
    }
}

/// How large a drift that there is evidence of is, by everything since it began.
public struct DriftEffect: Sendable, Equatable {
    /// What the values since the drift began are worth as a sample: their number, missing and invalid ones included,
    /// unless some repeat others.
    public var events: UInt64 = 0
    /// PSI of the values that are there, above what chance and wobble explain; 0 without such values.
    public var psiExcess = 0.0
    /// What it is at least, with a confidence of 95 %.
    public var psiExcessLower = 0.0
    /// The same by the statistic that is asked for.
    public var size = 0.0
    /// What it is at least, with a confidence of 95 %: what the effect gate is about.
    public var sizeLower = 0.0
    /// Growth of the share of missing values at least, with a confidence of 95 %.
    public var missingGrowth = -1.0
    /// Growth of the share of invalid values at least, with a confidence of 95 %.
    public var invalidGrowth = -1.0

    /// An effect of nothing.
    public init() {}

    /// Measures a drift.
    ///
    /// - Parameters:
    ///   - since: What came since it began; as many counts as the reference has.
    init(_ reference: SignalReference, since: EvidenceDetector.Mark, setting: VerdictSetting) {
        let effectiveEvents = setting.effectiveEvents(of: reference)
        let (counts, invalid) = (since.counts, since.uncounted)
        let usual = reference.counts(at: since.expected)
        let known = counts.reduce(0, &+)
        events = known &+ invalid
        let before = usual.reduce(0, &+)
        missingGrowth = ShareGrowth.lowerBound(
            reference: (usual.last ?? 0, before), current: (counts.last ?? 0, known),
            effectiveEvents: effectiveEvents)
        invalidGrowth = ShareGrowth.lowerBound(
            reference: (reference.invalid, before &+ reference.invalid), current: (invalid, events),
            effectiveEvents: effectiveEvents)
        if let values = TwoSampleCounts(
            reference: Array(usual.dropLast()), current: Array(counts.dropLast()),
            orderedCount: reference.layout.orderedBinCount)
        {
            let stability = PopulationStability(values, effectiveEvents: effectiveEvents)
            (psiExcess, psiExcessLower) = (stability.excess, stability.excessLower)
            let effect = EffectSize(
                setting.statistic, values, numbers: reference.numbers, effectiveEvents: effectiveEvents)
            (size, sizeLower) = (effect.excess, effect.lower)
        }
    }

    /// Whether missing or invalid values have become so many more that the pipe is to be looked at.
    public func isProblemOfQuality(_ setting: VerdictSetting) -> Bool {
        max(missingGrowth, invalidGrowth) >= setting.quality
    }

    /// Whether the values themselves have moved far enough; not said while some of them are lost as invalid, because
    /// those left are then not the same kind of sample.
    public func isDrift(_ setting: VerdictSetting) -> Bool {
        sizeLower >= setting.effect && invalidGrowth < setting.quality
    }
}

/// What is exposed about the evidence of one signal.
public struct EvidenceSnapshot: Sendable, Equatable {
    /// Natural logarithm of the evidence, at least 0: without any, 0.
    public var logEvidence: Double
    /// Most that it can be for a change that is just large enough.
    public var logEvidenceLimit: Double
    /// How large the drift is that there is evidence of; `nil` while there is none.
    public var effect: DriftEffect?
    /// Whether evidence and effect have passed their gates, and the drift is not over.
    public var isDrifted: Bool
    /// Whether the evidence comes from more missing or invalid values.
    public var hasQualityProblem: Bool
    /// Event time at which the drift probably began, in nanoseconds since the epoch; `nil` unless drifted.
    public var onset: Int64?
    /// Times the verdict turned to drift.
    public var alarms: UInt64
    /// Events that the reference counts for.
    public var referenceEvents: Double
    /// The cells, `missing` among them, that moved most since the drift began, at most `DriftMovement.cellLimit`; empty
    /// while there is no evidence of one.
    public var moved: [CellContribution] = []

    /// Creates a snapshot.
    public init(
        logEvidence: Double, logEvidenceLimit: Double, effect: DriftEffect? = nil, isDrifted: Bool = false,
        hasQualityProblem: Bool = false, onset: Int64? = nil, alarms: UInt64, referenceEvents: Double
    ) {
        (self.logEvidence, self.logEvidenceLimit, self.effect) = (logEvidence, logEvidenceLimit, effect)
        (self.isDrifted, self.hasQualityProblem, self.onset) = (isDrifted, hasQualityProblem, onset)
        (self.alarms, self.referenceEvents) = (alarms, referenceEvents)
    }
}

extension SignalReference {
    /// Where its numbers lie, with as much on both sides as is known of values since a drift began: no mean, and no
    /// range but the reference's.
    fileprivate var numbers: Drift.Numbers? {
        guard case .numeric(let edges) = layout, let range, let standardDeviation, let interquartileRange else {
            return nil
        }
        let known = NumberRange(minimum: range.lowerBound, maximum: range.upperBound, mean: nil)
        return Drift.Numbers(
            edges: edges, reference: known, current: known, standardDeviation: standardDeviation,
            interquartileRange: interquartileRange)
    }
}
