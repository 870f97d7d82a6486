/// A path in which `*`, `?` and `[...]` stand for bytes of one name, as in a shell.
///
/// A wildcard never stands for `/`, nor for a dot at the start of a name; `\` takes the meaning from the byte after
/// it. A path without wildcards stands for itself; there, too, `\*`, `\?` and `\[` are the bytes themselves.
public struct PathPattern: Sendable, Equatable {
    /// The text as given.
    public let text: String
    /// The directory before the first wildcard; never empty.
    public let base: String
    /// The path, if it has no wildcard and stands for one path only.
    public let literal: String?
    /// What follows `base`, one element for each name.
    let names: [NamePattern]

    /// What stands for one path only, whatever bytes are in it.
    public init(literal path: String) {
        let place = PathParts(path)
        self.init(
            text: Self.escaped(path), base: place.directory, literal: path,
            names: [NamePattern(literal: Array(place.name.utf8))])
    }

    /// Reads a pattern.
    ///
    /// - Throws: What is wrong with it, in words that follow the name of a key.
    public init(_ text: String) throws(PathPatternError) {
        let parts = Array(text.utf8).split(separator: 0x2F, omittingEmptySubsequences: true)
        guard let first = parts.firstIndex(where: { NamePattern.hasWildcard($0) }) else {
            self.init(literal: Self.unescaped(text))
            return
        }
        // Escapes of names without wildcards mean what they mean in the others.
        let fixed = parts[..<first].map { String(decoding: NamePattern.unescaped($0), as: UTF8.self) }
        let directory = (text.utf8.first == 0x2F ? "/" : "") + fixed.joined(separator: "/")
        var names: [NamePattern] = []
        for part in parts[first...] { names.append(try NamePattern(part)) }
        self.init(text: text, base: directory.isEmpty ? "." : directory, literal: nil, names: names)
    }

    private init(text: String, base: String, literal: String?, names: [NamePattern]) {
        (self.text, self.base, self.literal, self.names) = (text, base, literal, names)
    }

    /// Whether a text has wildcards.
    public static func isPattern(_ text: String) -> Bool { NamePattern.hasWildcard(Array(text.utf8)[...]) }

    /// A pattern that stands for one path, whatever bytes are in it.
    public static func escaped(_ path: String) -> String {
        String(
            decoding: path.utf8.flatMap { byte in NamePattern.wildcards.contains(byte) ? [0x5C, byte] : [byte] },
            as: UTF8.self)
    }

    private static func unescaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if NamePattern.wildcards.contains(byte), bytes.last == 0x5C { bytes.removeLast() }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a path is one that the pattern stands for.
    public func matches(_ path: String) -> Bool {
        if let literal { return path == literal }
        var rest = Array(path.utf8)[...]
        if base == "." {
            if rest.first == 0x2F { return false }
        } else {
            guard rest.starts(with: base.utf8) else { return false }
            rest = rest.dropFirst(base.utf8.count)
            guard base == "/" || rest.first == 0x2F else { return false }
        }
        let parts = rest.split(separator: 0x2F, omittingEmptySubsequences: true)
        return parts.count == names.count && zip(names, parts).allSatisfy { $0.matches($1) }
    }

    /// Bytes that every path it stands for ends with.
    var suffix: ArraySlice<UInt8> { names.last?.suffix ?? [] }
}

/// What is wrong with a pattern.
public struct PathPatternError: Error, Equatable, CustomStringConvertible {
    /// Words that follow the name of a key, as in "must not contain **".
    public let description: String
}

/// One name of a pattern.
struct NamePattern: Sendable, Equatable {
    private enum Token: Equatable, Sendable {
        case byte(UInt8)
        /// `?`
        case one
        /// `*`
        case many
        case set([ClosedRange<UInt8>], isNegated: Bool)
    }

    /// The bytes that stand for others.
    static let wildcards: [UInt8] = [0x2A, 0x3F, 0x5B]

    private let tokens: [Token]

    /// The bytes themselves.
    init(literal: [UInt8]) { tokens = literal.map { .byte($0) } }

    /// Reads the pattern of a name.
    init(_ text: ArraySlice<UInt8>) throws(PathPatternError) {
        var tokens: [Token] = []
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case 0x2A:
                if tokens.last == .many { throw PathPatternError(description: "must not contain **") }
                tokens.append(.many)
            case 0x3F: tokens.append(.one)
            case 0x5B: tokens.append(try Self.set(&rest))
            case 0x5C:
                guard let escaped = rest.popFirst() else {
                    throw PathPatternError(description: "must not end a name with a backslash")
                }
                tokens.append(.byte(escaped))
            default: tokens.append(.byte(byte))
            }
        }
        self.tokens = tokens
    }

    /// What stands between brackets.
    private static func set(_ rest: inout ArraySlice<UInt8>) throws(PathPatternError) -> Token {
        let unended = PathPatternError(description: "must close [ with ] within the same name; a [ itself is \\[")
        var isNegated = false
        if rest.first == 0x21 || rest.first == 0x5E {
            isNegated = true
            rest = rest.dropFirst()
        }
        var ranges: [ClosedRange<UInt8>] = []
        while let byte = rest.popFirst() {
            // A bracket that comes first stands for itself.
            if byte == 0x5D, !ranges.isEmpty { return .set(ranges, isNegated: isNegated) }
            var low = byte
            if byte == 0x5C {
                guard let escaped = rest.popFirst() else { throw unended }
                low = escaped
            }
            var high = low
            let next = rest.startIndex
            if rest.count > 1, rest[next] == 0x2D, rest[next + 1] != 0x5D {
                high = rest[next + 1]
                rest = rest.dropFirst(2)
            }
            guard low <= high else { throw PathPatternError(description: "must not have a range that runs backwards") }
            ranges.append(low...high)
        }
        throw unended
    }

    /// Whether a name of a pattern has a wildcard.
    static func hasWildcard(_ text: ArraySlice<UInt8>) -> Bool {
        var isEscaped = false
        for byte in text {
            if isEscaped {
                isEscaped = false
            } else if byte == 0x5C {
                isEscaped = true
            } else if wildcards.contains(byte) {
                return true
            }
        }
        return false
    }

    /// The bytes a name without wildcards stands for.
    static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() { bytes.append(byte == 0x5C ? rest.popFirst() ?? byte : byte) }
        return bytes
    }

    /// The name, if it stands for only one.
    var literal: [UInt8]? {
        var bytes: [UInt8] = []
        for token in tokens {
            guard case .byte(let byte) = token else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    /// Bytes that every name it stands for ends with.
    var suffix: ArraySlice<UInt8> {
        var bytes: [UInt8] = []
        for token in tokens.reversed() {
            guard case .byte(let byte) = token else { break }
            bytes.append(byte)
        }
        return ArraySlice(bytes.reversed())
    }

    /// Whether it stands for a name.
    ///
    /// Only the last `*` is ever tried again, so the time is bounded by the product of both lengths.
    func matches(_ name: some Collection<UInt8>) -> Bool {
        let bytes = ArraySlice(name)
        if bytes.first == 0x2E, tokens.first != .byte(0x2E) { return false }
        var (at, here) = (0, bytes.startIndex)
        var again: (at: Int, place: Int)?
        while here < bytes.endIndex {
            if at < tokens.count, tokens[at] == .many {
                again = (at, here)
                at += 1
            } else if at < tokens.count, Self.matches(tokens[at], bytes[here]) {
                at += 1
                here += 1
            } else if let last = again {
                at = last.at + 1
                here = last.place + 1
                again = (last.at, here)
            } else {
                return false
            }
        }
        while at < tokens.count, tokens[at] == .many { at += 1 }
        return at == tokens.count
    }

    private static func matches(_ token: Token, _ byte: UInt8) -> Bool {
        switch token {
        case .byte(let wanted): wanted == byte
        case .one: true
        case .many: false
        case .set(let ranges, let isNegated): ranges.contains { $0.contains(byte) } != isNegated
        }
    }
}
