internal import Monitor

/// Ranges of configuration values, in one place.
enum ConfigLimits {
    /// Nanoseconds between commits.
    static let commitInterval: ClosedRange<Int64> = 100_000_000...60_000_000_000
    /// Quiet time before a renamed file is closed, in nanoseconds.
    static let drain: ClosedRange<Int64> = 0...3_600_000_000_000
    /// Files that a source holds open.
    static let openFiles = 4...4_096
    /// Files that a source follows; each has a position in the state, and one more while it is rotated.
    static let files = 1...4_000
    /// Patterns of files not to read, and directories that links may lead into.
    static let tailPaths = 64
    /// Receive buffer of a UDP socket.
    static let receiveBuffer = (64 << 10)...(1 << 30)
    /// Connections of a source.
    static let connections = 1...4_096
    /// Time without a byte after which a connection is closed, in nanoseconds; 0 for never.
    static let idle: ClosedRange<Int64> = 0...86_400_000_000_000
    /// Sources of one daemon.
    static let sources = 64
    /// Sliding windows.
    static let windows = 6
    /// Fewest events in a window for which statistics are shown.
    static let minimumEvents = 1...1_000_000
    /// Mean time between two false alarms of a model, in nanoseconds: an hour to ten years.
    static let falseAlarmBudget: ClosedRange<Int64> = 3_600_000_000_000...315_360_000_000_000_000
    /// Predictions that wait for their outcome, over all models; 0 switches joining off.
    static let pendingOutcomes = 0...JoinSetting.pendingLimit
    /// How long predictions and outcomes wait for each other, in nanoseconds: a second to a year.
    static let outcomeWait: ClosedRange<Int64> = 1_000_000_000...31_536_000_000_000_000
    /// Classical detectors of change.
    static let detectors = 64
    /// Pairs of model and version.
    static let models = 1...1_000
    /// Signals per model.
    static let signalsPerModel = 1...512
    /// Categories per signal.
    static let categoriesPerSignal = 1...1_000
    /// Time series over all families.
    static let series = 1_000...1_000_000
    /// Events to learn a reference from; 0 switches learning off.
    static let learningEvents = 0...50_000
    /// Stretch of event time to learn from, in nanoseconds.
    static let learningTime: ClosedRange<Int64> = 0...2_592_000_000_000_000
    /// Bins per numeric signal.
    static let bins = 2...20
    /// Categories per signal of a reference.
    static let referenceCategories = 1...100
    /// Bytes of the name of a model, version or feature.
    static let nameBytes = 256
    /// How long a custom series without samples is kept, in nanoseconds; 0 for good.
    static let timeToLive: ClosedRange<Int64> = 0...31_536_000_000_000_000
    /// Custom metrics.
    static let customMetrics = 1...100_000
    /// Time series of custom metrics.
    static let customSeries = 1...1_000_000
    /// Rules of a mapping.
    static let mappingRules = 10_000
    /// Upper bounds of a custom histogram.
    static let buckets = 100
    /// Quantiles of a custom summary.
    static let quantiles = 20
    /// How far back a custom summary looks, in nanoseconds.
    static let summaryAge: ClosedRange<Int64> = 1_000_000_000...86_400_000_000_000
}
