import Events
import Monitor

// What is kept of sources besides how far they have been read: accounts, schema. Each writer stands beside its reader.

extension StateWriter {
    mutating func source(_ source: SourceState) {
        receipt(source.receipt)
        optional(source.schema) { $0.schema($1) }
    }

    private mutating func receipt(_ receipt: Receipt) {
        for value in [
            receipt.received, receipt.accepted, receipt.bytesRead, receipt.kernelDrops, receipt.truncations,
            receipt.rotations,
        ] { count(value) }
        for values in [receipt.rejected, receipt.dropped, receipt.ignored, receipt.lostBytes, receipt.archives] {
            counts(values)
        }
    }

    private mutating func schema(_ schema: Schema) {
        list(schema.signals) { writer, signal in
            writer.text(signal.name)
            writer.byte(signal.role.rawValue)
            writer.byte(signal.kind.rawValue)
            writer.path(signal.path)
            writer.number(signal.scale)
            writer.source(signal.source)
        }
        byte(schema.timestampUnit.rawValue)
        for path in [schema.timestamp, schema.identifier, schema.model, schema.version, schema.status] {
            optional(path) { $0.path($1) }
        }
        text(schema.defaultModel)
        text(schema.defaultVersion)
        list(schema.ignored) { $0.path($1) }
        list(schema.featureObjects) { $0.path($1) }
        list(schema.inputs) { $0.path($1) }
        list(schema.outputs) { $0.path($1) }
        format(schema.format)
        long(schema.fingerprint)
    }

    private mutating func source(_ source: SignalSource) {
        switch source {
        case .value: byte(0)
        case .length: byte(1)
        case .since(let path):
            byte(2)
            self.path(path)
        }
    }

    private mutating func format(_ format: RecordFormat) {
        byte(format.wrapper.rawValue)
        byte(format.grammar.rawValue)
        flag(format.isMixed)
        optional(format.zoneOffset) { $0.signed(Int64($1)) }
        path(format.columns)
    }

    private mutating func path(_ path: [String]) { list(path) { $0.text($1) } }
}

extension StateReader {
    mutating func source(into source: inout SourceState) throws(StateError) {
        source.receipt = try receipt()
        source.schema = try optional { (reader) throws(StateError) in try reader.schema() }
    }

    private mutating func receipt() throws(StateError) -> Receipt {
        var receipt = Receipt()
        receipt.received = try count()
        receipt.accepted = try count()
        receipt.bytesRead = try count()
        receipt.kernelDrops = try count()
        receipt.truncations = try count()
        receipt.rotations = try count()
        receipt.rejected = try reasons(receipt.rejected.count)
        receipt.dropped = try reasons(receipt.dropped.count)
        receipt.ignored = try reasons(receipt.ignored.count)
        receipt.lostBytes = try reasons(receipt.lostBytes.count)
        receipt.archives = try reasons(receipt.archives.count)
        return receipt
    }

    /// Counts by reason.
    ///
    /// Reasons are append-only, so an older list may be shorter.
    private mutating func reasons(_ known: Int) throws(StateError) -> [UInt64] {
        let found = try counts("reasons")
        guard found.count <= known else { throw .malformed("an unknown reason") }
        return found + [UInt64](repeating: 0, count: known - found.count)
    }

    private mutating func schema() throws(StateError) -> Schema {
        let signals = try list("signals of a schema", size: 12) { (reader) throws(StateError) in
            let name = try reader.text()
            let role: Role = try reader.choice("role")
            let kind: SignalKind = try reader.choice("kind of signal")
            let path = try reader.path()
            let scale = try reader.finite("a scale")
            let source = try reader.signalSource()
            return Signal(name: name, role: role, kind: kind, path: path, scale: scale, source: source)
        }
        guard signals.count <= EventLimits.signals else { throw .malformed("too many signals of a schema") }
        var schema = Schema(signals: signals)
        schema.timestampUnit = try choice("unit of time")
        schema.timestamp = try optionalPath()
        schema.identifier = try optionalPath()
        schema.model = try optionalPath()
        schema.version = try optionalPath()
        schema.status = try optionalPath()
        schema.defaultModel = try text()
        schema.defaultVersion = try text()
        schema.ignored = try paths()
        schema.featureObjects = try paths()
        schema.inputs = try paths()
        schema.outputs = try paths()
        schema.format = try format()
        schema.fingerprint = try long()
        return schema
    }

    private mutating func signalSource() throws(StateError) -> SignalSource {
        switch try byte() {
        case 0: return .value
        case 1: return .length
        case 2: return .since(try path())
        default: throw .malformed("source of a signal")
        }
    }

    private mutating func format() throws(StateError) -> RecordFormat {
        let wrapper: RecordFormat.Wrapper = try choice("wrapper")
        let grammar: RecordFormat.Grammar = try choice("grammar")
        let isMixed = try flag()
        let zone = try optional { (reader) throws(StateError) in
            try reader.valid(Int32(exactly: try reader.signed()), "offset of a time zone")
        }
        return RecordFormat(
            wrapper: wrapper, grammar: grammar, columns: try path(), zoneOffset: zone, isMixed: isMixed)
    }

    private mutating func paths() throws(StateError) -> [[String]] {
        try list("paths") { (reader) throws(StateError) in try reader.path() }
    }

    private mutating func optionalPath() throws(StateError) -> [String]? {
        try optional { (reader) throws(StateError) in try reader.path() }
    }

    private mutating func path() throws(StateError) -> [String] {
        try list("keys of a path") { (reader) throws(StateError) in try reader.text() }
    }
}
