public import Events
public import Sketches
import Statistics

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
    /// Places in `names` of a sample of the values, or one of the marks below; at most the limit of the builder.
    public private(set) var nameSample: [UInt16] = []

    /// The hour of each value of the sample, counted from a Monday, 0 o'clock; empty if hours are not told apart.
    public private(set) var hours: [Int32] = []

    /// In place of an hour that is not known.
    static let noHour = Int32.min
    /// Mark of a name beyond the limit.
    static let otherMark = UInt16(candidateLimit)
    /// Mark of a missing name.
    static let missingMark = otherMark + 1
    /// Mark of a value that is no name.
    static let invalidMark = otherMark + 2

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
        invalid: UInt64, sample: [UInt16]
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
        guard total == seen, UInt64(sample.count) <= seen, sample.allSatisfy({ $0 <= Self.invalidMark }) else {
            return nil
        }
        (self.seen, nameCounts, otherNames) = (seen, counts, other)
        (missingNames, invalidNames, nameSample) = (missing, invalid, sample)
    }

    /// Takes one cell of a numeric column: a finite number or a `NumberMark`.
    ///
    /// A missing outcome is not known yet and counts for nothing.
    mutating func insert(_ value: Double, limit: Int, hour: Int32? = nil) {
        if kind == .outcome, value.bitPattern == NumberMark.missingBits { return }
        let cell = value.isFinite || value.bitPattern == NumberMark.missingBits ? value : NumberMark.invalid
        moments.insert(cell)
        seen &+= 1
        if sample.count < limit {
            sample.append(cell)
            if let hour { hours.append(hour) }
        } else if let place = Self.place(ofValue: seen, size: sample.count) {
            sample[place] = cell
            if let hour, hours.indices.contains(place) { hours[place] = hour }
        }
    }

    /// The place that a value takes in a full sample; `nil` for none.
    ///
    /// - Parameter number: Number of the value, from 1.
    private static func place(ofValue number: UInt64, size: Int) -> Int? {
        let place = ByteHash.hash(of: number) % number
        return place < UInt64(size) ? Int(place) : nil
    }

    /// The places of a sample in the order in which their values came.
    private func places(ofSample size: Int) -> [Int] {
        guard seen > UInt64(size) else { return Array(0..<size) }
        // Which value replaced which is a function of its number, so it need not be kept.
        var numbers = (0..<size).map { UInt64($0) + 1 }
        var number = UInt64(size) + 1
        while number <= seen {
            if let place = Self.place(ofValue: number, size: size) { numbers[place] = number }
            number += 1
        }
        return (0..<size).sorted { numbers[$0] < numbers[$1] }
    }

    /// Takes one cell of a categorical column.
    ///
    /// A missing outcome is not known yet and counts for nothing.
    mutating func insert(_ cell: ByteRange, in bytes: UnsafeRawPointer, limit: Int, hour: Int32? = nil) {
        if kind == .outcome, cell == .missing { return }
        seen &+= 1
        let mark = unsafe count(cell, in: bytes)
        if nameSample.count < limit {
            nameSample.append(mark)
            if let hour { hours.append(hour) }
        } else if let place = Self.place(ofValue: seen, size: nameSample.count) {
            nameSample[place] = mark
            if let hour, hours.indices.contains(place) { hours[place] = hour }
        }
    }

    /// Counts a cell of a categorical column and returns what stands for it in the sample.
    private mutating func count(_ cell: ByteRange, in bytes: UnsafeRawPointer) -> UInt16 {
        guard cell.isPresent else {
            if cell == .missing {
                missingNames &+= 1
                return Self.missingMark
            }
            invalidNames &+= 1
            return Self.invalidMark
        }
        let text = unsafe UnsafeRawBufferPointer(start: bytes + Int(cell.offset), count: Int(cell.length))
        guard text.count <= EventLimits.nameBytes, let id = unsafe names.insert(text) else {
            otherNames &+= 1
            return Self.otherMark
        }
        if id == nameCounts.count { nameCounts.append(0) }
        nameCounts[id] &+= 1
        return UInt16(truncatingIfNeeded: id)
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
        let order = places(ofSample: sample.count)
        let cells = order.map { place in
            let value = sample[place]
            if value.isFinite { return UInt16(truncatingIfNeeded: bins.bin(of: value)) }
            let isMissing = value.bitPattern == NumberMark.missingBits
            return isMissing ? UInt16(truncatingIfNeeded: layout.binCount) : .max
        }
        counts[layout.binCount] = UInt64(missing)
        let (effectiveEvents, hours) = unrest(of: cells, order: order, layout: layout)
        return SignalReference(
            kind: kind, name: name, layout: layout, counts: counts,
            invalid: UInt64(sample.count - missing - values.count),
            range: moments.minimum <= moments.maximum ? moments.minimum...moments.maximum : nil, mean: moments.mean,
            standardDeviation: moments.standardDeviation,
            interquartileRange: values.isEmpty
                ? nil
                : ReferenceEdges.quantile(0.75, ofSorted: values) - ReferenceEdges.quantile(0.25, ofSorted: values),
            effectiveEvents: effectiveEvents, hours: hours)
    }

    /// How much the shares of a sample, in the order of time, differ from stretch to stretch, and from hour to hour.
    private func unrest(
        of cells: [UInt16], order: [Int], layout: BinLayout
    ) -> (effectiveEvents: UInt64?, hours: HourlyReference?) {
        if hours.count == order.count, layout.cellCount <= HourlyReference.cellLimit,
            let seasonal = SeasonalShares(
                of: cells, hours: order.map { hours[$0] }, cellCount: layout.cellCount,
                orderedCount: layout.orderedBinCount)
        {
            return (
                seasonal.effectiveEvents, HourlyReference(counts: seasonal.counts, weight: seasonal.weight)
            )
        }
        let effectiveEvents = BaselineWobble.effectiveEvents(
            of: cells, cellCount: layout.cellCount, orderedCount: layout.orderedBinCount)
        return (effectiveEvents, nil)
    }

    private func categoricalReference(limit: Int) -> SignalReference {
        let all = names.names
        let ranked = all.indices
            .sorted {
                let (left, right) = (nameCounts[$0], nameCounts[$1])
                return left != right ? left > right : all[$0].utf8.lexicographicallyPrecedes(all[$1].utf8)
            }
            .prefix(limit)
        let kept = ranked.reduce(0) { $0 &+ nameCounts[$1] }
        let others = seen &- missingNames &- invalidNames &- kept
        let layout = BinLayout.categorical(names: ranked.map { all[$0] })
        // Marks as cells: listed names by rank, others and names beyond the limit alike, missing, and nothing.
        var cells = [UInt16](repeating: UInt16(truncatingIfNeeded: ranked.count), count: Int(Self.invalidMark) + 1)
        for (rank, id) in ranked.enumerated() { cells[id] = UInt16(truncatingIfNeeded: rank) }
        cells[Int(Self.missingMark)] = UInt16(truncatingIfNeeded: layout.binCount)
        cells[Int(Self.invalidMark)] = .max
        let order = places(ofSample: nameSample.count)
        let (effectiveEvents, hours) = unrest(
            of: order.map { cells[Int(nameSample[$0])] }, order: order, layout: layout)
        return SignalReference(
            kind: kind, name: name, layout: layout,
            counts: ranked.map { nameCounts[$0] } + [others, missingNames], invalid: invalidNames,
            effectiveEvents: effectiveEvents, hours: hours)
    }
}
