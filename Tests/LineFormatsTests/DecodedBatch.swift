import Events
import LineFormats

/// Decodes `text` with `schema` into a fresh batch.
func decoded(_ text: String, _ schema: Schema, isFinal: Bool = true, isFileStart: Bool = false) -> EventBatch {
    decoded(Array(text.utf8), schema, isFinal: isFinal, isFileStart: isFileStart)
}

/// Decodes `bytes` with `schema` into a fresh batch.
func decoded(_ bytes: [UInt8], _ schema: Schema, isFinal: Bool = true, isFileStart: Bool = false) -> EventBatch {
    let batch = EventBatch(source: 0, schema: schema, rowCapacity: 64, byteCapacity: max(1, bytes.count))
    batch.fill(bytes)
    var decoder = RecordDecoder(schema: schema)
    _ = decoder.decodeLines(in: batch, from: 0, to: bytes.count, isFinal: isFinal, isFileStart: isFileStart)
    return batch
}

extension EventBatch {
    /// Puts `content` at the start of the batch's bytes.
    func fill(_ content: [UInt8]) {
        for i in content.indices { unsafe bytes.storeBytes(of: content[i], toByteOffset: i, as: UInt8.self) }
        byteCount = content.count
    }

    /// The number of a signal in a row; `nil` if missing or invalid.
    func number(_ signal: Int, _ row: Int = 0) -> Double? {
        let value = unsafe numbers[columnIndices[signal] * rowCapacity + row]
        return value.isNaN ? nil : value
    }

    /// Whether the number of a signal in a row is invalid.
    func isInvalidNumber(_ signal: Int, _ row: Int = 0) -> Bool {
        unsafe numbers[columnIndices[signal] * rowCapacity + row].bitPattern == NumberMark.invalidBits
    }

    /// The text of a signal in a row; `nil` if missing or invalid.
    func text(_ signal: Int, _ row: Int = 0) -> String? {
        string(unsafe texts[columnIndices[signal] * rowCapacity + row])
    }

    /// The event time of a row.
    func timestamp(_ row: Int = 0) -> Int64 { unsafe timestamps[row] }

    /// The identifier's hash of a row.
    func identifier(_ row: Int = 0) -> UInt64 { unsafe identifiers[row] }

    /// The status of a row.
    func status(_ row: Int = 0) -> Status? { Status(rawValue: unsafe statuses[row]) }

    /// The text cell of a signal in a row.
    func cell(_ signal: Int, _ row: Int = 0) -> ByteRange { unsafe texts[columnIndices[signal] * rowCapacity + row] }

    /// The model's name of a row.
    func model(_ row: Int = 0) -> String? { string(unsafe models[row]) }

    /// The model's version of a row.
    func version(_ row: Int = 0) -> String? { string(unsafe versions[row]) }

    /// The bytes of a range as text.
    func string(_ range: ByteRange) -> String? {
        guard range.isPresent else { return nil }
        return unsafe String(
            decoding: UnsafeRawBufferPointer(start: bytes + Int(range.offset), count: Int(range.length)),
            as: UTF8.self)
    }
}
