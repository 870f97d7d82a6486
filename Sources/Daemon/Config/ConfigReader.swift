/// Collects every error of a configuration while sections are read from it.
final class ConfigReader {
    /// File name for errors.
    let file: String
    /// What was found wrong so far.
    private(set) var errors: [ConfigError] = []

    /// Creates a reader of one file.
    init(file: String) { self.file = file }

    /// Notes an error.
    func report(_ error: ConfigError) { errors.append(error) }

    /// Notes an error about a node.
    func report(_ node: YamlNode, key: String, _ rule: String) {
        var value: String?
        if case .scalar(let text, isQuoted: _) = node.content { value = text }
        errors.append(ConfigError(file: file, line: node.line, key: key, value: value, rule: rule))
    }

    /// The node as a mapping, or an error.
    func section(_ node: YamlNode, key: String) -> ConfigSection? {
        switch node.content {
        case .mapping(let members): return ConfigSection(reader: self, key: key, line: node.line, members: members)
        default:
            if node.isNull { return ConfigSection(reader: self, key: key, line: node.line, members: []) }
            report(node, key: key, "must be a mapping, not \(node.kindName)")
            return nil
        }
    }

    /// The node as a list, or an error.
    func items(_ node: YamlNode, key: String) -> [YamlNode] {
        if case .sequence(let items) = node.content { return items }
        if !node.isNull { report(node, key: key, "must be a list, not \(node.kindName)") }
        return []
    }

    /// The node as text, or an error.
    func text(_ node: YamlNode, key: String) -> String? {
        guard case .scalar(let text, isQuoted: let isQuoted) = node.content else {
            report(node, key: key, "must be a single value, not \(node.kindName)")
            return nil
        }
        guard isQuoted || !node.isNull else {
            report(node, key: key, "must have a value")
            return nil
        }
        return text
    }
}

/// One mapping of a configuration.
///
/// Every key that was asked for counts as known; `finish` reports the others.
final class ConfigSection {
    let reader: ConfigReader
    private let members: [YamlMember]
    private var known: [String] = []
    /// Key of the section from the top, empty at the top.
    let key: String
    /// Line it starts on.
    let line: Int

    init(reader: ConfigReader, key: String, line: Int, members: [YamlMember]) {
        (self.reader, self.key, self.line, self.members) = (reader, key, line, members)
    }

    /// Full name of a member.
    func path(_ name: String) -> String { key.isEmpty ? name : "\(key).\(name)" }

    /// The value of a member; `nil` if it is not given.
    func node(_ name: String) -> YamlNode? {
        known.append(name)
        return members.first { $0.key == name }?.value
    }

    /// All members, for sections whose keys are names the user chose.
    var entries: [YamlMember] {
        known.append(contentsOf: members.map(\.key))
        return members
    }

    /// A value in its own spelling; `fallback` if it is not given or wrong.
    func value<T>(_ name: String, default fallback: T, rule: String, _ parse: (String) -> T?) -> T {
        guard let node = node(name), let text = reader.text(node, key: path(name)) else { return fallback }
        if let value = parse(text) { return value }
        reader.report(node, key: path(name), rule)
        return fallback
    }

    /// Text of 1 to 256 bytes without control characters.
    func text(_ name: String) -> String? {
        value(name, default: nil, rule: "must be text of 1 to 256 bytes without control characters") { text in
            let isFine = !text.isEmpty && text.utf8.count <= 256 && !text.utf8.contains { $0 < 0x20 || $0 == 0x7F }
            return isFine ? .some(text) : nil
        }
    }

    /// A path of a file.
    func filePath(_ name: String) -> String? {
        value(name, default: nil, rule: "must be a path of 1 to 4,095 bytes") { text in
            text.isEmpty || text.utf8.count > 4_095 || text.utf8.contains(0) ? nil : .some(text)
        }
    }

    /// `true` or `false`.
    func flag(_ name: String, default fallback: Bool) -> Bool {
        value(name, default: fallback, rule: "must be true or false") { text in
            switch text {
            case "true": true
            case "false": false
            default: nil
            }
        }
    }

    /// A whole number within a range.
    func integer(_ name: String, default fallback: Int, in range: ClosedRange<Int>) -> Int {
        value(name, default: fallback, rule: "must be a whole number from \(range.lowerBound) to \(range.upperBound)") {
            Int($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A duration within a range, in nanoseconds.
    func duration(_ name: String, default fallback: Int64, in range: ClosedRange<Int64>) -> Int64 {
        let (low, high) = (ValueText.text(nanoseconds: range.lowerBound), ValueText.text(nanoseconds: range.upperBound))
        return value(name, default: fallback, rule: "must be a duration from \(low) to \(high), such as 30s, 5m or 1h")
        {
            ValueText.duration($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A number of bytes within a range.
    func byteCount(_ name: String, default fallback: Int, in range: ClosedRange<Int>) -> Int {
        let (low, high) = (ValueText.text(bytes: range.lowerBound), ValueText.text(bytes: range.upperBound))
        return value(name, default: fallback, rule: "must be a size from \(low) to \(high), such as 64KiB or 4MiB") {
            ValueText.byteCount($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// One of a set of words.
    func choice<T>(_ name: String, default fallback: T, among choices: [(String, T)]) -> T {
        guard let node = node(name), let text = reader.text(node, key: path(name)) else { return fallback }
        if let choice = choices.first(where: { $0.0 == text }) { return choice.1 }
        let words = choices.map(\.0)
        var rule = "must be one of \(words.joined(separator: ", "))"
        if let near = Spelling.nearest(text, among: words) { rule += "; did you mean \(near)?" }
        reader.report(node, key: path(name), rule)
        return fallback
    }

    /// A field path: dotted text, or a list of keys for keys that contain dots.
    func fieldPath(_ name: String) -> [String]? {
        guard let node = node(name) else { return nil }
        return fieldPath(node, key: path(name))
    }

    /// As above, of a node at hand.
    func fieldPath(_ node: YamlNode, key: String) -> [String]? {
        if case .sequence(let items) = node.content {
            let keys = items.enumerated().compactMap { reader.text($1, key: "\(key)[\($0)]") }
            guard keys.count == items.count else { return nil }
            guard !keys.isEmpty, keys.count <= 16, !keys.contains("") else {
                reader.report(node, key: key, "must be a list of 1 to 16 field names")
                return nil
            }
            return keys
        }
        guard let text = reader.text(node, key: key) else { return nil }
        if let keys = ValueText.path(text), keys.count <= 16 { return keys }
        reader.report(node, key: key, "must be a field name, with dots between levels, or a list of names")
        return nil
    }

    /// Notes an error about a member.
    func report(_ name: String, _ rule: String) {
        if let node = members.first(where: { $0.key == name })?.value {
            reader.report(node, key: path(name), rule)
        } else {
            reader.report(ConfigError(file: reader.file, line: line, key: path(name), value: nil, rule: rule))
        }
    }

    /// Reports the members nobody asked for.
    func finish() {
        for member in members where !known.contains(member.key) {
            var rule = "is not a known key"
            if let near = Spelling.nearest(member.key, among: known) { rule += "; did you mean \(near)?" }
            reader.report(
                ConfigError(file: reader.file, line: member.line, key: path(member.key), value: nil, rule: rule))
        }
    }
}

/// Guesses what a mistyped word was meant to be.
enum Spelling {
    /// The nearest word within two edits; `nil` if there is none.
    ///
    /// Words over 40 bytes are not compared.
    static func nearest(_ word: String, among words: [String]) -> String? {
        var best: (word: String, distance: Int)?
        for candidate in words {
            let distance = distance(Array(word.utf8), Array(candidate.utf8))
            if distance <= min(2, candidate.utf8.count / 2), distance < best?.distance ?? 3 {
                best = (candidate, distance)
            }
        }
        return best?.word
    }

    /// Levenshtein distance; 99 for words over 40 bytes.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        guard a.count <= 40, b.count <= 40 else { return 99 }
        var row = Array(0...b.count)
        for (i, byte) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in b.enumerated() {
                let substituted = diagonal + (byte == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
