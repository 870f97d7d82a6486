import Statistics

/// Feeding the detectors.
///
/// They take what the reference's bins have counted since the last cut, so events cost nothing here: the price is per
/// cut and signal, whatever the traffic.
extension ModelSlot {
    /// Fewest events of a tick; a signal with fewer waits for the next cut.
    static let tickEvents: UInt64 = 100
    /// Ticks before their pace is known.
    private static let pacedTicks: UInt64 = 20
    /// The pace that is assumed before, and bounds of the measured one, in seconds per tick.
    private static let pace = (assumed: 1.0, fastest: 0.1, slowest: 86_400.0)

    /// Signals that have a detector.
    private var comparedCount: Int { compiled.count { $0.cellCount > 1 } }

    /// ln A of the model: the logarithm of the number of ticks in its budget.
    private func logBudget(_ setting: VerdictSetting) -> Double {
        var pace = Self.pace.assumed
        if let since = state.evidenceSince, state.evidenceTicks >= Self.pacedTicks {
            let elapsed = Double(max(0, state.clock.watermark &- since)) / 1e9
            pace = min(max(elapsed / Double(state.evidenceTicks), Self.pace.fastest), Self.pace.slowest)
        }
        return EvidenceSettings.threshold(meanTicks: max(100, Double(setting.falseAlarmBudget) / pace))
    }

    /// Evidence that a signal needs alone, as a logarithm; `nil` without any signal that is compared.
    func evidenceThreshold(_ setting: VerdictSetting) -> Double? {
        let compared = comparedCount
        guard compared > 0 else { return nil }
        return EvidenceRanking.threshold(signals: compared, logBudget: logBudget(setting))
    }

    /// Values that some signal has to count, at least, before its tick is due; at least 1.
    var valuesToTick: UInt64 {
        var fewest = Self.tickEvents
        for number in state.signals.indices where compiled[number].cellCount > 1 {
            // A signal that was never looked at is due: from when its detector is, is part of what it says.
            guard let kept = state.signals[number].evidence else { return 1 }
            let fresh = state.signals[number].bins.reduce(0, &+) &- kept.counted.reduce(0, &+)
            fewest = min(fewest, fresh < Self.tickEvents ? Self.tickEvents - fresh : 1)
        }
        return fewest
    }

    /// Completes a tick of each signal that has counted enough since its last one.
    ///
    /// Returns the verdicts that changed.
    @discardableResult
    mutating func completeTicks(_ setting: VerdictSetting) -> [VerdictChange] {
        guard comparedCount > 0 else { return [] }
        let now = state.clock.watermark
        var ticks: [(number: Int, tick: SignalTick)] = []
        var evidence: [Double] = []
        for number in state.signals.indices where compiled[number].cellCount > 1 {
            let tick = tick(of: number, setting, now: now)
            if let tick { ticks.append((number, tick)) }
            let last = state.signals[number].evidence?.detector.logEvidence
            evidence.append(tick?.tick.logEvidence ?? last ?? -.infinity)
        }
        guard !ticks.isEmpty else { return [] }
        let threshold = EvidenceRanking.threshold(evidence, logBudget: logBudget(setting))
        let changes = ticks.compactMap { number, tick in conclude(tick, of: number, threshold: threshold, setting) }
        if state.evidenceSince == nil { state.evidenceSince = now }
        state.evidenceTicks &+= 1
        return changes
    }

    /// A tick, and what rounding its counts has left over.
    private struct SignalTick {
        var tick: EvidenceDetector.Tick
        var carried: Double
    }

    /// The tick of a signal; `nil` if it has counted too little since its last one.
    ///
    /// The detector is fed what the counts are worth: it takes its events for independent ones.
    private mutating func tick(of number: Int, _ setting: VerdictSetting, now: Int64) -> SignalTick? {
        guard let detector = detector(of: number, setting, now: now), let last = detector.state.marks.last else {
            return nil
        }
        let (bins, expected) = (state.signals[number].bins, state.signals[number].expected)
        // Kept from the first look on: when a detector began is part of what it says.
        let kept =
            state.signals[number].evidence
            ?? SignalEvidence(
                detector: detector.state, counted: [UInt64](repeating: 0, count: bins.count),
                countedExpected: [Double](repeating: 0, count: expected.count),
                countedInvalid: state.signals[number].issues.invalid, countedWorth: state.worth)
        state.signals[number].evidence = kept
        let fresh = zip(bins, kept.counted).map { $0 &- $1 }
        guard fresh.reduce(0, &+) >= Self.tickEvents else { return nil }
        let freshInvalid = state.signals[number].issues.invalid &- kept.countedInvalid
        let worth = state.worth.since(kept.countedWorth)
        var carried = kept.carried
        let deflated = worth.deflated([freshInvalid] + fresh, carrying: &carried)
        let tick = detector.tick(
            zip(last.counts, deflated.dropFirst()).map { $0 &+ $1 }, at: now,
            uncounted: last.uncounted &+ (deflated.first ?? 0),
            expected: zip(last.expected, zip(expected, kept.countedExpected)).map {
                $0 + max(0, $1.0 - $1.1) * worth.ratio
            })
        return tick.map { SignalTick(tick: $0, carried: carried) }
    }

    /// Completes a tick of a signal and comes to a verdict; returns it if it is another one.
    private mutating func conclude(
        _ tick: SignalTick, of number: Int, threshold: Double, _ setting: VerdictSetting
    ) -> VerdictChange? {
        guard let reference = compiled[number].reference, var detector = detectors[number] else { return nil }
        detector.complete(tick.tick, threshold: threshold)
        let wasDrifted = state.signals[number].evidence?.isDrifted ?? false
        let effect = effect(detector.state, reference, setting)
        let isDrifted = effect.map { wasDrifted || $0.isDrift(setting) } ?? false
        if isDrifted, !wasDrifted { state.signals[number].driftAlarms &+= 1 }
        state.signals[number].evidence = SignalEvidence(
            detector: detector.state, counted: state.signals[number].bins,
            countedExpected: state.signals[number].expected, countedInvalid: state.signals[number].issues.invalid,
            countedWorth: state.worth, carried: tick.carried, isDrifted: isDrifted)
        detectors[number] = detector
        guard isDrifted != wasDrifted else { return nil }
        return VerdictChange(
            model: state.model, version: state.version, kind: reference.kind, name: reference.name,
            isDrifted: isDrifted, time: state.clock.watermark,
            onset: isDrifted ? detector.state.episode?.onset.time : nil, effect: isDrifted ? effect : nil,
            logEvidence: max(0, detector.state.logEvidence))
    }

    /// How large the drift is that a detector has found; `nil` if it has found none.
    private func effect(
        _ detector: EvidenceDetector.State, _ reference: SignalReference, _ setting: VerdictSetting
    ) -> DriftEffect? {
        guard let since = detector.sinceOnset, since.counts.count == reference.counts.count else { return nil }
        return DriftEffect(
            reference, since: since, setting: setting)
    }

    /// The detector of a signal, made from what is kept, or anew where that does not fit.
    private mutating func detector(of number: Int, _ setting: VerdictSetting, now: Int64) -> EvidenceDetector? {
        while detectors.count <= number { detectors.append(nil) }
        if let known = detectors[number] { return known }
        guard let reference = compiled[number].reference else { return nil }
        let detector = kept(number, reference, setting) ?? Self.detector(reference, setting, now: now)
        detectors[number] = detector
        return detector
    }

    /// The detector of a signal as it was kept; `nil` if there is none, or if it does not fit what was counted.
    private mutating func kept(
        _ number: Int, _ reference: SignalReference, _ setting: VerdictSetting
    ) -> EvidenceDetector? {
        guard let kept = state.signals[number].evidence else { return nil }
        let (bins, expected) = (state.signals[number].bins, state.signals[number].expected)
        if kept.counted.count == bins.count, zip(kept.counted, bins).allSatisfy({ $0 <= $1 }),
            kept.countedInvalid <= state.signals[number].issues.invalid, kept.countedWorth.isBelow(state.worth),
            kept.carried >= 0, kept.carried < 1,
            kept.countedExpected.count == expected.count, zip(kept.countedExpected, expected).allSatisfy(<=),
            let detector = EvidenceDetector(
                reference: reference.counts, orderedCount: reference.layout.orderedBinCount,
                hasSeasons: reference.hours != nil, settings: Self.settings(reference, setting),
                restoring: kept.detector)
        {
            return detector
        }
        state.signals[number].evidence = nil
        return nil
    }

    /// A detector that has seen nothing.
    private static func detector(
        _ reference: SignalReference, _ setting: VerdictSetting, now: Int64
    ) -> EvidenceDetector {
        EvidenceDetector(
            reference: reference.counts, orderedCount: reference.layout.orderedBinCount,
            hasSeasons: reference.hours != nil, settings: settings(reference, setting), time: now)
    }

    private static func settings(_ reference: SignalReference, _ setting: VerdictSetting) -> EvidenceSettings {
        var settings = EvidenceSettings()
        settings.limit = setting.limit(of: reference)
        return settings
    }

    // MARK: Exposition

    /// What is exposed about a signal's evidence; `nil` for a signal that is not compared.
    mutating func evidence(of number: Int, _ setting: VerdictSetting) -> EvidenceSnapshot? {
        guard let reference = compiled[number].reference, compiled[number].cellCount > 1 else { return nil }
        let kept = state.signals[number].evidence
        let isDrifted = kept?.isDrifted ?? false
        let effect = kept.flatMap { self.effect($0.detector, reference, setting) }
        var snapshot = EvidenceSnapshot(
            logEvidence: max(0, kept?.detector.logEvidence ?? 0),
            logEvidenceLimit: evidenceLimit(of: number, reference, setting), effect: effect, isDrifted: isDrifted,
            hasQualityProblem: effect?.isProblemOfQuality(setting) ?? false,
            onset: isDrifted ? kept?.detector.episode?.onset.time : nil, alarms: state.signals[number].driftAlarms,
            referenceEvents: min(Double(reference.counts.reduce(0, &+)), setting.limit(of: reference)))
        if effect != nil, let since = kept?.detector.sinceOnset {
            snapshot.moved = DriftMovement.cells(reference, counts: since.counts, expected: since.expected)
        }
        return snapshot
    }

    /// Most evidence for a change that is just large enough; computed once per reference.
    private mutating func evidenceLimit(
        of number: Int, _ reference: SignalReference, _ setting: VerdictSetting
    ) -> Double {
        if let known = compiled[number].evidenceLimit { return known }
        let limit = Self.detector(reference, setting, now: 0).logEvidenceLimit(
            effect: max(setting.statistic.stability(of: setting.effect), 1e-3))
        compiled[number].evidenceLimit = limit
        return limit
    }
}
