internal import Events
internal import Exposition
internal import Monitor

/// Verdicts about the drift of single signals: evidence that may be looked at all the time, and effect.
enum VerdictFamilies {
    private static let signalLabels = modelLabels + ["reference", "kind", "feature"]

    static let logEvidence = FamilyDescriptor(
        "model_feature_drift_log_evidence", .gauge, labels: signalLabels, stability: .experimental,
        help: """
            Natural logarithm of the evidence that the signal has left its reference, from a sequential detector; 0 \
            without any. It may be looked at all the time.
            """)
    static let logEvidenceLimit = FamilyDescriptor(
        "model_feature_drift_log_evidence_limit", .gauge, labels: signalLabels, stability: .experimental,
        help: """
            Most log evidence that a change just as large as the effect threshold can come to, however long it lasts. \
            Below the evidence threshold, the reference is too small or wobbles too much for such a change.
            """)
    static let effect = FamilyDescriptor(
        "model_feature_drift_effect", .gauge, labels: signalLabels, stability: .experimental,
        help: """
            How far all values since the drift began are from the reference, above what chance and the reference's \
            wobble explain: PSI, or the statistic that is configured; only while there is evidence of a drift.
            """)
    static let effectLower = FamilyDescriptor(
        "model_feature_drift_effect_lower", .gauge, labels: signalLabels, stability: .experimental,
        help: "Lower confidence bound, 95 %, of model_feature_drift_effect: what the effect threshold is held against.")
    static let observations = FamilyDescriptor(
        "model_feature_drift_observations", .gauge, labels: signalLabels, stability: .experimental,
        help: "Values since the drift began, by which its effect is measured; only while there is evidence of one.")
    static let drifted = FamilyDescriptor(
        "model_feature_drifted", .gauge, labels: signalLabels, stability: .experimental,
        help: """
            1 while the signal has drifted: its evidence has passed the threshold, and so has the lower bound of the \
            effect. Missing values take no part in the effect, and while invalid ones abound nothing is concluded.
            """)
    static let qualityDrifted = FamilyDescriptor(
        "model_feature_quality_drifted", .gauge, labels: signalLabels, stability: .experimental,
        help: """
            1 while there is evidence that the signal has changed, and the share of missing or invalid values has \
            grown since: the pipe is to be looked at before the world is.
            """)
    static let onset = FamilyDescriptor(
        "model_feature_drift_onset_timestamp_seconds", .gauge, unit: "seconds", labels: signalLabels,
        stability: .experimental,
        help: "Event time at which the drift probably began, in seconds since the epoch; only while drifted.")
    static let alarms = FamilyDescriptor(
        "model_drift_alarms_total", .counter, labels: modelLabels + ["kind", "feature"], stability: .experimental,
        help: "Times the verdict about the signal turned to drifted.")
    static let referenceEvents = FamilyDescriptor(
        "model_feature_reference_effective_events", .gauge, labels: signalLabels, stability: .experimental,
        help: """
            Events that the reference of the signal counts for as evidence: its rows, or fewer if its shares wobbled \
            over its own time or a tolerance is configured.
            """)

    static let all = [
        logEvidence, logEvidenceLimit, effect, effectLower, observations, drifted, qualityDrifted, onset, alarms,
        referenceEvents,
    ]

    static func render(_ models: [LabelledModel], into writer: inout ExpositionWriter) {
        put(logEvidence, models, into: &writer) { $0.logEvidence }
        put(logEvidenceLimit, models, into: &writer) { $0.logEvidenceLimit }
        put(effect, models, into: &writer) { $0.effect?.size }
        put(effectLower, models, into: &writer) { $0.effect?.sizeLower }
        put(observations, models, into: &writer) { $0.effect.map { Double($0.events) } }
        put(drifted, models, into: &writer) { $0.isDrifted ? 1 : 0 }
        put(qualityDrifted, models, into: &writer) { $0.hasQualityProblem ? 1 : 0 }
        put(onset, models, into: &writer) { $0.onset.map(seconds) }
        if writer.begin(alarms) {
            forEachVerdict(of: models) { signal, evidence in
                writer.open(signal.kindLabels)
                writer.close(count: evidence.alarms)
            }
        }
        put(referenceEvents, models, into: &writer) { $0.referenceEvents }
    }

    /// A gauge per signal that has the value.
    private static func put(
        _ family: FamilyDescriptor, _ models: [LabelledModel], into writer: inout ExpositionWriter,
        value: (EvidenceSnapshot) -> Double?
    ) {
        guard writer.begin(family) else { return }
        forEachVerdict(of: models) { signal, evidence in
            guard let value = value(evidence) else { return }
            writer.open(signal.referenceLabels)
            writer.close(value)
        }
    }

    private static func forEachVerdict(
        of models: [LabelledModel], _ body: (LabelledSignal, EvidenceSnapshot) -> Void
    ) {
        for model in models {
            for signal in model.signals {
                if let evidence = signal.snapshot.evidence { body(signal, evidence) }
            }
        }
    }
}
