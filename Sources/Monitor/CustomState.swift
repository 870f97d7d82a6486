public import Sketches

/// What a custom metric is exposed as.
///
/// Raw values are stored; cases are append-only.
public enum CustomKind: UInt8, Sendable, CaseIterable {
    /// Sum of counts.
    case counter = 0
    /// Last value.
    case gauge = 1
    /// Observed values in buckets.
    case histogram = 2
    /// Observed values by quantiles.
    case summary = 3
    /// Number of distinct members seen in the recent past, exposed as a gauge.
    case set = 4
}

/// One label of a custom series.
public struct CustomLabel: Sendable, Hashable {
    /// Its name, valid in both formats.
    public var name: String
    /// Its value; never empty, which would mean no label.
    public var value: String

    /// Creates a label.
    public init(name: String, value: String) { (self.name, self.value) = (name, value) }
}

/// What a custom metric is: everything that its series have in common.
public struct CustomMetric: Sendable, Equatable {
    /// Name as text 0.0.4 spells it; that of a counter ends in `_total`.
    public let name: String
    /// What it is exposed as.
    public let kind: CustomKind
    /// One sentence for the reader of `/metrics`.
    public let help: String
    /// Upper bounds of a histogram; empty else.
    public let bounds: [Double]
    /// Quantiles of a summary, and how far back it or a set looks.
    public let summary: SummarySetting

    /// Describes a metric.
    public init(name: String, kind: CustomKind, help: String, bounds: [Double], summary: SummarySetting) {
        (self.name, self.kind, self.help, self.bounds, self.summary) = (name, kind, help, bounds, summary)
    }

    /// Time series that one series of it costs.
    public var cost: Int {
        switch kind {
        case .counter, .gauge, .set: 1
        case .histogram: bounds.count + 3
        case .summary: summary.quantiles.count + 2
        }
    }

    /// Every name that its samples or its family have in either format: no two metrics may share one.
    var names: [String] {
        switch kind {
        case .counter: [name, String(name.dropLast("_total".utf8.count))]
        case .gauge, .set: [name]
        case .histogram: [name, name + "_bucket", name + "_sum", name + "_count"]
        case .summary: [name, name + "_sum", name + "_count"]
        }
    }
}

/// One series of a custom metric.
public struct CustomSeries: Sendable {
    /// Number of its metric.
    public var metric: Int
    /// Its labels, by name.
    public let labels: [CustomLabel]
    /// Whether it takes what has no room.
    public let isOverflow: Bool
    /// How long it is kept without samples, in nanoseconds; 0 for good.
    public var timeToLive: Int64
    /// When it had its last sample, in nanoseconds of the time of arrival.
    public var lastSeen: Int64
    /// Value of a counter or gauge.
    public var number = ExactSum()
    /// Values of a histogram.
    public var histogram: CustomHistogram?
    /// Values of a summary.
    public var summary: CustomSummary?
    /// Members of a set.
    public var members: AgedRing<DistinctCounter>?

    /// A series that has seen nothing.
    public init(metric: Int, of setting: CustomMetric, labels: [CustomLabel], timeToLive: Int64, lastSeen: Int64) {
        (self.metric, self.labels, self.timeToLive, self.lastSeen) = (metric, labels, timeToLive, lastSeen)
        isOverflow = labels == [Self.overflowLabel]
        switch setting.kind {
        case .counter, .gauge: break
        case .histogram: histogram = CustomHistogram(bounds: setting.bounds)
        case .summary: summary = CustomSummary(setting.summary)
        case .set: members = AgedRing(age: setting.summary.age, parts: setting.summary.parts)
        }
    }

    /// The label of the series that takes what has no room.
    public static let overflowLabel = CustomLabel(name: "otel_metric_overflow", value: "true")
}

/// All custom metrics: what is exposed, and what a restart goes on from.
public struct CustomState: Sendable {
    /// Metrics, in the order in which they came up.
    public var metrics: [CustomMetric] = []
    /// Their series, in the order in which they came up.
    public var series: [CustomSeries] = []
    /// Series that ended for want of samples, since the state began.
    public var evictions: UInt64 = 0
    /// Time of arrival as of which recent values are meant, in nanoseconds; it is set with each cut.
    public var asOf: Int64 = 0

    /// Nothing.
    public init() {}
}
