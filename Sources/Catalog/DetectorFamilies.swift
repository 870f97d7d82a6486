internal import Exposition
internal import Monitor

/// Classical detectors of change that the configuration asks for.
enum DetectorFamilies {
    private static let labels = modelLabels + ["detector", "signal"]

    static let score = FamilyDescriptor(
        "model_detector_score", .gauge, labels: labels, stability: .experimental,
        help: """
            How close a classical detector of change is to an alarm, in its own unit: it alarms when this passes \
            model_detector_threshold, and begins anew.
            """)
    static let threshold = FamilyDescriptor(
        "model_detector_threshold", .gauge, labels: labels, stability: .experimental,
        help: "What the score of a classical detector of change has to pass for an alarm.")
    static let alarms = FamilyDescriptor(
        "model_detector_alarms_total", .counter, labels: labels, stability: .experimental,
        help: "Alarms of a classical detector of change.")

    static let all = [score, threshold, alarms]

    static func render(_ models: [LabelledModel], into writer: inout ExpositionWriter) {
        for (family, value) in [(score, \DetectorSnapshot.score), (threshold, \DetectorSnapshot.threshold)] {
            guard writer.begin(family) else { continue }
            forEachDetector(of: models, into: &writer) { detector, writer in writer.close(detector[keyPath: value]) }
        }
        if writer.begin(alarms) {
            forEachDetector(of: models, into: &writer) { detector, writer in writer.close(count: detector.alarms) }
        }
    }

    private static func forEachDetector(
        of models: [LabelledModel], into writer: inout ExpositionWriter,
        _ body: (DetectorSnapshot, inout ExpositionWriter) -> Void
    ) {
        for model in models {
            for detector in model.snapshot.detectors {
                writer.open(model.labels)
                writer.label("detector", detector.kind.label)
                writer.label("signal", detector.signal)
                body(detector, &writer)
            }
        }
    }
}
