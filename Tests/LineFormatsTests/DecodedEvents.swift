import Events
import LineFormats

/// What a log becomes: its events as text, its account, its schema.
struct DecodedEvents {
    /// One event per element: `name=value` of every signal it has, then model, version, status, time and whether it has
    /// an identifier.
    var events: [String] = []
    var receipt = Receipt()
    var schema = Schema(signals: [])
    var explanation: [String] = []
    /// Tables that were read by a form known from an earlier one.
    var tablesOfKnownForm: UInt64 = 0

    /// Infers a schema from a log and decodes it, `rows` events at a time.
    init(_ text: String, hints: SchemaHints = SchemaHints(), rows: Int = 64, isLearning: Bool = true) {
        var bytes = Array(text.utf8)
        let head = bytes
        let header = SchemaInference.header(of: head, hints: hints)
        if let header {
            bytes.removeFirst(header.byteCount)
            receipt.ignore(.header)
        }
        var inference = SchemaInference(hints: hints)
        inference.add(lines: bytes, head: head)
        guard let inferred = inference.infer() else { return }
        (schema, explanation) = (inferred.schema, inferred.explanation)
        decode(bytes, header: header, rows: rows, isLearning: isLearning)
    }

    /// Decodes a log by a schema, `rows` events at a time.
    init(_ text: String, schema: Schema, rows: Int = 64) {
        self.schema = schema
        decode(Array(text.utf8), header: nil, rows: rows)
    }

    private mutating func decode(_ log: [UInt8], header: TableHeader?, rows: Int, isLearning: Bool = true) {
        var bytes = log
        var decoder = LineDecoder(schema: schema, isLearning: isLearning)
        if let header { decoder.use(header) }
        while !bytes.isEmpty {
            let batch = EventBatch(
                source: 0, schema: schema, rowCapacity: rows, observationCapacity: 0, byteCapacity: bytes.count)
            batch.fill(bytes)
            let taken = decoder.decodeLines(in: batch, from: 0, to: bytes.count, isFinal: true)
            for row in 0..<batch.rowCount { events.append(Self.text(batch, row)) }
            receipt.add(batch.receipt)
            if taken == 0 { break }
            bytes.removeFirst(taken)
        }
        tablesOfKnownForm = decoder.tablesOfKnownForm
    }

    private static func text(_ batch: EventBatch, _ row: Int) -> String {
        var parts: [String] = []
        for (index, signal) in batch.schema.signals.enumerated() {
            switch signal.kind {
            case .numeric:
                if let number = batch.number(index, row) {
                    parts.append("\(signal.name)=\(number)")
                } else if batch.isInvalidNumber(index, row) {
                    parts.append("\(signal.name)=invalid")
                }
            case .categorical:
                if let text = batch.text(index, row) {
                    parts.append("\(signal.name)=\(text)")
                } else if batch.cell(index, row) == .invalid {
                    parts.append("\(signal.name)=invalid")
                }
            }
        }
        if let model = batch.model(row) { parts.append("model:\(model)") }
        if let version = batch.version(row) { parts.append("version:\(version)") }
        if let status = batch.status(row), status != .success { parts.append("status:\(status.label)") }
        if batch.timestamp(row) != EventBatch.noTimestamp { parts.append("time:\(batch.timestamp(row))") }
        if batch.identifier(row) != 0 { parts.append("id") }
        return parts.joined(separator: " ")
    }

    /// How many lines were ignored for a reason.
    func ignored(_ reason: IgnoreReason) -> UInt64 { receipt.ignored[Int(reason.rawValue)] }

    /// How many lines were rejected for a reason.
    func rejected(_ reason: RejectionReason) -> UInt64 { receipt.rejected[Int(reason.rawValue)] }
}
