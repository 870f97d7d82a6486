internal import Events
public import Exposition
public import Monitor
internal import Sketches

/// Every metric family that telltale exposes, and how a snapshot becomes their series.
///
/// No other module spells a metric name, apart from custom metrics, whose names are input. Families about models begin
/// with `model_`, those about the daemon with `telltale_`; `process_` is what Prometheus expects of every process.
public enum Catalog {
    /// Every family, in the order of exposition.
    public static let families: [FamilyDescriptor] =
        modelFamilies + IngestFamilies.all + CustomFamilies.all + DaemonFamilies.all

    /// Those about models.
    static let modelFamilies =
        TrafficFamilies.all + FeatureFamilies.all + DriftFamilies.all + VerdictFamilies.all
        + MovementFamilies.all + ModelVerdictFamilies.all + DetectorFamilies.all + OutcomeFamilies.all

    /// Writes all series of a snapshot, and the end of the exposition.
    ///
    /// Cost is linear in the number of series. Nothing is allocated per series once the writer has its size.
    ///
    /// - Parameters:
    ///   - snapshot: What was published last.
    ///   - daemon: What the daemon says about itself now.
    ///   - writer: An empty or cleared writer.
    public static func render(
        _ snapshot: MonitorSnapshot, daemon: DaemonStatus, into writer: inout ExpositionWriter
    ) {
        renderModels(snapshot.models, into: &writer)
        IngestFamilies.render(snapshot.sources, daemon: daemon, into: &writer)
        CustomFamilies.render(snapshot, into: &writer)
        DaemonFamilies.render(snapshot, daemon: daemon, into: &writer)
        writer.finish()
    }

    /// Writes all series about models.
    static func renderModels(_ snapshots: [ModelSnapshot], into writer: inout ExpositionWriter) {
        let models = snapshots.map { LabelledModel($0, writer: &writer) }
        TrafficFamilies.render(models, into: &writer)
        FeatureFamilies.render(models, into: &writer)
        DriftFamilies.render(models, into: &writer)
        VerdictFamilies.render(models, into: &writer)
        MovementFamilies.render(models, into: &writer)
        ModelVerdictFamilies.render(models, into: &writer)
        DetectorFamilies.render(models, into: &writer)
        OutcomeFamilies.render(models, into: &writer)
    }
}

/// The labels of every family about a model.
let modelLabels = ["model", "version"]

/// Seconds since the epoch, from nanoseconds: a `Double` of the nanoseconds would be off by up to 128 of them.
func seconds(_ nanoseconds: Int64) -> Double {
    let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return Double(whole) + Double(rest) / 1e9
}

/// A model with its labels, escaped once for all families.
struct LabelledModel {
    let snapshot: ModelSnapshot
    /// `model`, `version`.
    let labels: LabelBlock
    /// Its signals.
    let signals: [LabelledSignal]

    init(_ snapshot: ModelSnapshot, writer: inout ExpositionWriter) {
        self.snapshot = snapshot
        let labels = writer.block(writer.block(.empty, "model", snapshot.model), "version", snapshot.version)
        let referenced = writer.block(labels, "reference", snapshot.reference?.hash ?? "")
        self.labels = labels
        signals = snapshot.signals.map { LabelledSignal($0, model: labels, reference: referenced, writer: &writer) }
    }
}

/// A signal with its labels, escaped once for all families.
///
/// A class, because every family walks over all signals: a struct would copy a dozen references at each step.
final class LabelledSignal {
    let snapshot: SignalSnapshot
    /// Which distribution it is; `nil` for signals that are not compared.
    let kind: DriftKind?
    /// `model`, `version`, `feature`.
    let labels: LabelBlock
    /// `model`, `version`, `kind`, `feature`.
    let kindLabels: LabelBlock
    /// `model`, `version`, `reference`, `kind`, `feature`.
    let referenceLabels: LabelBlock

    init(_ snapshot: SignalSnapshot, model: LabelBlock, reference: LabelBlock, writer: inout ExpositionWriter) {
        self.snapshot = snapshot
        kind = DriftKind(snapshot.role)
        let kindLabel = kind?.label ?? ""
        labels = writer.block(model, "feature", snapshot.name)
        kindLabels = writer.block(writer.block(model, "kind", kindLabel), "feature", snapshot.name)
        referenceLabels = writer.block(writer.block(reference, "kind", kindLabel), "feature", snapshot.name)
    }
}

extension ExpositionWriter {
    /// Writes a histogram of the snapshot, without its sum if a value was negative.
    mutating func histogram(_ labels: LabelBlock, _ histogram: HistogramSnapshot) {
        let isNegative = (histogram.native.quantile(0) ?? 0) < 0
        self.histogram(
            labels, bounds: histogram.bounds.span, counts: histogram.counts.span, sum: isNegative ? nil : histogram.sum)
    }
}
