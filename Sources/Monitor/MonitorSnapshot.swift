public import Events
public import Sketches
public import Statistics

/// Everything anyone outside sees: an immutable, consistent cut.
public struct MonitorSnapshot: Sendable {
    /// When the cut was taken.
    public var taken: Instant
    /// Number of the commit that published it; grows by one and survives restarts.
    public var generation: UInt64
    /// Models, by name and version.
    public var models: [ModelSnapshot]
    /// Sources, in the order of the configuration.
    public var sources: [SourceSnapshot]
    /// Metrics that are no model's, with all their series.
    public var custom: CustomState
    /// Events refused or redirected at a limit, by the name of the limit.
    public var overflows: [(limit: String, count: UInt64)]
    /// Counters whose beginning was scraped.
    public var shown = ShownSeries.none

    /// Creates a snapshot.
    public init(
        taken: Instant, generation: UInt64, models: [ModelSnapshot], sources: [SourceSnapshot],
        custom: CustomState = CustomState(), overflows: [(limit: String, count: UInt64)]
    ) {
        self.taken = taken
        self.generation = generation
        self.models = models
        self.sources = sources
        self.custom = custom
        self.overflows = overflows
    }
}

/// One source: its accounts and what was found out about it.
public struct SourceSnapshot: Sendable {
    /// The `source` label: `file:/path`, `udp:127.0.0.1:8125`.
    public var name: String
    /// Totals since the state began.
    public var receipt: Receipt
    /// The schema in use; `nil` while it is being inferred or where none is needed.
    public var schema: Schema?
    /// Where each file of the source stands, as committed.
    public var positions: [FilePosition]

    /// Creates a snapshot of a source.
    public init(name: String, receipt: Receipt, schema: Schema?, positions: [FilePosition]) {
        (self.name, self.receipt, self.schema, self.positions) = (name, receipt, schema, positions)
    }
}

/// A cumulative histogram: counts per upper bound, not accumulated, the last one above every bound.
public struct HistogramSnapshot: Sendable, Equatable {
    /// Upper bounds, ascending, without +Inf.
    public var bounds: [Double]
    /// Counts per bucket; one more than `bounds`.
    public var counts: [UInt64]
    /// Sum of the values.
    public var sum: Double
    /// The same values in exponential buckets, for the native form.
    public var native: QuantileSketch

    /// Number of values.
    public var count: UInt64 { counts.reduce(0, &+) }

    /// Creates a histogram.
    public init(bounds: [Double], counts: [UInt64], sum: Double, native: QuantileSketch) {
        (self.bounds, self.counts, self.sum, self.native) = (bounds, counts, sum, native)
    }
}

/// State of a model's reference.
public enum ReferenceState: Sendable, Equatable {
    /// No reference, and none being learned.
    case none
    /// Learning: events seen of the events wanted.
    case learning(events: UInt64, of: UInt64)
    /// In use.
    case ready
}

/// One model and version.
public struct ModelSnapshot: Sendable {
    /// The `model` label.
    public var model: String
    /// The `version` label.
    public var version: String
    /// What the configuration says about it; empty values where it says nothing.
    public var setting: ModelSetting
    /// Predictions seen, by `Status.rawValue`.
    public var predictions: [UInt64]
    /// Event time of the newest prediction in nanoseconds since the epoch; `nil` before the first.
    public var lastPrediction: Int64?
    /// Time to answer, in seconds; `nil` while no event carried one.
    public var latency: HistogramSnapshot?
    /// Predictions by class; empty for a regression.
    public var classes: [(name: String, count: UInt64)]
    /// Probability or confidence; `nil` while no event carried one.
    public var score: HistogramSnapshot?
    /// Predicted number; `nil` for a classification.
    public var value: HistogramSnapshot?
    /// Events older than every pane: counted in totals, in no window.
    public var lateEvents: UInt64
    /// Predictions that repeat the identifier of an earlier one; `nil` while none has an identifier.
    public var repeats: UInt64?
    /// Records that lack a declared field, carry an unknown one, or one of the wrong type.
    public var missingFields: UInt64
    /// See `missingFields`.
    public var unexpectedFields: UInt64
    /// See `missingFields`.
    public var wrongTypes: UInt64
    /// Outcomes that met their prediction, in its record or in one of their own.
    public var joinedOutcomes: UInt64
    /// Predictions and outcomes that did not meet as they should.
    public var outcomes: OutcomeTotals
    /// Predictions that wait for their outcome.
    public var pendingPredictions: Int
    /// Time from a prediction to the outcome that came in a record of its own, in seconds; `nil` before the first.
    public var outcomeDelay: HistogramSnapshot?
    /// Classification: predictions by actual and predicted class.
    ///
    /// Every pair of known classes, 0 included.
    public var confusion: [(actual: String, predicted: String, count: UInt64)]
    /// Regression: number of outcomes, sum of |error| and of error², prediction minus outcome; `nil` without outcomes.
    public var errors: ErrorSums?
    /// The reference in use, or the one being learned as far as known.
    public var reference: Reference?
    /// State of the reference.
    public var referenceState: ReferenceState
    /// Signals, by role and name.
    public var signals: [SignalSnapshot]
    /// Windows of the model as a whole, in the order of the settings.
    public var windows: [ModelWindow]
    /// ln A, which the evidence of a signal has to reach; `nil` without signals that are compared.
    public var evidenceThreshold: Double?
    /// Its classical detectors of change.
    public var detectors: [DetectorSnapshot] = []
    /// What the lower bound of the effect has to reach; `nil` without any signal that is compared.
    public var effectThreshold: Double?
    /// By which statistic.
    public var effectStatistic = EffectStatistic.populationStability.label

    /// Creates a snapshot of a model, empty but for its name.
    public init(model: String, version: String, setting: ModelSetting) {
        self.model = model
        self.version = version
        self.setting = setting
        predictions = [UInt64](repeating: 0, count: Status.allCases.count)
        lastPrediction = nil
        latency = nil
        classes = []
        score = nil
        value = nil
        lateEvents = 0
        missingFields = 0
        unexpectedFields = 0
        wrongTypes = 0
        joinedOutcomes = 0
        outcomes = OutcomeTotals()
        pendingPredictions = 0
        outcomeDelay = nil
        confusion = []
        errors = nil
        reference = nil
        referenceState = .none
        signals = []
        windows = []
    }
}

/// Sums over prediction errors; mergeable over pods.
public struct ErrorSums: Sendable, Equatable {
    /// Number of outcomes compared.
    public var count: UInt64 = 0
    /// Σ |prediction − outcome|.
    public var absolute: Double = 0
    /// Σ (prediction − outcome)².
    public var squared: Double = 0
    /// Σ (prediction − outcome).
    public var signed: Double = 0

    /// Creates empty sums.
    public init() {}
}

/// A window of a model as a whole.
public struct ModelWindow: Sendable {
    /// The `window` label.
    public var label: String
    /// Predictions in the window, and those that repeat others.
    public var worth = SampleWorth()
    /// Those of them that were compared with their outcome.
    public var outcomes: UInt64 = 0
    /// Quality statistics of predictions against inline outcomes, with the sample size; empty without outcomes.
    public var performance: [PerformanceValue]

    /// Creates a window.
    public init(label: String, events: UInt64, performance: [PerformanceValue]) {
        (self.label, self.performance) = (label, performance)
        worth.events = events
    }

    /// Predictions in the window.
    public var events: UInt64 { worth.events }
}

/// One quality statistic with a 95 % confidence interval.
public struct PerformanceValue: Sendable, Equatable {
    /// The `metric` label: `accuracy`, `f1_macro`, `mae`, `rmse`, `bias`.
    public var metric: String
    /// The value.
    public var value: Double
    /// Lower bound; `nil` where no interval is known.
    public var lower: Double?
    /// Upper bound; `nil` where no interval is known.
    public var upper: Double?

    /// Creates a value.
    public init(metric: String, value: Double, lower: Double?, upper: Double?) {
        (self.metric, self.value, self.lower, self.upper) = (metric, value, lower, upper)
    }
}

/// One signal of one model.
public struct SignalSnapshot: Sendable {
    /// Its role.
    public var role: Role
    /// Its name, the `feature` label.
    public var name: String
    /// Its kind.
    public var kind: SignalKind
    /// Values looked at since the state began (missing and invalid ones included).
    public var observations: UInt64
    /// Values with an issue since the state began.
    public var issues: SignalIssues
    /// Counts per cell of the reference's layout (`missing` last) since the reference is in use; empty without one.
    public var bins: [UInt64]
    /// What the reference expects per cell of as many values at their hours; empty if it does not tell hours apart.
    public var expected: [Double]
    /// The reference of this signal; `nil` without one.
    public var reference: SignalReference?
    /// Values as a histogram, if asked for in `MonitorSettings.exposedValues`.
    public var values: HistogramSnapshot?
    /// Windows, in the order of the settings.
    public var windows: [SignalWindow]
    /// Evidence of drift; `nil` for a signal that is not compared with a reference.
    public var evidence: EvidenceSnapshot?

    /// Creates a snapshot of a signal.
    public init(
        role: Role, name: String, kind: SignalKind, observations: UInt64, issues: SignalIssues, bins: [UInt64],
        expected: [Double] = [], reference: SignalReference?, values: HistogramSnapshot?, windows: [SignalWindow]
    ) {
        self.role = role
        self.name = name
        self.kind = kind
        self.observations = observations
        self.issues = issues
        self.bins = bins
        self.expected = expected
        self.reference = reference
        self.values = values
        self.windows = windows
    }
}

/// Values with an issue, by issue; one value may have one of them.
public struct SignalIssues: Sendable, Equatable {
    /// Null or lacking.
    public var missing: UInt64 = 0
    /// Not a finite number where one is expected, or not a name.
    public var invalid: UInt64 = 0
    /// Below the smallest value of the reference.
    public var belowMinimum: UInt64 = 0
    /// Above the largest value of the reference.
    public var aboveMaximum: UInt64 = 0
    /// A category that the reference does not know.
    public var unseenCategory: UInt64 = 0

    /// Creates empty counts.
    public init() {}
}

/// A window of one signal.
public struct SignalWindow: Sendable {
    /// The `window` label.
    public var label: String
    /// Values looked at.
    public var observations: UInt64
    /// Null or lacking.
    public var missing: UInt64
    /// Of the wrong type.
    public var invalid: UInt64
    /// Moments of the numbers; `nil` for categorical signals and empty windows.
    public var moments: Moments?
    /// Quantiles of the numbers as (q, value); empty for categorical signals and empty windows.
    public var quantiles: [(q: Double, value: Double)]
    /// Estimated number of distinct values; `nil` for an empty window.
    public var distinct: Double?
    /// Drift statistics against the reference; `nil` without one or below the minimum sample.
    public var drift: DriftStatistics?
    /// The cells that moved most, at most `DriftMovement.cellLimit`; empty unless the window is as far from the
    /// reference as a verdict asks for.
    public var moved: [CellContribution] = []
    /// Where numbers went; `nil` for categorical signals, and where `drift` is `nil`.
    public var shift: NumberShift?

    /// Creates a window.
    public init(
        label: String, observations: UInt64, missing: UInt64, invalid: UInt64, moments: Moments?,
        quantiles: [(q: Double, value: Double)], distinct: Double?, drift: DriftStatistics?
    ) {
        self.label = label
        self.observations = observations
        self.missing = missing
        self.invalid = invalid
        self.moments = moments
        self.quantiles = quantiles
        self.distinct = distinct
        self.drift = drift
    }
}

/// How far a window is from the reference.
///
/// Definitions and sources are in the module `Statistics`.
public struct DriftStatistics: Sendable, Equatable {
    /// Population stability index, Jeffreys-smoothed, in nats.
    public var psi: Double
    /// PSI above its expected value without drift, at least 0.
    public var psiExcess: Double
    /// Jensen-Shannon distance, base 2, 0 to 1.
    public var jensenShannon: Double
    /// Kolmogorov-Smirnov distance over ordered bins; `nil` for unordered ones.
    public var kolmogorovSmirnov: Double?
    /// Wasserstein-1 distance over a robust standard deviation of the reference; `nil` for unordered bins.
    public var wasserstein: Double?
    /// Hellinger distance, 0 to 1.
    public var hellinger: Double
    /// Total variation distance, 0 to 1.
    public var totalVariation: Double
    /// Wilson-Hilferty score of the two-sample chi-square: standard normal without drift.
    public var chiSquareScore: Double
    /// The chi-square itself.
    public var chiSquare: Double
    /// Its degrees of freedom.
    public var degreesOfFreedom: Int
    /// Events of the window that were compared.
    public var currentEvents: UInt64
    /// Events of the reference that were compared.
    public var referenceEvents: UInt64
    /// PSI above what chance and the reference's wobble explain, at least, with a confidence of 95 %.
    public var psiExcessLower: Double

    /// Creates the statistics.
    public init(
        psi: Double, psiExcess: Double, jensenShannon: Double, kolmogorovSmirnov: Double?, wasserstein: Double?,
        hellinger: Double, totalVariation: Double, chiSquareScore: Double, chiSquare: Double, degreesOfFreedom: Int,
        currentEvents: UInt64, referenceEvents: UInt64, psiExcessLower: Double
    ) {
        self.psi = psi
        self.psiExcess = psiExcess
        self.jensenShannon = jensenShannon
        self.kolmogorovSmirnov = kolmogorovSmirnov
        self.wasserstein = wasserstein
        self.hellinger = hellinger
        self.totalVariation = totalVariation
        self.chiSquareScore = chiSquareScore
        self.chiSquare = chiSquare
        self.degreesOfFreedom = degreesOfFreedom
        self.currentEvents = currentEvents
        self.referenceEvents = referenceEvents
        self.psiExcessLower = psiExcessLower
    }
}
