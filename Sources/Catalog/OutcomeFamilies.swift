internal import Events
internal import Exposition
internal import Monitor

/// How good predictions are, where outcomes are known.
enum OutcomeFamilies {
    static let outcomes = FamilyDescriptor(
        "model_outcomes_total", .counter, labels: modelLabels + ["result"],
        help: "Outcomes by what became of them: joined means it met its prediction.")
    static let confusion = FamilyDescriptor(
        "model_confusion_total", .counter, labels: modelLabels + ["actual", "predicted"],
        help: """
            Predictions with an outcome, by actual and predicted class. Sum it over pods, then compute accuracy, \
            precision and recall.
            """)
    static let absoluteError = FamilyDescriptor(
        "model_absolute_error", .summary, labels: modelLabels,
        help: "|prediction - outcome| of a regression, in the unit of the prediction; MAE = rate(sum) / rate(count).")
    static let squaredError = FamilyDescriptor(
        "model_squared_error", .summary, labels: modelLabels,
        help: "(prediction - outcome)² of a regression; RMSE = sqrt(rate(sum) / rate(count)).")
    static let performance = FamilyDescriptor(
        "model_performance", .gauge, labels: modelLabels + ["metric", "window"],
        help: """
            Quality of this pod's window where outcomes are known: accuracy and f1_macro from 0 to 1, mae, rmse and \
            bias (mean of prediction - outcome) in the unit of the prediction.
            """)
    static let lower = FamilyDescriptor(
        "model_performance_lower", .gauge, labels: modelLabels + ["metric", "window"],
        help: "Lower bound of the 95 % confidence interval of model_performance.")
    static let upper = FamilyDescriptor(
        "model_performance_upper", .gauge, labels: modelLabels + ["metric", "window"],
        help: "Upper bound of the 95 % confidence interval of model_performance.")

    static let all = [outcomes, confusion, absoluteError, squaredError, performance, lower, upper]

    static func render(_ models: [LabelledModel], into writer: inout ExpositionWriter) {
        if writer.begin(outcomes) {
            for model in models where hasOutcomes(model) {
                writer.open(model.labels)
                writer.label("result", "joined")
                writer.close(count: model.snapshot.joinedOutcomes)
            }
        }
        if writer.begin(confusion) {
            for model in models {
                for (actual, predicted, count) in model.snapshot.confusion {
                    writer.open(model.labels)
                    writer.label("actual", actual)
                    writer.label("predicted", predicted)
                    writer.close(count: count)
                }
            }
        }
        errors(absoluteError, models, into: &writer) { $0.absolute }
        errors(squaredError, models, into: &writer) { $0.squared }
        gauge(performance, models, into: &writer) { $0.value }
        gauge(lower, models, into: &writer) { $0.lower }
        gauge(upper, models, into: &writer) { $0.upper }
    }

    private static func hasOutcomes(_ model: LabelledModel) -> Bool {
        model.snapshot.joinedOutcomes > 0 || model.signals.contains { $0.snapshot.role == .outcome }
    }

    private static func errors(
        _ family: FamilyDescriptor, _ models: [LabelledModel], into writer: inout ExpositionWriter,
        sum: (ErrorSums) -> Double
    ) {
        guard writer.begin(family) else { return }
        for model in models {
            guard let errors = model.snapshot.errors else { continue }
            writer.summary(model.labels, sum: sum(errors), count: errors.count)
        }
    }

    private static func gauge(
        _ family: FamilyDescriptor, _ models: [LabelledModel], into writer: inout ExpositionWriter,
        value: (PerformanceValue) -> Double?
    ) {
        guard writer.begin(family) else { return }
        for model in models {
            for window in model.snapshot.windows {
                for performance in window.performance {
                    guard let value = value(performance) else { continue }
                    writer.open(model.labels)
                    writer.label("metric", performance.metric)
                    writer.label("window", window.label)
                    writer.close(value)
                }
            }
        }
    }
}
