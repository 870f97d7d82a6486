internal import Events
internal import Ingest
internal import LineFormats

/// What the records of a file become, for somebody who writes a configuration.
enum RecordExplanation {
    /// Events that are shown.
    private static let eventLimit = 10

    /// How the fields are understood, the first events, and what became of the lines.
    ///
    /// - Throws: `Failure` with exit status 2: unreadable, or nothing in it to measure.
    static func text(path: String, source: SourceConfiguration) throws(Failure) -> String {
        var events: [String] = []
        var hints = source.hints
        if let folder = source.preset?.schemaDirectory(besides: Sources.directory(of: path)),
            let known = SchemaLog.hints(in: folder)
        {
            hints = known.overridden(by: hints)
        }
        let file = RecordFile(path: path, schema: source.schema, hints: hints) { batch in
            for row in 0..<batch.rowCount where events.count < eventLimit { events.append(event(batch, row)) }
        }
        try file.read()
        var lines = file.explanation.isEmpty ? ["schema as configured"] : file.explanation
        for (number, event) in zip(1..., events) { lines += ["", "event \(number)", event] }
        let receipt = file.receipt
        lines += ["", "\(receipt.received) records: \(receipt.accepted) accepted"]
        for reason in RejectionReason.allCases where receipt.rejected[Int(reason.rawValue)] > 0 {
            lines.append("  rejected, \(reason.label): \(receipt.rejected[Int(reason.rawValue)])")
        }
        for reason in IgnoreReason.allCases where receipt.ignored[Int(reason.rawValue)] > 0 {
            lines.append("  ignored, \(reason.label): \(receipt.ignored[Int(reason.rawValue)])")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One event, a line for each thing it says.
    private static func event(_ batch: EventBatch, _ row: Int) -> String {
        let schema = batch.schema
        var lines = ["  model: \(text(unsafe batch.models[row], batch) ?? schema.defaultModel)"]
        let version = text(unsafe batch.versions[row], batch) ?? schema.defaultVersion
        if !version.isEmpty { lines.append("  version: \(version)") }
        let time = unsafe batch.timestamps[row]
        lines.append("  time: \(time == EventBatch.noTimestamp ? "on arrival" : Timestamps.text(time))")
        if unsafe batch.identifiers[row] != 0 { lines.append("  id: there") }
        if schema.status != nil {
            lines.append("  status: \(Status(rawValue: unsafe batch.statuses[row])?.label ?? "")")
        }
        for (index, signal) in schema.signals.enumerated() {
            let cell = batch.columnIndices[index] * batch.rowCapacity + row
            let value: String
            switch signal.kind {
            case .numeric:
                let number = unsafe batch.numbers[cell]
                let mark = number.bitPattern == NumberMark.invalidBits ? "invalid" : "missing"
                value = number.isNaN ? mark : "\(number)"
            case .categorical:
                let range = unsafe batch.texts[cell]
                value = text(range, batch) ?? (range == .invalid ? "invalid" : "missing")
            }
            lines.append("  \(signal.role == .feature ? "feature " : "")\(signal.name): \(value)")
        }
        return lines.joined(separator: "\n")
    }

    private static func text(_ range: ByteRange, _ batch: EventBatch) -> String? {
        guard range.isPresent else { return nil }
        let bytes = unsafe UnsafeRawBufferPointer(start: batch.bytes + Int(range.offset), count: Int(range.length))
        return unsafe Escaping.printable(String(decoding: bytes, as: UTF8.self))
    }
}
