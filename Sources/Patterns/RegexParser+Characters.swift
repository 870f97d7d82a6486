// Characters of an expression: escapes, and sets in brackets.

extension RegexParser {
    mutating func escape() throws(PatternError) -> RegexNode {
        if take("A") { return .place(.textStart) }
        if take("z") { return .place(.textEnd) }
        if take("b") { return .place(.wordEdge) }
        if take("B") { return .place(.noWordEdge) }
        return .set(cased(try escapedSet()))
    }

    /// What stands behind a backslash, as a set.
    private mutating func escapedSet() throws(PatternError) -> ScalarSet {
        guard let character = next else { throw PatternError("ends in a backslash") }
        at += 1
        switch character {
        case 0x64: return .digits  // d
        case 0x44: return ScalarSet.digits.inverted  // D
        case 0x77: return .word  // w
        case 0x57: return ScalarSet.word.inverted  // W
        case 0x73: return .space  // s
        case 0x53: return ScalarSet.space.inverted  // S
        case 0x61: return ScalarSet([7...7])  // a
        case 0x66: return ScalarSet([12...12])  // f
        case 0x6E: return ScalarSet([10...10])  // n
        case 0x72: return ScalarSet([13...13])  // r
        case 0x74: return ScalarSet([9...9])  // t
        case 0x76: return ScalarSet([11...11])  // v
        case 0x78:  // x
            let value = try hexadecimal()
            return ScalarSet([value...value])
        default:
            let isWord = ScalarSet.word.contains(character)
            guard !isWord || character == 0x5F, character < 0x80 else {
                throw PatternError("has an escape that is not supported: \\\(Unicode.Scalar(character) ?? "?")")
            }
            return ScalarSet([character...character])
        }
    }

    private mutating func hexadecimal() throws(PatternError) -> UInt32 {
        let isBraced = take("{")
        var (value, digits): (UInt32, Int) = (0, 0)
        while digits < (isBraced ? 8 : 2), let digit = next.flatMap(Self.hexadecimalDigit) {
            (value, digits) = (value &* 16 &+ digit, digits + 1)
            at += 1
        }
        guard digits > 0, isBraced ? take("}") : digits == 2, value <= ScalarSet.highest else {
            throw PatternError("has a \\x that is no character")
        }
        return value
    }

    private static func hexadecimalDigit(_ character: UInt32) -> UInt32? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x46: character - 0x37
        case 0x61...0x66: character - 0x57
        default: nil
        }
    }

    /// A set in brackets, of which the first one is taken already.
    mutating func bracket() throws(PatternError) -> ScalarSet {
        let isInverted = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while isFirst || !isNext("]") {
            isFirst = false
            guard let character = next else { throw PatternError("has a [ without a ]") }
            if character == 0x5B, let named = try posixClass() {
                ranges += named.ranges
                continue
            }
            let low = try bracketItem()
            guard let start = low.single, isNext("-"), at + 1 < text.count, text[at + 1] != 0x5D else {
                ranges += low.set.ranges
                continue
            }
            at += 1
            guard let end = try bracketItem().single, end >= start else {
                throw PatternError("has a range that ends before it begins")
            }
            ranges.append(start...end)
        }
        at += 1
        let set = cased(ScalarSet(ranges))
        return isInverted ? set.inverted : set
    }

    private mutating func bracketItem() throws(PatternError) -> (set: ScalarSet, single: UInt32?) {
        guard let character = next else { throw PatternError("has a [ without a ]") }
        at += 1
        guard character == 0x5C else { return (ScalarSet([character...character]), character) }
        let set = try escapedSet()
        let range = set.ranges.first
        let isSingle = set.ranges.count == 1 && range?.lowerBound == range?.upperBound
        return (set, isSingle ? range?.lowerBound : nil)
    }

    /// `[:alpha:]` and the like; `nil` if it is none.
    private mutating func posixClass() throws(PatternError) -> ScalarSet? {
        guard at + 1 < text.count, text[at + 1] == 0x3A else { return nil }
        var end = at + 2
        while end + 1 < text.count, text[end] != 0x3A { end += 1 }
        guard end + 1 < text.count, text[end + 1] == 0x5D else { return nil }
        var name = text[(at + 2)..<end].compactMap(Unicode.Scalar.init).map(String.init).joined()
        let isInverted = name.hasPrefix("^")
        if isInverted { name.removeFirst() }
        let classes: [String: [ClosedRange<UInt32>]] = [
            "alnum": [0x30...0x39, 0x41...0x5A, 0x61...0x7A], "alpha": [0x41...0x5A, 0x61...0x7A],
            "ascii": [0...0x7F], "blank": [9...9, 32...32], "cntrl": [0...0x1F, 0x7F...0x7F], "digit": [0x30...0x39],
            "graph": [0x21...0x7E], "lower": [0x61...0x7A], "print": [0x20...0x7E],
            "punct": [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E], "space": [9...13, 32...32],
            "upper": [0x41...0x5A], "word": ScalarSet.word.ranges, "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
        ]
        guard let ranges = classes[name] else { throw PatternError("has an unknown class [:\(name):]") }
        at = end + 2
        return isInverted ? ScalarSet(ranges).inverted : ScalarSet(ranges)
    }
}
