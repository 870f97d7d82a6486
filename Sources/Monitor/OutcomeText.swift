import Events

/// An outcome of a record of its own, ready to be compared with its prediction, whatever that is.
struct OutcomeCell {
    /// Where the text is.
    let batch: EventBatch
    /// The outcome as a name.
    let text: ByteRange
    /// The outcome as a number; NaN if it is none.
    let number: Double
}

/// Names that are numbers: `1` may be a class here and a quantity there.
enum OutcomeText {
    /// The number that a text spells as JSON does; NaN if it spells none.
    static func number(_ text: UnsafeRawBufferPointer) -> Double {
        let digits = unsafe text.first == UInt8(ascii: "-") ? text.count - 1 : text.count
        guard digits > 0, text.count <= 40 else { return .nan }
        for i in 0..<text.count {
            switch unsafe text[i] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                continue
            default: return .nan
            }
        }
        let first = unsafe text[text.count - digits]
        let hasLeadingZero =
            unsafe first == UInt8(ascii: "0") && digits > 1 && isDigit(text[text.count - digits + 1])
        guard isDigit(first), !hasLeadingZero,
            let number = unsafe Double(String(decoding: text, as: UTF8.self)), number.isFinite
        else { return .nan }
        return number
    }

    /// How a number is spelled as a name: whole ones without a fraction.
    static func spelling(_ number: Double) -> String {
        number.magnitude < 0x1p53 && number.rounded() == number
            ? Int64(number).description : number.description
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}

extension SchemaBinding {
    /// Whether a row carries ground truth and nothing else.
    @inline(__always)
    func isOutcomeOnly(_ batch: EventBatch, row: Int) -> Bool {
        guard let outcome, !outcome.isMissing(batch, row: row) else { return false }
        if let prediction, !prediction.isMissing(batch, row: row) { return false }
        return others.allSatisfy { $0.isMissing(batch, row: row) }
    }

    /// Whether a row is an outcome of a prediction that has a row of its own.
    ///
    /// One without an identifier, or with a value that is none, is measured as it comes.
    @inline(__always)
    func isJoinable(_ batch: EventBatch, row: Int) -> Bool {
        guard joinsOutcomes, let outcome, unsafe batch.identifiers[row] != 0 else { return false }
        let cell = outcome.place &* batch.rowCapacity &+ row
        return switch outcome.kind {
        case .numeric: unsafe batch.numbers[cell].isFinite
        case .categorical: unsafe batch.text(batch.texts[cell]) != nil
        }
    }
}

extension EventBatch {
    /// Whether a row beside this one has the same identifier: no outcome tells instances of one record apart.
    func isOneOfSeveral(_ row: Int) -> Bool {
        let id = unsafe identifiers[row]
        return unsafe (row > 0 && identifiers[row - 1] == id) || (row + 1 < rowCount && identifiers[row + 1] == id)
    }

    /// Replaces all bytes with a name of at most `EventLimits.nameBytes` bytes.
    func hold(_ name: some Collection<UInt8>) -> ByteRange {
        byteCount = 0
        for byte in name.prefix(EventLimits.nameBytes) {
            unsafe bytes.storeBytes(of: byte, toByteOffset: byteCount, as: UInt8.self)
            byteCount += 1
        }
        return ByteRange(offset: 0, length: UInt32(truncatingIfNeeded: byteCount))
    }
}
