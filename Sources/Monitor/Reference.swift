public import Events
import Statistics

/// Which distribution of a model a statistic is about; the `kind` label.
public enum DriftKind: UInt8, Sendable, CaseIterable, Hashable {
    case input = 0
    case prediction = 1
    case score = 2
    case outcome = 3

    /// The `kind` label value.
    public var label: String {
        switch self {
        case .input: "input"
        case .prediction: "prediction"
        case .score: "score"
        case .outcome: "outcome"
        }
    }

    /// The kind of a signal's role; `nil` for roles that are not compared with a reference.
    public init?(_ role: Role) {
        switch role {
        case .feature: self = .input
        case .prediction: self = .prediction
        case .score: self = .score
        case .outcome: self = .outcome
        case .latency: return nil
        }
    }
}

/// How values of one signal fall into bins, frozen by the reference.
public enum BinLayout: Sendable, Equatable {
    /// Bin of a number `x` = number of edges <= x. Edges ascend strictly and are finite; `edges.count + 1` bins.
    case numeric(edges: [Double])
    /// Bin of a category = its place in the list; anything else is `other`, one more bin behind the list.
    case categorical(names: [String])

    /// Number of bins without `missing`: ordered bins, or categories and `other`.
    public var binCount: Int {
        switch self {
        case .numeric(let edges): edges.count + 1
        case .categorical(let names): names.count + 1
        }
    }

    /// Number of cells that are compared: the bins, and `missing` as the last one.
    public var cellCount: Int { binCount + 1 }

    /// Number of leading bins that have an order (all numeric bins, no categorical one).
    public var orderedBinCount: Int {
        switch self {
        case .numeric(let edges): edges.count + 1
        case .categorical: 0
        }
    }

    /// The `bin` label of each cell: `b00`…, or category names and `other`; `missing` last.
    ///
    /// No two are equal.
    public var labels: [String] { (0..<cellCount).map(label(ofCell:)) }

    /// The `bin` label of one cell, as in `labels`.
    public func label(ofCell cell: Int) -> String {
        switch self {
        case .numeric(let edges) where cell <= edges.count: cell < 10 ? "b0\(cell)" : "b\(cell)"
        case .categorical(let names) where cell < names.count: Self.label(of: names[cell])
        case .categorical(let names) where cell == names.count: "other"
        case .numeric, .categorical: "missing"
        }
    }

    /// The `bin` label of a category: its name.
    ///
    /// A name that would pass for another cell (`other`, `missing`), or for no label at all
    /// (empty), gets `=` in front, and so does one that begins with `=`, which keeps labels distinct.
    public static func label(of category: String) -> String {
        let isReserved = category.isEmpty || category == "other" || category == "missing"
        return isReserved || category.utf8.first == UInt8(ascii: "=") ? "=" + category : category
    }
}

/// What a reference knows of each hour of the week.
public struct HourlyReference: Sendable, Equatable {
    /// Most cells of a signal whose hours are told apart: 168 hours of 128 cells are 344 KB.
    public static let cellLimit = 128

    /// Counts per hour of the week and cell, hour by hour from Monday, 0 o'clock; 168 times the cells of the signal.
    public var counts: [UInt64]
    /// Events that the shares of the whole reference count for in each hour's.
    public var weight: UInt64

    /// Creates what is known of each hour.
    public init(counts: [UInt64], weight: UInt64) { (self.counts, self.weight) = (counts, weight) }

    /// The hour of the week, 0 to 167, of a minute since the epoch; hour 0 begins on Monday, 0 o'clock.
    ///
    /// - Parameter utcOffset: Seconds that local time is ahead of UTC.
    public static func slot(ofMinute minute: Int64, utcOffset: Int32) -> Int {
        let slot = Int(hour(ofMinute: minute, utcOffset: utcOffset) % Int64(SeasonalShares.slotCount))
        return slot < 0 ? slot + SeasonalShares.slotCount : slot
    }

    /// The hour of a minute since the epoch, counted from a Monday, 0 o'clock.
    static func hour(ofMinute minute: Int64, utcOffset: Int32) -> Int64 {
        let local = minute + Int64(utcOffset) / 60
        // The epoch was a Thursday.
        return (local >= 0 ? local / 60 : (local - 59) / 60) + 72
    }
}

/// The reference of one signal.
public struct SignalReference: Sendable, Equatable {
    /// Which distribution it is.
    public var kind: DriftKind
    /// Name of the signal, the `feature` label.
    public var name: String
    /// Its bins.
    public var layout: BinLayout
    /// Reference counts, one per cell of `layout` (`missing` last).
    public var counts: [UInt64]
    /// Values of the wrong type in the reference.
    public var invalid: UInt64
    /// Smallest and largest number; `nil` without numbers.
    public var range: ClosedRange<Double>?
    /// Mean of the numbers; `nil` without numbers.
    public var mean: Double?
    /// Standard deviation of the numbers (divisor n); `nil` without numbers.
    public var standardDeviation: Double?
    /// Interquartile range of the numbers; `nil` without numbers.
    public var interquartileRange: Double?
    /// Events that the counts are worth as knowledge about the next stretch of traffic, at least 1, because they differ
    /// from stretch to stretch more than chance explains; `nil` if they do not, or if their order is unknown.
    public var effectiveEvents: UInt64?
    /// What is known of each hour of the week; `nil` if all hours are alike, or if they were not told apart.
    public var hours: HourlyReference?

    /// Creates the reference of one signal.
    public init(
        kind: DriftKind, name: String, layout: BinLayout, counts: [UInt64], invalid: UInt64 = 0,
        range: ClosedRange<Double>? = nil, mean: Double? = nil, standardDeviation: Double? = nil,
        interquartileRange: Double? = nil, effectiveEvents: UInt64? = nil, hours: HourlyReference? = nil
    ) {
        self.kind = kind
        self.name = name
        self.layout = layout
        self.counts = counts
        self.invalid = invalid
        self.range = range
        self.mean = mean
        self.standardDeviation = standardDeviation
        self.interquartileRange = interquartileRange
        self.effectiveEvents = effectiveEvents
        self.hours = hours
    }

    /// The counts that current traffic is compared with: those of the reference, or as many in the proportions that it
    /// expects of the hours at which current traffic came.
    ///
    /// - Parameter expected: What it expects per cell; empty if hours are not told apart.
    public func counts(at expected: [Double]) -> [UInt64] {
        let sum = expected.reduce(0, +)
        guard expected.count == counts.count, sum > 0, sum.isFinite else { return counts }
        let total = counts.reduce(0) { $0 + Double($1) }
        return expected.map { UInt64(max(0, ($0 / sum * total).rounded())) }
    }
}

/// Where a reference comes from; the `source` label.
public enum ReferenceSource: UInt8, Sendable, CaseIterable {
    case file = 0
    case learned = 1

    /// The `source` label value.
    public var label: String {
        switch self {
        case .file: "file"
        case .learned: "learned"
        }
    }
}

/// Frozen summaries of what is normal for a model.
public struct Reference: Sendable, Equatable {
    /// Model it describes; `nil` applies to every model.
    public var model: String?
    /// Version it describes; `nil` applies to every version.
    public var version: String?
    /// First 12 hexadecimal digits of a hash over the content; the `reference` label.
    public var hash: String
    /// Where it comes from.
    public var source: ReferenceSource
    /// When it was made, in nanoseconds since the epoch.
    public var created: Int64
    /// Rows behind it.
    public var events: UInt64
    /// Seconds that the local time of its hours of the week is ahead of UTC.
    public var utcOffset: Int32
    /// Its signals, by kind and name, each pair once.
    public var signals: [SignalReference]

    /// Creates a reference.
    public init(
        model: String?, version: String?, hash: String, source: ReferenceSource, created: Int64, events: UInt64,
        utcOffset: Int32 = 0, signals: [SignalReference]
    ) {
        self.model = model
        self.version = version
        self.hash = hash
        self.source = source
        self.created = created
        self.events = events
        self.utcOffset = utcOffset
        self.signals = signals
    }
}
