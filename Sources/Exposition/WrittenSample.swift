/// A sample as it was written: where its name and labels are, and its value.
struct WrittenSample: Sendable {
    /// Number of its family among those begun.
    let family: Int
    /// Where its name begins.
    let start: Int
    /// Where its value begins, behind name, labels and a blank.
    let end: Int
    /// Its value.
    let value: Double
}

/// One value of one series at one step of a history.
public struct HistoryRecord: Sendable, Equatable, BitwiseCopyable {
    /// Number of the series in its index.
    public let series: UInt32
    /// Number of the step.
    public let step: Int32
    /// The value.
    public let value: Double

    /// Creates a record.
    public init(series: UInt32, step: Int32, value: Double) {
        (self.series, self.step, self.value) = (series, step, value)
    }
}
