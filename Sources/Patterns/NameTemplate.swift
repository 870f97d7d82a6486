/// A text with places for captures: `$1`, `${1}`, `$name`, `${name}`, and `$$` for a dollar.
///
/// The rules are those of Go's `Regexp.Expand`: a name is as long as it can be, so `$1_x` is the capture `1_x`; what
/// does not exist is empty.
public struct NameTemplate: Sendable, Equatable {
    private enum Part: Sendable, Equatable {
        case text(String)
        case number(Int)
        case name(String)
    }

    /// As it was written.
    public let text: String
    private let parts: [Part]

    /// Takes a template apart; every text is one.
    public init(_ text: String) {
        self.text = text
        var parts: [Part] = []
        var literal: [UInt8] = []
        let bytes = Array(text.utf8)
        var at = 0
        while at < bytes.count {
            guard bytes[at] == UInt8(ascii: "$"), let (name, end) = Self.reference(bytes, at + 1) else {
                literal.append(bytes[at])
                at += bytes[at] == UInt8(ascii: "$") && at + 1 < bytes.count && bytes[at + 1] == bytes[at] ? 2 : 1
                continue
            }
            if !literal.isEmpty { parts.append(.text(String(decoding: literal, as: UTF8.self))) }
            literal = []
            parts.append(Int(name).map { .number($0) } ?? .name(name))
            at = end
        }
        if !literal.isEmpty { parts.append(.text(String(decoding: literal, as: UTF8.self))) }
        self.parts = parts
    }

    /// The text for a match.
    public func text(for match: NameMatch) -> String {
        var out: [UInt8] = []
        for part in parts {
            switch part {
            case .text(let text): out += Array(text.utf8)
            case .number(let number):
                if match.captures.indices.contains(number) { out += match.captures[number] }
            case .name(let name):
                if let number = match.names.firstIndex(of: name), match.captures.indices.contains(number + 1) {
                    out += match.captures[number + 1]
                }
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The name that begins at `start`, with or without braces, and where it ends.
    private static func reference(_ bytes: [UInt8], _ start: Int) -> (String, Int)? {
        let isBraced = start < bytes.count && bytes[start] == UInt8(ascii: "{")
        let from = isBraced ? start + 1 : start
        var end = from
        while end < bytes.count, isWord(bytes[end]) { end += 1 }
        guard end > from, !isBraced || (end < bytes.count && bytes[end] == UInt8(ascii: "}")) else { return nil }
        return (String(decoding: bytes[from..<end], as: UTF8.self), isBraced ? end + 1 : end)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == UInt8(ascii: "_")
    }
}
