public import Exposition
public import Monitor

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
}
