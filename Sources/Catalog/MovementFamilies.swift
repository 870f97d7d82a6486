internal import Exposition
internal import Monitor
internal import Statistics

/// What moved, while there is evidence that something did: series that come with a drift and go with it.
enum MovementFamilies {
    private static let signalLabels = modelLabels + ["reference", "kind", "feature"]

    static let contribution = FamilyDescriptor(
        "model_feature_drift_contribution", .gauge, labels: signalLabels + ["bin"], stability: .experimental,
        help: """
            Part of the drift that a bin, category or missing makes up since it began, -1 to 1: above 0 if its share \
            has grown, below if it has shrunk. The five largest, only while there is evidence of a drift.
            """)
    static let shift = FamilyDescriptor(
        "model_feature_drift_shift", .gauge, labels: signalLabels + ["window", "statistic"], stability: .experimental,
        help: """
            How far mean, p25, p50 and p75 of this pod's window are from those of the reference, in its robust \
            standard deviations (interquartile range / 1.349). Only while there is evidence of a drift.
            """)

    static let all = [contribution, shift]

    static func render(_ models: [LabelledModel], into writer: inout ExpositionWriter) {
        if writer.begin(contribution) {
            forEachMoved(of: models) { signal, evidence in
                guard let layout = signal.snapshot.reference?.layout else { return }
                for cell in evidence.moved {
                    writer.open(signal.referenceLabels)
                    writer.cell(cell.cell, of: layout)
                    writer.close(cell.part)
                }
            }
        }
        if writer.begin(shift) {
            forEachMoved(of: models) { signal, _ in
                for window in signal.snapshot.windows {
                    guard let shift = window.shift, let scale = shift.scale else { continue }
                    func put(_ statistic: StaticString, _ pair: NumberShift.Pair?) {
                        guard let pair else { return }
                        writer.open(signal.referenceLabels)
                        writer.label("window", window.label)
                        writer.label("statistic", statistic)
                        writer.close(pair.difference / scale)
                    }
                    put("mean", shift.mean)
                    put("p25", shift.quantile(0.25))
                    put("p50", shift.quantile(0.5))
                    put("p75", shift.quantile(0.75))
                }
            }
        }
    }

    private static func forEachMoved(
        of models: [LabelledModel], _ body: (LabelledSignal, EvidenceSnapshot) -> Void
    ) {
        for model in models {
            for signal in model.signals {
                if let evidence = signal.snapshot.evidence, evidence.effect != nil { body(signal, evidence) }
            }
        }
    }
}

extension NumberShift {
    fileprivate func quantile(_ q: Double) -> Pair? { quantiles.first { $0.q == q }?.pair }
}

extension ExpositionWriter {
    /// Labels the open series with a cell of a layout, as `BinLayout.labels` does.
    mutating func cell(_ cell: Int, of layout: BinLayout) {
        switch layout {
        case .numeric(let edges) where cell <= edges.count: label("bin", "b", ordinal: cell)
        case .categorical(let names) where cell < names.count: label("bin", BinLayout.label(of: names[cell]))
        case .categorical(let names) where cell == names.count: label("bin", "other")
        case .numeric, .categorical: label("bin", "missing")
        }
    }
}
