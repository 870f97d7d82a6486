public import Events

/// What is known about records before one was seen: from a preset, from the configuration, or nothing.
public struct SchemaHints: Sendable, Equatable {
    /// What a field of a record is, said by somebody who knows.
    public struct Field: Sendable, Equatable {
        /// What a field can be.
        public enum Meaning: String, Sendable, CaseIterable {
            case feature, prediction, score, outcome, latency, timestamp, id, model, version, status, ignore
        }

        /// Keys from the top of the record, outermost first.
        public var path: [String]
        /// What it is; `nil` leaves that to the inference.
        public var meaning: Meaning?
        /// The name it is exposed under; `nil` for its own.
        public var name: String?
        /// How it is summarised; `nil` leaves that to the inference.
        public var kind: SignalKind?
        /// Factor from the unit of the record; `nil` for 1, or for a latency what its name says.
        public var scale: Double?
        /// What its value is made of.
        public var source: SignalSource

        /// Creates a statement about the field at `path`.
        public init(
            path: [String], meaning: Meaning? = nil, name: String? = nil, kind: SignalKind? = nil,
            scale: Double? = nil, source: SignalSource = .value
        ) {
            (self.path, self.meaning, self.name, self.kind) = (path, meaning, name, kind)
            (self.scale, self.source) = (scale, source)
        }
    }

    /// How records are written.
    public var format: FormatHints
    /// Unit of numeric times; `nil` to tell by their size.
    public var timestampUnit: TimestampUnit?
    /// What fields are; where several have one of the meanings that there is one of, the first that records carry.
    public var fields: [Field]
    /// Paths of tables of instances that went into the model.
    public var inputs: [[String]]
    /// Paths of tables that came out of it.
    public var outputs: [[String]]
    /// Whether fields that nothing is said about are never features.
    public var isComplete: Bool

    /// Creates hints; none by default.
    public init(
        format: FormatHints = FormatHints(), timestampUnit: TimestampUnit? = nil, fields: [Field] = [],
        inputs: [[String]] = [], outputs: [[String]] = [], isComplete: Bool = false
    ) {
        (self.format, self.timestampUnit, self.fields) = (format, timestampUnit, fields)
        (self.inputs, self.outputs, self.isComplete) = (inputs, outputs, isComplete)
    }

    /// These hints with others on top, which win.
    public func overridden(by others: SchemaHints) -> SchemaHints {
        var result = self
        result.format = format.overridden(by: others.format)
        if let unit = others.timestampUnit { result.timestampUnit = unit }
        let said = Set(others.fields.map(\.path))
        result.fields = others.fields + fields.filter { !said.contains($0.path) }
        if !others.inputs.isEmpty { result.inputs = others.inputs }
        if !others.outputs.isEmpty { result.outputs = others.outputs }
        result.isComplete = isComplete || others.isComplete
        return result
    }

    /// A hash of all of it, 0 if nothing is said.
    public var fingerprint: UInt64 {
        guard self != SchemaHints() else { return 0 }
        // The order and the names of the members are part of the text: a new one changes the hash, and asks for a new
        // inference, which is right.
        let text = Array("\(self)".utf8)
        return withTerminated(text) { bytes, count in IdentifierHash.hash(bytes, 0, count) }
    }

    /// Whether something is said about an element of the array at `path`.
    func hasElements(of path: [String]) -> Bool {
        let isPrefix = { (other: [String]) -> Bool in
            other.count > path.count && other.starts(with: path) && other[path.count].utf8.allSatisfy(Byte.isDigit)
        }
        return fields.contains { isPrefix($0.path) } || inputs.contains(where: isPrefix)
            || outputs.contains(where: isPrefix)
    }
}
