/// How observed values of a custom metric are summarised.
public enum CustomObserver: Sendable, Equatable {
    /// Buckets with these upper bounds, ascending, without +Inf.
    case histogram(bounds: [Double])
    /// Quantiles of the recent past.
    case summary(SummarySetting)
}

/// Quantiles of a summary, and how far back they look.
public struct SummarySetting: Sendable, Equatable {
    /// Quantiles to expose, each from 0 to 1.
    public var quantiles = [0.5, 0.9, 0.99]
    /// How far back, in nanoseconds; more than 0.
    public var age: Int64 = 600_000_000_000
    /// Parts that `age` falls into, at least 1: the oldest is forgotten at once.
    public var parts = 5

    /// The defaults, those of statsd_exporter.
    public init() {}
}

/// How metrics that are no model's are kept and exposed.
public struct CustomSettings: Sendable, Equatable {
    /// Whether metrics that no mapping rule matches are exposed under their own names; if not, they are ignored.
    public var exposesUnmapped = true
    /// What becomes of timers, histograms and distributions without a rule of their own.
    public var observer = CustomObserver.histogram(bounds: defaultBounds)
    /// How long a series without samples is kept, in nanoseconds; 0 for good.
    public var timeToLive: Int64 = 0
    /// Most metrics; lines about further ones are dropped.
    public var metrics = 1_000
    /// Most time series of custom metrics, buckets included; samples beyond go to a metric's overflow series.
    public var series = 5_000
    /// Rules for some of them.
    public var mapping = CustomMapping()
    /// Names that are taken: a custom metric that would have one is refused.
    public var reservedNames: Set<String> = []

    /// Upper bounds of histograms, in seconds for timers.
    public static let defaultBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    /// The defaults.
    public init() {}
}

/// Bounds of one custom metric's name and labels, in one place.
public enum CustomLimits {
    /// Bytes of a metric's name as exposed.
    public static let nameBytes = 256
    /// Bytes of the text for the reader of `/metrics`.
    public static let helpBytes = 1_024
    /// Labels of one series; samples with more go to the overflow series.
    public static let labels = 32
    /// Bytes of a label's value; samples with longer ones go to the overflow series.
    public static let valueBytes = 256
    /// Parts of the recent past of a summary.
    public static let parts = 60
    /// Names whose rule is remembered.
    public static let cachedNames = 4_096
    /// Raw names with their tags whose meaning is remembered.
    public static let cachedKeys = 16_384
    /// Bytes of all of them.
    public static let cachedBytes = 4 << 20
}
