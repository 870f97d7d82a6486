internal import Monitor

/// Reads what a mapping says about observed values: `observer_type`, `summary_options`, `histogram_options`.
struct ObserverDecoder {
    let reader: ConfigReader
    /// Defaults of the file, those of statsd_exporter until it says otherwise.
    private var summary = SummarySetting()
    private var bounds = CustomSettings.defaultBounds
    /// Without a word about it, statsd_exporter makes a summary of what is observed.
    private var isSummary = true

    init(reader: ConfigReader) { self.reader = reader }

    /// What becomes of observed values by the defaults.
    var observer: CustomObserver { isSummary ? .summary(summary) : .histogram(bounds: bounds) }

    /// Reads the section `defaults`.
    mutating func decodeDefaults(_ section: ConfigSection) {
        isSummary = section.choice("observer_type", default: true, among: [("summary", true), ("histogram", false)])
        if let options = options("summary_options", section) { summary = summarySetting(options, summary) }
        if let options = options("histogram_options", section) { bounds = histogramBounds(options) ?? bounds }
    }

    /// Reads the keys of a rule.
    func observer(_ section: ConfigSection) -> CustomObserver {
        let isSummary = section.choice(
            "observer_type", default: isSummary, among: [("summary", true), ("histogram", false)])
        let unused = isSummary ? "histogram_options" : "summary_options"
        if section.node(unused) != nil {
            section.report(unused, "has no meaning for a \(isSummary ? "summary" : "histogram")")
        }
        if isSummary {
            return .summary(options("summary_options", section).map { summarySetting($0, summary) } ?? summary)
        }
        return .histogram(bounds: options("histogram_options", section).flatMap(histogramBounds) ?? bounds)
    }

    private func options(_ name: String, _ section: ConfigSection) -> ConfigSection? {
        section.node(name).flatMap { reader.section($0, key: section.path(name)) }
    }

    private static func isEmptyList(_ node: YamlNode) -> Bool {
        if case .sequence(let items) = node.content { items.isEmpty } else { false }
    }

    private func histogramBounds(_ section: ConfigSection) -> [Double]? {
        // Native histograms travel in protobuf alone; the text formats have the listed buckets, here as there.
        _ = section.value("native_histogram_bucket_factor", default: 0.0, rule: "must be a finite number") { text in
            Double(text).flatMap { $0.isFinite ? $0 : nil }
        }
        _ = section.integer("native_histogram_max_buckets", default: 0, in: 0...Int(UInt32.max))
        defer { section.finish() }
        // An empty list asks for the default, as it does there.
        guard let node = section.node("buckets"), !Self.isEmptyList(node) else { return nil }
        return CustomMetricsDecoder(reader: reader).bounds(node, key: section.path("buckets"))
    }

    private func summarySetting(_ section: ConfigSection, _ defaults: SummarySetting) -> SummarySetting {
        var setting = defaults
        if let node = section.node("quantiles"), !Self.isEmptyList(node) {
            let items = reader.items(node, key: section.path("quantiles"))
            let quantiles = items.enumerated().compactMap { i, item in
                reader.section(item, key: section.path("quantiles[\(i)]")).flatMap(quantile)
            }.sorted()
            if zip(quantiles, quantiles.dropFirst()).allSatisfy({ $0 < $1 }), !quantiles.isEmpty,
                quantiles.count <= ConfigLimits.quantiles
            {
                setting.quantiles = quantiles
            } else if quantiles.count == items.count {
                section.report("quantiles", "must be 1 to \(ConfigLimits.quantiles) different quantiles")
            }
        }
        let range = ConfigLimits.summaryAge
        if let age = GoText.duration("max_age", of: section), age != 0 {
            if range.contains(age) { setting.age = age } else { section.report("max_age", "must be from 1s to 1d") }
        }
        let parts = section.integer("age_buckets", default: 0, in: 0...CustomLimits.parts)
        if parts > 0 { setting.parts = parts }
        // The buffer of another implementation: ours needs none, so every size is honoured.
        _ = section.integer("buf_cap", default: 0, in: 0...Int(UInt32.max))
        section.finish()
        return setting
    }

    /// The quantile; its allowed error is met by every sketch, whose values are within 1.1 %.
    private func quantile(_ section: ConfigSection) -> Double? {
        func share(_ name: String) -> Double {
            section.value(name, default: .nan, rule: "must be a number from 0 to 1") { text in
                Double(text).flatMap { $0 >= 0 && $0 <= 1 ? $0 : nil }
            }
        }
        let quantile = share("quantile")
        if section.node("quantile") == nil { section.report("quantile", "is required") }
        _ = share("error")
        section.finish()
        return quantile.isNaN ? nil : quantile
    }
}
