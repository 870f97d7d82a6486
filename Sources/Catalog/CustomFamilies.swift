internal import Events
internal import Exposition
internal import Monitor
internal import Sketches

/// Metrics that are no model's, under their own names, and what they cost.
enum CustomFamilies {
    static let metrics = FamilyDescriptor(
        "telltale_custom_metrics", .gauge,
        help: "Custom metrics held, from StatsD lines that are about no model.")
    static let series = FamilyDescriptor(
        "telltale_custom_series", .gauge,
        help: "Series of custom metrics held; a histogram or summary with one set of labels counts as one.")
    static let evictions = FamilyDescriptor(
        "telltale_custom_series_evicted_total", .counter,
        help: "Series of custom metrics that ended because they had no samples for as long as they may.")

    static let all = [metrics, series, evictions]

    static func render(_ snapshot: MonitorSnapshot, into writer: inout ExpositionWriter) {
        let custom = snapshot.custom
        value(metrics, Double(custom.metrics.count), into: &writer)
        value(series, Double(custom.series.count), into: &writer)
        if writer.begin(evictions) {
            writer.open()
            writer.close(count: custom.evictions)
        }
        var members = [[Int]](repeating: [], count: custom.metrics.count)
        for (number, series) in custom.series.enumerated() where members.indices.contains(series.metric) {
            members[series.metric].append(number)
        }
        for (metric, numbers) in zip(custom.metrics, members) {
            guard writer.begin(FamilyDescriptor(metric.name, metric.kind.familyType, help: metric.help)) else {
                continue
            }
            for number in numbers {
                write(custom.series[number], of: metric, at: custom.asOf, into: &writer)
            }
        }
    }

    private static func write(
        _ series: CustomSeries, of metric: CustomMetric, at now: Int64, into writer: inout ExpositionWriter
    ) {
        var labels = LabelBlock.empty
        for label in series.labels { labels = writer.block(labels, name: label.name, label.value) }
        switch metric.kind {
        case .counter, .gauge:
            writer.open(labels)
            writer.close(series.number.value)
        case .set:
            writer.open(labels)
            writer.close((series.members?.recent(at: now).estimate ?? 0).rounded())
        case .histogram:
            guard let histogram = series.histogram else { return }
            writer.histogram(
                labels, bounds: histogram.bounds.span, counts: histogram.counts.span,
                sum: histogram.isNegative ? nil : histogram.sum.value)
        case .summary:
            guard let summary = series.summary else { return }
            let recent = summary.recent.recent(at: now)
            writer.summary(
                labels, quantiles: metric.summary.quantiles.map { ($0, recent.quantile($0) ?? .nan) },
                sum: summary.isNegative ? nil : summary.sum.value, count: summary.count)
        }
    }

    private static func value(_ family: FamilyDescriptor, _ value: Double, into writer: inout ExpositionWriter) {
        guard writer.begin(family) else { return }
        writer.open()
        writer.close(value)
    }
}

extension CustomKind {
    /// The type it is exposed as.
    fileprivate var familyType: FamilyType {
        switch self {
        case .counter: .counter
        case .gauge, .set: .gauge
        case .histogram: .histogram
        case .summary: .summary
        }
    }
}

extension Catalog {
    /// Every name of a family or sample of ours in either format: no custom metric may have one of them.
    public static let reservedNames = Set(
        families.flatMap { family -> [String] in
            switch family.type {
            case .counter, .info: [family.name, family.familyName(in: .openMetrics)]
            case .gauge: [family.name]
            case .histogram: ["", "_bucket", "_sum", "_count"].map { family.name + $0 }
            case .summary: ["", "_sum", "_count"].map { family.name + $0 }
            }
        })
}
