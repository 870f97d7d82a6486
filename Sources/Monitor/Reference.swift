public import Events

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

    /// Creates the reference of one signal.
    public init(
        kind: DriftKind, name: String, layout: BinLayout, counts: [UInt64], invalid: UInt64 = 0,
        range: ClosedRange<Double>? = nil, mean: Double? = nil, standardDeviation: Double? = nil,
        interquartileRange: Double? = nil, effectiveEvents: UInt64? = nil
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
    /// Its signals, by kind and name, each pair once.
    public var signals: [SignalReference]

    /// Creates a reference.
    public init(
        model: String?, version: String?, hash: String, source: ReferenceSource, created: Int64, events: UInt64,
        signals: [SignalReference]
    ) {
        self.model = model
        self.version = version
        self.hash = hash
        self.source = source
        self.created = created
        self.events = events
        self.signals = signals
    }
}
