/// How the records of a source are written down: what wraps its lines, and the grammar of a record.
public struct RecordFormat: Sendable, Equatable {
    /// What a container runtime has put around each line of the application.
    public enum Wrapper: UInt8, Sendable, CaseIterable {
        /// Nothing: a line is a line.
        case none = 0
        /// `<time> <stream> <P|F> <text>` of containerd and CRI-O; parts of a long line follow each other.
        case cri = 1
        /// One JSON object per line with the text in `log`, as Docker's json-file driver writes it.
        case docker = 2
    }

    /// What a record looks like.
    public enum Grammar: UInt8, Sendable, CaseIterable {
        /// One JSON object per line.
        case json = 0
        /// Comma-separated values (RFC 4180).
        case csv = 1
        /// The same with tabs.
        case tsv = 2
        /// `key=value` pairs.
        case logfmt = 3
        /// The access log of TorchServe.
        case torchServe = 4
        /// The access log of Ray Serve, as text.
        case rayServe = 5
        /// The statistics that vLLM logs.
        case vllm = 6
        /// The times of KServe's Python server.
        case kserveTimes = 7

        /// Whether each record is one line of text with no more structure than words.
        public var isText: Bool { rawValue >= Grammar.torchServe.rawValue }
    }

    /// What is around each line.
    public var wrapper: Wrapper
    /// What a record looks like.
    public var grammar: Grammar
    /// Names of the columns of a table whose files have no header; empty if they have one.
    public var columns: [String]
    /// Seconds east of Greenwich of times that name no offset; `nil` rejects such times.
    public var zoneOffset: Int32?
    /// Whether other lines stand between the records, as in the output of a container: they are ignored, not rejected.
    public var isMixed: Bool

    /// Creates a format; lines in a wrapper are mixed unless said otherwise, and so are texts.
    public init(
        wrapper: Wrapper = .none, grammar: Grammar = .json, columns: [String] = [], zoneOffset: Int32? = nil,
        isMixed: Bool? = nil
    ) {
        (self.wrapper, self.grammar, self.columns, self.zoneOffset) = (wrapper, grammar, columns, zoneOffset)
        self.isMixed = isMixed ?? (wrapper != .none || grammar.isText)
    }
}

/// What is known of a format; the rest is found out from the first lines.
public struct FormatHints: Sendable, Equatable {
    /// What is around each line.
    public var wrapper: RecordFormat.Wrapper?
    /// What a record looks like.
    public var grammar: RecordFormat.Grammar?
    /// Names of the columns of tables without header, and of instances without names.
    public var columns: [String]
    /// Seconds east of Greenwich of times that name no offset.
    public var zoneOffset: Int32?
    /// Whether other lines stand between the records.
    public var isMixed: Bool?

    /// Creates hints; none by default.
    public init(
        wrapper: RecordFormat.Wrapper? = nil, grammar: RecordFormat.Grammar? = nil, columns: [String] = [],
        zoneOffset: Int32? = nil, isMixed: Bool? = nil
    ) {
        (self.wrapper, self.grammar, self.columns) = (wrapper, grammar, columns)
        (self.zoneOffset, self.isMixed) = (zoneOffset, isMixed)
    }

    /// All that a format says.
    public init(_ format: RecordFormat) {
        self.init(
            wrapper: format.wrapper, grammar: format.grammar, columns: format.columns, zoneOffset: format.zoneOffset,
            isMixed: format.isMixed)
    }

    /// These hints with others on top, which win.
    public func overridden(by others: FormatHints) -> FormatHints {
        FormatHints(
            wrapper: others.wrapper ?? wrapper, grammar: others.grammar ?? grammar,
            columns: others.columns.isEmpty ? columns : others.columns, zoneOffset: others.zoneOffset ?? zoneOffset,
            isMixed: others.isMixed ?? isMixed)
    }
}
