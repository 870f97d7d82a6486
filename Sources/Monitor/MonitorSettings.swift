/// A sliding window: its label and its length.
public struct WindowSetting: Sendable, Equatable {
    /// The `window` label, such as `5m`.
    public var label: String
    /// Length in seconds: a multiple of 60 up to 3,600, of 3,600 up to 86,400, or of 86,400 up to 604,800.
    public var seconds: Int64

    /// Creates a window.
    public init(label: String, seconds: Int64) { (self.label, self.seconds) = (label, seconds) }

    /// 5 minutes, 1 hour, 1 day, 7 days: a model with a few predictions an hour has statistics too.
    public static let defaults = [
        WindowSetting(label: "5m", seconds: 300), WindowSetting(label: "1h", seconds: 3_600),
        WindowSetting(label: "1d", seconds: 86_400), WindowSetting(label: "7d", seconds: 604_800),
    ]
}

/// What is known about a model before its first event.
public struct ModelSetting: Sendable, Equatable {
    /// Model name.
    public var name: String
    /// Version; `nil` for all versions.
    public var version: String?
    /// The `type` label of `model_info`: `classification`, `regression`, … or empty.
    public var type: String
    /// The `environment` label of `model_info`.
    public var environment: String
    /// The `owner` label of `model_info`.
    public var owner: String
    /// Alert thresholds as `model_alert_threshold{signal, severity}`.
    public var thresholds: [AlertThreshold]

    /// Creates a setting.
    public init(
        name: String, version: String? = nil, type: String = "", environment: String = "", owner: String = "",
        thresholds: [AlertThreshold] = []
    ) {
        self.name = name
        self.version = version
        self.type = type
        self.environment = environment
        self.owner = owner
        self.thresholds = thresholds
    }
}

/// One configured alert threshold, exposed so that generic rules can join it.
public struct AlertThreshold: Sendable, Equatable {
    /// What is bounded, for example `latency_p99_seconds`.
    public var signal: String
    /// `warning` or `critical`.
    public var severity: String
    /// The bound, in the unit of the signal.
    public var value: Double

    /// Creates a threshold.
    public init(signal: String, severity: String, value: Double) {
        (self.signal, self.severity, self.value) = (signal, severity, value)
    }
}

/// Bounds of the monitor, in one place.
///
/// Reaching one is counted in `MonitorSnapshot.overflows`.
public struct MonitorLimits: Sendable, Equatable {
    /// Pairs of model and version; events of further ones go to the model `__other__`.
    public var models = 64
    /// Signals per model; further ones go unmeasured and are counted.
    public var signalsPerModel = 256
    /// Categories, or classes, per signal; further ones count as `__other__`.
    public var categoriesPerSignal = 100
    /// Classes that predictions and outcomes are compared by; further ones count as `__other__`.
    public var confusionClasses = 20
    /// Time series over all families; a model that would not fit goes to `__other__`.
    public var series = 50_000

    /// The defaults.
    public init() {}
}

/// How a model without a reference file gets its reference.
public struct LearningSetting: Sendable, Equatable {
    /// Events to learn from.
    ///
    /// 0 switches learning off.
    public var events: Int = 5_000
    /// Shortest stretch of event time to learn from, in seconds.
    ///
    /// Both conditions have to be met.
    public var seconds: Int64 = 0
    /// Most events kept while learning; later ones replace earlier ones evenly.
    public var eventLimit: Int = 50_000

    /// The defaults.
    public init() {}
}

/// Everything that decides how the monitor behaves.
///
/// Two monitors with equal settings and inputs are equal.
public struct MonitorSettings: Sendable, Equatable {
    /// Sliding windows, shortest first.
    public var windows = WindowSetting.defaults
    /// Models declared by the configuration.
    public var models: [ModelSetting] = []
    /// References from files.
    public var references: [Reference] = []
    /// How other models learn theirs.
    public var learning = LearningSetting()
    /// Bins per numeric signal of a learned reference, 2 to 20.
    public var binCount = 10
    /// Categories per signal of a learned reference.
    public var referenceCategories = 30
    /// Fewest events in a window for which statistics are shown.
    public var minimumEvents: UInt64 = 50
    /// What a drift verdict asks for.
    public var verdict = VerdictSetting()
    /// How long predictions and outcomes wait for each other.
    public var joining = JoinSetting()
    /// Classical detectors of change.
    public var detectors: [DetectorSetting] = []
    /// Bounds.
    public var limits = MonitorLimits()
    /// Names of the sources, in the order of `EventBatch.source`.
    public var sources: [String] = []
    /// What becomes of metrics that are no model's.
    public var custom = CustomSettings()
    /// Features whose values are exposed as a histogram.
    public var exposedValues: [String] = []

    /// The defaults.
    public init() {}
}
