/// Something that was known and had to be given up, because it no longer fits the settings or could not be read.
public struct StateReset: Sendable, Equatable, CustomStringConvertible {
    /// Why.
    public enum Reason: UInt8, Sendable, CaseIterable {
        /// The sliding windows are others: they start empty.
        case windows = 0
        /// The reference of a model is another one, or none: its bins start at 0.
        case reference = 1
        /// A source is no longer configured: its totals and positions are forgotten.
        case source = 2
        /// There are more models than allowed: one is forgotten.
        case models = 3
        /// The state is older than what was published, or may be: counters start at 0.
        case counters = 4
        /// A state file could not be read, or not be trusted.
        case unreadable = 5
        /// The state is of another version: of it only positions go on.
        case version = 6

        /// The `reason` label value.
        public var label: String {
            switch self {
            case .windows: "windows_changed"
            case .reference: "reference_changed"
            case .source: "source_removed"
            case .models: "model_limit"
            case .counters: "state_behind"
            case .unreadable: "state_unreadable"
            case .version: "state_version"
            }
        }
    }

    /// Why.
    public var reason: Reason
    /// What, as a sentence for the log.
    public var description: String

    /// Creates a note of a reset.
    public init(_ reason: Reason, _ description: String) { (self.reason, self.description) = (reason, description) }
}
