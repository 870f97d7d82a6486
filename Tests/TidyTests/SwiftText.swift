/// A Swift file taken apart: its code without comments and strings, and its string literals.
///
/// It knows line and nested block comments, strings of one and of several lines, raw strings, and interpolation (whose
/// content is code). It does not know regular expression literals, which this package does not use.
struct SwiftText {
    /// The code; every comment and every string is one blank, line breaks are kept.
    private(set) var code = ""
    /// The text of each string literal as spelled, interpolations left out.
    private(set) var literals: [String] = []

    private let source: [Character]
    private var position = 0

    init(_ text: String) {
        source = Array(text)
        scanCode(untilParenthesis: false)
    }

    /// The code by lines, counted from 1.
    var lines: [(number: Int, text: Substring)] {
        zip(1..., code.split(separator: "\n", omittingEmptySubsequences: false)).map { ($0, $1) }
    }

    private func matches(_ text: String) -> Bool {
        position + text.count <= source.count && zip(source[position...], text).allSatisfy(==)
    }

    private mutating func scanCode(untilParenthesis: Bool) {
        var depth = 0
        while position < source.count {
            let character = source[position]
            if matches("//") {
                while position < source.count, source[position] != "\n" { position += 1 }
            } else if matches("/*") {
                skipBlockComment()
            } else if character == "\"" || (character == "#" && startsRawString) {
                scanString()
            } else {
                if character == "(" { depth += 1 }
                if character == ")" {
                    if untilParenthesis, depth == 0 { return }
                    depth -= 1
                }
                code.append(character)
                position += 1
            }
        }
    }

    private var startsRawString: Bool {
        let rest = source[position...].drop { $0 == "#" }
        return rest.first == "\""
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
                if source[position] == "\n" { code.append("\n") }
                position += 1
            }
        } while depth > 0 && position < source.count
    }

    private mutating func scanString() {
        var hashes = ""
        while source[position] == "#" {
            hashes.append("#")
            position += 1
        }
        let quotes = matches("\"\"\"") ? "\"\"\"" : "\""
        position += quotes.count
        var text = ""
        code.append(" ")
        while position < source.count, !matches(quotes + hashes) {
            if matches("\\" + hashes + "(") {
                position += 2 + hashes.count
                code.append("(")
                scanCode(untilParenthesis: true)
                code.append(") ")
                position += 1
            } else if matches("\\" + hashes) {
                text += String(source[position..<min(source.count, position + 2 + hashes.count)])
                position += 2 + hashes.count
            } else {
                if source[position] == "\n" { code.append("\n") }
                text.append(source[position])
                position += 1
            }
        }
        position += quotes.count + hashes.count
        literals.append(text)
    }
}
