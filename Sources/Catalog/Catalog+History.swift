public import Exposition
public import Monitor

extension Catalog {
    /// The families of a history: those about models and sources; what a daemon says about itself has no past.
    public static let historyFamilies: [FamilyDescriptor] = modelFamilies + IngestFamilies.all

    /// Writes the series of a snapshot that a history has.
    ///
    /// - Parameters:
    ///   - snapshot: A moment of the past.
    ///   - writer: A cleared writer.
    public static func renderHistory(_ snapshot: MonitorSnapshot, into writer: inout ExpositionWriter) {
        renderModels(snapshot.models, into: &writer)
        IngestFamilies.render(snapshot.sources, daemon: DaemonStatus(), into: &writer)
    }
}
