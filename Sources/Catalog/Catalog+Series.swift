public import Events
public import Exposition
public import Monitor
internal import Sketches
internal import Statistics

/// How many series a family has.
public struct FamilySeries: Sendable, Equatable {
    /// The family.
    public let family: FamilyDescriptor
    /// Number of series (sample lines in text).
    public let series: Int
}

extension Catalog {
    /// The number of series of each family, for people: it renders every family once more.
    ///
    /// - Returns: Every family in the order of exposition, those without series included.
    public static func seriesCounts(of snapshot: MonitorSnapshot, daemon: DaemonStatus) -> [FamilySeries] {
        var writer = ExpositionWriter()
        return families.map { family in
            writer.clear(format: .text, selection: [family.name])
            render(snapshot, daemon: daemon, into: &writer)
            return FamilySeries(family: family, series: writer.seriesCount)
        }
    }

    /// What one model with a schema costs in series once all of it has been seen.
    ///
    /// - Parameters:
    ///   - schema: Its signals.
    ///   - settings: What they are compared with, and over which windows.
    ///   - classes: Classes that are predicted; capped by the limits of the settings.
    /// - Returns: Every family about models in the order of exposition, those without series included. The sum is never
    ///   above what `SeriesCost` reckons for the model and its signals.
    public static func plannedSeries(
        for schema: Schema, settings: MonitorSettings, classes: Int
    ) -> [FamilySeries] {
        let model = PlannedModel(schema: schema, settings: settings, classes: classes).snapshot
        let snapshot = MonitorSnapshot(
            taken: Instant(wall: 0, monotonic: 0), generation: 0, models: [model], sources: [], overflows: [])
        return seriesCounts(of: snapshot, daemon: DaemonStatus()).filter { $0.family.name.hasPrefix("model_") }
    }
}

/// A model of which everything has been seen, for counting: its names are made up and its values are zero.
private struct PlannedModel {
    let schema: Schema
    let settings: MonitorSettings
    let classes: Int

    var snapshot: ModelSnapshot {
        let setting =
            settings.models.first { $0.name == schema.defaultModel } ?? ModelSetting(name: schema.defaultModel)
        var model = ModelSnapshot(model: schema.defaultModel, version: schema.defaultVersion, setting: setting)
        model.lastPrediction = 0
        (model.evidenceThreshold, model.effectThreshold) = (0, 0)
        model.detectors = settings.detectors.map {
            DetectorSnapshot(kind: $0.kind, signal: $0.signal, score: 0, threshold: 0, alarms: 0)
        }
        model.signals = schema.signals.map(signal)
        model.reference = Reference(
            model: nil, version: nil, hash: "", source: .learned, created: 0, events: 0,
            signals: model.signals.compactMap(\.reference))
        model.referenceState = .ready
        for signal in schema.signals { addOutput(signal, to: &model) }
        if schema.identifier != nil { model.repeats = 0 }
        model.windows = settings.windows.map {
            ModelWindow(label: $0.label, events: 1, performance: performance)
        }
        return model
    }

    private func addOutput(_ signal: Signal, to model: inout ModelSnapshot) {
        switch (signal.role, signal.kind) {
        case (.feature, _): break
        case (.latency, _): model.latency = histogram(ValueHistogram.latencyBounds)
        case (.score, _): model.score = histogram(ValueHistogram.scoreBounds)
        case (.prediction, .numeric): model.value = histogram([])
        case (.prediction, .categorical):
            model.classes = names(min(classes, settings.limits.categoriesPerSignal) + 1).map { ($0, 0) }
        case (.outcome, .numeric):
            model.errors = ErrorSums()
            model.outcomeDelay = histogram(ValueHistogram.delayBounds)
        case (.outcome, .categorical):
            let names = names(min(classes, settings.limits.confusionClasses) + 1)
            model.outcomeDelay = histogram(ValueHistogram.delayBounds)
            model.confusion = names.flatMap { actual in names.map { (actual, $0, 0) } }
        }
    }

    private var performance: [PerformanceValue] {
        schema.signals.filter { $0.role == .outcome }.flatMap { outcome in
            switch outcome.kind {
            case .numeric: ["mae", "rmse", "bias"].map { PerformanceValue(metric: $0, value: 0, lower: 0, upper: 0) }
            case .categorical:
                [
                    PerformanceValue(metric: "accuracy", value: 0, lower: 0, upper: 0),
                    PerformanceValue(metric: "f1_macro", value: 0, lower: nil, upper: nil),
                ]
            }
        }
    }

    private func signal(_ signal: Signal) -> SignalSnapshot {
        let isNumeric = signal.kind == .numeric
        let reference = DriftKind(signal.role).map { kind in
            let known = settings.references.lazy.flatMap(\.signals).first { $0.kind == kind && $0.name == signal.name }
            let layout = known?.layout ?? learnedLayout(signal.kind)
            return SignalReference(
                kind: kind, name: signal.name, layout: layout,
                counts: [UInt64](repeating: 1, count: layout.cellCount), hours: known?.hours)
        }
        let drift = DriftStatistics(
            psi: 0, psiExcess: 0, jensenShannon: 0, kolmogorovSmirnov: isNumeric ? 0 : nil,
            wasserstein: isNumeric ? 0 : nil, hellinger: 0, totalVariation: 0, chiSquareScore: 0, chiSquare: 0,
            degreesOfFreedom: 0, currentEvents: 0, referenceEvents: 0, psiExcessLower: 0)
        var moments = Moments()
        moments.insert(0)
        let windows = settings.windows.map {
            var window = SignalWindow(
                label: $0.label, observations: 0, missing: 0, invalid: 0, moments: isNumeric ? moments : nil,
                quantiles: isNumeric ? SignalWindow.quantiles.map { ($0, 0) } : [], distinct: 0,
                drift: reference == nil ? nil : drift)
            let pair = NumberShift.Pair(reference: 0, current: 0)
            if isNumeric, reference != nil {
                window.shift = NumberShift(mean: pair, quantiles: DriftMovement.quantiles.map { ($0, pair) }, scale: 1)
            }
            return window
        }
        let isExposed = isNumeric && signal.role == .feature && settings.exposedValues.contains(signal.name)
        let expectedCells = reference.flatMap { $0.hours == nil ? nil : $0.counts.count } ?? 0
        var entry = SignalSnapshot(
            role: signal.role, name: signal.name, kind: signal.kind, observations: 0, issues: SignalIssues(), bins: [],
            expected: [Double](repeating: 0, count: expectedCells), reference: reference,
            values: isExposed ? histogram([]) : nil, windows: windows)
        if reference != nil {
            entry.evidence = EvidenceSnapshot(
                logEvidence: 0, logEvidenceLimit: 0, effect: DriftEffect(), isDrifted: true, onset: 0, alarms: 1,
                referenceEvents: 1)
            entry.evidence?.moved = (0..<min(reference?.layout.cellCount ?? 0, DriftMovement.cellLimit)).map {
                CellContribution(cell: $0, part: 0, referenceShare: 0, currentShare: 0)
            }
        }
        return entry
    }

    private func learnedLayout(_ kind: SignalKind) -> BinLayout {
        switch kind {
        case .numeric: .numeric(edges: (1..<max(settings.binCount, 2)).map(Double.init))
        case .categorical: .categorical(names: names(settings.referenceCategories))
        }
    }

    private func names(_ count: Int) -> [String] { (0..<max(count, 0)).map { "name \($0)" } }

    private func histogram(_ bounds: [Double]) -> HistogramSnapshot {
        HistogramSnapshot(
            bounds: bounds, counts: [UInt64](repeating: 0, count: bounds.count + 1), sum: 0, native: QuantileSketch())
    }
}
