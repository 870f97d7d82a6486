import Statistics

/// Feeding the detectors.
///
/// They take what the reference's bins have counted since the last cut, so events cost nothing here: the price is per
/// cut and signal, whatever the traffic.
extension ModelSlot {
    /// Fewest events of a tick; a signal with fewer waits for the next cut.
    private static let tickEvents: UInt64 = 100
    /// Ticks before their pace is known.
    private static let pacedTicks: UInt64 = 20
    /// The pace that is assumed before, and bounds of the measured one, in seconds per tick.
    private static let pace = (assumed: 1.0, fastest: 0.1, slowest: 86_400.0)

    /// Signals that have a detector.
    private var comparedCount: Int { compiled.count { $0.cellCount > 1 } }

    /// ln A of each of the model's detectors; `nil` without any.
    ///
    /// A is the number of ticks in the budget, times the number of signals: the false alarms of all of them together
    /// then keep to it.
    func evidenceThreshold(_ setting: VerdictSetting) -> Double? {
        let compared = comparedCount
        guard compared > 0 else { return nil }
        var pace = Self.pace.assumed
        if let since = state.evidenceSince, state.evidenceTicks >= Self.pacedTicks {
            let elapsed = Double(max(0, state.clock.watermark &- since)) / 1e9
            pace = min(max(elapsed / Double(state.evidenceTicks), Self.pace.fastest), Self.pace.slowest)
        }
        let ticks = max(100, Double(setting.falseAlarmBudget) / pace)
        return EvidenceSettings.threshold(meanTicks: ticks * Double(compared))
    }

    /// Completes a tick of each signal that has counted enough since its last one.
    mutating func completeTicks(_ setting: VerdictSetting) {
        guard let threshold = evidenceThreshold(setting) else { return }
        let now = state.clock.watermark
        var hasTicked = false
        for number in state.signals.indices where compiled[number].cellCount > 1 {
            guard var detector = detector(of: number, setting, now: now) else { continue }
            let bins = state.signals[number].bins
            let counted = state.signals[number].evidence?.counted ?? [UInt64](repeating: 0, count: bins.count)
            let fresh = zip(bins, counted).map { $0 &- $1 }
            guard fresh.reduce(0, &+) >= Self.tickEvents, let last = detector.state.marks.last else { continue }
            detector.complete(zip(last.counts, fresh).map { $0 &+ $1 }, at: now, threshold: threshold)
            hasTicked = true
            let wasDrifted = state.signals[number].evidence?.isDrifted ?? false
            let isDrifted = detector.isActive && (wasDrifted || effect(detector) >= setting.effect)
            if isDrifted, !wasDrifted { state.signals[number].driftAlarms &+= 1 }
            state.signals[number].evidence = SignalEvidence(
                detector: detector.state, counted: bins, isDrifted: isDrifted)
            detectors[number] = detector
        }
        guard hasTicked else { return }
        if state.evidenceSince == nil { state.evidenceSince = now }
        state.evidenceTicks &+= 1
    }

    /// PSI, above what chance explains, of everything since the drift began; 0 without one.
    private func effect(_ detector: EvidenceDetector) -> Double {
        guard let current = detector.countsSinceOnset,
            let counts = TwoSampleCounts(reference: detector.reference, current: current)
        else { return 0 }
        return PopulationStability(counts).excess
    }

    /// The detector of a signal, made from what is kept, or anew where that does not fit.
    private mutating func detector(of number: Int, _ setting: VerdictSetting, now: Int64) -> EvidenceDetector? {
        while detectors.count <= number { detectors.append(nil) }
        if let known = detectors[number] { return known }
        guard let reference = compiled[number].reference else { return nil }
        let ordered = reference.layout.orderedBinCount
        var settings = EvidenceSettings()
        settings.limit = setting.limit(of: reference)
        if let kept = state.signals[number].evidence {
            let bins = state.signals[number].bins
            if kept.counted.count == bins.count, zip(kept.counted, bins).allSatisfy({ $0 <= $1 }),
                let detector = EvidenceDetector(
                    reference: reference.counts, orderedCount: ordered, settings: settings,
                    restoring: kept.detector)
            {
                return detector
            }
            state.signals[number].evidence = nil
        }
        return EvidenceDetector(reference: reference.counts, orderedCount: ordered, settings: settings, time: now)
    }

    /// What is exposed about a signal's evidence; `nil` for a signal that is not compared.
    func evidence(of number: Int, _ setting: VerdictSetting) -> EvidenceSnapshot? {
        guard let reference = compiled[number].reference, compiled[number].cellCount > 1 else { return nil }
        let kept = state.signals[number].evidence
        let isDrifted = kept?.isDrifted ?? false
        return EvidenceSnapshot(
            logEvidence: max(0, kept?.detector.logEvidence ?? 0), isDrifted: isDrifted,
            onset: isDrifted ? kept?.detector.episode?.onset.time : nil, alarms: state.signals[number].driftAlarms,
            referenceEvents: min(Double(reference.counts.reduce(0, &+)), setting.limit(of: reference)))
    }
}

extension VerdictSetting {
    /// Most events that a reference's counts are believed to be worth.
    ///
    /// A PSI of x against shares known as from N events is no evidence once x < (B − 1) / N: that is the tolerance.
    func limit(of reference: SignalReference) -> Double {
        let wobble = usesWobble ? reference.effectiveEvents.map { Double($0) } ?? .infinity : .infinity
        let cells = Double(reference.layout.cellCount)
        return min(wobble, tolerance > 0 ? max(1, (cells - 2) / tolerance) : .infinity)
    }
}
