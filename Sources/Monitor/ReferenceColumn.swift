public import Events
public import Sketches

/// What a reference is made from for one signal: an even sample of numbers, or counts of names.
///
/// The sample is Vitter's reservoir (algorithm R, 1985) with a generator that is a function of the position, so the
/// same values in the same order always leave the same sample.
public struct ReferenceColumn: Sendable {
    /// Most names that are told apart; values of further ones count as `other`.
    public static let candidateLimit = 1_000

    /// Which distribution it is.
    public let kind: DriftKind
    /// Name of the signal.
    public let name: String
    /// How its values are summarised.
    public let signalKind: SignalKind
    /// Values looked at, missing and invalid ones included.
    public private(set) var seen: UInt64 = 0
    /// Numbers, `NumberMark`s among them, at most the limit of the builder.
    public private(set) var sample: [Double] = []
    /// Moments of all numbers seen.
    public private(set) var moments = Moments()
    /// Names seen.
    public private(set) var names = CategoryTable(limit: ReferenceColumn.candidateLimit)
    /// Counts per name.
    public private(set) var nameCounts: [UInt64] = []
    /// Values with a name beyond the limit.
    public private(set) var otherNames: UInt64 = 0
    /// Missing names.
    public private(set) var missingNames: UInt64 = 0
    /// Values of a categorical signal that are no names.
    public private(set) var invalidNames: UInt64 = 0

    /// Creates an empty column.
    public init(kind: DriftKind, name: String, signalKind: SignalKind) {
        (self.kind, self.name, self.signalKind) = (kind, name, signalKind)
    }

    /// Restores a numeric column; `nil` if the sample cannot be one of `seen` values.
    public init?(kind: DriftKind, name: String, seen: UInt64, sample: [Double], moments: Moments) {
        guard UInt64(sample.count) <= seen, moments.count <= seen else { return nil }
        for value in sample where !value.isFinite {
            guard value.bitPattern == NumberMark.missingBits || value.bitPattern == NumberMark.invalidBits else {
                return nil
            }
        }
        self.init(kind: kind, name: name, signalKind: .numeric)
        (self.seen, self.sample, self.moments) = (seen, sample, moments)
    }

    /// Restores a categorical column; `nil` if the names are not distinct, too many, or do not add up to `seen`.
    public init?(
        kind: DriftKind, name: String, seen: UInt64, names: [String], counts: [UInt64], other: UInt64, missing: UInt64,
        invalid: UInt64
    ) {
        self.init(kind: kind, name: name, signalKind: .categorical)
        guard names.count == counts.count, names.count <= Self.candidateLimit else { return nil }
        for name in names {
            var text = name
            guard text.withUTF8({ bytes in unsafe self.names.insert(UnsafeRawBufferPointer(bytes)) }) != nil else {
                return nil
            }
        }
        guard self.names.count == names.count else { return nil }
        let total = counts.reduce(other &+ missing &+ invalid, &+)
        guard total == seen else { return nil }
        (self.seen, nameCounts, otherNames) = (seen, counts, other)
        (missingNames, invalidNames) = (missing, invalid)
    }

    /// Takes one cell of a numeric column: a finite number or a `NumberMark`.
    mutating func insert(_ value: Double, limit: Int) {
        let cell = value.isFinite || value.bitPattern == NumberMark.missingBits ? value : NumberMark.invalid
        moments.insert(cell)
        seen &+= 1
        if sample.count < limit {
            sample.append(cell)
        } else {
            let place = ByteHash.hash(of: seen) % seen
            if place < UInt64(sample.count) { sample[Int(place)] = cell }
        }
    }

    /// Takes one cell of a categorical column.
    mutating func insert(_ cell: ByteRange, in bytes: UnsafeRawPointer) {
        seen &+= 1
        guard cell.isPresent else {
            if cell == .missing { missingNames &+= 1 } else { invalidNames &+= 1 }
            return
        }
        let text = unsafe UnsafeRawBufferPointer(start: bytes + Int(cell.offset), count: Int(cell.length))
        guard text.count <= EventLimits.nameBytes, let id = unsafe names.insert(text) else {
            otherNames &+= 1
            return
        }
        if id == nameCounts.count { nameCounts.append(0) }
        nameCounts[id] &+= 1
    }

    /// Whether any value was more than missing.
    var hasValues: Bool {
        switch signalKind {
        case .numeric: moments.count > 0
        case .categorical: seen > missingNames &+ invalidNames
        }
    }

    /// The frozen reference; `nil` while no value was seen.
    func reference(binCount: Int, categories: Int) -> SignalReference? {
        guard hasValues else { return nil }
        return switch signalKind {
        case .numeric: numericReference(binCount: binCount)
        case .categorical: categoricalReference(limit: categories)
        }
    }

    private func numericReference(binCount: Int) -> SignalReference? {
        let values = sample.filter(\.isFinite).sorted()
        let edges = ReferenceEdges.edges(ofSorted: values, binCount: binCount)
        guard let bins = EdgeBins(edges: edges) else { return nil }
        let layout = BinLayout.numeric(edges: edges)
        var counts = [UInt64](repeating: 0, count: layout.cellCount)
        for value in values { counts[bins.bin(of: value)] += 1 }
        let missing = sample.count(where: { $0.bitPattern == NumberMark.missingBits })
        counts[layout.binCount] = UInt64(missing)
        return SignalReference(
            kind: kind, name: name, layout: layout, counts: counts,
            invalid: UInt64(sample.count - missing - values.count),
            range: moments.minimum <= moments.maximum ? moments.minimum...moments.maximum : nil, mean: moments.mean,
            standardDeviation: moments.standardDeviation,
            interquartileRange: values.isEmpty
                ? nil
                : ReferenceEdges.quantile(0.75, ofSorted: values) - ReferenceEdges.quantile(0.25, ofSorted: values))
    }

    private func categoricalReference(limit: Int) -> SignalReference {
        let ranked = zip(names.names, nameCounts)
            .sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
            .prefix(limit)
        let kept = ranked.reduce(0) { $0 &+ $1.1 }
        let others = seen &- missingNames &- invalidNames &- kept
        return SignalReference(
            kind: kind, name: name, layout: .categorical(names: ranked.map(\.0)),
            counts: ranked.map(\.1) + [others, missingNames], invalid: invalidNames)
    }
}
