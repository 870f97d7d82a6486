public import Exposition

extension Catalog {
    /// A group of families with a title for readers.
    public struct Section: Sendable {
        /// Title.
        public let title: String
        /// Families, in the order of exposition.
        public let families: [FamilyDescriptor]
    }

    /// Every family once, grouped for readers.
    public static let sections = [
        Section(title: "Traffic and output", families: TrafficFamilies.all),
        Section(title: "Features and quality", families: FeatureFamilies.all),
        Section(title: "Reference and drift", families: DriftFamilies.all),
        Section(
            title: "Verdicts about drift",
            families: VerdictFamilies.all + MovementFamilies.all + ModelVerdictFamilies.all),
        Section(title: "Classical detectors", families: DetectorFamilies.all),
        Section(title: "Outcomes and performance", families: OutcomeFamilies.all),
        Section(title: "Sources", families: IngestFamilies.all),
        Section(title: "Custom metrics", families: CustomFamilies.all),
        Section(title: "The daemon", families: DaemonFamilies.all),
    ]

    /// The metric tables of the README, in Markdown, one per section.
    ///
    /// - Parameter level: Level of the headings, 1 to 6.
    public static func markdownTable(headingLevel level: Int = 3) -> String {
        sections.map { section in
            let heading = String(repeating: "#", count: min(max(level, 1), 6)) + " " + section.title
            let head = "| family | type | labels | meaning |\n| --- | --- | --- | --- |"
            return ([heading + "\n", head] + section.families.map(row)).joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }

    private static func row(_ family: FamilyDescriptor) -> String {
        // A bar would end the cell and two underscores begin bold text; Markdown reads both escaped.
        let help = family.help.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
            .split(separator: "__", omittingEmptySubsequences: false).joined(separator: "\\_\\_")
        let labels = family.labels.map { "`\($0)`" }.joined(separator: ", ")
        let note = family.stability == .experimental ? " (experimental)" : ""
        return "| `\(family.name)` | \(type(family))\(note) | \(labels) | \(help) |"
    }

    private static func type(_ family: FamilyDescriptor) -> String {
        switch family.type {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        case .summary: "summary"
        case .info: "info"
        }
    }
}
