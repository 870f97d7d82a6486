internal import Events
internal import Exposition
internal import Monitor

/// Verdicts about the drift of a whole model, and the gates that all of them have to pass.
enum ModelVerdictFamilies {
    static let threshold = FamilyDescriptor(
        "model_feature_drift_log_evidence_threshold", .gauge, labels: modelLabels, stability: .experimental,
        help: """
            Evidence that a signal needs alone, as a natural logarithm; k signals at once need ln k less each (e-BH). \
            Without drift some signal of the model passes once per false-alarm budget at most, for events that are \
            exchangeable.
            """)
    static let effectThreshold = FamilyDescriptor(
        "model_feature_drift_effect_threshold", .gauge, labels: modelLabels + ["method"], stability: .experimental,
        help: "What the lower bound of the effect has to reach for a verdict: drift.effect of the configuration.")
    static let dataset = FamilyDescriptor(
        "model_dataset_drifted", .gauge, labels: modelLabels + ["kind"], stability: .experimental,
        help: """
            1 while any signal of the kind has drifted. The false-alarm budget holds for all signals of the model \
            together (e-BH), so this needs no correction for their number.
            """)
    static let driftedFeatures = FamilyDescriptor(
        "model_drift_drifted_features", .gauge, labels: modelLabels + ["kind"], stability: .experimental,
        help: "Signals that have drifted, by kind.")
    static let share = FamilyDescriptor(
        "model_drift_share_ratio", .gauge, unit: "ratio", labels: modelLabels + ["kind"], stability: .experimental,
        help: "Share of the compared signals that have drifted, by kind, 0 to 1.")
    static let overall = FamilyDescriptor(
        "model_drift_overall_score", .gauge, labels: modelLabels + ["window"], stability: .experimental,
        help: """
            Largest model_feature_drift_score_lower of any signal: how far this pod's window is from the reference at \
            least, where it is farthest.
            """)

    static let all = [threshold, effectThreshold, dataset, driftedFeatures, share, overall]

    static func render(_ models: [LabelledModel], into writer: inout ExpositionWriter) {
        for (family, value) in [
            (threshold, \ModelSnapshot.evidenceThreshold), (effectThreshold, \ModelSnapshot.effectThreshold),
        ] {
            guard writer.begin(family) else { continue }
            for model in models {
                guard let value = model.snapshot[keyPath: value] else { continue }
                writer.open(model.labels)
                if family == effectThreshold { writer.label("method", model.snapshot.effectStatistic) }
                writer.close(value)
            }
        }
        put(dataset, models, into: &writer) { drifted, _ in drifted > 0 ? 1 : 0 }
        put(driftedFeatures, models, into: &writer) { drifted, _ in Double(drifted) }
        put(share, models, into: &writer) { drifted, all in Double(drifted) / Double(all) }
        if writer.begin(overall) {
            for model in models {
                for (number, window) in model.snapshot.windows.enumerated() {
                    let scores = model.signals.compactMap { signal in
                        let windows = signal.snapshot.windows
                        return number < windows.count ? windows[number].drift?.psiExcessLower : nil
                    }
                    guard let score = scores.max() else { continue }
                    writer.open(model.labels)
                    writer.label("window", window.label)
                    writer.close(score)
                }
            }
        }
    }

    /// A gauge per kind that is compared, of how many signals have drifted and of how many.
    private static func put(
        _ family: FamilyDescriptor, _ models: [LabelledModel], into writer: inout ExpositionWriter,
        value: (_ drifted: Int, _ all: Int) -> Double
    ) {
        guard writer.begin(family) else { return }
        for model in models {
            for kind in DriftKind.allCases {
                let verdicts = model.signals.filter { $0.kind == kind }.compactMap(\.snapshot.evidence)
                guard !verdicts.isEmpty else { continue }
                writer.open(model.labels)
                writer.label("kind", kind.label)
                writer.close(value(verdicts.count(where: \.isDrifted), verdicts.count))
            }
        }
    }
}
