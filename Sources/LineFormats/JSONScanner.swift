import Events

/// The grammar of JSON (RFC 8259) on a byte window: strings are unescaped in place, values nobody asked for are checked
/// and stepped over without recursion.
@safe
struct JSONScanner {
    let bytes: ByteWindow
    /// Where the last escape was resolved: before it a newline may stand that was none in the input.
    let resolved: UnsafeMutablePointer<Int>

    @inline(__always)
    init(_ bytes: ByteWindow, resolved: UnsafeMutablePointer<Int>) {
        self.bytes = bytes
        unsafe self.resolved = resolved
    }

    /// A string without its quotes, and the offset behind it.
    struct Text {
        var from: Int
        var to: Int
        var end: Int

        @inline(__always)
        var range: ByteRange { LineFormats.range(from, to) }
    }

    /// Reads the string whose first byte after the quote is at `start`.
    ///
    /// Escapes are resolved in place; what is left is valid UTF-8 and is followed by a quote.
    @inline(__always)
    func string(_ start: Int) throws(RejectionReason) -> Text {
        var at = start
        while true {
            let special = Self.specials(bytes.word(at))
            if special != 0 {
                at &+= special.trailingZeroBitCount &>> 3
                if bytes[at] == Byte.quote { return Text(from: start, to: at, end: at &+ 1) }
                return try unusualString(start, at)
            }
            at &+= 8
        }
    }

    /// The offset of the quote that ends the string whose first byte is at `start`, if it is valid and has no escapes;
    /// nothing is changed.
    ///
    /// - Parameter end: What ends it, a quote or a backslash.
    @inline(__always)
    func plainString(_ start: Int, before end: UInt8 = Byte.quote) -> Int? {
        var at = start
        while true {
            let special = Self.specials(bytes.word(at))
            if special != 0 {
                at &+= special.trailingZeroBitCount &>> 3
                return bytes[at] == end ? at : plainStringSlowly(at, before: end)
            }
            at &+= 8
        }
    }

    @inline(never)
    private func plainStringSlowly(_ start: Int, before end: UInt8) -> Int? {
        var at = start
        while true {
            let byte = bytes[at]
            if byte == end { return at }
            if byte == Byte.quote || byte == Byte.backslash || byte < 0x20 { return nil }
            let length = byte < 0x80 ? 1 : UTF8Sequence.length(bytes, at)
            if length == 0 { return nil }
            at &+= length
        }
    }

    /// High bits of the bytes that end or complicate a string: quotes, backslashes, controls and whatever is not ASCII.
    ///
    /// Exact up to and including the first.
    @inline(__always)
    private static func specials(_ word: UInt64) -> UInt64 {
        let quotes = word ^ 0x2222_2222_2222_2222
        let backslashes = word ^ 0x5C5C_5C5C_5C5C_5C5C
        // A borrow only ever comes from a lower special; bytes from 0x80 on count themselves.
        return ((quotes &- ByteWindow.ones) | (backslashes &- ByteWindow.ones) | (word &- 0x2020_2020_2020_2020) | word)
            & ByteWindow.highs
    }

    /// Goes on with a string at its first special byte.
    @inline(never)
    private func unusualString(_ start: Int, _ special: Int) throws(RejectionReason) -> Text {
        var at = special
        while true {
            let byte = bytes[at]
            if byte == Byte.quote { return Text(from: start, to: at, end: at &+ 1) }
            if byte == Byte.backslash { return try escapedString(start, at) }
            if byte < 0x20 { throw .malformedJSON }
            let length = byte < 0x80 ? 1 : UTF8Sequence.length(bytes, at)
            if length == 0 { throw .invalidUTF8 }
            at &+= length
        }
    }

    /// Goes on with a string at its first escape: all that follows moves forward.
    private func escapedString(_ start: Int, _ escape: Int) throws(RejectionReason) -> Text {
        var read = escape
        var writer = WordWriter(bytes, at: escape)
        while true {
            let word = bytes.word(read)
            let special = Self.specials(word)
            if special == 0 {
                writer.append(word, 8)
                read &+= 8
                continue
            }
            let count = special.trailingZeroBitCount &>> 3
            let plain = WordWriter.low(word, count)
            read &+= count
            let byte = bytes[read]
            if byte == Byte.backslash, bytes[read &+ 1] == Byte.quote {
                // JSON inside of JSON has little else: the quote goes with what is before it.
                unsafe resolved.pointee = read
                writer.append(plain | UInt64(Byte.quote) &<< UInt64(truncatingIfNeeded: 8 &* count), count &+ 1)
                read &+= 2
                continue
            }
            writer.append(plain, count)
            if byte == Byte.quote {
                let end = writer.end()
                bytes[end] = Byte.quote
                return Text(from: start, to: end, end: read &+ 1)
            } else if byte == Byte.backslash {
                let scalar: UInt32
                (scalar, read) = try self.escape(read)
                writer.append(scalar: scalar)
            } else if byte < 0x20 {
                throw .malformedJSON
            } else {
                let length = UTF8Sequence.length(bytes, read)
                if length == 0 { throw .invalidUTF8 }
                writer.append(WordWriter.low(bytes.word(read), length), length)
                read &+= length
            }
        }
    }

    /// What the escape at `read` stands for, and the offset behind it.
    private func escape(_ read: Int) throws(RejectionReason) -> (scalar: UInt32, end: Int) {
        let scalar: UInt32
        switch bytes[read &+ 1] {
        case Byte.quote: scalar = 0x22
        case Byte.backslash: scalar = 0x5C
        case 0x2F: scalar = 0x2F
        case 0x62: scalar = 0x08
        case 0x66: scalar = 0x0C
        case 0x6E: scalar = 0x0A
        case 0x72: scalar = 0x0D
        case 0x74: scalar = 0x09
        case 0x75: return try unicodeEscape(read)
        default: throw .malformedJSON
        }
        unsafe resolved.pointee = read
        return (scalar, read &+ 2)
    }

    private func unicodeEscape(_ read: Int) throws(RejectionReason) -> (scalar: UInt32, end: Int) {
        guard let first = hexadecimal(read &+ 2) else { throw .malformedJSON }
        var scalar = first
        var read = read &+ 6
        if first &- 0xD800 < 0x800 {
            guard first < 0xDC00, bytes[read] == Byte.backslash, bytes[read &+ 1] == 0x75 else { throw .invalidUnicode }
            guard let second = hexadecimal(read &+ 2) else { throw .malformedJSON }
            guard second &- 0xDC00 < 0x400 else { throw .invalidUnicode }
            scalar = 0x10000 &+ (first &- 0xD800) &<< 10 &+ (second &- 0xDC00)
            read &+= 6
        }
        unsafe resolved.pointee = read &- 1
        return (scalar, read)
    }

    private func hexadecimal(_ at: Int) -> UInt32? {
        var value: UInt32 = 0
        for i in 0..<4 {
            let byte = bytes[at &+ i]
            if Byte.isDigit(byte) {
                value = value &<< 4 | UInt32(byte &- Byte.zero)
            } else if (byte | 0x20) &- 0x61 < 6 {
                value = value &<< 4 | UInt32((byte | 0x20) &- 0x57)
            } else {
                return nil
            }
        }
        return value
    }

    /// A word of JSON, or of what Python writes for numbers that JSON has none for.
    enum Literal {
        case null, yes, no, nonfinite
    }

    /// The literal that begins at `at`, and the offset behind it.
    ///
    /// `NaN` and its like only where `allowsNonfinite`.
    @inline(__always)
    func literal(_ at: Int, allowsNonfinite: Bool) throws(RejectionReason) -> (Literal, Int) {
        let half = bytes.half(at)
        if half == 0x6C6C_756E { return (.null, at &+ 4) }
        if half == 0x6575_7274 { return (.yes, at &+ 4) }
        if half == 0x736C_6166 && bytes[at &+ 4] == 0x65 { return (.no, at &+ 5) }
        return try nonfinite(at, allowsNonfinite: allowsNonfinite)
    }

    /// `NaN`, `Infinity` or `-Infinity`.
    private func nonfinite(_ at: Int, allowsNonfinite: Bool) throws(RejectionReason) -> (Literal, Int) {
        guard allowsNonfinite else { throw .malformedJSON }
        if bytes.half(at) & 0xFF_FFFF == 0x4E_614E { return (.nonfinite, at &+ 3) }
        let word = bytes[at] == Byte.minus ? at &+ 1 : at
        guard bytes.word(word) == 0x7974_696E_6966_6E49 else { throw .malformedJSON }
        return (.nonfinite, word &+ 8)
    }

    /// Steps over one value of any type, checking it, and returns the offset behind it.
    ///
    /// - Parameters:
    ///   - start: Offset of its first byte.
    ///   - depth: Number of objects and arrays around it.
    ///   - keys: Keys of the record so far.
    ///   - numbers: Checks numbers.
    func skip(
        _ start: Int, depth: Int, keys: inout Int, numbers: DecimalReader
    ) throws(RejectionReason) -> Int {
        var at = start
        // One bit per open level, the innermost lowest: 1 for an object. `EventLimits.depth` is the width of the word.
        var levels: UInt64 = 0
        var open = 0
        var isMember = true
        value: while true {
            switch bytes[at] {
            case Byte.quote: at = try string(at &+ 1).end
            case Byte.openBrace, Byte.openBracket:
                if depth &+ open >= EventLimits.depth { throw .tooDeep }
                isMember = bytes[at] == Byte.openBrace
                levels = levels &<< 1 | (isMember ? 1 : 0)
                open &+= 1
                at = bytes.skippingSpaces(at &+ 1)
                if isMember {
                    if bytes[at] != Byte.closeBrace {
                        at = try key(at, &keys)
                        continue value
                    }
                } else if bytes[at] != Byte.closeBracket {
                    continue value
                }
                at &+= 1
                levels &>>= 1
                open &-= 1
            case Byte.minus, Byte.zero...Byte.nine:
                if let end = numbers.skipJSON(bytes, at) {
                    at = end
                } else {
                    at = try nonfinite(at, allowsNonfinite: isMember).1
                }
            default: at = try literal(at, allowsNonfinite: isMember).1
            }
            // Behind a value: the next one of the innermost level, or ends of levels.
            while true {
                if open == 0 { return at }
                isMember = levels & 1 == 1
                at = bytes.skippingSpaces(at)
                if bytes[at] == Byte.comma {
                    at = bytes.skippingSpaces(at &+ 1)
                    if isMember { at = try key(at, &keys) }
                    continue value
                }
                guard bytes[at] == (isMember ? Byte.closeBrace : Byte.closeBracket) else { throw .malformedJSON }
                at &+= 1
                levels &>>= 1
                open &-= 1
            }
        }
    }

    /// The offset behind the object or array at `start`, found by its brackets: nothing is changed, and little checked.
    func extent(_ start: Int, depth: Int) throws(RejectionReason) -> Int {
        var at = start
        var open = 0
        while true {
            let marks = Self.marks(bytes.word(at))
            if marks == 0 {
                at &+= 8
                continue
            }
            at &+= marks.trailingZeroBitCount &>> 3
            switch bytes[at] {
            case Byte.openBrace, Byte.openBracket:
                open &+= 1
                if depth &+ open > EventLimits.depth { throw .tooDeep }
            case Byte.closeBrace, Byte.closeBracket:
                open &-= 1
                if open == 0 { return at &+ 1 }
            case Byte.quote:
                at = try closingQuote(at &+ 1)
            case Byte.newline: throw .malformedJSON
            default: break
            }
            at &+= 1
        }
    }

    /// High bits of the bytes that `extent` looks at, and of some that stand outside strings in no JSON text.
    ///
    /// Exact up to and including the first.
    @inline(__always)
    private static func marks(_ word: UInt64) -> UInt64 {
        // Braces and brackets become 0x7F, and so do Y, y, _ and DEL.
        let brackets = (word | 0x2626_2626_2626_2626) ^ 0x7F7F_7F7F_7F7F_7F7F
        return ByteWindow.zeroBytes(brackets) | ByteWindow.zeroBytes(word ^ 0x2222_2222_2222_2222)
            | ByteWindow.zeroBytes(word ^ 0x0A0A_0A0A_0A0A_0A0A)
    }

    /// The offset of the quote that closes the string whose first byte is at `start`.
    @inline(__always)
    private func closingQuote(_ start: Int) throws(RejectionReason) -> Int {
        var at = start
        while true {
            let word = bytes.word(at)
            let ends =
                ByteWindow.zeroBytes(word ^ 0x2222_2222_2222_2222) | ByteWindow.zeroBytes(word ^ 0x5C5C_5C5C_5C5C_5C5C)
                | ByteWindow.zeroBytes(word ^ 0x0A0A_0A0A_0A0A_0A0A)
            if ends == 0 {
                at &+= 8
                continue
            }
            at &+= ends.trailingZeroBitCount &>> 3
            if bytes[at] == Byte.quote { return at }
            if bytes[at] == Byte.newline { throw .malformedJSON }
            at &+= bytes[at &+ 1] == Byte.newline ? 1 : 2
        }
    }

    /// The offset behind the value at `start`, found without changing anything, and with little checked.
    func end(_ start: Int) throws(RejectionReason) -> Int {
        switch bytes[start] {
        case Byte.openBrace, Byte.openBracket: return try extent(start, depth: 0)
        case Byte.quote: return try closingQuote(start &+ 1) &+ 1
        default:
            var at = start
            while true {
                let byte = bytes[at]
                let isEnd = byte <= Byte.space || byte == Byte.comma
                if isEnd || byte == Byte.closeBrace || byte == Byte.closeBracket { break }
                at &+= 1
            }
            if at == start { throw .malformedJSON }
            return at
        }
    }

    /// Steps over a key and its colon to the value.
    private func key(_ at: Int, _ keys: inout Int) throws(RejectionReason) -> Int {
        guard bytes[at] == Byte.quote else { throw .malformedJSON }
        keys &+= 1
        if keys > EventLimits.keysPerRecord { throw .tooManyKeys }
        return try colon(string(at &+ 1).end)
    }

    /// Steps over a colon and the spaces around it.
    @inline(__always)
    func colon(_ at: Int) throws(RejectionReason) -> Int {
        let at = bytes.skippingSpaces(at)
        guard bytes[at] == Byte.colon else { throw .malformedJSON }
        return bytes.skippingSpaces(at &+ 1)
    }
}

/// Well-formed UTF-8, by table 3-7 of the Unicode standard.
enum UTF8Sequence {
    /// Length of the multi-byte sequence at `at`, or 0 if it is not well-formed.
    static func length(_ bytes: ByteWindow, _ at: Int) -> Int {
        let (first, second) = (bytes[at], bytes[at &+ 1])
        func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
        switch first {
        case 0xC2...0xDF: return isContinuation(second) ? 2 : 0
        case 0xE0...0xEF:
            let lowest: UInt8 = first == 0xE0 ? 0xA0 : 0x80
            let highest: UInt8 = first == 0xED ? 0x9F : 0xBF
            return second >= lowest && second <= highest && isContinuation(bytes[at &+ 2]) ? 3 : 0
        case 0xF0...0xF4:
            let lowest: UInt8 = first == 0xF0 ? 0x90 : 0x80
            let highest: UInt8 = first == 0xF4 ? 0x8F : 0xBF
            guard second >= lowest, second <= highest, isContinuation(bytes[at &+ 2]) else { return 0 }
            return isContinuation(bytes[at &+ 3]) ? 4 : 0
        default: return 0
        }
    }

    /// Whether all of `from..<to` is well-formed.
    ///
    /// The byte at `to` must not be a continuation byte.
    static func isValid(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Bool {
        var at = from
        while at < to {
            let others = bytes.word(at) & ByteWindow.highs
            if others & 0x80 == 0 {
                at &+= others.trailingZeroBitCount &>> 3
                continue
            }
            let length = length(bytes, at)
            guard length > 0, at &+ length <= to else { return false }
            at &+= length
        }
        return true
    }

    /// Number of scalars in a stretch of well-formed UTF-8.
    static func scalars(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Int {
        var count = 0
        for at in from..<to where bytes[at] & 0xC0 != 0x80 { count &+= 1 }
        return count
    }

    /// Writes a scalar value at `at` and returns the offset behind it.
    static func write(_ scalar: UInt32, to bytes: ByteWindow, _ at: Int) -> Int {
        func continuation(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: scalar &>> shift & 0x3F | 0x80) }
        if scalar < 0x80 {
            bytes[at] = UInt8(truncatingIfNeeded: scalar)
            return at &+ 1
        }
        if scalar < 0x800 {
            bytes[at] = UInt8(truncatingIfNeeded: scalar &>> 6 | 0xC0)
            bytes[at &+ 1] = continuation(0)
            return at &+ 2
        }
        if scalar < 0x10000 {
            bytes[at] = UInt8(truncatingIfNeeded: scalar &>> 12 | 0xE0)
            bytes[at &+ 1] = continuation(6)
            bytes[at &+ 2] = continuation(0)
            return at &+ 3
        }
        bytes[at] = UInt8(truncatingIfNeeded: scalar &>> 18 | 0xF0)
        bytes[at &+ 1] = continuation(12)
        bytes[at &+ 2] = continuation(6)
        bytes[at &+ 3] = continuation(0)
        return at &+ 4
    }
}
