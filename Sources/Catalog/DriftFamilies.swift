internal import Events
internal import Exposition
internal import Monitor

/// What is normal for a model, and how far its windows are from it.
enum DriftFamilies {
    private static let signalLabels = modelLabels + ["reference", "kind", "feature"]

    static let info = FamilyDescriptor(
        "model_reference_info", .info, labels: modelLabels + ["reference", "source", "state"],
        help: """
            Reference that drift is measured against, by its content hash; value 1. While state is learning there are \
            no drift scores and the hash is empty.
            """)
    static let events = FamilyDescriptor(
        "model_reference_events", .gauge, labels: modelLabels + ["reference"],
        help: "Rows behind the reference.")
    static let created = FamilyDescriptor(
        "model_reference_created_timestamp_seconds", .gauge, unit: "seconds", labels: modelLabels + ["reference"],
        help: "When the reference was made, in seconds since the epoch.")
    static let learnedEvents = FamilyDescriptor(
        "model_reference_learned_events", .gauge, labels: modelLabels,
        help: "Events the reference has learned from so far; only while it is being learned.")
    static let wantedEvents = FamilyDescriptor(
        "model_reference_wanted_events", .gauge, labels: modelLabels,
        help: "Events the reference has to learn from before it is used; only while it is being learned.")
    static let bins = FamilyDescriptor(
        "model_feature_bin_total", .counter, labels: signalLabels + ["bin"],
        help: """
            Values per bin of the reference: b00, b01, … by ascending value, or categories and other; and missing. Sum \
            it over pods to compute the drift of a whole fleet.
            """)
    static let expected = FamilyDescriptor(
        "model_feature_bin_expected_total", .counter, labels: signalLabels + ["bin"], stability: .experimental,
        help: """
            Values per bin that the reference expects of as many values as came, at the hours of the week they came \
            at; only for signals whose reference tells hours apart. Sum it over pods as model_feature_bin_total.
            """)
    static let referenceRatio = FamilyDescriptor(
        "model_feature_reference_ratio", .gauge, unit: "ratio", labels: signalLabels + ["bin"],
        help: "Share of the reference in the bin, 0 to 1; the shares of one feature sum to 1.")
    static let windowObservations = FamilyDescriptor(
        "model_feature_window_observations", .gauge, labels: modelLabels + ["kind", "feature", "window"],
        help: """
            Values in this pod's window, missing and invalid ones included: the sample size behind its statistics. \
            Drift scores are absent below the configured minimum.
            """)
    static let score = FamilyDescriptor(
        "model_feature_drift_score", .gauge, labels: signalLabels + ["window", "method"],
        help: """
            Distance of this pod's window from the reference: psi = Σ (q - p) ln (q / p) in nats, psi_excess above its \
            expectation without drift, js (base 2), hellinger, tvd and ks from 0 to 1, wasserstein in robust standard \
            deviations, chi2_z standard normal without drift. Never average scores over pods.
            """)
    static let scoreLower = FamilyDescriptor(
        "model_feature_drift_score_lower", .gauge, labels: signalLabels + ["window", "method"],
        stability: .experimental,
        help: """
            Lower confidence bound, 95 %, of psi_excess, where the reference counts for its effective events: 0 unless \
            this pod's window is farther from the reference than chance and wobble explain.
            """)
    static let features = FamilyDescriptor(
        "model_drift_features", .gauge, labels: modelLabels + ["kind"],
        help: "Signals that are compared with the reference, by kind: input, prediction, score, outcome.")

    static let all = [
        info, events, created, learnedEvents, wantedEvents, bins, expected, referenceRatio, windowObservations, score,
        scoreLower, features,
    ]

    static func render(_ models: [LabelledModel], into writer: inout ExpositionWriter) {
        renderReferences(models, into: &writer)
        if writer.begin(bins) {
            forEachCompared(of: models) { signal, reference in
                let counts = signal.snapshot.bins
                forEachCell(of: signal, reference.layout, into: &writer) { cell, writer in
                    writer.close(count: cell < counts.count ? counts[cell] : 0)
                }
            }
        }
        if writer.begin(expected) {
            forEachCompared(of: models) { signal, reference in
                let expected = signal.snapshot.expected
                guard expected.count == reference.layout.cellCount else { return }
                forEachCell(of: signal, reference.layout, into: &writer) { cell, writer in
                    writer.close(expected[cell])
                }
            }
        }
        if writer.begin(referenceRatio) {
            forEachCompared(of: models) { signal, reference in
                let counts = reference.counts
                let total = counts.reduce(0, &+)
                guard total > 0 else { return }
                forEachCell(of: signal, reference.layout, into: &writer) { cell, writer in
                    writer.close(cell < counts.count ? Double(counts[cell]) / Double(total) : 0)
                }
            }
        }
        if writer.begin(windowObservations) {
            for model in models {
                for signal in model.signals where signal.kind != nil {
                    for window in signal.snapshot.windows {
                        writer.open(signal.kindLabels)
                        writer.label("window", window.label)
                        writer.close(count: window.observations)
                    }
                }
            }
        }
        if writer.begin(score) { renderScores(models, into: &writer) }
        if writer.begin(scoreLower) {
            forEachCompared(of: models) { signal, _ in
                for window in signal.snapshot.windows {
                    guard let drift = window.drift else { continue }
                    writer.open(signal.referenceLabels)
                    writer.label("window", window.label)
                    writer.label("method", "psi_excess")
                    writer.close(drift.psiExcessLower)
                }
            }
        }
        if writer.begin(features) {
            for model in models {
                for kind in DriftKind.allCases {
                    let count = model.signals.count { $0.kind == kind && $0.snapshot.reference != nil }
                    guard count > 0 else { continue }
                    writer.open(model.labels)
                    writer.label("kind", kind.label)
                    writer.close(count: UInt64(count))
                }
            }
        }
    }

    private static func renderReferences(_ models: [LabelledModel], into writer: inout ExpositionWriter) {
        if writer.begin(info) {
            for model in models {
                let reference = model.snapshot.reference
                let state: StaticString
                switch model.snapshot.referenceState {
                case .none: continue
                case .learning: state = "learning"
                case .ready: state = "ready"
                }
                writer.open(model.labels)
                writer.label("reference", reference?.hash ?? "")
                writer.label("source", (reference?.source ?? .learned).label)
                writer.label("state", state)
                writer.closeIdentity()
            }
        }
        gauge(events, models, into: &writer) { Double($0.events) }
        gauge(created, models, into: &writer) { seconds($0.created) }
        for (family, isWanted) in [(learnedEvents, false), (wantedEvents, true)] {
            guard writer.begin(family) else { continue }
            for model in models {
                guard case .learning(let learned, let wanted) = model.snapshot.referenceState else { continue }
                writer.open(model.labels)
                writer.close(count: isWanted ? wanted : learned)
            }
        }
    }

    private static func renderScores(_ models: [LabelledModel], into writer: inout ExpositionWriter) {
        forEachCompared(of: models) { signal, _ in
            for window in signal.snapshot.windows {
                guard let drift = window.drift else { continue }
                func put(_ method: StaticString, _ value: Double?) {
                    guard let value else { return }
                    writer.open(signal.referenceLabels)
                    writer.label("window", window.label)
                    writer.label("method", method)
                    writer.close(value)
                }
                put("psi", drift.psi)
                put("psi_excess", drift.psiExcess)
                put("js", drift.jensenShannon)
                put("ks", drift.kolmogorovSmirnov)
                put("wasserstein", drift.wasserstein)
                put("hellinger", drift.hellinger)
                put("tvd", drift.totalVariation)
                put("chi2_z", drift.chiSquareScore)
            }
        }
    }

    private static func gauge(
        _ family: FamilyDescriptor, _ models: [LabelledModel], into writer: inout ExpositionWriter,
        value: (Reference) -> Double
    ) {
        guard writer.begin(family) else { return }
        for model in models where model.snapshot.referenceState == .ready {
            guard let reference = model.snapshot.reference else { continue }
            writer.open(model.labels)
            writer.label("reference", reference.hash)
            writer.close(value(reference))
        }
    }

    private static func forEachCompared(
        of models: [LabelledModel], _ body: (LabelledSignal, SignalReference) -> Void
    ) {
        for model in models {
            for signal in model.signals where signal.kind != nil {
                if let reference = signal.snapshot.reference { body(signal, reference) }
            }
        }
    }

    /// Opens a series for each cell of a layout, labels it as `BinLayout.labels` does, and lets `body` close it.
    private static func forEachCell(
        of signal: LabelledSignal, _ layout: BinLayout, into writer: inout ExpositionWriter,
        _ body: (_ cell: Int, inout ExpositionWriter) -> Void
    ) {
        for cell in 0..<layout.cellCount {
            writer.open(signal.referenceLabels)
            writer.cell(cell, of: layout)
            body(cell, &writer)
        }
    }
}
