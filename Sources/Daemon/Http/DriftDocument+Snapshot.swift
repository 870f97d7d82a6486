internal import Events
internal import Monitor
internal import Statistics

extension DriftDocument {
    /// The document about a snapshot.
    ///
    /// - Parameters:
    ///   - snapshot: What was published; `nil` before the first commit.
    ///   - settings: What the verdicts were made by.
    init(_ snapshot: MonitorSnapshot?, settings: MonitorSettings, filter: DriftFilter) {
        taken = snapshot.map { Timestamps.text($0.taken.wall) }
        commit = snapshot?.generation
        let wanted = snapshot?.models.filter(filter.admits) ?? []
        let all = wanted.enumerated().flatMap { number, model in
            model.signals.filter(filter.admits).map { (model: number, signal: $0) }
        }
        let shown = all.enumerated()
            .sorted { first, second in
                let (a, b) = (first.element.signal.evidence, second.element.signal.evidence)
                let (x, y) = (a?.isDrifted ?? false, b?.isDrifted ?? false)
                if x != y { return x }
                let (u, v) = (a?.logEvidence ?? 0, b?.logEvidence ?? 0)
                return u != v ? u > v : first.offset < second.offset
            }
            .prefix(Self.signalLimit).map(\.element)
        omitted_signals = all.count - shown.count
        models = wanted.enumerated().map { number, model in
            Model(model, signals: shown.filter { $0.model == number }.map(\.signal), settings: settings)
        }
    }
}

extension DriftDocument.Model {
    fileprivate init(_ snapshot: ModelSnapshot, signals: [SignalSnapshot], settings: MonitorSettings) {
        model = snapshot.model
        version = snapshot.version
        switch snapshot.referenceState {
        case .none: reference_state = "none"
        case .learning: reference_state = "learning"
        case .ready: reference_state = "ready"
        }
        reference = snapshot.reference.map {
            DriftDocument.Source(
                hash: $0.hash, source: $0.source.label, created: Timestamps.text($0.created), events: $0.events)
        }
        if let evidence = snapshot.evidenceThreshold, let effect = snapshot.effectThreshold {
            gates = DriftDocument.Gates(
                log_evidence: evidence, effect: effect,
                effect_statistic: snapshot.effectStatistic, quality: settings.verdict.quality,
                minimum_events: settings.minimumEvents,
                false_alarm_budget_seconds: settings.verdict.falseAlarmBudget)
        }
        kinds = DriftKind.allCases.compactMap { kind in
            let verdicts = snapshot.signals.filter { DriftKind($0.role) == kind }.compactMap(\.evidence)
            guard !verdicts.isEmpty else { return nil }
            let drifted = verdicts.count(where: \.isDrifted)
            return DriftDocument.Kind(
                kind: kind.label, drifted: drifted > 0, drifted_signals: drifted, compared_signals: verdicts.count)
        }
        self.signals = signals.compactMap(DriftDocument.Signal.init)
    }
}

extension DriftDocument.Signal {
    /// `nil` for a signal that is not compared.
    fileprivate init?(_ snapshot: SignalSnapshot) {
        guard let kind = DriftKind(snapshot.role), let evidence = snapshot.evidence,
            let layout = snapshot.reference?.layout
        else { return nil }
        self.kind = kind.label
        feature = snapshot.name
        drifted = evidence.isDrifted
        quality_drifted = evidence.hasQualityProblem
        onset = evidence.onset.map(Timestamps.text)
        alarms = evidence.alarms
        log_evidence = evidence.logEvidence.shown
        log_evidence_limit = evidence.logEvidenceLimit.shown
        reference_events = evidence.referenceEvents.shown
        effect = evidence.effect.map {
            DriftDocument.Effect(
                observations: $0.events, psi_excess: $0.psiExcess.shown, psi_excess_lower: $0.psiExcessLower.shown,
                size: $0.size.shown, size_lower: $0.sizeLower.shown, missing_growth_lower: $0.missingGrowth.shown,
                invalid_growth_lower: $0.invalidGrowth.shown)
        }
        contributions = evidence.moved.map { DriftDocument.Contribution($0, of: layout) }
        windows = snapshot.windows.map { DriftDocument.Window($0, layout: layout) }
    }
}

extension DriftDocument.Contribution {
    /// A cell of a layout.
    init(_ cell: CellContribution, of layout: BinLayout) {
        bin = layout.label(ofCell: cell.cell)
        if case .numeric(let edges) = layout, cell.cell <= edges.count {
            from = cell.cell > 0 ? edges[cell.cell - 1] : nil
            below = cell.cell < edges.count ? edges[cell.cell] : nil
        }
        contribution = cell.part
        (reference_ratio, current_ratio) = (cell.referenceShare, cell.currentShare)
    }
}

extension DriftDocument.Window {
    fileprivate init(_ snapshot: SignalWindow, layout: BinLayout) {
        window = snapshot.label
        (observations, missing, invalid) = (snapshot.observations, snapshot.missing, snapshot.invalid)
        drift = snapshot.drift.map { drift in
            DriftDocument.Drift(
                psi: drift.psi.shown, psi_excess: drift.psiExcess.shown, psi_excess_lower: drift.psiExcessLower.shown,
                chi2_z: drift.chiSquareScore.shown, js: drift.jensenShannon.shown, hellinger: drift.hellinger.shown,
                tvd: drift.totalVariation.shown, ks: drift.kolmogorovSmirnov?.shown,
                wasserstein: drift.wasserstein?.shown, current_events: drift.currentEvents,
                reference_events: drift.referenceEvents)
        }
        shifts = snapshot.shift.map(DriftDocument.Shift.all) ?? []
        contributions = snapshot.moved.map { DriftDocument.Contribution($0, of: layout) }
    }
}

extension DriftDocument.Shift {
    /// The mean, then the quantiles.
    static func all(of shift: NumberShift) -> [DriftDocument.Shift] {
        let quantiles = shift.quantiles.map { ("p\(Int(($0.q * 100).rounded()))", Optional($0.pair)) }
        let pairs = [("mean", shift.mean)] + quantiles
        return pairs.compactMap { statistic, pair in
            guard let pair, pair.reference.isFinite, pair.current.isFinite else { return nil }
            let scaled = shift.scale.map { pair.difference / $0 }
            return DriftDocument.Shift(
                statistic: statistic, reference: pair.reference, current: pair.current,
                scaled: scaled.flatMap { $0.isFinite ? $0 : nil })
        }
    }
}

extension Double {
    /// Itself, where JSON can say it; else 0.
    fileprivate var shown: Double { isFinite ? self : 0 }
}
