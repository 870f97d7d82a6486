/// What the value of a metric sample does to its series.
public enum SampleKind: UInt8, Sendable, CaseIterable {
    /// Adds to a counter; at least 0.
    case count = 0
    /// Sets a gauge.
    case gauge = 1
    /// Adds to a gauge, with either sign.
    case gaugeChange = 2
    /// One observed value.
    case observation = 3
    /// One observed time, in milliseconds as it came.
    case milliseconds = 4
    /// A member of a set, in `text`.
    case member = 5
}

/// One value of a metric that is no model's, as a StatsD line carries it: its meaning is found by name.
public struct MetricSample: Sendable {
    /// Name of the metric.
    ///
    /// Never empty.
    public var name: ByteRange
    /// Tags as they came, commas between them; `.missing` without any.
    public var tags: ByteRange
    /// Byte between a tag's key and its value, `:` or `=`.
    public var separator: UInt8
    /// What the value does.
    public var kind: SampleKind
    /// Whether it is the first sample of its line: what becomes of the line is booked with it.
    public var isFirst: Bool
    /// The value, finite; 0 for a member of a set.
    public var value: Double
    /// The member of a set; `.missing` else.
    public var text: ByteRange
    /// Number of events it stands for: 1 divided by the sample rate.
    ///
    /// Finite, at least 1.
    public var weight: Double
    /// Event time in nanoseconds since the epoch, or `EventBatch.noTimestamp`.
    public var timestamp: Int64

    /// Creates a sample.
    public init(
        name: ByteRange, tags: ByteRange, separator: UInt8, kind: SampleKind, isFirst: Bool, value: Double,
        text: ByteRange, weight: Double, timestamp: Int64
    ) {
        self.name = name
        self.tags = tags
        self.separator = separator
        self.kind = kind
        self.isFirst = isFirst
        self.value = value
        self.text = text
        self.weight = weight
        self.timestamp = timestamp
    }
}
