import Monitor
import Sketches

// Custom metrics and their series. Each writer stands beside its reader.

extension StateWriter {
    mutating func custom(_ custom: CustomState) {
        list(custom.metrics) { $0.metric($1) }
        list(custom.series) { $0.series($1) }
        count(custom.evictions)
    }

    private mutating func metric(_ metric: CustomMetric) {
        text(metric.name)
        byte(metric.kind.rawValue)
        text(metric.help)
        list(metric.bounds) { $0.number($1) }
        list(metric.summary.quantiles) { $0.number($1) }
        signed(metric.summary.age)
        count(metric.summary.parts)
    }

    private mutating func series(_ series: CustomSeries) {
        count(series.metric)
        list(series.labels) { writer, label in
            writer.text(label.name)
            writer.text(label.value)
        }
        signed(series.timeToLive)
        signed(series.lastSeen)
        sum(series.number)
        optional(series.histogram) { writer, histogram in
            writer.list(histogram.bounds) { $0.number($1) }
            writer.list(histogram.weights) { $0.number($1) }
            writer.sum(histogram.sum)
            writer.flag(histogram.isNegative)
        }
        optional(series.summary) { writer, summary in
            writer.number(summary.weight)
            writer.sum(summary.sum)
            writer.flag(summary.isNegative)
            writer.ring(summary.recent) { $0.sketch($1) }
        }
        optional(series.members) { writer, members in writer.ring(members) { $0.distinct($1) } }
    }

    private mutating func sum(_ sum: ExactSum) {
        number(sum.rounded)
        number(sum.compensation)
    }

    private mutating func ring<Part>(_ ring: AgedRing<Part>, _ write: (inout StateWriter, Part) -> Void) {
        list(ring.parts, write)
        count(ring.head)
        optional(ring.since) { $0.signed($1) }
        signed(ring.length)
    }
}

extension StateReader {
    mutating func custom() throws(StateError) -> CustomState {
        var custom = CustomState()
        custom.metrics = try list("custom metrics", size: 8) { (reader) throws(StateError) in try reader.metric() }
        let metrics = custom.metrics
        custom.series = try list("custom series", size: 24) { (reader) throws(StateError) in
            try reader.series(of: metrics)
        }
        custom.evictions = try count()
        guard custom.isConsistent else { throw .malformed("custom metrics that share a name or a series") }
        return custom
    }

    private mutating func metric() throws(StateError) -> CustomMetric {
        let name = try text()
        let kind: CustomKind = try choice("kind of custom metric")
        let help = try text()
        let bounds = try list("bounds", size: 8) { (reader) throws(StateError) in try reader.finite("a bound") }
        var summary = SummarySetting()
        summary.quantiles = try list("quantiles", size: 8) { (reader) throws(StateError) in
            try reader.finite("a quantile")
        }
        summary.age = try signed()
        summary.parts = try count(upTo: CustomLimits.parts, "parts of a summary")
        return CustomMetric(name: name, kind: kind, help: help, bounds: bounds, summary: summary)
    }

    private mutating func series(of metrics: [CustomMetric]) throws(StateError) -> CustomSeries {
        let metric = try count(upTo: metrics.count - 1, "custom metrics")
        let labels = try list("labels", size: 2) { (reader) throws(StateError) in
            CustomLabel(name: try reader.text(), value: try reader.text())
        }
        var series = CustomSeries(
            metric: metric, of: metrics[metric], labels: labels, timeToLive: try signed(), lastSeen: try signed())
        series.number = try sum()
        series.histogram = try optional { (reader) throws(StateError) in
            let bounds = try reader.list("bounds", size: 8) { (reader) throws(StateError) in try reader.number() }
            let weights = try reader.list("buckets", size: 8) { (reader) throws(StateError) in try reader.number() }
            let sum = try reader.sum()
            let isNegative = try reader.flag()
            return try reader.valid(
                CustomHistogram(bounds: bounds, weights: weights, sum: sum, isNegative: isNegative), "histogram")
        }
        series.summary = try optional { (reader) throws(StateError) in
            let weight = try reader.number()
            let sum = try reader.sum()
            let isNegative = try reader.flag()
            let recent = try reader.ring { (reader) throws(StateError) in try reader.sketch() }
            return try reader.valid(
                CustomSummary(weight: weight, sum: sum, isNegative: isNegative, recent: recent), "summary")
        }
        series.members = try optional { (reader) throws(StateError) in
            try reader.ring { (reader) throws(StateError) in try reader.distinct() }
        }
        return try valid(series.fits(metrics[metric]) ? series : nil, "custom series")
    }

    private mutating func sum() throws(StateError) -> ExactSum {
        try valid(ExactSum(rounded: try number(), compensation: try number()), "sum")
    }

    private mutating func ring<Part: AgedSummary>(
        _ read: (inout StateReader) throws(StateError) -> Part
    ) throws(StateError) -> AgedRing<Part> {
        let parts = try list("parts of a summary", read)
        let head = try count(upTo: CustomLimits.parts, "parts of a summary")
        let since = try optional { (reader) throws(StateError) in try reader.signed() }
        return try valid(AgedRing(parts: parts, head: head, since: since, length: try signed()), "recent past")
    }
}
