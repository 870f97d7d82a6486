import Events
public import LineFormats

/// Where a log is and how it is followed.
public struct TailSettings: Sendable, Equatable {
    /// Path of the log as its writer opens it.
    ///
    /// It may not exist yet; its directory must.
    public var path: String
    /// Nanoseconds a rotated file must have been quiet before it is closed.
    public var rotatedQuiet: Int64
    /// Nanoseconds between two looks that nothing asked for.
    public var pollInterval: Int64
    /// Model of the records that name none, for an inferred schema.
    public var defaultModel: String
    /// What is known of its records, for an inferred schema.
    public var hints: SchemaHints
    /// Directory of files that say what the fields are, as BentoML writes them; `nil` for none.
    public var schemaDirectory: String?
    /// Longest line in bytes, its newline not counted.
    var lineBytes = EventLimits.lineBytes
    /// Bytes of an ordinary batch.
    var batchBytes = EventLimits.batchBytes
    /// Rows of a batch.
    var batchRows = EventLimits.batchRows

    /// Settings with the usual intervals: rotated files are kept 60 s, files are looked at every 250 ms.
    public init(
        path: String, rotatedQuiet: Int64 = 60_000_000_000, pollInterval: Int64 = IngestLimits.pollInterval,
        defaultModel: String = "default", hints: SchemaHints = SchemaHints(), schemaDirectory: String? = nil
    ) {
        self.path = path
        self.rotatedQuiet = rotatedQuiet
        self.pollInterval = pollInterval
        self.defaultModel = defaultModel
        self.hints = hints
        self.schemaDirectory = schemaDirectory
    }
}
