internal import Events
internal import LineFormats

/// Reads one entry of `sources`, its schema included.
struct SourceDecoder {
    let reader: ConfigReader
    /// Resolves a relative path of the file.
    let resolve: (String) -> String

    /// The source; `nil` after an error that leaves nothing to describe.
    func decode(_ section: ConfigSection) -> SourceConfiguration? {
        let input = InputDecoder(section: section, resolve: resolve).decode()
        let model = section.text("model")
        let version = section.text("version")
        var schema: Schema?
        if let node = section.node("schema"), let part = reader.section(node, key: section.path("schema")) {
            schema = self.schema(part)
            part.finish()
        }
        let (preset, hints) = HintsDecoder(section: section, reader: reader).decode()
        if schema != nil {
            for name in ["preset", "fields", "inputs", "outputs"] where section.node(name) != nil {
                section.report(name, "has no meaning beside schema, which says all there is to say")
            }
        }
        guard let input else { return nil }
        if !input.carriesRecords {
            for name in HintsDecoder.keys where section.node(name) != nil {
                section.report(name, "has no meaning for lines on a socket")
            }
        }
        schema?.format = RecordFormat(
            wrapper: hints.format.wrapper ?? .none, grammar: hints.format.grammar ?? .json,
            columns: hints.format.columns, zoneOffset: hints.format.zoneOffset, isMixed: hints.format.isMixed)
        schema?.defaultModel = model ?? "default"
        schema?.defaultVersion = version ?? ""
        return SourceConfiguration(
            input: input, model: model, version: version, schema: schema, preset: preset, hints: hints)
    }

    private func schema(_ section: ConfigSection) -> Schema {
        var schema = Schema(signals: [])
        schema.timestamp = section.fieldPath("timestamp")
        schema.timestampUnit = section.choice(
            "timestamp_unit", default: .seconds,
            among: [
                ("s", .seconds), ("ms", .milliseconds), ("us", .microseconds), ("ns", .nanoseconds),
            ])
        schema.identifier = section.fieldPath("id")
        schema.model = section.fieldPath("model")
        schema.version = section.fieldPath("version")
        schema.status = section.fieldPath("status")
        if let object = section.fieldPath("feature_object") { schema.featureObjects = [object] }
        let base = schema.featureObjects.first ?? []
        if let node = section.node("features"), let features = reader.section(node, key: section.path("features")) {
            for entry in features.entries {
                let key = features.path(entry.key)
                guard !entry.key.isEmpty, entry.key.utf8.count <= ConfigLimits.nameBytes else {
                    reader.report(
                        ConfigError(
                            file: reader.file, line: entry.line, key: key, value: nil,
                            rule: "must be a name of 1 to \(ConfigLimits.nameBytes) bytes"))
                    continue
                }
                let path = base.isEmpty ? ValueText.path(entry.key) ?? [entry.key] : base + [entry.key]
                if let signal = signal(entry.value, key: key, name: entry.key, role: .feature, path: path) {
                    schema.signals.append(signal)
                }
            }
        }
        for (name, role) in [
            ("prediction", Role.prediction), ("score", .score), ("outcome", .outcome), ("latency", .latency),
        ] {
            guard let node = section.node(name) else { continue }
            if let signal = signal(node, key: section.path(name), name: name, role: role, path: nil) {
                schema.signals.append(signal)
            }
        }
        if let node = section.node("ignored") {
            schema.ignored = reader.items(node, key: section.path("ignored")).enumerated().compactMap { i, item in
                section.fieldPath(item, key: section.path("ignored[\(i)]"))
            }
        }
        checkSchema(schema, section)
        return schema
    }

    private func checkSchema(_ schema: Schema, _ section: ConfigSection) {
        if schema.signals.isEmpty { section.report("features", "must name at least one signal to measure") }
        if schema.signals.count > EventLimits.signals {
            section.report("features", "must not be more than \(EventLimits.signals) signals")
        }
        checkPaths(schema, section)
        let prediction = schema.signals.first { $0.role == .prediction }
        let outcome = schema.signals.first { $0.role == .outcome }
        if let prediction, let outcome, prediction.kind != outcome.kind {
            section.report("outcome", "must have the same type as prediction")
        }
    }

    /// A field of a record has one meaning.
    private func checkPaths(_ schema: Schema, _ section: ConfigSection) {
        var seen: [(name: String, path: [String])] = []
        let identity = [
            ("timestamp", schema.timestamp), ("id", schema.identifier), ("model", schema.model),
            ("version", schema.version), ("status", schema.status),
        ]
        let measured = schema.signals.map { ($0.role == .feature ? "features" : $0.name, Optional($0.path)) }
        for (name, path) in identity + measured {
            guard let path else { continue }
            if let first = seen.first(where: { $0.path == path }) {
                let field = path.joined(separator: ".")
                section.report(name, "reads the field \(field) as \(first.name) does; a field has one meaning")
            }
            seen.append((name, path))
        }
    }

    /// A signal from its short form (a type for a feature, a path for the others) or its mapping.
    private func signal(_ node: YamlNode, key: String, name: String, role: Role, path: [String]?) -> Signal? {
        let kinds: [(String, SignalKind)] = [("numeric", .numeric), ("categorical", .categorical)]
        var signal = Signal(
            name: name, role: role, kind: role == .prediction || role == .outcome ? .categorical : .numeric)
        signal.path = path ?? [name]
        guard case .mapping = node.content else {
            if role == .feature {
                guard let text = reader.text(node, key: key) else { return nil }
                guard let kind = kinds.first(where: { $0.0 == text })?.1 else {
                    reader.report(node, key: key, "must be numeric, categorical, or a mapping with path and type")
                    return nil
                }
                signal.kind = kind
                return signal
            }
            let holder = ConfigSection(reader: reader, key: "", line: node.line, members: [])
            guard let keys = holder.fieldPath(node, key: key) else { return nil }
            signal.path = keys
            return signal
        }
        guard let section = reader.section(node, key: key) else { return nil }
        if let keys = section.fieldPath("path") {
            signal.path = keys
        } else if section.node("path") == nil, path == nil {
            section.report("path", "is required")
        }
        switch role {
        case .latency:
            signal.scale = section.choice(
                "unit", default: 1, among: [("s", 1), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)])
        case .score: break
        case .feature, .prediction, .outcome:
            signal.kind = section.choice("type", default: signal.kind, among: kinds)
            if role == .feature {
                signal.scale = section.value("scale", default: 1, rule: "must be a finite number other than 0") {
                    text in
                    Double(text).flatMap { $0.isFinite && $0 != 0 ? $0 : nil }
                }
            }
        }
        section.finish()
        return signal
    }
}
