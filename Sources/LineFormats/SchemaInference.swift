public import Events

/// Finds out which field of a record is which, from the first records of a source.
///
/// Field names are compared with the common synonyms below, in any case and with `_`, `-` or camel case between words.
/// The members of an object `features` (or `inputs`, `input`) are the features; without one, every other scalar field
/// at the top is. Where predictions have an identifier and no outcome, a field `outcome` is expected all the same: it
/// may come later, in a record of its own. The result depends on nothing but the records and their order.
public struct SchemaInference: Sendable {
    /// Records that are looked at, at most; later ones are not taken in.
    public static let recordLimit = 1_000
    /// Most different whole numbers that a prediction or outcome has as names of classes; more are quantities.
    public static let classLimit = 10
    /// Mean length from which text is taken for prose and not for categories, in bytes.
    public static let proseBytes = 64

    /// A schema, and how it came about.
    public struct Result: Sendable {
        /// What was found.
        ///
        /// `signals` is never empty.
        public var schema: Schema
        /// One line per finding, for the log.
        public var explanation: [String]
    }

    /// Records taken in so far.
    public private(set) var recordCount = 0
    /// Records that could not be read.
    public private(set) var rejectedCount = 0

    /// What is known before.
    public let hints: SchemaHints
    /// How records are written; `nil` before the first lines came.
    public private(set) var format: RecordFormat?

    /// Whether the records are rows under a header, which names all fields there are.
    private var hasHeader = false
    private var fields: [FieldSample] = []
    private var indices: [[String]: Int] = [:]
    private var inputs: [[String]] = []
    private var outputs: [[String]] = []
    /// Records of a mixed log: which of them are predictions is known when all are.
    private var mixed: [RecordSampler.Sample] = []

    /// Creates an inference that has seen nothing.
    public init(hints: SchemaHints = SchemaHints()) { self.hints = hints }

    /// Takes in lines of a file, until `recordLimit` is reached; an unfinished last one is left out.
    ///
    /// - Parameters:
    ///   - bytes: The lines; those of a table without its header.
    ///   - head: The first bytes of their file, which say how records are written unless the hints do.
    public mutating func add(lines bytes: [UInt8], head: [UInt8]) {
        let format = self.format ?? FormatDetection.format(of: head, hints: hints.format)
        self.format = format
        var lines = LineDecoder.unwrapped(bytes, format: format)[...]
        switch format.grammar {
        case .json:
            if lines.starts(with: [0xEF, 0xBB, 0xBF]) { lines = lines.dropFirst(3) }
            while recordCount < Self.recordLimit, let end = lines.firstIndex(of: Byte.newline) {
                let line = lines[..<end].drop { $0 == 0 }
                lines = lines[(end + 1)...]
                let first = line.first { $0 != Byte.space && $0 != Byte.tab && $0 != Byte.carriageReturn }
                guard let first, !format.isMixed || first == Byte.openBrace else { continue }
                add(Array(line))
            }
        case .csv, .tsv:
            let header = TableHeader(head, format: format, isWhole: true)
            guard let names = format.columns.isEmpty ? header?.names : format.columns else { return }
            add(rows: Array(lines), header: names, separator: format.grammar == .tsv ? Byte.tab : Byte.comma)
        case .logfmt:
            while recordCount < Self.recordLimit, let end = lines.firstIndex(of: Byte.newline) {
                add(pairs: Array(lines[..<end]))
                lines = lines[(end + 1)...]
            }
        case .torchServe, .rayServe, .vllm, .kserveTimes:
            // What they hold is known.
            recordCount = min(Self.recordLimit, recordCount + lines.count { $0 == Byte.newline })
        }
    }

    /// How the records of a file that begins with `head` are written: as the hints say, or by what it looks like.
    public static func format(of head: [UInt8], hints: SchemaHints = SchemaHints()) -> RecordFormat {
        FormatDetection.format(of: head, hints: hints.format)
    }

    /// The header at the start of a file that begins with `head`, if its records are a table's with a header.
    public static func header(of head: [UInt8], hints: SchemaHints) -> TableHeader? {
        let format = format(of: head, hints: hints)
        return LineDecoder.needsHeader(format) ? TableHeader(head, format: format) : nil
    }

    /// Takes in one JSON record, with or without its newline.
    ///
    /// Does nothing once `recordLimit` is reached.
    public mutating func add(record line: UnsafeRawBufferPointer) { unsafe add(Array(line)) }

    /// Takes in one JSON record.
    public mutating func add(record line: String) { add(Array(line.utf8)) }

    private mutating func add(_ line: [UInt8]) {
        guard recordCount < Self.recordLimit else { return }
        guard let sample = RecordSampler.sample(line, hints: hints) else {
            rejectedCount += 1
            return
        }
        recordCount += 1
        if format?.isMixed == true { mixed.append(sample) } else { add(sample) }
    }

    /// Of a mixed log, the records that say what a model answered, or all if none does.
    private mutating func addMixed() {
        let predictions = mixed.filter { sample in
            !sample.cells.isEmpty
                || sample.leaves.contains { leaf in
                    FieldNames.prediction.contains(FieldNames.normalised(leaf.path))
                        || (leaf.path.count > 1 && FieldNames.featureObjects.contains(leaf.path[0]))
                        || hints.fields.contains { $0.path == leaf.path && $0.meaning?.isIdentity == false }
                }
        }
        for sample in predictions.isEmpty ? mixed : predictions { add(sample) }
        mixed = []
    }

    private mutating func add(_ sample: RecordSampler.Sample) {
        for path in sample.inputs where !inputs.contains(path) { inputs.append(path) }
        for path in sample.outputs where !outputs.contains(path) { outputs.append(path) }
        for leaf in sample.leaves + sample.cells { add(leaf.value, at: leaf.path) }
    }

    private mutating func add(pairs line: [UInt8]) {
        let values: [(String, RecordSampler.Value)]? = withTerminated(line) { bytes, count in
            var pairs = LogfmtPairs(bytes, 0, count)
            var values: [(String, RecordSampler.Value)] = []
            var hasPairs = false
            do throws(RejectionReason) {
                while let pair = try pairs.next() {
                    let text = bytes.string(pair.from, pair.to)
                    hasPairs = hasPairs || pair.hasValue
                    values.append(
                        (bytes.string(pair.keyFrom, pair.keyTo), pair.hasValue ? Self.cell(text) : .number(1, "1")))
                }
            } catch {
                return nil
            }
            return hasPairs ? values : nil
        }
        guard let values else {
            rejectedCount += line.isEmpty ? 0 : 1
            return
        }
        recordCount += 1
        for (name, value) in values { add(value, at: [name]) }
    }

    /// Takes in the records of a CSV text without its header, until `recordLimit` is reached; an unfinished last record
    /// is left out unless it is the only one.
    public mutating func add(rows text: [UInt8], header: [String], separator: UInt8 = UInt8(ascii: ",")) {
        hasHeader = true
        let rows: [[String]?] = withTerminated(text) { bytes, count in
            var rows: [[String]?] = []
            var at = 0
            while at < count, rows.count < Self.recordLimit {
                let end = CSVRecord.end(bytes, at, count, separator)
                if end == count, !rows.isEmpty { break }
                if end > at { rows.append(CSVDecoder.fields(bytes, at, end, separator)) }
                at = end + 1
            }
            return rows
        }
        for row in rows where recordCount < Self.recordLimit {
            guard let row, row.count == header.count else {
                rejectedCount += 1
                continue
            }
            recordCount += 1
            for (name, cell) in zip(header, row) { add(Self.cell(cell), at: [name]) }
        }
    }

    /// A value that has no type, by what it may be read as.
    private static func cell(_ text: String) -> RecordSampler.Value {
        switch text.lowercased() {
        case "true", "false": .boolean
        case "", "na", "n/a", "nan", "null", "none", "\\n": .null
        default: typed(text)
        }
    }

    /// A CSV cell, which has no type: a number if it can be read as one, unless leading zeros make it a code.
    static func typed(_ cell: String) -> RecordSampler.Value {
        guard let number = DecimalReader().number(in: cell) else { return .text(cell) }
        let digits = cell.utf8.drop { $0 == Byte.minus || $0 == Byte.plus }
        let isCode = digits.first == Byte.zero && digits.dropFirst().first.map(Byte.isDigit) == true
        return isCode ? .text(cell) : .number(number, cell)
    }

    private mutating func add(_ value: RecordSampler.Value, at path: [String]) {
        if let index = indices[path] {
            fields[index].add(value)
        } else if fields.count < EventLimits.keysPerRecord {
            indices[path] = fields.count
            fields.append(FieldSample(path: path))
            fields[fields.count - 1].add(value)
        }
    }

    /// The schema that fits the records so far, or `nil` if none of them has anything to measure.
    ///
    /// - Parameters:
    ///   - defaultModel: Model of records that name none.
    ///   - defaultVersion: Version of records that name none.
    public func infer(defaultModel: String = "default", defaultVersion: String = "") -> Result? {
        var all = self
        all.addMixed()
        return all.inferFromFields(defaultModel: defaultModel, defaultVersion: defaultVersion)
    }

    private func inferFromFields(defaultModel: String, defaultVersion: String) -> Result? {
        let inputs = inputs + hints.inputs.filter { !self.inputs.contains($0) }
        let outputs = outputs + hints.outputs.filter { !self.outputs.contains($0) }
        var draft = SchemaDraft(
            fields: fields, inputs: inputs, outputs: outputs, hints: hints, hasFurtherFields: !hasHeader)
        draft.schema.format = format ?? RecordFormat()
        draft.assignHints()
        draft.assignRoles()
        draft.assignFeatures()
        guard !draft.schema.signals.isEmpty, recordCount > 0 else { return nil }
        draft.schema.defaultModel = defaultModel.isEmpty ? "default" : defaultModel
        draft.schema.defaultVersion = defaultVersion
        draft.schema.fingerprint = hints.fingerprint
        let skipped = rejectedCount == 0 ? "" : ", \(rejectedCount) more could not be read"
        let headline = "schema inferred from \(recordCount) record\(recordCount == 1 ? "" : "s")\(skipped)"
        return Result(schema: draft.schema, explanation: [headline] + draft.explanation)
    }
}
