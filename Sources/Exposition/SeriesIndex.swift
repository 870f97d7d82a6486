internal import Sketches

/// The series of a history, numbered as they come up, and the order in which OpenMetrics wants their samples.
///
/// Families are not interleaved, nor are the metrics of one, which are the series with equal labels but for `le`; the
/// samples of a metric are in order of time. An exposition per step gives none of these orders over all steps, so its
/// samples become records first (`add`), which can be sorted outside of memory (`sorted`, `rank`), and text last
/// (`HistoryText`). Memory is that of the names and labels of all series: as many as the limits of the monitor allow.
public struct SeriesIndex: Sendable {
    /// One series.
    struct Series: Sendable {
        /// Number of its metric.
        var metric: Int32
        /// Its name, labels and a blank, among the texts.
        var offset: Int
        var count: Int32
        /// Bytes of its name.
        var nameCount: Int32
    }

    private struct MetricKey: Hashable, Sendable {
        var family: Int32
        var labels: [UInt8]
    }

    /// Families in the order in which they are written.
    private(set) var families: [FamilyDescriptor]
    /// Series by number.
    private(set) var series: [Series] = []
    /// Family of each metric, by its number.
    private(set) var familyOfMetric: [Int32] = []
    private var texts: [UInt8] = []
    private var familyNumbers: [String: Int32] = [:]
    private var seriesNumbers: [UInt64: UInt32] = [:]
    private var metricNumbers: [MetricKey: Int32] = [:]

    /// Creates an index without series.
    ///
    /// - Parameter families: Families in the order in which they are to be written; others come behind.
    public init(families: [FamilyDescriptor]) {
        self.families = families
        for (number, family) in families.enumerated() { familyNumbers[family.name] = Int32(truncatingIfNeeded: number) }
    }

    /// Number of series.
    public var count: Int { series.count }

    // MARK: Taking over

    /// Takes over what a writer that keeps its samples has written.
    ///
    /// - Parameters:
    ///   - step: Number of the step, above those before.
    ///   - records: Gets a record per sample.
    public mutating func add(_ writer: borrowing ExpositionWriter, step: Int32, to records: inout [HistoryRecord]) {
        let numbers = writer.sampledFamilies.map { number(of: $0) }
        let samples = writer.samples
        unsafe writer.withUnsafeBytes { bytes in
            for sample in samples {
                let text = unsafe UnsafeRawBufferPointer(rebasing: bytes[sample.start..<sample.end])
                let series = unsafe number(of: text, family: numbers[sample.family])
                records.append(HistoryRecord(series: series, step: step, value: sample.value))
            }
        }
    }

    private mutating func number(of family: FamilyDescriptor) -> Int32 {
        if let known = familyNumbers[family.name] { return known }
        let number = Int32(truncatingIfNeeded: families.count)
        families.append(family)
        familyNumbers[family.name] = number
        return number
    }

    private mutating func number(of text: UnsafeRawBufferPointer, family: Int32) -> UInt32 {
        var hash = unsafe ByteHash.hash(of: text)
        while let known = seriesNumbers[hash] {
            if unsafe texts[textRange(of: Int(known))].elementsEqual(text) { return known }
            hash &+= 1
        }
        let bytes = unsafe [UInt8](text)
        let nameCount = bytes.firstIndex { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: " ") } ?? bytes.count
        let labels = Array(Self.labelsWithoutBound(bytes[nameCount...]))
        let key = MetricKey(family: family, labels: labels)
        let metric = metricNumbers[key] ?? Int32(truncatingIfNeeded: familyOfMetric.count)
        if Int(metric) == familyOfMetric.count {
            familyOfMetric.append(family)
            metricNumbers[key] = metric
        }
        let number = UInt32(truncatingIfNeeded: series.count)
        series.append(
            Series(
                metric: metric, offset: texts.count, count: Int32(truncatingIfNeeded: bytes.count),
                nameCount: Int32(truncatingIfNeeded: nameCount)))
        texts.append(contentsOf: bytes)
        seriesNumbers[hash] = number
        return number
    }

    /// What stands between the braces, without the bound of a bucket or quantile, which is always last.
    private static func labelsWithoutBound(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let open = text.firstIndex(of: UInt8(ascii: "{")), let close = text.lastIndex(of: UInt8(ascii: "}")),
            open < close
        else { return [] }
        let inside = text[(open + 1)..<close]
        for bound in ["le=\"", "quantile=\""] {
            // The value of a bound is a number: the last quotation mark but one begins it.
            guard let end = inside.dropLast().lastIndex(of: UInt8(ascii: "\"")) else { continue }
            let begin = end + 1 - bound.utf8.count
            guard begin >= inside.startIndex, inside[begin...end].elementsEqual(bound.utf8) else { continue }
            if begin == inside.startIndex { return [] }
            if inside[begin - 1] == UInt8(ascii: ",") { return inside[..<(begin - 1)] }
        }
        return inside
    }

    // MARK: Order

    /// Ranks of all metrics by number: by family, and within one as they came up.
    ///
    /// Later series may come in between, and change no order of those before.
    public var ranks: [Int] {
        var begins = [Int](repeating: 0, count: families.count + 1)
        for family in familyOfMetric { begins[Int(family) + 1] += 1 }
        for family in families.indices { begins[family + 1] += begins[family] }
        return familyOfMetric.map { family in
            defer { begins[Int(family)] += 1 }
            return begins[Int(family)]
        }
    }

    /// Number of the metric of a series.
    public func metric(of record: HistoryRecord) -> Int {
        Int(record.series) < series.count ? Int(series[Int(record.series)].metric) : 0
    }

    /// The records in order, given those of several steps, step after step as `add` made them.
    ///
    /// Stable, and linear in their number.
    public func sorted(_ records: [HistoryRecord]) -> [HistoryRecord] {
        let ranks = ranks
        var places = [Int](repeating: 0, count: ranks.count + 1)
        for record in records { places[ranks[metric(of: record)] + 1] += 1 }
        for rank in ranks.indices { places[rank + 1] += places[rank] }
        return unsafe [HistoryRecord](unsafeUninitializedCapacity: records.count) { result, count in
            for record in records {
                let rank = ranks[metric(of: record)]
                unsafe result.initializeElement(at: places[rank], to: record)
                places[rank] += 1
            }
            count = records.count
        }
    }

    // MARK: Text

    /// The name of a series, and what follows it up to the value.
    func text(of number: Int) -> (name: ArraySlice<UInt8>, rest: ArraySlice<UInt8>) {
        let range = textRange(of: number)
        let end = range.lowerBound + Int(series[number].nameCount)
        return (texts[range.lowerBound..<end], texts[end..<range.upperBound])
    }

    private func textRange(of number: Int) -> Range<Int> {
        let entry = series[number]
        return entry.offset..<(entry.offset + Int(entry.count))
    }
}
