internal import Events
internal import Glibc
internal import Monitor
internal import Statistics

/// Whether records as a whole have drifted from a reference: one look, not a watch.
///
/// The figures are those of the daemon, over all records as one window. A signal has drifted if its change is large
/// (PSI above what chance explains, at least `effect`) and significant: its chi-square test would call a signal without
/// drift changed with a probability of `falseAlarms` divided by the number of tests (Bonferroni), so that `falseAlarms`
/// holds for the check as a whole. A second test per signal looks for values of the wrong type, which are in no bin.
final class ReferenceCheck {
    /// What is asked of a drifted signal.
    struct Gates {
        /// Least PSI excess.
        var effect = 0.1
        /// Least growth of the share of values of the wrong type.
        var invalidShare = 0.01
        /// Probability that records without drift fail the check, 0 to 1.
        var falseAlarms = 0.01
        /// Fewest values of a signal that are judged.
        var minimumEvents: UInt64 = 50
    }

    /// What a signal came to.
    enum Verdict: String {
        /// Changed significantly and largely; significantly only; not significantly.
        case drifted, small, stable
        /// More values of the wrong type than in the reference.
        case invalid
        /// Too few values for a statement.
        case scarce
        /// In the reference and in no record.
        case absent
    }

    /// One signal of the reference.
    struct Finding {
        var kind: DriftKind
        var name: String
        var verdict: Verdict
        /// Values looked at, and those of them that were missing or of the wrong type.
        var values: UInt64 = 0
        var missing: UInt64 = 0
        var invalid: UInt64 = 0
        var drift: DriftStatistics?
        /// Where numbers went; `nil` without numbers, or too few.
        var shift: NumberShift?
        /// The cells of `layout` that moved most; empty unless there is a drift, or values are invalid.
        var moved: [CellContribution] = []
        /// Bins of the reference.
        var layout: BinLayout
        /// Probability of a chi-square at least as large without drift.
        var probability: Double?
    }

    /// The reference compared with.
    let reference: Reference
    private let gates: Gates
    private var monitor: Monitor
    /// Nanoseconds of a week.
    private static let week: Int64 = 604_800_000_000_000
    /// All records are taken as of one week, the one that ends now, so that one window holds them and each keeps its
    /// hour.
    private static let moment = Instant(wall: week - 1, monotonic: 0)

    /// Begins a check with no records yet.
    init(_ reference: Reference, gates: Gates) {
        self.gates = gates
        var general = reference
        (general.model, general.version) = (nil, nil)
        self.reference = general
        var settings = MonitorSettings()
        settings.references = [general]
        settings.learning.events = 0
        settings.joining.pending = 0
        settings.windows = [WindowSetting(label: "all", seconds: Self.week / 1_000_000_000)]
        settings.minimumEvents = gates.minimumEvents
        settings.sources = ["files"]
        settings.limits.signalsPerModel = EventLimits.signals
        settings.limits.series = .max
        monitor = Monitor(settings: settings, at: Self.moment)
    }

    /// Takes the rows of a batch: all of them of one model, of one version, and of one week.
    func add(_ batch: EventBatch) {
        for row in 0..<batch.rowCount {
            let time = unsafe batch.timestamps[row]
            if time != EventBatch.noTimestamp {
                let inWeek = time % Self.week
                unsafe batch.timestamps[row] = inWeek < 0 ? inWeek + Self.week : inWeek
            }
            unsafe batch.models[row] = .missing
            unsafe batch.versions[row] = .missing
        }
        monitor.apply(batch, at: Self.moment)
    }

    /// Records taken, and a finding for each signal of the reference, in its order.
    func findings() -> (records: UInt64, findings: [Finding]) {
        let model = monitor.cut(at: Self.moment).snapshot.models.first
        let allowed = gates.falseAlarms / Double(max(1, 2 * reference.signals.count))
        let findings = reference.signals.map { wanted -> Finding in
            let found = model?.signals.first { $0.name == wanted.name && DriftKind($0.role) == wanted.kind }
            guard let signal = found, signal.observations > 0 else {
                return Finding(kind: wanted.kind, name: wanted.name, verdict: .absent, layout: wanted.layout)
            }
            var finding = Finding(
                kind: wanted.kind, name: wanted.name, verdict: .scarce, values: signal.observations,
                missing: signal.issues.missing, invalid: signal.issues.invalid, layout: wanted.layout)
            if let drift = signal.windows.first?.drift {
                let probability = Self.tail(drift.chiSquareScore)
                (finding.drift, finding.probability) = (drift, probability)
                finding.shift = signal.windows.first?.shift
                if probability > allowed {
                    finding.verdict = .stable
                } else {
                    finding.verdict = drift.psiExcess >= gates.effect ? .drifted : .small
                }
            }
            if finding.verdict != .drifted, hasMoreInvalid(finding, than: wanted, allowed: allowed) {
                finding.verdict = .invalid
            }
            if finding.verdict == .drifted || finding.verdict == .invalid,
                let counts = TwoSampleCounts(
                    reference: wanted.counts(at: signal.expected), current: signal.bins)
            {
                finding.moved = counts.contributions(limit: DriftMovement.cellLimit)
            }
            return finding
        }
        return (model?.predictions.reduce(0, &+) ?? 0, findings)
    }

    private func hasMoreInvalid(_ finding: Finding, than wanted: SignalReference, allowed: Double) -> Bool {
        guard finding.values >= gates.minimumEvents else { return false }
        let before = [wanted.counts.reduce(0, &+), wanted.invalid]
        let now = [finding.values &- finding.invalid, finding.invalid]
        guard let counts = TwoSampleCounts(reference: before, current: now) else { return false }
        let growth = Double(now[1]) / Double(finding.values) - Double(before[1]) / Double(counts.referenceTotal)
        return growth >= gates.invalidShare && Self.tail(ChiSquare(counts).score) <= allowed
    }

    /// Probability that a standard normal number is at least `score`.
    private static func tail(_ score: Double) -> Double { 0.5 * erfc(score / 2.0.squareRoot()) }
}
