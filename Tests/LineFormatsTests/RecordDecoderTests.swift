import Events
import Foundation
import LineFormats
import Testing

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

    /// The bytes of a range as text.
    func string(_ range: ByteRange) -> String? {
        guard range.isPresent else { return nil }
        return unsafe String(
            decoding: UnsafeRawBufferPointer(start: bytes + Int(range.offset), count: Int(range.length)),
            as: UTF8.self)
    }
}

@Suite struct RecordDecoderTests {
    static let schema = Schema(
        signals: [
            Signal(name: "amount", role: .feature, kind: .numeric, path: ["features", "amount"]),
            Signal(name: "country", role: .feature, kind: .categorical, path: ["features", "country"]),
            Signal(name: "prediction", role: .prediction, kind: .categorical),
            Signal(name: "score", role: .score, kind: .numeric),
            Signal(name: "latency", role: .latency, kind: .numeric, path: ["latency_ms"], scale: 0.001),
        ], timestamp: ["ts"], identifier: ["id"], model: ["model"], version: ["version"], status: ["status"],
        featureObjects: [["features"]])

    @Test func readsEveryKindOfField() {
        let batch = decoded(
            """
            {"ts":"2026-01-01T00:00:00Z","id":"42","model":"fraud","version":"3",\
            "features":{"amount":12.5,"country":"DE"},"prediction":"approve","score":0.03,"latency_ms":8.0,\
            "status":"timeout"}

            """, Self.schema)
        #expect(batch.rowCount == 1)
        #expect(batch.receipt.accepted == 1 && batch.receipt.isBalanced)
        #expect(batch.number(0) == 12.5 && batch.text(1) == "DE" && batch.text(2) == "approve")
        #expect(batch.number(3) == 0.03 && batch.number(4) == 8.0 * 0.001)
        #expect(unsafe batch.timestamps[0] == 1_767_225_600_000_000_000 && batch.identifiers[0] != 0)
        #expect(unsafe batch.string(batch.models[0]) == "fraud" && batch.string(batch.versions[0]) == "3")
        #expect(unsafe batch.statuses[0] == Status.timeout.rawValue)
    }
}
