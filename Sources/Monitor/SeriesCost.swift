public import Events

/// How many time series a model and its signals may fill at most, so that `MonitorLimits.series` is kept before they
/// exist.
///
/// The numbers mirror what is exposed; a test of the catalogue compares them with a full exposition.
public enum SeriesCost {
    /// A model apart from its signals.
    public static func model(_ settings: MonitorSettings) -> Int {
        // Identity, statuses, newest prediction, late events, schema violations, reference (three families),
        // thresholds of evidence and effect; per kind: compared and drifted signals, their share, and whether any has;
        // per window: events, overall score and coverage of outcomes; outcomes by seven results, pending ones, delay.
        let always = 1 + Status.allCases.count + 1 + 1 + 3 + 3 + 2 + 4 * DriftKind.allCases.count
        let outcomes = 7 + 1 + histogram(bounds: ValueHistogram.delayBounds.count)
        let thresholds = settings.models.map(\.thresholds.count).max() ?? 0
        // Score, threshold and alarms.
        let detectors = 3 * settings.detectors.count
        return always + outcomes + 3 * settings.windows.count + thresholds + detectors
    }

    /// One signal.
    ///
    /// - Parameter reference: Its reference, where that is from a file; else it may learn one.
    public static func signal(
        role: Role, kind: SignalKind, settings: MonitorSettings, reference: SignalReference? = nil
    ) -> Int {
        var perSignal = 0
        var perWindow = 0
        if DriftKind(role) != nil {
            // Bins on both sides, and what is expected of the hours; the cells that moved. Evidence and its limit,
            // effect with bound and sample size, both verdicts, onset, alarms, worth of the reference; sample size,
            // distances and a bound of one.
            let cells = reference?.layout.cellCount ?? learnedCells(kind, settings)
            perSignal += (reference?.hours == nil ? 2 : 3) * cells + 10 + min(cells, DriftMovement.cellLimit)
            perWindow += 1 + (kind == .numeric ? 9 : 7)
            // Shifts of the mean and of quantiles.
            if kind == .numeric { perWindow += 1 + DriftMovement.quantiles.count }
        }
        switch (role, kind) {
        case (.feature, .numeric):
            // Observations, four issues, a histogram of one bucket; quantiles, mean, deviation, distinct values.
            perSignal += 1 + 4 + histogram(bounds: 0)
            perWindow += SignalWindow.quantiles.count + 3
        case (.feature, .categorical):
            // Observations, three issues; distinct values.
            perSignal += 1 + 3
            perWindow += 1
        case (.prediction, .numeric): perSignal += histogram(bounds: 0)
        case (.prediction, .categorical): perSignal += settings.limits.categoriesPerSignal + 1
        case (.score, _): perSignal += histogram(bounds: ValueHistogram.scoreBounds.count)
        case (.latency, _): perSignal += histogram(bounds: ValueHistogram.latencyBounds.count)
        case (.outcome, .numeric):
            // Two sums with counts; three statistics with two bounds each.
            perSignal += 4
            perWindow += 9
        case (.outcome, .categorical):
            // Pairs of classes; one statistic with bounds and one without.
            let classes = settings.limits.confusionClasses + 1
            perSignal += classes * classes
            perWindow += 4
        }
        return perSignal + perWindow * settings.windows.count
    }

    /// Buckets with +Inf, sum and count.
    private static func histogram(bounds: Int) -> Int { bounds + 3 }

    private static func learnedCells(_ kind: SignalKind, _ settings: MonitorSettings) -> Int {
        switch kind {
        case .numeric: settings.binCount + 1
        case .categorical: settings.referenceCategories + 2
        }
    }
}
