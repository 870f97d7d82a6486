import Events
import Sketches
import Statistics

extension ModelSlot {
    /// What is exposed about the model.
    mutating func snapshot(settings: borrowing MonitorSettings, setting: ModelSetting) -> ModelSnapshot {
        var snapshot = ModelSnapshot(model: state.model, version: state.version, setting: setting)
        snapshot.predictions = state.predictions
        snapshot.lastPrediction = state.lastPrediction
        snapshot.lateEvents = state.lateEvents
        snapshot.missingFields = state.missingFields
        snapshot.unexpectedFields = state.unexpectedFields
        snapshot.wrongTypes = state.wrongTypes
        snapshot.joinedOutcomes = state.joinedOutcomes
        snapshot.outcomes = state.outcomes
        snapshot.pendingPredictions = state.pending.count
        snapshot.outcomeDelay = state.outcomeDelay?.snapshot
        snapshot.classes = classes
        snapshot.confusion = confusion(settings.limits.confusionClasses)
        snapshot.errors = state.errors.count > 0 ? state.errors : nil
        snapshot.latency = histogram(of: .latency)
        snapshot.score = histogram(of: .score)
        snapshot.value = histogram(of: .prediction)
        snapshot.reference = state.reference
        if state.reference != nil {
            snapshot.referenceState = .ready
        } else if let learner = state.learner {
            snapshot.referenceState = .learning(
                events: learner.builder.events, of: UInt64(max(1, settings.learning.events)))
        }
        let plan = WindowPlan(settings.windows, panes: state.panes)
        snapshot.windows = windows(plan, settings: settings)
        if state.recent.isUsed { snapshot.repeats = state.worth.repeats }
        snapshot.detectors = detectorSnapshots
        snapshot.evidenceThreshold = evidenceThreshold(settings.verdict)
        snapshot.effectThreshold = snapshot.evidenceThreshold.map { _ in settings.verdict.effect }
        snapshot.effectStatistic = settings.verdict.statistic.label
        for number in state.signals.indices {
            let signal = state.signals[number]
            guard signal.hasValues || compiled[number].reference != nil else { continue }
            var entry = SignalSnapshot(
                role: signal.role, name: signal.name, kind: signal.kind, observations: signal.observations,
                issues: signal.issues, bins: signal.bins, expected: signal.expected,
                reference: compiled[number].reference,
                values: signal.role == .feature ? signal.histogram?.snapshot : nil,
                windows: windows(plan, signal: number, of: snapshot.windows, settings: settings))
            entry.evidence = evidence(of: number, settings.verdict)
            snapshot.signals.append(entry)
        }
        snapshot.signals.sort { ($0.role.rawValue, $0.name) < ($1.role.rawValue, $1.name) }
        return snapshot
    }

    /// Predictions by class, those beyond the limit in `__other__`.
    private var classes: [(name: String, count: UInt64)] {
        var others = state.classCounts[0]
        var listed: [(name: String, count: UInt64)] = []
        for (number, name) in state.classes.enumerated() {
            let count = number + 1 < state.classCounts.count ? state.classCounts[number + 1] : 0
            if name == Monitor.otherModel { others &+= count } else { listed.append((name, count)) }
        }
        if others > 0 { listed.append((Monitor.otherModel, others)) }
        return listed
    }

    /// Every pair of the classes that were compared; those beyond the limit as `__other__`.
    private func confusion(_ limit: Int) -> [(actual: String, predicted: String, count: UInt64)] {
        guard state.joinedOutcomes > 0, !state.confusion.counts.isEmpty else { return [] }
        let names = state.classes.prefix(limit).enumerated().filter { $0.element != Monitor.otherModel }
        var classes = names.map { (number: $0.offset + 1, name: $0.element) }
        let others = (0...limit).contains { number in
            state.confusion[actual: 0, predicted: number] > 0 || state.confusion[actual: number, predicted: 0] > 0
        }
        if others { classes.append((0, Monitor.otherModel)) }
        return classes.flatMap { actual in
            classes.map { predicted in
                (actual.name, predicted.name, state.confusion[actual: actual.number, predicted: predicted.number])
            }
        }
    }

    /// The histogram of the first signal of a role that has values.
    private func histogram(of role: Role) -> HistogramSnapshot? {
        state.signals.first { $0.role == role && $0.histogram != nil && $0.hasValues }?.histogram?.snapshot
    }

    // MARK: Windows

    private func windows(_ plan: WindowPlan, settings: borrowing MonitorSettings) -> [ModelWindow] {
        var windows = settings.windows.map { ModelWindow(label: $0.label, events: 0, performance: []) }
        var sum = Pane()
        for step in plan.steps {
            if let position = step.position {
                sum.worth.merge(state.panes.tiers[step.tier].panes[position].worth)
                sum.confusion.merge(state.panes.tiers[step.tier].panes[position].confusion)
                sum.errors.merge(state.panes.tiers[step.tier].panes[position].errors)
            }
            for window in step.ending {
                windows[window].worth = sum.worth
                windows[window].outcomes = sum.confusion.total &+ sum.errors.count
                windows[window].performance = performance(of: sum)
            }
        }
        return windows
    }

    private func windows(
        _ plan: WindowPlan, signal number: Int, of model: [ModelWindow], settings: borrowing MonitorSettings
    ) -> [SignalWindow] {
        var windows = settings.windows.map {
            SignalWindow(
                label: $0.label, observations: 0, missing: 0, invalid: 0, moments: nil, quantiles: [], distinct: nil,
                drift: nil)
        }
        var sum = SignalPane()
        for step in plan.steps {
            if let position = step.position,
                number < state.panes.tiers[step.tier].panes[position].signals.count
            {
                sum.merge(state.panes.tiers[step.tier].panes[position].signals[number])
            }
            for window in step.ending {
                windows[window] = self.window(
                    windows[window].label, of: sum, worth: model[window].worth, signal: number, settings: settings)
            }
        }
        return windows
    }

    private func window(
        _ label: String, of sum: SignalPane, worth: SampleWorth, signal: Int, settings: borrowing MonitorSettings
    ) -> SignalWindow {
        let hasNumbers = sum.moments.count > 0
        let quantiles =
            hasNumbers
            ? SignalWindow.quantiles.compactMap { q in sum.sketch.quantile(q).map { (q: q, value: $0) } } : []
        let isFeature = state.signals[signal].role == .feature
        var window = SignalWindow(
            label: label, observations: sum.observations, missing: sum.missing, invalid: sum.invalid,
            moments: hasNumbers ? sum.moments : nil, quantiles: quantiles,
            distinct: isFeature && sum.observations > sum.missing &+ sum.invalid ? sum.distinct.estimate : nil,
            drift: drift(of: sum, worth: worth, signal: signal, settings: settings))
        if let drift = window.drift, let reference = compiled[signal].reference {
            if drift.psiExcessLower >= settings.verdict.statistic.stability(of: settings.verdict.effect) {
                window.moved = DriftMovement.cells(reference, counts: sum.cells, expected: sum.expected)
            }
            window.shift = numbers(of: sum, reference: reference).map { numbers in
                NumberShift(numbers, reference: reference.counts(at: sum.expected), cells: sum.cells) {
                    sum.sketch.quantile($0)
                }
            }
        }
        return window
    }

    // MARK: Statistics

    /// What is said of a window's drift from the reference; `nil` where its values are worth too few events.
    ///
    /// Statistics of size are about shares, which repeats leave alone; chance is reckoned by what the values are worth.
    private func drift(
        of sum: SignalPane, worth: SampleWorth, signal: Int, settings: borrowing MonitorSettings
    ) -> DriftStatistics? {
        var carried = 0.5
        guard let reference = compiled[signal].reference, sum.cells.count == reference.counts.count,
            let counts = TwoSampleCounts(
                reference: reference.counts(at: sum.expected), current: worth.deflated(sum.cells, carrying: &carried),
                orderedCount: reference.layout.orderedBinCount),
            counts.currentTotal >= settings.minimumEvents
        else { return nil }
        let drift = Drift(counts, numbers: numbers(of: sum, reference: reference))
        return DriftStatistics(
            psi: drift.populationStability.index, psiExcess: drift.populationStability.excess,
            jensenShannon: drift.jensenShannon, kolmogorovSmirnov: drift.kolmogorovSmirnov,
            wasserstein: drift.wasserstein, hellinger: drift.hellinger, totalVariation: drift.totalVariation,
            chiSquareScore: drift.chiSquare.score, chiSquare: drift.chiSquare.statistic,
            degreesOfFreedom: drift.chiSquare.degreesOfFreedom, currentEvents: counts.currentTotal,
            referenceEvents: counts.referenceTotal,
            psiExcessLower: PopulationStability(
                counts, effectiveEvents: settings.verdict.effectiveEvents(of: reference)
            ).excessLower)
    }

    /// What the Wasserstein distance needs; `nil` while the window holds numbers that the reference was learned from,
    /// because its moments then are not those of the numbers compared.
    private func numbers(of sum: SignalPane, reference: SignalReference) -> Drift.Numbers? {
        guard case .numeric(let edges) = reference.layout, let range = reference.range, let mean = reference.mean,
            let deviation = reference.standardDeviation, let interquartileRange = reference.interquartileRange,
            sum.moments.count > 0, sum.moments.count == sum.cells.prefix(edges.count + 1).reduce(0, &+)
        else { return nil }
        // The mean of all hours is not that of the hours at hand.
        let usual = sum.expected.isEmpty ? mean : nil
        return Drift.Numbers(
            edges: edges,
            reference: NumberRange(minimum: range.lowerBound, maximum: range.upperBound, mean: usual),
            current: NumberRange(minimum: sum.moments.minimum, maximum: sum.moments.maximum, mean: sum.moments.mean),
            standardDeviation: deviation, interquartileRange: interquartileRange)
    }

    private func performance(of sum: Pane) -> [PerformanceValue] {
        if let quality = RegressionQuality(
            count: sum.errors.count, absolute: sum.errors.absolute, squared: sum.errors.squared,
            signed: sum.errors.signed)
        {
            return [
                PerformanceValue("mae", quality.meanAbsoluteError),
                PerformanceValue("rmse", quality.rootMeanSquaredError),
                PerformanceValue("bias", quality.bias),
            ]
        }
        let classCount = sum.confusion.classCount
        var table: [UInt64] = []
        for actual in 0..<classCount {
            for predicted in 0..<classCount { table.append(sum.confusion[actual: actual, predicted: predicted]) }
        }
        guard let quality = ClassificationQuality(confusion: table, classCount: classCount) else { return [] }
        let accuracy = quality.accuracy
        return [
            PerformanceValue(
                metric: "accuracy", value: accuracy.value, lower: accuracy.lower, upper: accuracy.upper),
            PerformanceValue(metric: "f1_macro", value: quality.f1Macro, lower: nil, upper: nil),
        ]
    }
}

extension PerformanceValue {
    fileprivate init(_ metric: String, _ estimate: RegressionQuality.Estimate) {
        self.init(
            metric: metric, value: estimate.value, lower: estimate.interval?.lower, upper: estimate.interval?.upper)
    }
}

/// In which order panes are summed so that each window is the sum up to one step: newest first, finest tier first.
struct WindowPlan {
    /// One pane and the windows that end with it.
    struct Step {
        var tier: Int
        /// Place of the pane; `nil` if it holds nothing.
        var position: Int?
        /// Windows complete after this step, as numbers in the settings.
        var ending: [Int]
    }

    private(set) var steps: [Step] = []

    init(_ windows: [WindowSetting], panes: PaneTiers) {
        guard let head = panes.headMinute else { return }
        for (number, tier) in panes.tiers.enumerated() {
            let newest = tier.index(ofMinute: head)
            for age in 0..<tier.capacity {
                let length = Int64(age + 1) * tier.minutes * 60
                let position = tier.position(ofFilled: newest - Int64(age))
                let ending = windows.indices.filter {
                    windows[$0].seconds == length && panes.tier(of: windows[$0]) == number
                }
                if position != nil || !ending.isEmpty {
                    steps.append(Step(tier: number, position: position, ending: ending))
                }
            }
        }
    }
}

extension PaneTiers {
    /// The tier whose panes a window is made of.
    func tier(of window: WindowSetting) -> Int? {
        let minutes: Int64 = window.seconds <= 3_600 ? 1 : window.seconds <= 86_400 ? 60 : 1_440
        return tiers.firstIndex { $0.minutes == minutes }
    }
}

extension SignalWindow {
    /// The quantiles that are exposed.
    public static let quantiles = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
}
