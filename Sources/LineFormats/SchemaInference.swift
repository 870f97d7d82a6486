public import Events

/// Finds out which field of a record is which, from the first records of a source.
///
/// Field names are compared with the common synonyms below, in any case and with `_`, `-` or camel case between words.
/// The members of an object `features` (or `inputs`, `input`) are the features; without one, every other scalar field
/// at the top is. The outcome depends on nothing but the records and their order.
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

    private var fields: [FieldSample] = []
    private var indices: [[String]: Int] = [:]

    /// Creates an inference that has seen nothing.
    public init() {}

    /// Takes in one JSON record, with or without its newline.
    ///
    /// Does nothing once `recordLimit` is reached.
    public mutating func add(record line: UnsafeRawBufferPointer) {
        guard recordCount < Self.recordLimit else { return }
        guard let leaves = unsafe RecordSampler.leaves(line) else {
            rejectedCount += 1
            return
        }
        recordCount += 1
        for leaf in leaves { add(leaf.value, at: leaf.path) }
    }

    /// Takes in one JSON record.
    public mutating func add(record line: String) {
        var line = line
        line.withUTF8 { unsafe add(record: UnsafeRawBufferPointer($0)) }
    }

    /// Takes in the records of a CSV text without its header, until `recordLimit` is reached; an unfinished last record
    /// is left out unless it is the only one.
    public mutating func add(rows text: [UInt8], header: [String], separator: UInt8 = UInt8(ascii: ",")) {
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
            for (name, cell) in zip(header, row) {
                let isBoolean = cell.lowercased() == "true" || cell.lowercased() == "false"
                let isMissing = ["", "na", "n/a", "nan", "null", "none", "\\n"].contains(cell.lowercased())
                add(isMissing ? .null : isBoolean ? .boolean : Self.typed(cell), at: [name])
            }
        }
    }

    /// A CSV cell, which has no type: a number if it can be read as one, unless leading zeros make it a code.
    private static func typed(_ cell: String) -> RecordSampler.Value {
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
        var draft = SchemaDraft(fields: fields, recordCount: recordCount)
        draft.assignRoles()
        draft.assignFeatures()
        guard !draft.schema.signals.isEmpty else { return nil }
        draft.schema.defaultModel = defaultModel.isEmpty ? "default" : defaultModel
        draft.schema.defaultVersion = defaultVersion
        let skipped = rejectedCount == 0 ? "" : ", \(rejectedCount) more could not be read"
        let headline = "schema inferred from \(recordCount) record\(recordCount == 1 ? "" : "s")\(skipped)"
        return Result(schema: draft.schema, explanation: [headline] + draft.explanation)
    }
}
