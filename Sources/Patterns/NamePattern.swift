/// What kind of metric a name belongs to, as mapping rules tell them apart.
public enum NameType: UInt8, Sendable, CaseIterable {
    /// Counts.
    case counter = 0
    /// Gauges.
    case gauge = 1
    /// Timers, histograms and distributions.
    case observer = 2
    /// Sets, which only rules for every type match.
    case set = 3
}

/// A pattern that names of metrics are compared with.
public struct NamePattern: Sendable, Equatable {
    /// As it was written.
    public let text: String
    /// Whether it is a regular expression; else fields between dots, of which `*` is any one.
    public var isRegex: Bool { program != nil }
    /// The only type of metric that it matches; `nil` for all of them.
    public let type: NameType?
    let program: RegexProgram?

    /// A pattern of fields between dots, such as `api.*.latency`.
    ///
    /// Each `*` is one capture, numbered from 1.
    public init(glob text: String, type: NameType? = nil) throws(PatternError) {
        guard Self.isGlob(text) else {
            throw PatternError("must be fields of letters, digits, _ and - with dots between them, or * for any field")
        }
        (self.text, self.type, program) = (text, type, nil)
    }

    /// A regular expression in RE2's syntax, found anywhere in a name unless it is anchored.
    public init(regex text: String, type: NameType? = nil) throws(PatternError) {
        (self.text, self.type, program) = (text, type, try RegexProgram(text))
    }

    /// Equal texts are equal patterns.
    public static func == (left: NamePattern, right: NamePattern) -> Bool {
        left.text == right.text && left.type == right.type && left.isRegex == right.isRegex
    }

    private static func isGlob(_ text: String) -> Bool {
        guard text.utf8.count <= PatternLimits.bytes else { return false }
        let fields = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for (number, field) in fields.enumerated() {
            if field.elementsEqual("*".utf8) { continue }
            guard let first = field.first, field.allSatisfy({ isWord($0) || $0 == UInt8(ascii: "-") }) else {
                return false
            }
            guard isWord(first), number > 0 || !(0x30...0x39).contains(first) else { return false }
        }
        return true
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == UInt8(ascii: "_")
    }
}

/// A pattern that matched, and what its wildcards or groups stand for.
public struct NameMatch: Sendable, Equatable {
    /// Number of the pattern.
    public var pattern: Int
    /// Texts of the captures, number 0 being the whole match.
    public var captures: [[UInt8]]
    /// Names of captures from number 1 on; `nil` for those without.
    public var names: [String?]
}
