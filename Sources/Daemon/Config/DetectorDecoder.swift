internal import Monitor

/// Decodes the classical detectors of a configuration.
struct DetectorDecoder {
    let reader: ConfigReader

    /// The detectors of a list; each pair of detector and signal once per model.
    func decode(_ node: YamlNode) -> [DetectorSetting] {
        let items = reader.items(node, key: "detectors")
        if items.count > ConfigLimits.detectors {
            reader.report(node, key: "detectors", "must not be more than \(ConfigLimits.detectors)")
        }
        var detectors: [DetectorSetting] = []
        for (i, item) in items.prefix(ConfigLimits.detectors).enumerated() {
            guard let section = reader.section(item, key: "detectors[\(i)]") else { continue }
            if let detector = detector(section) {
                let isKnown = detectors.contains {
                    $0.kind == detector.kind && $0.signal == detector.signal
                        && ($0.model == nil || detector.model == nil || $0.model == detector.model)
                }
                if isKnown { section.report("detector", "watches what another one of its kind watches already") }
                detectors.append(detector)
            }
            section.finish()
        }
        return detectors
    }

    private func detector(_ section: ConfigSection) -> DetectorSetting? {
        let names = DetectorKind.allCases.map { ($0.label, $0) }
        let kind = section.choice("detector", default: DetectorKind.cumulativeSum, among: names)
        let (signal, model) = (section.text("signal"), section.text("model"))
        var runLength = DetectorSetting.defaultRunLength
        if section.node("run_length") != nil {
            runLength = section.value(
                "run_length", default: runLength, rule: "must be a number of values from 100 to 1e12"
            ) {
                Double($0).flatMap { DetectorSetting.runLengths.contains($0) ? $0 : nil }
            }
            if !kind.hasRunLength { section.report("run_length", "is for cusum, page_hinkley and ewma only") }
        }
        guard section.node("detector") != nil, let signal, !signal.isEmpty else {
            section.report(section.node("detector") == nil ? "detector" : "signal", "is required")
            return nil
        }
        if kind.takesErrorsOnly, signal != DetectorSetting.error {
            section.report("signal", "must be error: this detector takes errors of a classification only")
        }
        return DetectorSetting(kind: kind, signal: signal, model: model, runLength: runLength)
    }
}
