/// One thing wrong with a configuration: where it stands, what was found, and the rule it breaks.
struct ConfigError: Error, Equatable, CustomStringConvertible {
    /// Path of the configuration, as the user gave it; `command line` for a flag.
    var file: String
    /// Line, from 1; 0 where there is none.
    var line: Int
    /// Key from the top, such as `sources[0].drain`; empty for the file as a whole.
    var key: String
    /// The text found; `nil` where quoting it helps nobody.
    var value: String?
    /// What is expected, as the end of the sentence "must …" or a statement.
    var rule: String

    /// Most bytes of a value that an error repeats.
    static let quotedBytes = 80

    /// `telltale.yaml:7: sources[0].drain: "soon": must be a duration such as 30s, 5m or 1h`.
    var description: String {
        var text = line > 0 ? "\(file):\(line)" : file
        if !key.isEmpty { text += ": " + key }
        if let value { text += ": \"" + Escaping.printable(value, limit: Self.quotedBytes) + "\"" }
        return text + ": " + rule
    }
}

/// All errors of one configuration, in the order of its lines.
struct ConfigErrors: Error, Equatable, CustomStringConvertible {
    /// At least one.
    var errors: [ConfigError]

    /// One line per error.
    var description: String { errors.map(\.description).joined(separator: "\n") }
}
