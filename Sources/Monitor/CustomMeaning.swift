import Events
import Patterns

/// What a sample asks for.
struct CustomRequest {
    var metric: CustomMetric
    /// `nil` for labels beyond the limits.
    var labels: [CustomLabel]?
    /// How long the series is kept without samples, in nanoseconds; 0 for good.
    var timeToLive: Int64
    /// Factor of every value.
    var scale: Double
}

/// What a name and its tags mean, by the rules and the settings alone.
enum CustomMeaning {
    /// A series of a custom metric.
    case request(CustomRequest)
    /// A signal of a model.
    case route(CustomRoute)
    /// A line that is not taken, and why.
    case refused(SampleRefusal)

    /// Finds it out.
    ///
    /// - Parameters:
    ///   - labels: The labels of the tags; `nil` for ones beyond the limits.
    ///   - rule: The rule that the name matches.
    init(
        _ kind: SampleKind, _ name: [UInt8], labels: [CustomLabel]?, rule: CustomMapping.Match?,
        settings: CustomSettings
    ) {
        guard let (action, match) = rule else {
            let metric = Self.metric(CustomNames.metric(name), kind, help: "", observer: settings.observer)
            self =
                settings.exposesUnmapped
                ? .request(
                    CustomRequest(metric: metric, labels: labels, timeToLive: settings.timeToLive, scale: 1))
                : .refused(.unmapped)
            return
        }
        switch action {
        case .drop: self = .refused(.mappingRule)
        case .model(let rule):
            self = CustomRoute(rule, match, labels: labels ?? []).map { .route($0) } ?? .refused(.noSignal)
        case .expose(let rule):
            let name = CustomNames.metric(Array(rule.name.text(for: match).utf8))
            if name.isEmpty {
                self = .refused(.unmapped)
            } else if kind == .count, rule.scale < 0 {
                self = .refused(.negativeCount)
            } else {
                self = .request(
                    CustomRequest(
                        metric: Self.metric(name, kind, help: rule.help, observer: rule.observer),
                        labels: Self.labels(rule, match, tags: labels), timeToLive: rule.timeToLive,
                        scale: rule.scale))
            }
        }
    }

    /// The labels of tags and rule together; `nil` if there are too many or one is too long.
    private static func labels(_ rule: ExposureRule, _ match: NameMatch, tags: [CustomLabel]?) -> [CustomLabel]? {
        guard var labels = tags else { return nil }
        for label in rule.labels where !rule.honorsTags || !labels.contains(where: { $0.name == label.name }) {
            let value = label.value.text(for: match)
            guard value.utf8.count <= CustomLimits.valueBytes else { return nil }
            CustomTags.set(label.name, value, in: &labels)
        }
        return labels.count <= CustomLimits.labels ? labels.sorted { $0.name < $1.name } : nil
    }

    /// What a metric of this name is.
    private static func metric(
        _ name: [UInt8], _ kind: SampleKind, help: String, observer: CustomObserver
    ) -> CustomMetric {
        let name = String(decoding: name, as: UTF8.self)
        func make(
            _ kind: CustomKind, name: String, bounds: [Double] = [], summary: SummarySetting = SummarySetting()
        ) -> CustomMetric {
            CustomMetric(
                name: name, kind: kind, help: help.isEmpty ? "Custom metric, from StatsD lines." : help,
                bounds: bounds, summary: summary)
        }
        switch kind {
        case .count: return make(.counter, name: name.hasSuffix("_total") && name != "_total" ? name : name + "_total")
        case .gauge, .gaugeChange: return make(.gauge, name: name)
        case .member: return make(.set, name: name)
        case .observation, .milliseconds:
            switch observer {
            case .histogram(let bounds): return make(.histogram, name: name, bounds: bounds)
            case .summary(let setting): return make(.summary, name: name, summary: setting)
            }
        }
    }
}
