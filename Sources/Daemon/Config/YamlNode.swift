/// A value of a YAML document, with the line it starts on.
struct YamlNode: Equatable {
    /// What the node is.
    enum Content: Equatable {
        /// A scalar, and whether it was quoted (a quoted `5` is text, a plain one a number).
        case scalar(String, isQuoted: Bool)
        /// A list.
        case sequence([YamlNode])
        /// Members in the order of the file; keys are distinct.
        case mapping([YamlMember])
    }

    /// Line, from 1.
    var line: Int
    /// What it is.
    var content: Content

    /// Whether it is an empty or null scalar.
    var isNull: Bool {
        guard case .scalar(let text, isQuoted: false) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// What to call the node in an error.
    var kindName: String {
        switch content {
        case .scalar: "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// One key of a mapping and its value.
struct YamlMember: Equatable {
    /// The key.
    var key: String
    /// Line of the key, from 1.
    var line: Int
    /// The value.
    var value: YamlNode
}
