internal import Events
internal import Exposition
internal import Monitor
internal import Statistics

/// What a model was asked and what it answered.
enum TrafficFamilies {
    static let info = FamilyDescriptor(
        "model_info", .info, labels: modelLabels + ["type", "environment", "owner"],
        help: "Models seen or configured, value 1. Join it to add type, environment and owner to other series.")
    static let predictions = FamilyDescriptor(
        "model_predictions_total", .counter, labels: modelLabels + ["status"],
        help: "Predictions seen, by how the model answered: success, error, timeout or rejected.")
    static let latency = FamilyDescriptor(
        "model_prediction_latency_seconds", .histogram, unit: "seconds", labels: modelLabels,
        help:
            "Time the model took to answer, in seconds. Take histogram_quantile over the sum of all pods."
    )
    static let lastPrediction = FamilyDescriptor(
        "model_last_prediction_timestamp_seconds", .gauge, unit: "seconds", labels: modelLabels,
        help: "Event time of the newest prediction, in seconds since the epoch.")
    static let classes = FamilyDescriptor(
        "model_prediction_class_total", .counter, labels: modelLabels + ["class"],
        help: "Predictions by predicted class; classes beyond the limit count as __other__.")
    static let score = FamilyDescriptor(
        "model_prediction_score", .histogram, labels: modelLabels,
        help: "Probability or confidence the model gave, as it came, in steps of 0.05.")
    static let value = FamilyDescriptor(
        "model_prediction_value", .histogram, labels: modelLabels,
        help: """
            Predicted number of a regression. Text formats carry its sum and count, so its mean is rate(sum) / \
            rate(count); both are absent once a value was negative.
            """)
    static let windowEvents = FamilyDescriptor(
        "model_window_events", .gauge, labels: modelLabels + ["window"],
        help: "Predictions in the sliding window, the open pane included.")
    static let lateEvents = FamilyDescriptor(
        "model_late_events_total", .counter, labels: modelLabels,
        help: "Predictions older than every pane still held: they count in totals and in no window.")
    static let repeats = FamilyDescriptor(
        "model_duplicate_predictions_total", .counter, labels: modelLabels,
        help: """
            Predictions whose identifier was among the last few thousand already: retries, or a log that came twice. \
            Every other counter counts them.
            """)
    static let sampleRatio = FamilyDescriptor(
        "model_effective_sample_ratio", .gauge, labels: modelLabels + ["window"],
        help: """
            Independent predictions that those in the window are worth, as a share: 1 without repeats, 0.5 with each \
            sent twice. Drift scores and verdicts count that many.
            """)
    static let threshold = FamilyDescriptor(
        "model_alert_threshold", .gauge, labels: modelLabels + ["signal", "severity"],
        help: "Alert thresholds of the configuration, in the unit of the signal; the shipped rules join them.")

    static let all = [
        info, predictions, latency, lastPrediction, classes, score, value, windowEvents, lateEvents, repeats,
        sampleRatio, threshold,
    ]

    static func render(_ models: [LabelledModel], into writer: inout ExpositionWriter) {
        if writer.begin(info) {
            for model in models {
                writer.open(model.labels)
                writer.label("type", model.snapshot.setting.type)
                writer.label("environment", model.snapshot.setting.environment)
                writer.label("owner", model.snapshot.setting.owner)
                writer.closeIdentity()
            }
        }
        if writer.begin(predictions) {
            for model in models {
                for (status, count) in zip(Status.allCases, model.snapshot.predictions) {
                    writer.open(model.labels)
                    writer.label("status", status.label)
                    writer.close(count: count)
                }
            }
        }
        histogram(latency, of: \.latency, models, into: &writer)
        if writer.begin(lastPrediction) {
            for model in models {
                guard let time = model.snapshot.lastPrediction else { continue }
                writer.open(model.labels)
                writer.close(seconds(time))
            }
        }
        if writer.begin(classes) {
            for model in models {
                for (name, count) in model.snapshot.classes {
                    writer.open(model.labels)
                    writer.label("class", name)
                    writer.close(count: count)
                }
            }
        }
        histogram(score, of: \.score, models, into: &writer)
        histogram(value, of: \.value, models, into: &writer)
        if writer.begin(windowEvents) {
            for model in models {
                for window in model.snapshot.windows {
                    writer.open(model.labels)
                    writer.label("window", window.label)
                    writer.close(count: window.events)
                }
            }
        }
        if writer.begin(lateEvents) {
            for model in models {
                writer.open(model.labels)
                writer.close(count: model.snapshot.lateEvents)
            }
        }
        render(repeatsOf: models, into: &writer)
        if writer.begin(threshold) {
            for model in models {
                for threshold in model.snapshot.setting.thresholds {
                    writer.open(model.labels)
                    writer.label("signal", threshold.signal)
                    writer.label("severity", threshold.severity)
                    writer.close(threshold.value)
                }
            }
        }
    }

    private static func render(repeatsOf models: [LabelledModel], into writer: inout ExpositionWriter) {
        if writer.begin(repeats) {
            for model in models {
                guard let count = model.snapshot.repeats else { continue }
                writer.open(model.labels)
                writer.close(count: count)
            }
        }
        if writer.begin(sampleRatio) {
            for model in models where model.snapshot.repeats != nil {
                for window in model.snapshot.windows where window.worth.events > 0 {
                    writer.open(model.labels)
                    writer.label("window", window.label)
                    writer.close(window.worth.ratio)
                }
            }
        }
    }

    private static func histogram(
        _ family: FamilyDescriptor, of path: KeyPath<ModelSnapshot, HistogramSnapshot?>, _ models: [LabelledModel],
        into writer: inout ExpositionWriter
    ) {
        guard writer.begin(family) else { return }
        for model in models {
            guard let histogram = model.snapshot[keyPath: path] else { continue }
            writer.histogram(model.labels, histogram)
        }
    }
}
