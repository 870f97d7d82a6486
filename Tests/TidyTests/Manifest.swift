import Foundation

/// The dependency table of `Package.swift`, read from its text.
struct Manifest {
    /// What each source target may import, by target.
    private(set) var imports: [String: Set<String>] = [:]

    /// Reads `module("Name", sees: ["A", .product(name: "B", …)])` and `.executableTarget(name: …, dependencies: …)`.
    init(_ text: String) {
        for marker in ["module(", ".executableTarget("] {
            var rest = Substring(text)
            while let start = rest.range(of: marker) {
                let (call, after) = Self.call(rest[start.upperBound...])
                rest = after
                let words = Self.strings(call)
                if let name = words.first { imports[name] = Set(words.dropFirst()) }
            }
        }
    }

    /// The text up to the parenthesis that closes the call, and the text behind it.
    private static func call(_ text: Substring) -> (inside: Substring, after: Substring) {
        var depth = 1
        for index in text.indices {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" { depth -= 1 }
            if depth == 0 { return (text[..<index], text[index...]) }
        }
        return (text, "")
    }

    /// The string literals of a call, without the names of packages.
    private static func strings(_ call: Substring) -> [String] {
        let parts = call.split(separator: "\"", omittingEmptySubsequences: false)
        return parts.indices.filter { $0 % 2 == 1 && !parts[$0 - 1].hasSuffix("package: ") }.map { String(parts[$0]) }
    }
}
