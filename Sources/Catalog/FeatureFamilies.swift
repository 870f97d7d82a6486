internal import Events
internal import Exposition
internal import Monitor
internal import Sketches

/// What a model's inputs look like and what is wrong with them.
enum FeatureFamilies {
    static let observations = FamilyDescriptor(
        "model_feature_observations_total", .counter, labels: modelLabels + ["feature"],
        help: "Values of the feature looked at, missing and invalid ones included.")
    static let issues = FamilyDescriptor(
        "model_feature_issues_total", .counter, labels: modelLabels + ["feature", "issue"],
        help: """
            Values with an issue: missing, invalid (wrong type or not finite), below_min and above_max (outside the \
            range of the reference), unseen_category (not in the reference). A value has at most one issue.
            """)
    static let values = FamilyDescriptor(
        "model_feature_value", .histogram, labels: modelLabels + ["feature"], stability: .experimental,
        help: """
            Values of a numeric feature, where the configuration asks for them. Text formats carry its sum and count; \
            both are absent once a value was negative.
            """)
    static let quantile = FamilyDescriptor(
        "model_feature_quantile", .gauge, labels: modelLabels + ["feature", "window", "q"],
        help: """
            Quantile q of the feature in this pod's window, from a sketch with a relative error of about 1 %. \
            Never average quantiles over pods.
            """)
    static let mean = FamilyDescriptor(
        "model_feature_mean", .gauge, labels: modelLabels + ["feature", "window"],
        help: "Mean of the feature in this pod's window, missing and invalid values left out.")
    static let standardDeviation = FamilyDescriptor(
        "model_feature_stddev", .gauge, labels: modelLabels + ["feature", "window"],
        help: "Standard deviation of the feature in this pod's window, with divisor n, in the unit of the feature.")
    static let distinct = FamilyDescriptor(
        "model_feature_distinct_values", .gauge, labels: modelLabels + ["feature", "window"],
        help:
            "Distinct values of the feature in this pod's window, estimated (HyperLogLog, standard error 2.3 %)."
    )
    static let violations = FamilyDescriptor(
        "model_schema_violations_total", .counter, labels: modelLabels + ["violation"],
        help: """
            Violations of the schema: a declared field is missing (missing_field), an unknown one is there \
            (unexpected_field), or a value is of the wrong type (wrong_type).
            """)

    static let all = [observations, issues, values, quantile, mean, standardDeviation, distinct, violations]

    static func render(_ models: [LabelledModel], into writer: inout ExpositionWriter) {
        if writer.begin(observations) {
            forEachFeature(of: models) { feature in
                writer.open(feature.labels)
                writer.close(count: feature.snapshot.observations)
            }
        }
        if writer.begin(issues) { renderIssues(models, into: &writer) }
        if writer.begin(values) {
            forEachFeature(of: models) { feature in
                guard let values = feature.snapshot.values else { return }
                writer.histogram(feature.labels, values)
            }
        }
        if writer.begin(quantile) {
            forEachFeature(of: models) { feature in
                for window in feature.snapshot.windows {
                    for (q, value) in window.quantiles {
                        writer.open(feature.labels)
                        writer.label("window", window.label)
                        writer.label("q", q)
                        writer.close(value)
                    }
                }
            }
        }
        gauge(mean, models, into: &writer) { $0.moments?.mean }
        gauge(standardDeviation, models, into: &writer) { $0.moments?.standardDeviation }
        gauge(distinct, models, into: &writer) { $0.distinct }
        if writer.begin(violations) {
            for model in models {
                violation("missing_field", model.snapshot.missingFields, of: model, into: &writer)
                violation("unexpected_field", model.snapshot.unexpectedFields, of: model, into: &writer)
                violation("wrong_type", model.snapshot.wrongTypes, of: model, into: &writer)
            }
        }
    }

    private static func renderIssues(_ models: [LabelledModel], into writer: inout ExpositionWriter) {
        forEachFeature(of: models) { feature in
            let issues = feature.snapshot.issues
            issue("missing", issues.missing, of: feature, into: &writer)
            issue("invalid", issues.invalid, of: feature, into: &writer)
            switch feature.snapshot.kind {
            case .numeric:
                issue("below_min", issues.belowMinimum, of: feature, into: &writer)
                issue("above_max", issues.aboveMaximum, of: feature, into: &writer)
            case .categorical:
                issue("unseen_category", issues.unseenCategory, of: feature, into: &writer)
            }
        }
    }

    private static func issue(
        _ name: StaticString, _ count: UInt64, of feature: LabelledSignal, into writer: inout ExpositionWriter
    ) {
        writer.open(feature.labels)
        writer.label("issue", name)
        writer.close(count: count)
    }

    private static func violation(
        _ name: StaticString, _ count: UInt64, of model: LabelledModel, into writer: inout ExpositionWriter
    ) {
        writer.open(model.labels)
        writer.label("violation", name)
        writer.close(count: count)
    }

    private static func gauge(
        _ family: FamilyDescriptor, _ models: [LabelledModel], into writer: inout ExpositionWriter,
        value: (SignalWindow) -> Double?
    ) {
        guard writer.begin(family) else { return }
        forEachFeature(of: models) { feature in
            for window in feature.snapshot.windows {
                guard let value = value(window) else { continue }
                writer.open(feature.labels)
                writer.label("window", window.label)
                writer.close(value)
            }
        }
    }

    private static func forEachFeature(of models: [LabelledModel], _ body: (LabelledSignal) -> Void) {
        for model in models {
            for signal in model.signals where signal.snapshot.role == .feature { body(signal) }
        }
    }
}
