import Events
import Monitor
import Statistics
import TestKit
import Testing

/// Verdicts of the monitor: detectors are fed by cuts, last through restarts, and end.
@Suite struct EvidenceTests {
    /// A model whose `x` is normal and whose `k` has two categories, cut every second of 200 events.
    private struct Traffic: ~Copyable {
        static let schema = Schema(signals: [
            Signal(name: "x", role: .feature, kind: .numeric), Signal(name: "k", role: .feature, kind: .categorical),
        ])
        var monitor: Monitor
        var random = SplitMix64(seed: 21)
        var second = 0

        static var settings: MonitorSettings {
            var settings = testSettings
            settings.learning.events = 5_000
            return settings
        }

        init(_ settings: MonitorSettings = Traffic.settings) {
            monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        }

        var now: Instant { TestHistory.instant(Double(second)) }

        init(
            _ state: MonitorState, second: Int, random: SplitMix64, settings: MonitorSettings = Traffic.settings
        ) {
            monitor = Monitor(settings: settings, restoring: state, at: TestHistory.instant(Double(second)))
            (self.second, self.random) = (second, random)
        }

        /// A second of traffic, and the cut at its end.
        ///
        /// - Parameters:
        ///   - missing: Share of `x` that is missing.
        ///   - invalid: Share of `x` that is invalid.
        mutating func next(
            shift: Double = 0, missing: Double = 0, invalid: Double = 0, events: Int = 200
        ) -> MonitorCut {
            let begin = TestHistory.epoch + Int64(second) * 1_000_000_000
            let events = (0..<events).map { i in
                let category = random.uniform() < 0.3 ? "a" : "b"
                let x = TestCell.number(random.normal() + shift)
                let place = missing + invalid > 0 ? random.uniform() : 1
                let cell = place < missing ? .missing : place < missing + invalid ? .invalid : x
                return TestEvent(timestamp: begin + Int64(i) * 5_000_000, cells: [cell, .text(category)])
            }
            second += 1
            let now = TestHistory.instant(Double(second))
            monitor.apply(EventBatch.of(events, schema: Self.schema), at: now)
            return monitor.cut(at: now)
        }

        /// The verdicts of each second of traffic, from where there is a reference.
        mutating func verdicts(
            _ seconds: Int, shift: Double = 0
        ) throws -> [(x: EvidenceSnapshot, k: EvidenceSnapshot)] {
            var verdicts: [(x: EvidenceSnapshot, k: EvidenceSnapshot)] = []
            for _ in 0..<seconds {
                let model = try #require(next(shift: shift).snapshot.models.first)
                guard let x = model.signals.first(where: { $0.name == "x" })?.evidence,
                    let k = model.signals.first(where: { $0.name == "k" })?.evidence
                else { continue }
                verdicts.append((x, k))
            }
            return verdicts
        }
    }

    @Test func driftComesAndGoes() throws {
        var traffic = Traffic()
        let calm = try traffic.verdicts(75)
        #expect(calm.count == 51, "a verdict as soon as there is a reference")
        #expect(calm.allSatisfy { !$0.x.isDrifted && !$0.k.isDrifted && $0.x.alarms == 0 && $0.x.onset == nil })
        let drift = try traffic.verdicts(30, shift: 0.6)
        let first = try #require(drift.firstIndex { $0.x.isDrifted })
        #expect(first < 4)
        #expect(drift.dropFirst(first).allSatisfy { $0.x.isDrifted && $0.x.alarms == 1 })
        let onset = try #require(drift.last?.x.onset)
        #expect(abs(onset - (TestHistory.epoch + 75 * 1_000_000_000)) <= 5_000_000_000)
        let after = try traffic.verdicts(60)
        let over = try #require(after.firstIndex { !$0.x.isDrifted })
        #expect((15...40).contains(over), "\(over)")
        #expect(after.dropFirst(over).allSatisfy { !$0.x.isDrifted && $0.x.alarms == 1 })
        #expect((drift + after).allSatisfy { !$0.k.isDrifted && $0.k.alarms == 0 })
    }

    /// What moved is said while there is evidence, against the reference, and no longer.
    @Test func movement() throws {
        var traffic = Traffic()
        _ = try traffic.verdicts(60)
        func x() throws -> SignalSnapshot {
            try #require(traffic.next(shift: 1).snapshot.models.first?.signals.first { $0.name == "x" })
        }
        #expect(try #require(traffic.next().snapshot.models.first).signals.allSatisfy { $0.evidence?.moved == [] })
        for _ in 0..<400 { _ = traffic.next(shift: 1) }
        let found = try x()
        let moved = try #require(found.evidence?.moved)
        #expect(moved.count == DriftMovement.cellLimit)
        // All of it moved up by one standard deviation: the last of ten bins gains most, the first one loses.
        let last = try #require(moved.first)
        #expect(last.cell == 9 && last.part > 0.3)
        #expect(abs(last.referenceShare - 0.1) < 0.002 && abs(last.currentShare - 0.389) < 0.02, "\(last)")
        #expect(moved.contains { $0.cell == 0 && $0.part < 0 })
        let window = try #require(found.windows.first)
        #expect(window.label == "5m" && window.moved.first?.cell == 9)
        let shift = try #require(window.shift)
        let scale = try #require(shift.scale)
        #expect(abs((shift.mean?.difference ?? 0) / scale - 1) < 0.05)
        #expect(shift.quantiles.map(\.q) == [0.25, 0.5, 0.75])
        for (q, pair) in shift.quantiles { #expect(abs(pair.difference - 1) < 0.15, "\(q): \(pair)") }
    }

    /// Evidence without effect is no verdict.
    @Test func effectGate() throws {
        var settings = Traffic.settings
        settings.verdict.effect = 5
        var traffic = Traffic(settings)
        _ = try traffic.verdicts(60)
        let model = try #require(traffic.next().snapshot.models.first)
        let threshold = try #require(model.evidenceThreshold)
        let drift = try traffic.verdicts(20, shift: 0.6)
        #expect(drift.contains { $0.x.logEvidence >= threshold })
        #expect(drift.allSatisfy { !$0.x.isDrifted && $0.x.alarms == 0 })
    }

    /// The gate is held against the statistic that is asked for, of numbers and of categories.
    @Test(arguments: EffectStatistic.allCases) func effectStatistic(statistic: EffectStatistic) throws {
        func isFound(_ band: Double) throws -> Bool {
            var settings = Traffic.settings
            (settings.verdict.statistic, settings.verdict.effect) = (statistic, band)
            var traffic = Traffic(settings)
            _ = try traffic.verdicts(30)
            let last = try #require(try traffic.verdicts(10, shift: 0.6).last)
            let effect = try #require(last.x.effect)
            #expect(effect.sizeLower < effect.size && effect.psiExcessLower > 0.1)
            #expect(statistic != .populationStability || effect.size == effect.psiExcess)
            return last.x.isDrifted
        }
        #expect(try isFound(statistic.defaultBand))
        #expect(try !isFound(statistic == .wasserstein ? 0.7 : 0.5))
    }

    /// A tolerance and a wobbling reference make the reference count for less, as far as the settings say.
    @Test func worthOfTheReference() throws {
        var reference = SignalReference(
            kind: .input, name: "x", layout: .numeric(edges: [1, 2, 3]), counts: [300, 300, 300, 90, 10])
        reference.effectiveEvents = 40
        func worth(_ change: (inout VerdictSetting) -> Void) throws -> Double {
            var settings = MonitorSettings()
            change(&settings.verdict)
            settings.references = [
                Reference(
                    model: nil, version: nil, hash: "0", source: .file, created: 0, events: 1_000,
                    signals: [reference])
            ]
            settings.models = [ModelSetting(name: "m", version: "1")]
            var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
            let model = try #require(monitor.cut(at: TestHistory.instant(1)).snapshot.models.first)
            return try #require(model.signals.first?.evidence).referenceEvents
        }
        #expect(try worth { _ in } == 40)
        #expect(try worth { $0.usesWobble = false } == 1_000)
        #expect(try worth { ($0.usesWobble, $0.tolerance) = (false, 0.01) } == 300)
        #expect(try worth { $0.tolerance = 0.1 } == 30)
    }

    /// Autocorrelated traffic leaves its reference all the time; a reference that knows it so is not alarmed.
    @Test(arguments: [true, false]) func wobble(isUsed: Bool) throws {
        var settings = Traffic.settings
        settings.verdict.usesWobble = isUsed
        settings.learning.events = 20_000
        var traffic = Traffic(settings)
        var level = 0.0
        var random = SplitMix64(seed: 31)
        var drifted = 0
        for _ in 0..<400 {
            level = 0.7 * level + 0.35 * random.normal()
            let x = try #require(traffic.next(shift: level).snapshot.models.first).signals.first { $0.name == "x" }
            if let evidence = x?.evidence, evidence.isDrifted { drifted += 1 }
        }
        #expect(isUsed ? drifted == 0 : drifted > 100, "\(drifted) of 300 seconds")
    }

    /// Missing values are evidence, and a problem of quality; the values that are left have not drifted.
    @Test func missingSpike() throws {
        var traffic = Traffic()
        _ = try traffic.verdicts(60)
        for second in 0..<20 {
            let model = try #require(traffic.next(missing: 0.3).snapshot.models.first)
            let x = try #require(model.signals.first { $0.name == "x" }?.evidence)
            #expect(!x.isDrifted && x.alarms == 0)
            #expect(x.hasQualityProblem == (second > 0) || second == 0)
            if second > 2 {
                let effect = try #require(x.effect)
                #expect(effect.missingGrowth > 0.2 && effect.psiExcessLower < 0.1 && effect.invalidGrowth < 0.01)
            }
        }
    }

    /// While many values are invalid, those left say nothing about drift; once they are fixed, a drift is one.
    @Test func invalidSpike() throws {
        var traffic = Traffic()
        _ = try traffic.verdicts(60)
        func x(_ cut: MonitorCut) throws -> EvidenceSnapshot {
            try #require(cut.snapshot.models.first?.signals.first { $0.name == "x" }?.evidence)
        }
        for second in 0..<10 {
            let evidence = try x(traffic.next(shift: 1, invalid: 0.4))
            #expect(!evidence.isDrifted && evidence.alarms == 0)
            if second > 1 { #expect(evidence.hasQualityProblem && (evidence.effect?.psiExcessLower ?? 0) > 0.1) }
        }
        var last: EvidenceSnapshot?
        for _ in 0..<1_000 where last?.isDrifted != true { last = try x(traffic.next(shift: 1)) }
        #expect(last?.isDrifted == true && last?.hasQualityProblem == false)
    }

    /// Two signals that move at once need less each; thresholds are those of one alone.
    @Test func gatesAreShown() throws {
        var traffic = Traffic()
        _ = try traffic.verdicts(60)
        let model = try #require(traffic.next().snapshot.models.first)
        #expect(model.effectThreshold == 0.1)
        let x = try #require(model.signals.first { $0.name == "x" }?.evidence)
        #expect(x.effect == nil && x.referenceEvents > 1_000)
        #expect(x.logEvidenceLimit > 100, "\(x.logEvidenceLimit)")
        let moved = try #require(traffic.next(shift: 1).snapshot.models.first)
        let signal = try #require(moved.signals.first { $0.name == "x" })
        let effect = try #require(signal.evidence?.effect)
        #expect(effect.events >= 200 && effect.psiExcessLower > 0.1 && effect.psiExcessLower < effect.psiExcess)
        let drift = try #require(signal.windows.first?.drift)
        #expect(drift.psiExcessLower <= drift.psiExcess)
    }

    /// The threshold is the budget in ticks, for all signals together.
    @Test func budget() throws {
        var traffic = Traffic()
        _ = try traffic.verdicts(70)
        let threshold = try #require(traffic.next().snapshot.models.first?.evidenceThreshold)
        // A tick a second, 90 days, two signals.
        #expect(abs(threshold - 16.56) < 0.1, "\(threshold)")
    }

    /// A restart changes nothing.
    @Test(arguments: [40, 77, 100]) func restart(second: Int) throws {
        var traffic = Traffic()
        for at in 0..<second { _ = traffic.next(shift: at > 74 ? 0.6 : 0) }
        let state = traffic.monitor.cut(at: TestHistory.instant(Double(second))).state
        #expect(state.models.first?.signals.first?.evidence != nil)
        var twin = Traffic(state, second: second, random: traffic.random)
        for _ in 0..<40 {
            let (original, copy) = (traffic.next(shift: 0.6), twin.next(shift: 0.6))
            for (left, right) in zip(original.snapshot.models, copy.snapshot.models) {
                #expect(left.signals.map(\.evidence) == right.signals.map(\.evidence))
                #expect(left.evidenceThreshold == right.evidenceThreshold)
            }
        }
    }

    /// A restart between the first look at a signal and its first tick does not move the beginning of what it tells.
    @Test func restartBeforeTheFirstTick() throws {
        var settings = Traffic.settings
        settings.learning.events = 4_990
        func onset(restartsAt seconds: Set<Int>) throws -> Int64 {
            var traffic = Traffic(settings)
            var shown: Int64?
            for second in 0..<40 {
                let state = traffic.next(shift: second >= 25 ? 1.5 : 0, events: second == 25 ? 40 : 200).state
                if seconds.contains(second) {
                    traffic = Traffic(state, second: second + 1, random: traffic.random, settings: settings)
                }
                let model = try #require(traffic.monitor.cut(at: traffic.now).snapshot.models.first)
                shown = shown ?? model.signals.first { $0.name == "x" }?.evidence?.onset
            }
            return try #require(shown)
        }
        #expect(try onset(restartsAt: [24, 25]) == onset(restartsAt: []))
    }

    /// Counters that begin at zero again take no evidence with them and make none.
    @Test func counterReset() throws {
        var traffic = Traffic()
        for _ in 0..<60 { _ = traffic.next() }
        var state = traffic.monitor.cut(at: TestHistory.instant(60)).state
        state.resetCounters()
        var twin = Traffic(state, second: 60, random: traffic.random)
        let verdicts = try twin.verdicts(30)
        #expect(verdicts.allSatisfy { !$0.x.isDrifted && $0.x.alarms == 0 })
        #expect(try #require(try twin.verdicts(6, shift: 0.6).last).x.isDrifted)
    }
}
