import Events

/// A value by its type, for the places where any type may come.
struct OtherValue {
    enum Kind {
        case null, yes, no, number, nonfinite, text, container
    }

    var kind: Kind
    /// The value without quotes.
    var from: Int
    var to: Int
    /// Offset behind the value.
    var end: Int

    /// Reads the value at `start`.
    init(
        _ scanner: JSONScanner, _ start: Int, depth: Int, _ keys: inout Int, _ numbers: DecimalReader
    ) throws(RejectionReason) {
        switch scanner.bytes[start] {
        case Byte.quote:
            let text = try scanner.string(start &+ 1)
            self.init(kind: .text, from: text.from, to: text.to, end: text.end)
        case Byte.openBrace, Byte.openBracket:
            let end = try scanner.skip(start, depth: depth, keys: &keys, numbers: numbers)
            self.init(kind: .container, from: start, to: end, end: end)
        default:
            if let end = numbers.skipJSON(scanner.bytes, start) {
                self.init(kind: .number, from: start, to: end, end: end)
                return
            }
            let (literal, end) = try scanner.literal(start, allowsNonfinite: true)
            let kinds: Kind =
                switch literal {
                case .null: .null
                case .yes: .yes
                case .no: .no
                case .nonfinite: .nonfinite
                }
            self.init(kind: kinds, from: start, to: end, end: end)
        }
    }

    /// Reads the value at `start` without changing a byte; `nil` if it is none, an object, an array or a text with
    /// escapes.
    ///
    /// - Parameter isQuoted: Whether it stands inside a text, so that a backslash is before each of its quotes.
    init?(plain start: Int, isQuoted: Bool, _ scanner: JSONScanner, _ numbers: DecimalReader) {
        switch scanner.bytes[start] {
        case Byte.quote where !isQuoted:
            guard let end = scanner.plainString(start &+ 1) else { return nil }
            self.init(kind: .text, from: start &+ 1, to: end, end: end &+ 1)
        case Byte.backslash where isQuoted && scanner.bytes[start &+ 1] == Byte.quote:
            guard let end = scanner.plainString(start &+ 2, before: Byte.backslash),
                scanner.bytes[end &+ 1] == Byte.quote
            else { return nil }
            self.init(kind: .text, from: start &+ 2, to: end, end: end &+ 2)
        case Byte.openBrace, Byte.openBracket, Byte.quote: return nil
        default:
            var keys = 0
            do throws(RejectionReason) { try self.init(scanner, start, depth: 0, &keys, numbers) } catch { return nil }
        }
    }

    /// A text that has been read already.
    init(_ text: JSONScanner.Text) { self.init(kind: .text, from: text.from, to: text.to, end: text.end) }

    private init(kind: Kind, from: Int, to: Int, end: Int) {
        (self.kind, self.from, self.to, self.end) = (kind, from, to, end)
    }

    var isEmptyText: Bool { kind == .text && from == to }

    /// The number it is or spells, infinite if too large; `nil` if none.
    func number(_ bytes: ByteWindow, _ numbers: DecimalReader) -> Double? {
        switch kind {
        case .yes: return 1
        case .no: return 0
        case .number, .text:
            var at = from
            guard let number = numbers.readJSON(bytes, &at), at == to else { return nil }
            return number
        case .null, .nonfinite, .container: return nil
        }
    }

    /// The bytes that name it; `nil` if it has no name.
    func spelling(_ bytes: ByteWindow) -> ByteRange? {
        var end = to
        switch kind {
        case .null, .nonfinite, .container: return nil
        case .text where from == to: return .missing
        case .text, .yes, .no: break
        case .number: end = WholeNumber.shorten(bytes, from, to)
        }
        return range(from, end)
    }

    /// What it says about the call.
    func status(_ bytes: ByteWindow, _ numbers: DecimalReader, namesAnError: Bool) -> Status {
        switch kind {
        case .yes: return namesAnError ? .error : .success
        case .no: return namesAnError ? .success : .error
        case .null: return .success
        case .nonfinite: return .error
        case .container: return .error
        case .number: return number(bytes, numbers).flatMap { StatusNames.status(code: $0) } ?? .error
        case .text: return StatusNames.status(bytes, from, to, namesAnError: namesAnError, numbers)
        }
    }
}

/// One spelling for one whole number, so that `1`, `1.0` and `10e-1` are one category.
enum WholeNumber {
    /// Rewrites the JSON number `from..<to` in place if it is whole and its digits fit, and returns its new end.
    static func shorten(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Int {
        guard let scanned = DecimalReader().scan(bytes, from, .json), !scanned.isTruncated else { return to }
        var (mantissa, exponent) = (scanned.mantissa, scanned.exponent)
        if mantissa == 0 {
            bytes[from] = Byte.zero
            return from &+ 1
        }
        while exponent < 0 && mantissa % 10 == 0 {
            mantissa /= 10
            exponent &+= 1
        }
        guard exponent >= 0, exponent < 20 else { return to }
        let digits = digitCount(mantissa)
        let start = from &+ (scanned.isNegative ? 1 : 0)
        guard start &+ digits &+ exponent <= to else { return to }
        for i in 0..<digits {
            bytes[start &+ digits &- 1 &- i] = Byte.zero &+ UInt8(truncatingIfNeeded: mantissa % 10)
            mantissa /= 10
        }
        for i in 0..<exponent { bytes[start &+ digits &+ i] = Byte.zero }
        return start &+ digits &+ exponent
    }

    /// Whether the JSON number `from..<to` is spelled as `shorten` leaves it: digits, and not `-0`.
    static func isPlain(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Bool {
        let start = bytes[from] == Byte.minus ? from &+ 1 : from
        if start > from, bytes[start] == Byte.zero { return false }
        // Beyond 19 digits nothing is shortened, either, but that is for `shorten` to say.
        return to &- start < 19 && (start..<to).allSatisfy { Byte.isDigit(bytes[$0]) }
    }

    private static func digitCount(_ value: UInt64) -> Int {
        var (count, rest) = (1, value / 10)
        while rest > 0 {
            count &+= 1
            rest /= 10
        }
        return count
    }
}
