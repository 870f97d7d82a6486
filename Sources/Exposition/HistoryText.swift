/// Writes a sorted history as OpenMetrics with timestamps, piece by piece.
///
/// What only accumulates begins at 0, one step before its first value: what it had when it came up would be lost to
/// `increase`.
public struct HistoryText: ~Copyable {
    /// Samples written so far.
    public private(set) var samples = 0

    private let index: SeriesIndex
    private let origin: Int64
    private let stepSeconds: Int64
    private let common: [UInt8]
    private var output = OutputBytes(capacity: 1 << 16)
    private var family: Int32 = -1
    private var metric: Int32 = -1
    /// The first step of a metric that only accumulates, as long as it lasts.
    private var first: [HistoryRecord] = []

    /// Begins a history.
    ///
    /// - Parameters:
    ///   - index: All of its series.
    ///   - origin: Number of the step that is 0 in records.
    ///   - stepSeconds: Seconds of a step; step n is at n times this many seconds since the epoch.
    ///   - labels: Labels that every series gets; the caller answers for valid names that no family has.
    public init(
        _ index: SeriesIndex, origin: Int64, stepSeconds: Int64, labels: [(name: String, value: String)] = []
    ) {
        (self.index, self.origin, self.stepSeconds) = (index, origin, stepSeconds)
        var block = OutputBytes(capacity: 256)
        for (number, label) in labels.enumerated() {
            if number > 0 { block.append(UInt8(ascii: ",")) }
            block.append(escaping: label.name)
            block.append("=\"")
            block.append(escaping: label.value)
            block.append(UInt8(ascii: "\""))
        }
        common = block.copy()
    }

    /// Number of bytes that wait to be taken.
    public var count: Int { output.count }

    /// Takes what was written so far.
    public mutating func take<E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
        try unsafe output.withUnsafeBytes(body)
        output.truncate()
    }

    /// Writes the next record, in the order of the index.
    public mutating func add(_ record: HistoryRecord) {
        guard Int(record.series) < index.series.count else { return }
        let metric = index.series[Int(record.series)].metric
        if metric != self.metric {
            endFirstStep()
            begin(metric)
            if isCumulative { first.append(record) } else { put(record) }
        } else if !first.isEmpty, first[0].step == record.step {
            first.append(record)
        } else {
            endFirstStep()
            put(record)
        }
    }

    /// Ends the history.
    public mutating func finish() {
        endFirstStep()
        output.append("# EOF\n")
    }

    private var isCumulative: Bool { family >= 0 && index.families[Int(family)].type.isMergeable }

    private mutating func begin(_ metric: Int32) {
        self.metric = metric
        let family = index.familyOfMetric[Int(metric)]
        if family != self.family {
            self.family = family
            let header = index.families[Int(family)].headers.openMetrics
            output.append(header.span)
        }
    }

    private mutating func endFirstStep() {
        guard !first.isEmpty else { return }
        let records = first
        first.removeAll(keepingCapacity: true)
        for record in records { put(HistoryRecord(series: record.series, step: record.step - 1, value: 0)) }
        for record in records { put(record) }
    }

    private mutating func put(_ record: HistoryRecord) {
        let (name, rest) = index.text(of: Int(record.series))
        output.append(name.span)
        if common.isEmpty {
            output.append(rest.span)
        } else {
            output.append(UInt8(ascii: "{"))
            let labels = common
            output.append(labels.span)
            if rest.first == UInt8(ascii: "{") {
                output.append(UInt8(ascii: ","))
                let behind = rest.dropFirst()
                output.append(behind.span)
            } else {
                output.append("} ")
            }
        }
        output.append(record.value)
        let seconds = (origin &+ Int64(record.step)) &* stepSeconds
        output.append(seconds < 0 ? " -" : " ")
        output.append(decimal: seconds.magnitude)
        output.append(UInt8(ascii: "\n"))
        samples += 1
    }
}
