/// Parses RE2's syntax, the part of it that names of metrics can need.
///
/// Not understood, and said so: Unicode classes (`\p{…}`), `\C`, and back-references and look-around, which RE2 does
/// not have either.
struct RegexParser {
    private struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotTakesNewline = false
        var isUngreedy = false
    }

    private let text: [UInt32]
    private var at = 0
    private var flags = Flags()
    /// Names of groups, by number less one; `nil` for a group without a name.
    private(set) var names: [String?] = []

    private init(_ text: String) { self.text = text.unicodeScalars.map(\.value) }

    /// The expression and the names of its groups.
    static func parse(_ text: String) throws(PatternError) -> (node: RegexNode, names: [String?]) {
        guard text.utf8.count <= PatternLimits.bytes else {
            throw PatternError("must not be longer than \(PatternLimits.bytes) bytes")
        }
        var parser = RegexParser(text)
        let node = try parser.choice(depth: 0)
        guard parser.at == parser.text.count else { throw PatternError("has a ) without a (") }
        return (node, parser.names)
    }

    // MARK: Structure

    private var next: UInt32? { at < text.count ? text[at] : nil }

    private func isNext(_ character: Unicode.Scalar) -> Bool { next == character.value }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isNext(character) else { return false }
        at += 1
        return true
    }

    private mutating func choice(depth: Int) throws(PatternError) -> RegexNode {
        guard depth <= PatternLimits.depth else {
            throw PatternError("must not nest deeper than \(PatternLimits.depth) groups")
        }
        var choices = [try sequence(depth: depth)]
        while take("|") { choices.append(try sequence(depth: depth)) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func sequence(depth: Int) throws(PatternError) -> RegexNode {
        var parts: [RegexNode] = []
        while let character = next, character != 0x7C, character != 0x29 {
            let atom = try self.atom(depth: depth)
            parts.append(try repetition(of: atom))
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func repetition(of atom: RegexNode) throws(PatternError) -> RegexNode {
        guard let (from, upTo) = try quantifier() else { return atom }
        let isLazy = take("?") != flags.isUngreedy
        let before = at
        if try quantifier() != nil { throw PatternError("repeats a repetition") }
        at = before
        return .repeated(atom, from: from, upTo: upTo, isLazy: isLazy)
    }

    private mutating func quantifier() throws(PatternError) -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = at
        guard take("{"), let from = number() else {
            at = start
            return nil
        }
        var upTo: Int? = from
        if take(",") { upTo = number() }
        guard take("}") else {
            // Braces that are no repetition stand for themselves.
            at = start
            return nil
        }
        guard from <= PatternLimits.repetitions, upTo ?? from <= PatternLimits.repetitions, upTo ?? from >= from else {
            throw PatternError(
                "has a repetition beyond \(PatternLimits.repetitions), or one that ends before it begins")
        }
        return (from, upTo)
    }

    /// Digits as a number, at most one above the limit of repetitions.
    private mutating func number() -> Int? {
        var value: Int?
        while let digit = next, digit >= 0x30, digit <= 0x39 {
            value = min((value ?? 0) * 10 + Int(digit - 0x30), PatternLimits.repetitions + 1)
            at += 1
        }
        return value
    }

    // MARK: Atoms

    private mutating func atom(depth: Int) throws(PatternError) -> RegexNode {
        guard let character = next else { return .empty }
        at += 1
        switch character {
        case 0x28: return try group(depth: depth)  // (
        case 0x5B: return .set(try bracket())  // [
        case 0x2E: return .set(flags.dotTakesNewline ? .all : .notNewline)  // .
        case 0x5E: return .place(flags.isMultiline ? .lineStart : .textStart)  // ^
        case 0x24: return .place(flags.isMultiline ? .lineEnd : .textEnd)  // $
        case 0x5C: return try escape()
        case 0x2A, 0x2B, 0x3F: throw PatternError("repeats nothing")
        default: return .set(cased(ScalarSet([character...character])))
        }
    }

    private func cased(_ set: ScalarSet) -> ScalarSet { flags.ignoresCase ? set.caseless : set }

    private mutating func group(depth: Int) throws(PatternError) -> RegexNode {
        let outer = flags
        var number: Int?
        if take("?") {
            if isNext("P") || isNext("<") {
                number = try named()
            } else if try !flagsEndInColon() {
                // `(?i)` changes what follows, up to the end of the group that it stands in.
                return .empty
            }
        } else {
            number = try newGroup(nil)
        }
        let node = try choice(depth: depth + 1)
        guard take(")") else { throw PatternError("has a ( without a )") }
        flags = outer
        return number.map { .group($0, node) } ?? node
    }

    private mutating func newGroup(_ name: String?) throws(PatternError) -> Int {
        guard names.count < PatternLimits.groups else {
            throw PatternError("must not have more than \(PatternLimits.groups) groups")
        }
        names.append(name)
        return names.count
    }

    private mutating func named() throws(PatternError) -> Int {
        _ = take("P")
        guard take("<") else { throw PatternError("has a group that begins as none can") }
        var name = ""
        while let character = next, character != 0x3E {
            guard ScalarSet.word.contains(character), let scalar = Unicode.Scalar(character) else {
                throw PatternError("has a group with a name that is none")
            }
            name.unicodeScalars.append(scalar)
            at += 1
        }
        guard take(">"), !name.isEmpty, !names.contains(name) else {
            throw PatternError("has a group without a name of its own")
        }
        return try newGroup(name)
    }

    private mutating func flagsEndInColon() throws(PatternError) -> Bool {
        var isOn = true
        while let character = next {
            at += 1
            switch character {
            case 0x69: flags.ignoresCase = isOn  // i
            case 0x6D: flags.isMultiline = isOn  // m
            case 0x73: flags.dotTakesNewline = isOn  // s
            case 0x55: flags.isUngreedy = isOn  // U
            case 0x2D where isOn: isOn = false  // -
            case 0x3A: return true  // :
            case 0x29: return false  // )
            default: throw PatternError("has a group that begins as none can")
            }
        }
        throw PatternError("has a ( without a )")
    }

    // MARK: Characters

    private mutating func escape() throws(PatternError) -> RegexNode {
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
    private mutating func bracket() throws(PatternError) -> ScalarSet {
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
