/// A Swift file taken apart: its code without comments and strings, and its string literals.
///
/// It knows line and nested block comments, strings of one and of several lines, raw strings, and interpolation (whose
/// content is code). It does not know regular expression literals, which this package does not use.
struct SwiftText {
    /// The code; every comment and every string is one blank, line breaks are kept.
    var code: String { String(decoding: codeBytes, as: UTF8.self) }
    /// The text of each string literal as spelled, interpolations left out.
    private(set) var literals: [String] = []

    private let source: [UInt8]
    private var codeBytes: [UInt8] = []
    private var position = 0

    /// Takes a file apart, byte by byte: everything that matters to Swift's grammar is ASCII.
    init(_ text: String) {
        source = Array(text.utf8)
        codeBytes.reserveCapacity(source.count)
        scanCode(untilParenthesis: false)
    }

    /// The code by lines, counted from 1.
    var lines: [(number: Int, text: Substring)] {
        zip(1..., code.split(separator: "\n", omittingEmptySubsequences: false)).map { ($0, $1) }
    }

    private func matches(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { unsafe matches($0) }
    }

    private func matches(_ bytes: some Collection<UInt8>) -> Bool {
        source[position...].starts(with: bytes)
    }

    private mutating func scanCode(untilParenthesis: Bool) {
        var depth = 0
        while position < source.count {
            let byte = source[position]
            if matches("//") {
                while position < source.count, source[position] != Self.newline { position += 1 }
            } else if matches("/*") {
                skipBlockComment()
            } else if byte == UInt8(ascii: "\"") || (byte == Self.hash && startsRawString) {
                scanString()
            } else {
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") {
                    if untilParenthesis, depth == 0 { return }
                    depth -= 1
                }
                codeBytes.append(byte)
                position += 1
            }
        }
    }

    private var startsRawString: Bool {
        let rest = source[position...].drop { $0 == Self.hash }
        return rest.first == UInt8(ascii: "\"")
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if matches("/*") {
                depth += 1
                position += 2
            } else if matches("*/") {
                depth -= 1
                position += 2
            } else {
                if source[position] == Self.newline { codeBytes.append(Self.newline) }
                position += 1
            }
        } while depth > 0 && position < source.count
    }

    private mutating func scanString() {
        var hashes: [UInt8] = []
        while source[position] == Self.hash {
            hashes.append(Self.hash)
            position += 1
        }
        let quote = UInt8(ascii: "\"")
        let quotes = matches("\"\"\"") ? [quote, quote, quote] : [quote]
        let escape = [UInt8(ascii: "\\")] + hashes
        position += quotes.count
        var text: [UInt8] = []
        codeBytes.append(Self.blank)
        while position < source.count, !matches(quotes + hashes) {
            if matches(escape + [UInt8(ascii: "(")]) {
                position += 2 + hashes.count
                codeBytes.append(UInt8(ascii: "("))
                scanCode(untilParenthesis: true)
                codeBytes += [UInt8(ascii: ")"), Self.blank]
                position += 1
            } else if matches(escape) {
                text += source[position..<min(source.count, position + 2 + hashes.count)]
                position += 2 + hashes.count
            } else {
                if source[position] == Self.newline { codeBytes.append(Self.newline) }
                text.append(source[position])
                position += 1
            }
        }
        position += quotes.count + hashes.count
        literals.append(String(decoding: text, as: UTF8.self))
    }

    private static let newline = UInt8(ascii: "\n")
    private static let hash = UInt8(ascii: "#")
    private static let blank = UInt8(ascii: " ")
}
