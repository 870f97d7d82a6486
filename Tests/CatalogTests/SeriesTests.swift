import Catalog
import Events
import Exposition
import Monitor
import Testing

/// What a model costs in series, as the monitor reckons and as it is exposed.
@Suite struct SeriesTests {
    private static let features = [
        Signal(name: "amount", role: .feature, kind: .numeric), Signal(name: "area", role: .feature, kind: .numeric),
        Signal(name: "country", role: .feature, kind: .categorical),
    ]

    private static let classification = Schema(
        signals: features + [
            Signal(name: "prediction", role: .prediction, kind: .categorical),
            Signal(name: "score", role: .score, kind: .numeric),
            Signal(name: "outcome", role: .outcome, kind: .categorical),
            Signal(name: "latency", role: .latency, kind: .numeric),
        ], defaultModel: "fraud")

    private static let regression = Schema(
        signals: features + [
            Signal(name: "prediction", role: .prediction, kind: .numeric),
            Signal(name: "outcome", role: .outcome, kind: .numeric),
        ], defaultModel: "price")

    private static var settings: [MonitorSettings] {
        var plain = MonitorSettings()
        plain.exposedValues = ["amount", "area"]
        var other = plain
        other.windows = [WindowSetting(label: "1h", seconds: 3_600)]
        other.binCount = 20
        other.referenceCategories = 5
        other.limits.categoriesPerSignal = 8
        other.limits.confusionClasses = 4
        let threshold = AlertThreshold(signal: "latency_p99_seconds", severity: "warning", value: 1)
        other.models = [ModelSetting(name: "fraud", thresholds: [threshold])]
        return [plain, other]
    }

    /// The limit on series holds only if the monitor's reckoning is never below what is exposed; it is not far above.
    @Test(arguments: [classification, regression], settings)
    func reckoningCoversTheExposition(_ schema: Schema, _ settings: MonitorSettings) {
        let planned = Catalog.plannedSeries(for: schema, settings: settings, classes: .max)
        let exposed = planned.map(\.series).reduce(0, +)
        let reckoned = schema.signals.reduce(SeriesCost.model(settings)) {
            $0 + SeriesCost.signal(role: $1.role, kind: $1.kind, settings: settings)
        }
        #expect(exposed <= reckoned)
        #expect(reckoned - exposed <= 5, "exposed \(exposed), reckoned \(reckoned)")
    }

    @Test func familiesOfAPlan() {
        let planned = Catalog.plannedSeries(for: Self.classification, settings: MonitorSettings(), classes: 2)
        func series(_ name: String) -> Int? { planned.first { $0.family.name == name }?.series }
        #expect(series("model_predictions_total") == 4)
        #expect(series("model_prediction_score") == 23)
        #expect(series("model_feature_quantile") == 2 * 4 * 7)
        // Two numeric features and the score in 11 cells, three categorical signals in 32.
        #expect(series("model_feature_bin_total") == 3 * 11 + 3 * 32)
        #expect(series("model_feature_drift_score") == 4 * (3 * 8 + 3 * 6))
        #expect(series("model_confusion_total") == 9)
        #expect(series("telltale_series") == nil)
    }

    /// A reference from a file has the bins it has.
    @Test func plansKnowReferences() {
        var settings = MonitorSettings()
        let amount = SignalReference(
            kind: .input, name: "amount", layout: .numeric(edges: [1]), counts: [1, 1, 0], range: 0...2,
            hours: HourlyReference(counts: [UInt64](repeating: 1, count: 3 * 168), weight: 4))
        settings.references = [
            Reference(
                model: nil, version: nil, hash: "a", source: .file, created: 0, events: 2, signals: [amount])
        ]
        let schema = Schema(signals: [Signal(name: "amount", role: .feature, kind: .numeric)])
        let planned = Catalog.plannedSeries(for: schema, settings: settings, classes: 2)
        #expect(planned.first { $0.family.name == "model_feature_bin_total" }?.series == 3)
        #expect(planned.first { $0.family.name == "model_feature_bin_expected_total" }?.series == 3)
    }
}
