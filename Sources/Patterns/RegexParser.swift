/// Parses RE2's syntax, the part of it that names of metrics can need.
///
/// Not understood, and said so: Unicode classes (`\p{…}`), `\C`, and back-references and look-around, which RE2 does
/// not have either.
struct RegexParser {
    struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotTakesNewline = false
        var isUngreedy = false
    }

    let text: [UInt32]
    var at = 0
    var flags = Flags()
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

    var next: UInt32? { at < text.count ? text[at] : nil }

    func isNext(_ character: Unicode.Scalar) -> Bool { next == character.value }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
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

    func cased(_ set: ScalarSet) -> ScalarSet { flags.ignoresCase ? set.caseless : set }

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
}
