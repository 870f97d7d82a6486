internal import LineFormats
internal import Monitor

/// Reads the sections `statsd` and `custom_metrics`.
struct CustomMetricsDecoder {
    let reader: ConfigReader

    /// What StatsD clients disagree about.
    func statsD(_ section: ConfigSection) -> StatsDOptions {
        var options = StatsDOptions()
        options.signsAreChanges = section.choice(
            "gauge_signs", default: false, among: [("value", false), ("change", true)])
        options.readsModelLines = section.flag("model_lines", default: true)
        if let node = section.node("tag_styles") {
            options.tagStyles = []
            let styles: [String: StatsDTagStyles] = [
                "dogstatsd": [], "influxdb": .influxDB, "librato": .librato, "signalfx": .signalFX,
            ]
            for (i, item) in reader.items(node, key: section.path("tag_styles")).enumerated() {
                let key = section.path("tag_styles[\(i)]")
                guard let text = reader.text(item, key: key) else { continue }
                if let style = styles[text] {
                    options.tagStyles.formUnion(style)
                } else {
                    reader.report(item, key: key, "must be one of dogstatsd, influxdb, librato, signalfx")
                }
            }
        }
        section.finish()
        return options
    }

    /// What becomes of metrics that are no model's.
    ///
    /// - Parameter hasMapping: Whether the defaults of a mapping decide about what is observed.
    func customMetrics(_ section: ConfigSection, hasMapping: Bool) -> CustomSettings {
        var settings = CustomSettings()
        settings.exposesUnmapped = section.choice(
            "unmapped", default: true, among: [("expose", true), ("ignore", false)])
        settings.timeToLive = section.duration("ttl", default: 0, in: ConfigLimits.timeToLive)
        settings.metrics = section.integer("metrics", default: settings.metrics, in: ConfigLimits.customMetrics)
        settings.series = section.integer("series", default: settings.series, in: ConfigLimits.customSeries)
        let isSummary = section.choice("timers", default: false, among: [("histogram", false), ("summary", true)])
        let bounds = section.node("buckets").map { self.bounds($0, key: section.path("buckets")) }
        var summary = SummarySetting()
        if let node = section.node("quantiles") {
            summary.quantiles = quantiles(node, key: section.path("quantiles"))
        }
        summary.age = section.duration("max_age", default: summary.age, in: ConfigLimits.summaryAge)
        summary.parts = section.integer("age_buckets", default: summary.parts, in: 1...CustomLimits.parts)
        settings.observer = isSummary ? .summary(summary) : .histogram(bounds: bounds ?? CustomSettings.defaultBounds)
        for name in isSummary ? ["buckets"] : ["quantiles", "max_age", "age_buckets"]
        where section.node(name) != nil {
            section.report(name, "has no meaning while timers are \(isSummary ? "summary" : "histogram")")
        }
        for name in ["timers", "buckets", "quantiles", "max_age", "age_buckets"]
        where hasMapping && section.node(name) != nil {
            section.report(name, "has no meaning beside mapping, whose defaults decide")
        }
        section.finish()
        return settings
    }

    /// Upper bounds of a histogram.
    func bounds(_ node: YamlNode, key: String) -> [Double] {
        let bounds = numbers(node, key: key)
        guard !bounds.isEmpty, bounds.count <= ConfigLimits.buckets,
            zip(bounds, bounds.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            reader.report(node, key: key, "must be 1 to \(ConfigLimits.buckets) ascending numbers")
            return CustomSettings.defaultBounds
        }
        return bounds
    }

    private func quantiles(_ node: YamlNode, key: String) -> [Double] {
        let quantiles = numbers(node, key: key)
        guard !quantiles.isEmpty, quantiles.count <= ConfigLimits.quantiles,
            quantiles.allSatisfy({ $0 >= 0 && $0 <= 1 }), zip(quantiles, quantiles.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            reader.report(node, key: key, "must be 1 to \(ConfigLimits.quantiles) ascending numbers from 0 to 1")
            return SummarySetting().quantiles
        }
        return quantiles
    }

    private func numbers(_ node: YamlNode, key: String) -> [Double] {
        reader.items(node, key: key).enumerated().compactMap { i, item in
            guard let text = reader.text(item, key: "\(key)[\(i)]") else { return nil }
            if let number = Double(text), number.isFinite { return number }
            reader.report(item, key: "\(key)[\(i)]", "must be a finite number")
            return nil
        }
    }
}
