public import Events
public import LineFormats

/// What records that come in bodies are taken with.
public struct BodySettings: Sendable, Equatable {
    /// Where they come from, for people.
    public var name: String
    /// Model of the records that name none, for an inferred schema.
    public var defaultModel: String

    /// What is known of its records, for an inferred schema; they are JSON in any case.
    public var hints: SchemaHints

    /// Settings.
    public init(name: String, defaultModel: String = "default", hints: SchemaHints = SchemaHints()) {
        (self.name, self.defaultModel, self.hints) = (name, defaultModel, hints)
    }
}

/// What became of the records of one body.
public enum BodyAnswer: Sendable, Equatable {
    /// Each was accepted, rejected or ignored, as the receipt says.
    case taken(Receipt)
    /// All are kept until there are enough, or none has come for a second, to tell which field is which.
    case held(records: Int)
    /// None was taken, and all are counted as dropped: too much waits for the monitor. The same body may come again.
    case full(records: Int)
    /// None was taken or counted: the source does not run.
    case stopped
}
