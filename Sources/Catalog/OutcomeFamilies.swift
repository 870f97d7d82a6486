internal import Events
internal import Exposition
internal import Monitor

/// How good predictions are, where outcomes are known.
enum OutcomeFamilies {
    static let outcomes = FamilyDescriptor(
        "model_outcomes_total", .counter, labels: modelLabels + ["result"],
        help: """
            Outcomes by what became of them: joined (compared with its prediction), orphan (its prediction did not \
            come), duplicate (said before), corrected (contradicts an earlier one, which stands), incomparable (a name \
            for a number); and predictions that got none: expired (waited too long), evicted (made room).
            """)
    static let pending = FamilyDescriptor(
        "model_pending_outcomes", .gauge, labels: modelLabels,
        help: "Predictions with an identifier that wait for their outcome.")
    static let delay = FamilyDescriptor(
        "model_outcome_delay_seconds", .histogram, unit: "seconds", labels: modelLabels,
        help: "Time from a prediction to its outcome that came in a record of its own, in seconds.")
    static let coverage = FamilyDescriptor(
        "model_outcome_coverage_ratio", .gauge, unit: "ratio", labels: modelLabels + ["window"],
        help: "Share of the window's predictions that were compared with their outcome.")
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

    static let all = [
        outcomes, pending, delay, coverage, confusion, absoluteError, squaredError, performance, lower, upper,
    ]

    static func render(_ models: [LabelledModel], into writer: inout ExpositionWriter) {
        if writer.begin(outcomes) {
            for model in models where hasOutcomes(model) {
                for (result, count) in results(model.snapshot) {
                    writer.open(model.labels)
                    writer.label("result", result)
                    writer.close(count: count)
                }
            }
        }
        if writer.begin(pending) {
            for model in models where hasOutcomes(model) {
                writer.open(model.labels)
                writer.close(count: UInt64(max(0, model.snapshot.pendingPredictions)))
            }
        }
        if writer.begin(delay) {
            for model in models {
                guard let delay = model.snapshot.outcomeDelay else { continue }
                writer.histogram(model.labels, delay)
            }
        }
        if writer.begin(coverage) {
            for model in models where hasOutcomes(model) {
                for window in model.snapshot.windows where window.events > 0 {
                    writer.open(model.labels)
                    writer.label("window", window.label)
                    writer.close(Double(window.outcomes) / Double(window.events))
                }
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
        let snapshot = model.snapshot
        return snapshot.joinedOutcomes > 0 || snapshot.pendingPredictions > 0 || snapshot.outcomes != OutcomeTotals()
            || model.signals.contains { $0.snapshot.role == .outcome }
    }

    private static func results(_ model: ModelSnapshot) -> [(String, UInt64)] {
        [
            ("joined", model.joinedOutcomes), ("orphan", model.outcomes.orphans),
            ("duplicate", model.outcomes.duplicates), ("corrected", model.outcomes.corrections),
            ("incomparable", model.outcomes.incomparable), ("expired", model.outcomes.expired),
            ("evicted", model.outcomes.evicted),
        ]
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
