import Events
import Sketches
import Statistics

/// What updating a signal takes, made ready once from its reference.
struct CompiledSignal {
    /// The reference; `nil` without one of the signal's kind.
    var reference: SignalReference?
    /// Bins of a numeric signal.
    var bins: EdgeBins?
    /// Categories of a categorical signal.
    var categories: CategoryTable?
    /// Compared cells; 0 without a reference.
    var cellCount = 0
    /// Shares that the reference expects per hour of the week and cell; empty if it does not tell hours apart.
    var hourShares: [Double] = []
    /// Smallest number of the reference.
    var minimum = -Double.infinity
    /// Largest number of the reference.
    var maximum = Double.infinity
    /// Most evidence for a change that is just large enough; `nil` until it is asked for.
    var evidenceLimit: Double?

    /// Without a reference.
    init() {}

    /// With a reference, unless it is of the other kind or flawed.
    init(_ reference: SignalReference?, kind: SignalKind) {
        guard let reference, reference.counts.count == reference.layout.cellCount,
            reference.layout.cellCount <= Reference.cellLimit
        else { return }
        switch (reference.layout, kind) {
        case (.numeric(let edges), .numeric):
            guard let bins = EdgeBins(edges: edges) else { return }
            self.bins = bins
            if let range = reference.range { (minimum, maximum) = (range.lowerBound, range.upperBound) }
        case (.categorical(let names), .categorical):
            guard let categories = CategoryTable(names: names, limit: names.count) else { return }
            self.categories = categories
        default: return
        }
        self.reference = reference
        cellCount = reference.layout.cellCount
        if let hours = reference.hours {
            hourShares = SeasonalShares.shares(counts: hours.counts, reference: reference.counts, weight: hours.weight)
        }
    }
}

extension Role {
    /// Name of the signal of an observation that gives none.
    var defaultName: String {
        switch self {
        case .feature: "feature"
        case .prediction: "prediction"
        case .score: "score"
        case .outcome: "outcome"
        case .latency: "latency"
        }
    }
}

extension DriftKind {
    /// The role whose signals it describes.
    var role: Role {
        switch self {
        case .input: .feature
        case .prediction: .prediction
        case .score: .score
        case .outcome: .outcome
        }
    }
}

extension EventBatch {
    /// The bytes of a text cell; `nil` for a sentinel and for what lies outside the batch.
    @inline(__always)
    func text(_ cell: ByteRange) -> UnsafeRawBufferPointer? {
        guard cell.isPresent, Int(cell.offset) &+ Int(cell.length) <= byteCapacity else { return nil }
        return unsafe UnsafeRawBufferPointer(start: bytes + Int(cell.offset), count: Int(cell.length))
    }

    /// A text cell as a string; empty for a sentinel.
    func string(_ cell: ByteRange) -> String {
        unsafe text(cell).map { unsafe String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

extension Moments {
    /// Adds a value `count` times.
    mutating func insert(_ value: Double, count: UInt64) {
        let sum = value * Double(count)
        guard count > 1,
            let repeated = Moments(
                count: count, mean: value, m2: 0, minimum: value, maximum: value, sum: sum, compensation: 0)
        else {
            if count > 0 { insert(value) }
            return
        }
        merge(repeated)
    }
}
