internal import Events
internal import Monitor
internal import Patterns

/// Reads mapping rules as statsd_exporter writes them, from a file of their own or inline.
///
/// A file that loads there loads here and means the same; what cannot be honoured is an error. Rules with `model` are
/// an extension of ours.
struct MappingDecoder {
    let reader: ConfigReader
    /// What the configuration says beside the rules; they may change the defaults in it.
    private(set) var settings: CustomSettings
    /// Default of a rule's `match_type`.
    private var isRegexDefault = false
    private var observed: ObserverDecoder

    init(reader: ConfigReader, settings: CustomSettings) {
        (self.reader, self.settings) = (reader, settings)
        observed = ObserverDecoder(reader: reader)
    }

    /// Reads `mapping` of a configuration: the path of a file, or the rules themselves.
    ///
    /// - Parameter resolve: Resolves a relative path of the configuration.
    static func decode(
        _ node: YamlNode, reader: ConfigReader, settings: CustomSettings, resolve: (String) -> String
    ) -> CustomSettings {
        guard case .scalar(let text, isQuoted: _) = node.content else {
            guard let section = reader.section(node, key: "mapping") else { return settings }
            var decoder = MappingDecoder(reader: reader, settings: settings)
            decoder.decode(section)
            return decoder.settings
        }
        let path = resolve(text)
        do throws(SystemError) {
            let bytes = try FileBytes.read(path: path, limit: YamlLimits.bytes + 1)
            let inner = ConfigReader(file: path)
            var decoder = MappingDecoder(reader: inner, settings: settings)
            decoder.decode(bytes)
            inner.errors.forEach(reader.report)
            return decoder.settings
        } catch {
            reader.report(node, key: "mapping", "cannot be read: \(SystemError.text(error.code))")
            return settings
        }
    }

    private mutating func decode(_ bytes: [UInt8]) {
        do throws(ConfigError) {
            let document = try YamlParser(file: reader.file).parse(bytes)
            document.duplicates.forEach(reader.report)
            guard let root = document.root, let section = reader.section(root, key: "") else { return }
            decode(section)
        } catch {
            reader.report(error)
        }
    }

    private mutating func decode(_ section: ConfigSection) {
        var isOrdered = true
        if let node = section.node("defaults"),
            let defaults = reader.section(node, key: section.path("defaults"))
        {
            isOrdered = !defaults.flag("glob_disable_ordering", default: false)
            decodeDefaults(defaults)
            defaults.finish()
        }
        settings.observer = observed.observer
        var rules: [MappingRule] = []
        if let node = section.node("mappings") {
            let items = reader.items(node, key: section.path("mappings"))
            if items.count > ConfigLimits.mappingRules {
                reader.report(
                    node, key: section.path("mappings"), "must not be more than \(ConfigLimits.mappingRules) rules")
            }
            for (i, item) in items.prefix(ConfigLimits.mappingRules).enumerated() {
                guard let entry = reader.section(item, key: section.path("mappings[\(i)]")) else { continue }
                if let rule = rule(entry) { rules.append(rule) }
                entry.finish()
            }
        }
        settings.mapping = CustomMapping(rules: rules, isOrdered: isOrdered)
        section.finish()
    }

    private mutating func decodeDefaults(_ section: ConfigSection) {
        isRegexDefault = section.choice("match_type", default: false, among: [("glob", false), ("regex", true)])
        settings.timeToLive = GoText.duration("ttl", of: section) ?? settings.timeToLive
        observed.decodeDefaults(section)
    }

    // MARK: Rules

    private func rule(_ section: ConfigSection) -> MappingRule? {
        let isRegex = section.choice("match_type", default: isRegexDefault, among: [("glob", false), ("regex", true)])
        let type = section.choice(
            "match_metric_type", default: NameType?.none,
            among: [("counter", .counter), ("gauge", .gauge), ("observer", .observer)])
        let drops = section.choice("action", default: false, among: [("map", false), ("drop", true)])
        let isModel = section.node("model") != nil
        let action: MappingAction? =
            isModel ? model(section) : exposure(section, isDropped: drops).map { drops ? .drop : .expose($0) }
        guard let text = section.value("match", default: nil, rule: "must be a pattern", { .some(.some($0)) }) else {
            if section.node("match") == nil { section.report("match", "is required") }
            return nil
        }
        do throws(PatternError) {
            let pattern =
                isRegex ? try NamePattern(regex: text, type: type) : try NamePattern(glob: text, type: type)
            return action.map { MappingRule(pattern: pattern, action: $0) }
        } catch {
            section.report("match", error.rule)
            return nil
        }
    }

    private func exposure(_ section: ConfigSection, isDropped: Bool) -> ExposureRule? {
        let name = section.value("name", default: String?.none, rule: GoText.nameRule) { text in
            GoText.isMetricName(text) ? .some(.some(text)) : .none
        }
        if section.node("name") == nil, !isDropped { section.report("name", "is required") }
        var rule = ExposureRule(name: NameTemplate(name ?? ""), observer: observed.observer(section))
        if let node = section.node("labels"), let labels = reader.section(node, key: section.path("labels")) {
            for entry in labels.entries {
                guard GoText.isLabelName(entry.key) else {
                    labels.report(entry.key, "must be named by letters, digits and _, and not as le, quantile or __…")
                    continue
                }
                guard case .scalar(let value, isQuoted: _) = entry.value.content else {
                    reader.report(entry.value, key: labels.path(entry.key), "must be a single value")
                    continue
                }
                rule.labels.append(LabelTemplate(name: entry.key, value: NameTemplate(value)))
            }
            if rule.labels.count > CustomLimits.labels {
                section.report("labels", "must not be more than \(CustomLimits.labels)")
            }
        }
        rule.honorsTags = section.flag("honor_labels", default: false)
        // 0 asks for the default, as it does there.
        let timeToLive = GoText.duration("ttl", of: section) ?? 0
        rule.timeToLive = timeToLive > 0 ? timeToLive : settings.timeToLive
        rule.help = section.value("help", default: "", rule: "must be text of at most \(CustomLimits.helpBytes) bytes")
        {
            $0.utf8.count <= CustomLimits.helpBytes ? $0 : nil
        }
        rule.scale = scale(section)
        return name == nil && !isDropped ? nil : rule
    }

    private func scale(_ section: ConfigSection) -> Double {
        section.value("scale", default: 1, rule: "must be a finite number") { text in
            Double(text).flatMap { $0.isFinite ? $0 : nil }
        }
    }

    private func model(_ section: ConfigSection) -> MappingAction? {
        func template(_ name: String) -> NameTemplate? {
            section.value(name, default: NameTemplate?.none, rule: "must not be empty") { text in
                text.isEmpty ? .none : .some(.some(NameTemplate(text)))
            }
        }
        let roles: [(String, Role)] = [
            ("feature", .feature), ("prediction", .prediction), ("score", .score), ("outcome", .outcome),
            ("latency", .latency),
        ]
        guard let name = template("model") else { return nil }
        let feature = template("feature")
        let role = section.choice("role", default: Role?.none, among: roles.map { ($0.0, Role?.some($0.1)) })
        guard let role = role ?? (section.node("role") == nil && feature != nil ? .feature : nil) else {
            if section.node("role") == nil {
                section.report("role", "is required beside model, or feature: what the values mean")
            }
            return nil
        }
        if feature != nil, role != .feature { section.report("feature", "has no meaning for a \(role)") }
        var rule = ModelRule(model: name, role: role)
        rule.feature = feature
        rule.version = template("version")
        rule.category = template("class")
        rule.status = section.choice(
            "status", default: Status?.none, among: Status.allCases.map { ($0.label, Status?.some($0)) })
        rule.scale = scale(section)
        for name in [
            "name", "labels", "honor_labels", "ttl", "help", "observer_type", "summary_options", "histogram_options",
        ] where section.node(name) != nil {
            section.report(name, "has no meaning beside model")
        }
        return .model(rule)
    }
}
