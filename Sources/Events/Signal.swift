/// What a signal means to the model it belongs to.
public enum Role: UInt8, Sendable, CaseIterable, Hashable {
    /// An input of the model.
    case feature = 0
    /// What the model answered: a class or a number.
    case prediction = 1
    /// The probability or confidence the model gave.
    case score = 2
    /// The ground truth, inline in the event.
    case outcome = 3
    /// Time the model took to answer, in seconds.
    case latency = 4
}

/// How the values of a signal are summarised.
public enum SignalKind: UInt8, Sendable, CaseIterable, Hashable {
    /// Real numbers: bins by edges, moments, quantiles.
    case numeric = 0
    /// Names: bins by category. Numbers and booleans are names by their spelling.
    case categorical = 1
}

/// One column of a schema: where a record carries it, and what it means.
public struct Signal: Sendable, Equatable {
    /// The name it is exposed under (the `feature` label).
    ///
    /// Never empty.
    public var name: String
    /// What it means.
    public var role: Role
    /// How it is summarised.
    public var kind: SignalKind
    /// Keys from the top of the record to the value, outermost first.
    ///
    /// Never empty. A CSV column is one key.
    public var path: [String]
    /// Factor from the unit of the record to the unit of the signal (0.001 for a latency in milliseconds).
    public var scale: Double
    /// What the value is made of.
    public var source: SignalSource

    /// Creates a signal; `path` defaults to `[name]`.
    public init(
        name: String, role: Role, kind: SignalKind, path: [String]? = nil, scale: Double = 1,
        source: SignalSource = .value
    ) {
        (self.name, self.role, self.kind, self.path, self.scale) = (name, role, kind, path ?? [name], scale)
        self.source = source
    }
}

/// What the value of a signal is made of.
public enum SignalSource: Sendable, Equatable {
    /// The field itself.
    case value
    /// The number of characters (Unicode scalars) of a text; a numeric signal.
    case length
    /// The field minus the one at this path, both numbers or times (then in seconds); a numeric signal.
    case since([String])
}

/// Unit of numeric timestamps in a record.
///
/// Text timestamps are RFC 3339 in every case.
public enum TimestampUnit: UInt8, Sendable, CaseIterable {
    /// Seconds since the Unix epoch, fractions allowed.
    case seconds = 0
    /// Milliseconds since the Unix epoch.
    case milliseconds = 1
    /// Microseconds since the Unix epoch.
    case microseconds = 2
    /// Nanoseconds since the Unix epoch.
    case nanoseconds = 3
}

/// Which field of a record is which: everything a decoder has to know.
public struct Schema: Sendable, Equatable {
    /// The measured columns.
    ///
    /// At most `EventLimits.signals`.
    public var signals: [Signal]
    /// Path of the event time; `nil` when records carry none.
    public var timestamp: [String]?
    /// Unit of a numeric event time.
    public var timestampUnit: TimestampUnit
    /// Path of the record's identifier; hashed, never exposed.
    public var identifier: [String]?
    /// Path of the model's name; `nil` when the source serves one model.
    public var model: [String]?
    /// Path of the model's version.
    public var version: [String]?
    /// Path of the outcome of the call (`success`, `error`, `timeout`, `rejected`, or an HTTP status).
    public var status: [String]?
    /// The model of records that name none.
    ///
    /// Never empty.
    public var defaultModel: String
    /// The version of records that name none.
    ///
    /// May be empty.
    public var defaultVersion: String
    /// Keys that are known and deliberately not measured; any other unknown key is an `unexpected_field`.
    public var ignored: [[String]]
    /// Top-level objects whose members are all features (`features`), so that a new member is `unexpected_field`.
    public var featureObjects: [[String]]
    /// How records are written.
    public var format: RecordFormat
    /// Paths of the tables of instances that went into the model; each instance is an event of its own.
    ///
    /// A signal whose path is one of these and one more key is a column of that table.
    public var inputs: [[String]]
    /// Paths of the tables that came out of the model, row by row for the instances that went in.
    public var outputs: [[String]]

    /// Hash of what was said about the records when the schema was inferred; another one asks for a new inference.
    public var fingerprint: UInt64 = 0

    /// Whether its records are outcomes and nothing else, each of a prediction that has a record of its own.
    ///
    /// One without an identifier is of no use then.
    public var isOfOutcomes: Bool {
        identifier != nil && status == nil && !signals.isEmpty && signals.allSatisfy { $0.role == .outcome }
    }

    /// Outcomes as they are posted: `{"id":"42","outcome":"approve","ts":"…","model":"fraud"}`, with the names that
    /// another schema has for these fields.
    public static func outcomes(of predictions: Schema?, defaultModel: String) -> Schema {
        let path = predictions?.signals.first { $0.role == .outcome }?.path
        return Schema(
            // Text is a number too, where the prediction is one.
            signals: [Signal(name: "outcome", role: .outcome, kind: .categorical, path: path)],
            timestamp: predictions?.timestamp ?? ["ts"], timestampUnit: predictions?.timestampUnit ?? .seconds,
            identifier: predictions?.identifier ?? ["id"], model: predictions?.model ?? ["model"],
            defaultModel: defaultModel, ignored: [predictions?.version ?? ["version"]])
    }

    /// Creates a schema.
    public init(
        signals: [Signal], timestamp: [String]? = nil, timestampUnit: TimestampUnit = .seconds,
        identifier: [String]? = nil, model: [String]? = nil, version: [String]? = nil, status: [String]? = nil,
        defaultModel: String = "default", defaultVersion: String = "", ignored: [[String]] = [],
        featureObjects: [[String]] = [], format: RecordFormat = RecordFormat(), inputs: [[String]] = [],
        outputs: [[String]] = []
    ) {
        self.signals = signals
        self.timestamp = timestamp
        self.timestampUnit = timestampUnit
        self.identifier = identifier
        self.model = model
        self.version = version
        self.status = status
        self.defaultModel = defaultModel
        self.defaultVersion = defaultVersion
        self.ignored = ignored
        self.featureObjects = featureObjects
        self.format = format
        self.inputs = inputs
        self.outputs = outputs
    }
}
