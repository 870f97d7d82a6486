internal import CYaml

/// Bounds on a configuration file.
enum YamlLimits {
    /// Bytes of the file.
    static let bytes = 1 << 20
    /// Nesting depth.
    static let depth = 32
    /// Scalars, lists and mappings together.
    static let nodes = 20_000
}

/// Reads one YAML document into nodes that know their lines, through libyaml's event interface.
///
/// Anchors, aliases and explicit tags are refused: a configuration has no use for them, and without aliases a small
/// file cannot expand into a large one. Nesting is kept on an explicit stack, so depth cannot exhaust the thread's
/// stack.
struct YamlParser {
    /// File name for errors.
    let file: String

    /// A collection that is still open.
    private enum Open {
        case sequence(line: Int, [YamlNode])
        case mapping(line: Int, [YamlMember], pending: (key: String, line: Int)?, seen: [String: Int])
    }

    /// What a document holds.
    struct Document {
        /// The root; `nil` for an empty document.
        var root: YamlNode?
        /// Keys given twice; the first one stands in the tree.
        var duplicates: [ConfigError] = []
    }

    /// Parses a document.
    ///
    /// - Throws: The first `ConfigError`: YAML that is not well-formed has no second one worth reading.
    func parse(_ bytes: [UInt8]) throws(ConfigError) -> Document {
        guard bytes.count <= YamlLimits.bytes else {
            throw error(line: 0, "is larger than \(YamlLimits.bytes) bytes")
        }
        if let bad = Self.firstInvalidLine(bytes) { throw error(line: bad, "is not valid UTF-8") }
        var parser = unsafe yaml_parser_t()
        guard unsafe yaml_parser_initialize(&parser) == 1 else {
            throw error(line: 0, "cannot be parsed: out of memory")
        }
        defer { unsafe yaml_parser_delete(&parser) }
        let result: Result<Document, ConfigError> = unsafe bytes.withUnsafeBufferPointer { input in
            unsafe yaml_parser_set_input_string(&parser, input.baseAddress, input.count)
            do throws(ConfigError) { return .success(try unsafe readDocument(&parser)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func readDocument(_ parser: inout yaml_parser_t) throws(ConfigError) -> Document {
        var document = Document()
        var open: [Open] = []
        var (documents, nodes) = (0, 0)
        while true {
            var event = unsafe yaml_event_t()
            guard unsafe yaml_parser_parse(&parser, &event) == 1 else { throw unsafe syntaxError(parser) }
            defer { unsafe yaml_event_delete(&event) }
            let line = unsafe Int(clamping: event.start_mark.line) + 1
            nodes += 1
            guard nodes <= YamlLimits.nodes else { throw error(line: line, "has more than \(YamlLimits.nodes) values") }
            switch unsafe event.type {
            case YAML_STREAM_END_EVENT:
                return document
            case YAML_DOCUMENT_START_EVENT:
                documents += 1
                guard documents == 1 else { throw error(line: line, "must hold one YAML document, not several") }
            case YAML_ALIAS_EVENT:
                throw error(line: line, "must not use aliases (*name)")
            case YAML_SCALAR_EVENT:
                let scalar = unsafe event.data.scalar
                guard unsafe scalar.anchor == nil else { throw error(line: line, "must not use anchors (&name)") }
                guard unsafe scalar.tag == nil else { throw error(line: line, "must not use tags (!name)") }
                let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: Int(clamping: scalar.length))
                let text = unsafe String(decoding: bytes, as: UTF8.self)
                let isQuoted = unsafe scalar.style != YAML_PLAIN_SCALAR_STYLE
                try add(
                    YamlNode(line: line, content: .scalar(text, isQuoted: isQuoted)), to: &open, document: &document)
            case YAML_SEQUENCE_START_EVENT:
                let start = unsafe event.data.sequence_start
                guard unsafe start.anchor == nil else { throw error(line: line, "must not use anchors (&name)") }
                guard unsafe start.tag == nil else { throw error(line: line, "must not use tags (!name)") }
                try enter(.sequence(line: line, []), at: line, in: &open)
            case YAML_MAPPING_START_EVENT:
                let start = unsafe event.data.mapping_start
                guard unsafe start.anchor == nil else { throw error(line: line, "must not use anchors (&name)") }
                guard unsafe start.tag == nil else { throw error(line: line, "must not use tags (!name)") }
                try enter(.mapping(line: line, [], pending: nil, seen: [:]), at: line, in: &open)
            case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
                switch open.popLast() {
                case .sequence(let line, let items):
                    try add(YamlNode(line: line, content: .sequence(items)), to: &open, document: &document)
                case .mapping(let line, let members, pending: _, seen: _):
                    try add(YamlNode(line: line, content: .mapping(members)), to: &open, document: &document)
                case nil: break
                }
            default: break
            }
        }
    }

    private func enter(_ collection: Open, at line: Int, in open: inout [Open]) throws(ConfigError) {
        guard open.count < YamlLimits.depth else {
            throw error(line: line, "nests deeper than \(YamlLimits.depth) levels")
        }
        if case .mapping(_, _, pending: nil, seen: _) = open.last {
            throw error(line: line, "must have plain text as keys")
        }
        open.append(collection)
    }

    private func add(_ node: YamlNode, to open: inout [Open], document: inout Document) throws(ConfigError) {
        switch open.popLast() {
        case nil:
            document.root = node
        case .sequence(let line, var items):
            items.append(node)
            open.append(.sequence(line: line, items))
        case .mapping(let line, var members, pending: let pending?, var seen):
            if let first = seen[pending.key] {
                document.duplicates.append(
                    ConfigError(
                        file: file, line: pending.line, key: pending.key, value: nil,
                        rule: "is given twice in one mapping, first on line \(first)"))
            } else {
                seen[pending.key] = pending.line
                members.append(YamlMember(key: pending.key, line: pending.line, value: node))
            }
            open.append(.mapping(line: line, members, pending: nil, seen: seen))
        case .mapping(let line, let members, pending: nil, let seen):
            guard case .scalar(let key, isQuoted: _) = node.content else {
                throw error(line: node.line, "must have plain text as keys")
            }
            open.append(.mapping(line: line, members, pending: (key, node.line), seen: seen))
        }
    }

    private func syntaxError(_ parser: yaml_parser_t) -> ConfigError {
        let line = unsafe Int(clamping: parser.problem_mark.line) + 1
        var problem = "is not valid YAML"
        if let text = unsafe parser.problem { problem = unsafe "is not valid YAML: " + String(cString: text) }
        if problem.contains("cannot start any token") { problem += " (indent with spaces, not tabs)" }
        return error(line: line, problem)
    }

    private func error(line: Int, _ rule: String) -> ConfigError {
        ConfigError(file: file, line: line, key: "", value: nil, rule: rule)
    }

    /// Line of the first byte that is not UTF-8, or of a NUL, which libyaml takes for the end.
    private static func firstInvalidLine(_ bytes: [UInt8]) -> Int? {
        if let nul = bytes.firstIndex(of: 0) { return 1 + bytes[..<nul].count { $0 == 10 } }
        if String(validating: bytes, as: UTF8.self) != nil { return nil }
        var line = 1
        for part in bytes.split(separator: 10, omittingEmptySubsequences: false) {
            if String(validating: part, as: UTF8.self) == nil { return line }
            line += 1
        }
        return line
    }
}
