public import Events
public import Statistics

/// The limits that the monitor counts the reaching of.
///
/// Raw values are stored; cases are append-only.
public enum MonitorLimit: UInt8, Sendable, CaseIterable {
    /// Events that went to the model `__other__`.
    case models = 0
    /// Values of signals beyond `MonitorLimits.signalsPerModel`.
    case signalsPerModel = 1
    /// Values of classes beyond `MonitorLimits.categoriesPerSignal`.
    case categoriesPerSignal = 2
    /// Values of signals that no longer fit `MonitorLimits.series`.
    case series = 3
    /// File positions beyond `MonitorState.positionLimit`.
    case positions = 4
    /// Samples of custom metrics that went to an overflow series.
    case customSeries = 5
    /// Predictions and outcomes that were given up for want of room before they met.
    case pendingOutcomes = 6

    /// The `limit` label value.
    public var label: String {
        switch self {
        case .models: "models"
        case .signalsPerModel: "signals_per_model"
        case .categoriesPerSignal: "categories_per_signal"
        case .series: "series"
        case .positions: "positions"
        case .customSeries: "custom_series"
        case .pendingOutcomes: "pending_outcomes"
        }
    }
}

/// Everything the monitor knows, as one value: what a commit makes durable and a restart goes on from.
public struct MonitorState: Sendable {
    /// Most files per source whose positions are kept.
    public static let positionLimit = 4_096

    /// Number of the commit; grows by one with each cut.
    public var generation: UInt64
    /// When the cut was taken.
    public var taken: Instant
    /// Time of arrival of events without a timestamp, which never goes back even if the wall clock does.
    public var arrivalTime: Int64
    /// The windows that the panes were made for.
    public var windows: [WindowSetting]
    /// Sources by name.
    public var sources: [SourceState]
    /// Models in the order in which they came up.
    public var models: [ModelState]
    /// Metrics that are no model's.
    public var custom: CustomState
    /// Outcomes that came in records of their own.
    public var outcomes: HeldOutcomes
    /// How often each limit was reached, by `MonitorLimit.rawValue`.
    public var overflows: [UInt64]
    /// Counters whose beginning was scraped; the shell's, which commits it with them.
    public var shown = ShownSeries.none

    /// Creates a state.
    public init(
        generation: UInt64, taken: Instant, arrivalTime: Int64, windows: [WindowSetting], sources: [SourceState],
        models: [ModelState], custom: CustomState = CustomState(), outcomes: HeldOutcomes = HeldOutcomes(),
        overflows: [UInt64]
    ) {
        self.generation = generation
        self.taken = taken
        self.arrivalTime = arrivalTime
        self.windows = windows
        self.sources = sources
        self.models = models
        self.custom = custom
        self.outcomes = outcomes
        self.overflows = overflows
    }
}

/// What is known about one source.
public struct SourceState: Sendable, Equatable {
    /// Its name in the configuration.
    public var name: String
    /// Totals since the state began.
    public var receipt: Receipt
    /// How far each of its files is accounted for.
    public var positions: [FilePosition]
    /// The schema of its last batch; `nil` before the first.
    public var schema: Schema?

    /// Creates the state of a source.
    public init(
        name: String, receipt: Receipt = Receipt(), positions: [FilePosition] = [], schema: Schema? = nil
    ) {
        (self.name, self.receipt, self.positions, self.schema) = (name, receipt, positions, schema)
    }

    /// Books what a batch accounts for.
    ///
    /// Returns the number of positions that found no room.
    mutating func book(_ batch: EventBatch) -> UInt64 {
        receipt.add(batch.receipt)
        var refused: UInt64 = 0
        for update in batch.positions {
            switch update {
            case .reached(let position):
                if let known = positions.firstIndex(where: { $0.identity == position.identity }) {
                    positions[known] = position
                } else if positions.count < MonitorState.positionLimit {
                    positions.append(position)
                } else {
                    refused &+= 1
                }
            case .finished(let identity):
                positions.removeAll { $0.identity == identity }
            }
        }
        return refused
    }
}

/// A reference in the making.
public struct ReferenceLearner: Sendable {
    /// What was seen.
    public var builder: ReferenceBuilder
    /// Event time of the first event, in nanoseconds since the epoch; `nil` before it.
    public var since: Int64?

    /// Creates a learner.
    public init(builder: ReferenceBuilder, since: Int64? = nil) { (self.builder, self.since) = (builder, since) }

    /// Whether `setting` asks for no more once `pending` further events are in.
    func isComplete(_ setting: LearningSetting, pending: UInt64, watermark: Int64) -> Bool {
        guard builder.events &+ pending >= UInt64(max(1, setting.events)) else { return false }
        guard setting.seconds > 0 else { return true }
        guard let since else { return false }
        return watermark &- since >= min(setting.seconds, 1 << 32) &* 1_000_000_000
    }
}

/// Everything known about one model and version.
public struct ModelState: Sendable {
    /// Model name.
    public var model: String
    /// Model version.
    public var version: String
    /// Predictions by `Status.rawValue`.
    public var predictions = [UInt64](repeating: 0, count: Status.allCases.count)
    /// Predictions, and those that repeat others.
    public var worth = SampleWorth()
    /// By what a repeat is known.
    public var recent = RecentIdentifiers()
    /// Event time of the newest prediction; `nil` before the first.
    public var lastPrediction: Int64?
    /// Events older than every pane.
    public var lateEvents: UInt64 = 0
    /// Records that lack a field.
    public var missingFields: UInt64 = 0
    /// Fields that the schema does not know.
    public var unexpectedFields: UInt64 = 0
    /// Records with a field of the wrong type.
    public var wrongTypes: UInt64 = 0
    /// Outcomes compared with their prediction.
    public var joinedOutcomes: UInt64 = 0
    /// Predictions and outcomes that did not meet as they should.
    public var outcomes = OutcomeTotals()
    /// Time from a prediction to the outcome that came after it, in seconds; `nil` before the first.
    public var outcomeDelay: ValueHistogram?
    /// Predictions that wait for their outcome.
    public var pending = WaitingTable<PendingPrediction>()
    /// Classes by number; class 0 stands for all beyond the limit and is not listed.
    public var classes: [String] = []
    /// Predictions by class, number 0 included; may be shorter than the list.
    public var classCounts: [UInt64] = [0]
    /// Predictions against outcomes since the state began.
    public var confusion = ConfusionCounts()
    /// Sums over errors of a regression since the state began.
    public var errors = ErrorSums()
    /// The reference in use; `nil` while it is learned, or for good without one.
    public var reference: Reference?
    /// The reference in the making; `nil` unless the model learns.
    public var learner: ReferenceLearner?
    /// Its signals, by number.
    public var signals: [SignalState] = []
    /// Ticks of its detectors: cuts at which one of them had counted enough.
    public var evidenceTicks: UInt64 = 0
    /// Event time of the first of them; `nil` before it.
    public var evidenceSince: Int64?
    /// Its classical detectors of change.
    public var watches: [DetectorWatch] = []
    /// Its event time.
    public var clock = EventClock()
    /// Its panes.
    public var panes: PaneTiers

    /// Creates a model that has seen nothing.
    public init(model: String, version: String, windows: [WindowSetting]) {
        (self.model, self.version) = (model, version)
        panes = PaneTiers(windows: windows)
    }

    /// Forgets all comparison with a reference, because there is another one or none.
    mutating func forgetBins() {
        evidenceTicks = 0
        evidenceSince = nil
        for number in signals.indices {
            signals[number].bins = []
            signals[number].expected = []
            signals[number].evidence = nil
        }
        for tier in panes.tiers.indices {
            for pane in panes.tiers[tier].panes.indices {
                for number in panes.tiers[tier].panes[pane].signals.indices {
                    panes.tiers[tier].panes[pane].signals[number].cells = []
                    panes.tiers[tier].panes[pane].signals[number].expected = []
                }
            }
        }
    }
}

/// Everything known about one signal but its panes.
public struct SignalState: Sendable {
    /// What it means.
    public let role: Role
    /// Its name.
    public let name: String
    /// How it is summarised.
    public let kind: SignalKind
    /// Values looked at since the state began.
    public var observations: UInt64 = 0
    /// Values with an issue since the state began.
    public var issues = SignalIssues()
    /// Counts per cell since the reference is in use; empty without one.
    public var bins: [UInt64] = []
    /// What the reference expects per cell of as many values at their hours; empty if it does not tell hours apart.
    public var expected: [Double] = []
    /// Evidence that it has left its reference; `nil` without a reference, and before the first look at it.
    public var evidence: SignalEvidence?
    /// Times the verdict turned to drift since the state began.
    public var driftAlarms: UInt64 = 0
    /// All values as a histogram; `nil` for signals exposed without one.
    public var histogram: ValueHistogram?
    /// What fractional weights have not yet added up to a whole event, at least 0 and less than 1.
    public var carriedWeight: Double = 0

    /// Creates a signal that has seen nothing.
    public init(role: Role, name: String, kind: SignalKind) {
        (self.role, self.name, self.kind) = (role, name, kind)
    }

    /// Whether any value was more than missing.
    public var hasValues: Bool { observations > issues.missing }
}
