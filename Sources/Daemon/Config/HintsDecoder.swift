internal import Events
internal import LineFormats

/// Reads what an entry of `sources` says about its records, for the inference of their schema.
struct HintsDecoder {
    /// The keys it reads, for sources that have no use for them.
    static let keys = ["preset", "format", "wrapper", "columns", "timezone", "mixed", "fields", "inputs", "outputs"]

    let section: ConfigSection
    let reader: ConfigReader

    /// The preset, and everything that is said, the preset's part included.
    func decode() -> (preset: Preset?, hints: SchemaHints) {
        let presets = Preset.allCases.map { ($0.rawValue, Optional($0)) }
        let preset = section.choice("preset", default: nil, among: presets)
        var hints = SchemaHints()
        hints.format.grammar = section.choice(
            "format", default: nil,
            among: [("auto", nil), ("jsonl", .json), ("csv", .csv), ("tsv", .tsv), ("logfmt", .logfmt)])
        hints.format.wrapper = section.choice(
            "wrapper", default: nil,
            among: [("auto", nil), ("none", RecordFormat.Wrapper.none), ("cri", .cri), ("docker", .docker)])
        hints.format.columns = texts("columns")
        if hints.format.columns.count > EventLimits.signals {
            section.report("columns", "must not be more than \(EventLimits.signals)")
        }
        hints.format.zoneOffset = section.value(
            "timezone", default: nil, rule: "must be UTC or an offset such as +02:00", Self.zoneOffset)
        if section.node("mixed") != nil { hints.format.isMixed = section.flag("mixed", default: false) }
        hints.fields = fields()
        hints.inputs = paths("inputs")
        hints.outputs = paths("outputs")
        return (preset, preset.map { $0.hints.overridden(by: hints) } ?? hints)
    }

    /// Seconds east of Greenwich; `nil` for anything but `UTC`, `Z` and `±hh:mm`.
    static func zoneOffset(_ text: String) -> Int32?? {
        if text == "UTC" || text == "Z" { return .some(0) }
        let bytes = Array(text.utf8)
        guard bytes.count == 6, bytes[0] == 0x2B || bytes[0] == 0x2D, bytes[3] == 0x3A,
            let hours = Int32(text.dropFirst().prefix(2)), let minutes = Int32(text.suffix(2)), hours < 24,
            minutes < 60,
            hours >= 0, minutes >= 0
        else { return nil }
        return .some((bytes[0] == 0x2D ? -1 : 1) * (hours * 3_600 + minutes * 60))
    }

    private func texts(_ name: String) -> [String] {
        guard let node = section.node(name) else { return [] }
        return reader.items(node, key: section.path(name)).enumerated().compactMap { index, item in
            reader.text(item, key: section.path("\(name)[\(index)]"))
        }
    }

    private func paths(_ name: String) -> [[String]] {
        guard let node = section.node(name) else { return [] }
        return reader.items(node, key: section.path(name)).enumerated().compactMap { index, item in
            section.fieldPath(item, key: section.path("\(name)[\(index)]"))
        }
    }

    // MARK: - Fields

    private func fields() -> [SchemaHints.Field] {
        guard let node = section.node("fields"), let fields = reader.section(node, key: section.path("fields")) else {
            return []
        }
        return fields.entries.compactMap { entry in
            let key = fields.path(entry.key)
            guard let path = ValueText.path(entry.key) else {
                reader.report(entry.value, key: key, "must be the path of a field, keys joined by dots")
                return nil
            }
            return field(entry.value, path, key: key)
        }
    }

    /// A field from its short form, what it is, or from its mapping.
    private func field(_ node: YamlNode, _ path: [String], key: String) -> SchemaHints.Field? {
        let meanings = SchemaHints.Field.Meaning.allCases
        var field = SchemaHints.Field(path: path)
        guard case .mapping = node.content else {
            guard let text = reader.text(node, key: key) else { return nil }
            if let kind = Self.kinds.first(where: { $0.0 == text })?.1 {
                field.kind = kind
            } else if let meaning = meanings.first(where: { $0.rawValue == text }) {
                field.meaning = meaning
            } else {
                let names = (meanings.map(\.rawValue) + Self.kinds.map(\.0)).joined(separator: ", ")
                reader.report(node, key: key, "must be one of \(names), or a mapping")
                return nil
            }
            return field
        }
        guard let part = reader.section(node, key: key) else { return nil }
        field.meaning = part.choice("role", default: nil, among: meanings.map { ($0.rawValue, Optional($0)) })
        field.name = part.text("name")
        field.kind = part.choice("type", default: nil, among: Self.kinds.map { ($0.0, Optional($0.1)) })
        let units: [(String, Double?)] = [("s", 1), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)]
        field.scale = part.choice("unit", default: nil, among: units)
        if part.node("scale") != nil {
            field.scale = part.value("scale", default: 1, rule: "must be a finite number other than 0") { text in
                Double(text).flatMap { $0.isFinite && $0 != 0 ? $0 : nil }
            }
        }
        if part.flag("length", default: false) { field.source = .length }
        if let start = part.fieldPath("since") { field.source = .since(start) }
        part.finish()
        return field
    }

    private static let kinds: [(String, SignalKind)] = [("numeric", .numeric), ("categorical", .categorical)]
}
