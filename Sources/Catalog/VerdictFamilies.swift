internal import Events
internal import Exposition
internal import Monitor

/// Verdicts about drift: evidence that may be looked at all the time, and effect.
enum VerdictFamilies {
    private static let signalLabels = modelLabels + ["reference", "kind", "feature"]

    static let logEvidence = FamilyDescriptor(
        "model_feature_drift_log_evidence", .gauge, labels: signalLabels, stability: .experimental,
        help: """
            Natural logarithm of the evidence that the signal has left its reference, from a sequential detector; 0 \
            without any. It may be looked at all the time.
            """)
    static let threshold = FamilyDescriptor(
        "model_feature_drift_log_evidence_threshold", .gauge, labels: modelLabels, stability: .experimental,
        help: """
            Evidence a verdict needs, as a natural logarithm: reached without drift by some signal of the model once \
            per false-alarm budget at most, for events that are exchangeable.
            """)
    static let drifted = FamilyDescriptor(
        "model_feature_drifted", .gauge, labels: signalLabels, stability: .experimental,
        help: """
            1 while the signal has drifted: its evidence has passed the threshold, and the PSI of everything since the \
            drift began is large enough.
            """)
    static let onset = FamilyDescriptor(
        "model_feature_drift_onset_timestamp_seconds", .gauge, unit: "seconds", labels: signalLabels,
        stability: .experimental,
        help: "Event time at which the drift probably began, in seconds since the epoch; only while drifted.")
    static let alarms = FamilyDescriptor(
        "model_drift_alarms_total", .counter, labels: modelLabels + ["kind", "feature"], stability: .experimental,
        help: "Times the verdict about the signal turned to drifted.")
    static let driftedFeatures = FamilyDescriptor(
        "model_drift_drifted_features", .gauge, labels: modelLabels + ["kind"], stability: .experimental,
        help: "Signals that have drifted, by kind.")
    static let share = FamilyDescriptor(
        "model_drift_share_ratio", .gauge, unit: "ratio", labels: modelLabels + ["kind"], stability: .experimental,
        help: "Share of the compared signals that have drifted, by kind, 0 to 1.")

    static let referenceEvents = FamilyDescriptor(
        "model_feature_reference_effective_events", .gauge, labels: signalLabels, stability: .experimental,
        help: """
            Events that the reference of the signal counts for as evidence: its rows, or fewer if its shares wobbled \
            over its own time or a tolerance is configured.
            """)

    static let all = [logEvidence, threshold, drifted, onset, alarms, referenceEvents, driftedFeatures, share]

    static func render(_ models: [LabelledModel], into writer: inout ExpositionWriter) {
        if writer.begin(logEvidence) {
            forEachVerdict(of: models) { signal, evidence in
                writer.open(signal.referenceLabels)
                writer.close(evidence.logEvidence)
            }
        }
        if writer.begin(threshold) {
            for model in models {
                guard let threshold = model.snapshot.evidenceThreshold else { continue }
                writer.open(model.labels)
                writer.close(threshold)
            }
        }
        if writer.begin(drifted) {
            forEachVerdict(of: models) { signal, evidence in
                writer.open(signal.referenceLabels)
                writer.close(count: evidence.isDrifted ? 1 : 0)
            }
        }
        if writer.begin(onset) {
            forEachVerdict(of: models) { signal, evidence in
                guard let onset = evidence.onset else { return }
                writer.open(signal.referenceLabels)
                writer.close(seconds(onset))
            }
        }
        if writer.begin(alarms) {
            forEachVerdict(of: models) { signal, evidence in
                writer.open(signal.kindLabels)
                writer.close(count: evidence.alarms)
            }
        }
        if writer.begin(referenceEvents) {
            forEachVerdict(of: models) { signal, evidence in
                writer.open(signal.referenceLabels)
                writer.close(evidence.referenceEvents)
            }
        }
        for (family, isShare) in [(driftedFeatures, false), (share, true)] {
            guard writer.begin(family) else { continue }
            for model in models {
                for kind in DriftKind.allCases {
                    let verdicts = model.signals.filter { $0.kind == kind }.compactMap(\.snapshot.evidence)
                    guard !verdicts.isEmpty else { continue }
                    let drifted = verdicts.count(where: \.isDrifted)
                    writer.open(model.labels)
                    writer.label("kind", kind.label)
                    if isShare {
                        writer.close(Double(drifted) / Double(verdicts.count))
                    } else {
                        writer.close(count: UInt64(drifted))
                    }
                }
            }
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
