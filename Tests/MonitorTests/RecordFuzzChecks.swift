import Events
import LineFormats

/// What has to hold for any log, whatever its format.
extension FuzzChecks {
    /// A log: the first byte chooses what is said about it, the rest is inferred from and decoded.
    ///
    /// Decoded a few rows at a time and many, and again and again by a decoder that remembers forms of tables and by
    /// one that does not: what comes out may not depend on that.
    ///
    /// - Returns: What is wrong; `nil` if nothing is.
    static func records(_ input: [UInt8]) -> String? {
        let hints = hints(input.first ?? 0)
        let bytes = Array(input.dropFirst())
        var inference = SchemaInference(hints: hints)
        inference.add(lines: bytes, head: bytes)
        let schema =
            inference.infer()?.schema
            ?? Schema(
                signals: [Signal(name: "a", role: .feature, kind: .numeric)], format: inference.format ?? RecordFormat()
            )
        let header =
            LineDecoder.needsHeader(schema.format) ? TableHeader(bytes, format: schema.format, isWhole: true) : nil
        let body = Array(bytes.dropFirst(header?.byteCount ?? 0))
        var few = Decoded()
        var many = Decoded()
        if let fault = few.decode(body, schema, header, rows: 3) { return fault }
        if let fault = many.decode(body, schema, header, rows: 64) { return fault }
        if !schema.inputs.isEmpty || !schema.outputs.isEmpty {
            var (learning, plain) = (Decoded(), Decoded())
            if let fault = learning.decode(body, schema, header, rows: 64, times: 3) { return fault }
            if let fault = plain.decode(body, schema, header, rows: 64, times: 3, isLearning: false) { return fault }
            if learning.receipt != plain.receipt || learning.rows != plain.rows { return "forms change the account" }
            if learning.digest != plain.digest { return "forms change the cells" }
        }
        // A record with more rows than a batch has is refused, and so is a part of a line with more lines behind it:
        // only then do the two differ.
        let partial = Int(RejectionReason.partialLine.rawValue)
        let tooMany =
            few.receipt.rejected[Int(RejectionReason.tooManyRows.rawValue)]
            + (few.receipt.rejected[partial] - min(few.receipt.rejected[partial], many.receipt.rejected[partial]))
        if tooMany == 0, few.receipt != many.receipt { return "the account depends on the batch" }
        if tooMany == 0, few.rows != many.rows { return "\(few.rows) rows or \(many.rows)" }
        return nil
    }

    /// Bodies of requests: CloudEvents, and JSON texts cut into records.
    static func bodies(_ input: [UInt8]) -> String? {
        if let event = CloudEvent(structured: input) {
            if event.data.contains(0x0A) { return "a record of several lines" }
            let record = CloudEvent.record(request: event, response: event)
            if record.count(where: { $0 == 0x0A }) != 1 || record.last != 0x0A { return "not one line" }
        }
        guard let lines = RecordLines.lines(ofJSON: input) else { return nil }
        if lines.bytes.count(where: { $0 == 0x0A }) != lines.count { return "\(lines.count) records" }
        return nil
    }

    private static func hints(_ choice: UInt8) -> SchemaHints {
        let presets = Preset.allCases
        if Int(choice) < presets.count { return presets[Int(choice)].hints }
        switch choice {
        case 100: return SchemaHints(format: FormatHints(grammar: .csv))
        case 101: return SchemaHints(format: FormatHints(grammar: .tsv, columns: ["a", "b"]))
        case 102: return SchemaHints(format: FormatHints(grammar: .logfmt))
        case 103: return SchemaHints(format: FormatHints(wrapper: .cri))
        case 104: return SchemaHints(format: FormatHints(wrapper: .docker, zoneOffset: 3_600))
        case 105: return SchemaHints(format: FormatHints(wrapper: .cri), inputs: [["i"]], outputs: [["o"]])
        case 106:
            return SchemaHints(fields: [
                SchemaHints.Field(path: ["t"], meaning: .feature, source: .length),
                SchemaHints.Field(path: ["e"], meaning: .feature, source: .since(["s"])),
                SchemaHints.Field(path: ["l", "1", "x"], meaning: .prediction),
            ])
        case 107: return SchemaHints(inputs: [["i"]], outputs: [["o"]])
        default: return SchemaHints()
        }
    }

    /// What a log becomes.
    private struct Decoded {
        var receipt = Receipt()
        var rows = 0
        /// Of all cells.
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325

        /// Decodes a log as often as said.
        mutating func decode(
            _ bytes: [UInt8], _ schema: Schema, _ header: TableHeader?, rows capacity: Int, times: Int = 1,
            isLearning: Bool = true
        ) -> String? {
            var decoder = LineDecoder(schema: schema, isLearning: isLearning)
            if let header { decoder.use(header) }
            for _ in 0..<times {
                if let fault = decode(bytes, schema, &decoder, rows: capacity) { return fault }
            }
            return nil
        }

        private mutating func decode(
            _ bytes: [UInt8], _ schema: Schema, _ decoder: inout LineDecoder, rows capacity: Int
        ) -> String? {
            let batch = EventBatch(
                source: 0, schema: schema, rowCapacity: capacity, observationCapacity: 0,
                byteCapacity: max(1, bytes.count))
            var at = 0
            while at < bytes.count {
                batch.clear()
                for i in at..<bytes.count {
                    unsafe batch.bytes.storeBytes(of: bytes[i], toByteOffset: i - at, as: UInt8.self)
                }
                let used = decoder.decodeLines(
                    in: batch, from: 0, to: bytes.count - at, isFinal: true, isFileStart: false)
                guard used > 0, at + used <= bytes.count else { return "no progress at \(at)" }
                guard batch.receipt.isBalanced else { return "a line is counted twice or not at all" }
                guard batch.rowCount <= capacity, batch.receipt.accepted == UInt64(batch.rowCount) else {
                    return "\(batch.rowCount) rows, \(batch.receipt.accepted) accepted"
                }
                if let fault = Self.fault(in: batch) { return fault }
                add(batch)
                receipt.add(batch.receipt)
                rows += batch.rowCount
                at += used
            }
            return nil
        }

        /// Adds the cells of a batch to the digest.
        private mutating func add(_ batch: EventBatch) {
            func mix(_ value: UInt64) { digest = (digest ^ value) &* 0x100_0000_01B3 }
            func mix(_ range: ByteRange) {
                mix(UInt64(range.isPresent ? range.length : .max))
                guard range.isPresent else { return }
                for i in 0..<Int(range.length) {
                    mix(UInt64(unsafe batch.bytes.load(fromByteOffset: Int(range.offset) + i, as: UInt8.self)))
                }
            }
            for row in 0..<batch.rowCount {
                mix(UInt64(bitPattern: unsafe batch.timestamps[row]))
                mix(unsafe batch.identifiers[row])
                mix(UInt64(unsafe batch.statuses[row]))
                mix(unsafe batch.models[row])
                mix(unsafe batch.versions[row])
                for column in 0..<batch.numberColumnCount {
                    mix(unsafe batch.numbers[column * batch.rowCapacity + row].bitPattern)
                }
                for column in 0..<batch.textColumnCount { mix(unsafe batch.texts[column * batch.rowCapacity + row]) }
            }
        }

        private static func fault(in batch: EventBatch) -> String? {
            func isInside(_ range: ByteRange) -> Bool {
                !range.isPresent || Int(range.offset) + Int(range.length) <= batch.byteCapacity
            }
            for row in 0..<batch.rowCount {
                guard unsafe isInside(batch.models[row]), unsafe isInside(batch.versions[row]) else {
                    return "a range outside"
                }
                guard unsafe Status(rawValue: batch.statuses[row]) != nil else { return "no status" }
                for (signal, column) in zip(batch.schema.signals, batch.columnIndices) {
                    let cell = column * batch.rowCapacity + row
                    if signal.kind == .numeric {
                        let number = unsafe batch.numbers[cell]
                        let isMark = [NumberMark.missingBits, NumberMark.invalidBits].contains(number.bitPattern)
                        guard number.isFinite || isMark else { return "\(signal.name) is \(number)" }
                    } else {
                        let range = unsafe batch.texts[cell]
                        guard isInside(range) else { return "a range outside" }
                        guard range.isPresent else { continue }
                        let text = unsafe UnsafeRawBufferPointer(
                            start: batch.bytes + Int(range.offset), count: Int(range.length))
                        guard unsafe String(validating: text, as: UTF8.self) != nil else { return "no valid UTF-8" }
                    }
                }
            }
            return nil
        }
    }
}
