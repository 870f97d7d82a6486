internal import Events
internal import Monitor
internal import Statistics

/// Turns a YAML document into a `Configuration`, or into all of its errors.
struct ConfigurationDecoder {
    private let reader: ConfigReader
    /// Directory that relative paths of the file are relative to.
    private let directory: String
    /// Reads a reference file; throws a sentence.
    private let loadReference: (String) throws(ReferenceFileError) -> Reference

    /// Decodes the bytes of a configuration file.
    ///
    /// - Parameters:
    ///   - bytes: Content of the file.
    ///   - file: Its path, for errors and to resolve relative paths.
    ///   - loadReference: Reads a reference file.
    /// - Throws: Every error found, by line.
    static func decode(
        _ bytes: [UInt8], file: String,
        loadReference: @escaping (String) throws(ReferenceFileError) -> Reference = ReferenceFile.load
    ) throws(ConfigErrors) -> Configuration {
        let document: YamlParser.Document
        do throws(ConfigError) {
            document = try YamlParser(file: file).parse(bytes)
        } catch {
            throw ConfigErrors(errors: [error])
        }
        let reader = ConfigReader(file: file)
        document.duplicates.forEach(reader.report)
        let decoder = ConfigurationDecoder(
            reader: reader, directory: FilePath.directory(of: file), loadReference: loadReference)
        var configuration = Configuration()
        if let root = document.root, let section = reader.section(root, key: "") {
            decoder.decode(section, into: &configuration)
            section.finish()
        }
        guard reader.errors.isEmpty else {
            let byLine = reader.errors.enumerated().sorted { ($0.1.line, $0.0) < ($1.1.line, $1.0) }
            throw ConfigErrors(errors: byLine.map(\.1))
        }
        return configuration
    }

    private func decode(_ top: ConfigSection, into configuration: inout Configuration) {
        configuration.listen = top.value(
            "listen", default: configuration.listen, rule: "must be ADDRESS:PORT, such as 127.0.0.1:9757 or [::1]:9757",
            Endpoint.init)
        configuration.stateDirectory = top.filePath("state_dir").map(resolve)
        configuration.commitInterval = top.duration(
            "commit_interval", default: configuration.commitInterval, in: ConfigLimits.commitInterval)
        configuration.enableLifecycle = top.flag("enable_lifecycle", default: false)
        configuration.monitor.minimumEvents = UInt64(
            clamping: top.integer("minimum_events", default: 50, in: ConfigLimits.minimumEvents))
        if let node = top.node("drift"), let section = reader.section(node, key: "drift") {
            decodeVerdict(section, into: &configuration.monitor.verdict)
        }
        if let node = top.node("detectors") {
            configuration.monitor.detectors = DetectorDecoder(reader: reader).decode(node)
        }
        if let node = top.node("outcomes"), let section = reader.section(node, key: "outcomes") {
            decodeJoining(section, into: &configuration.monitor.joining)
        }
        if let node = top.node("log"), let section = reader.section(node, key: "log") {
            configuration.log.level = section.choice(
                "level", default: .info, among: LogLevel.allCases.map { ($0.name, $0) })
            configuration.log.format = section.choice(
                "format", default: .logfmt, among: [("logfmt", .logfmt), ("json", .json)])
            section.finish()
        }
        if let node = top.node("windows") { configuration.monitor.windows = windows(node) }
        if let node = top.node("learn"), let section = reader.section(node, key: "learn") {
            decodeLearning(section, into: &configuration.monitor)
        }
        if let node = top.node("limits"), let section = reader.section(node, key: "limits") {
            decodeLimits(section, into: &configuration.monitor.limits)
        }
        if let node = top.node("expose_values") {
            configuration.monitor.exposedValues = reader.items(node, key: "expose_values").enumerated().compactMap {
                reader.text($1, key: "expose_values[\($0)]")
            }
        }
        if let node = top.node("models") { decodeModels(node, into: &configuration.monitor) }
        let custom = CustomMetricsDecoder(reader: reader)
        if let node = top.node("statsd"), let section = reader.section(node, key: "statsd") {
            configuration.statsD = custom.statsD(section)
        }
        if let node = top.node("custom_metrics"), let section = reader.section(node, key: "custom_metrics") {
            configuration.monitor.custom = custom.customMetrics(section, hasMapping: top.node("mapping") != nil)
        }
        if let node = top.node("mapping") {
            configuration.monitor.custom = MappingDecoder.decode(
                node, reader: reader, settings: configuration.monitor.custom, resolve: resolve)
        }
        if let node = top.node("sources") { configuration.sources = sources(node) }
    }

    private func decodeVerdict(_ section: ConfigSection, into verdict: inout VerdictSetting) {
        verdict.falseAlarmBudget =
            section.duration(
                "false_alarm_budget", default: verdict.falseAlarmBudget * 1_000_000_000,
                in: ConfigLimits.falseAlarmBudget) / 1_000_000_000
        verdict.statistic = section.choice(
            "effect_statistic", default: verdict.statistic, among: EffectStatistic.allCases.map { ($0.label, $0) })
        let band = verdict.statistic.defaultBand
        verdict.effect = section.value("effect", default: band, rule: "must be a number from 0 to 10") {
            Double($0).flatMap { (0...10).contains($0) ? $0 : nil }
        }
        verdict.tolerance = section.value(
            "tolerance", default: verdict.tolerance, rule: "must be a number from 0 to 10"
        ) {
            Double($0).flatMap { (0...10).contains($0) ? $0 : nil }
        }
        verdict.quality = section.value("quality", default: verdict.quality, rule: "must be a number from 0 to 1") {
            Double($0).flatMap { (0...1).contains($0) ? $0 : nil }
        }
        verdict.usesWobble = section.flag("wobble", default: verdict.usesWobble)
        section.finish()
    }

    private func decodeJoining(_ section: ConfigSection, into joining: inout JoinSetting) {
        joining.pending = section.integer("pending", default: joining.pending, in: ConfigLimits.pendingOutcomes)
        joining.seconds =
            section.duration("wait", default: joining.seconds * 1_000_000_000, in: ConfigLimits.outcomeWait)
            / 1_000_000_000
        section.finish()
    }

    private func decodeLearning(_ section: ConfigSection, into settings: inout MonitorSettings) {
        settings.learning.events = section.integer(
            "events", default: settings.learning.events, in: ConfigLimits.learningEvents)
        settings.learning.seconds =
            section.duration("duration", default: 0, in: ConfigLimits.learningTime) / 1_000_000_000
        settings.binCount = section.integer("bins", default: settings.binCount, in: ConfigLimits.bins)
        settings.referenceCategories = section.integer(
            "categories", default: settings.referenceCategories, in: ConfigLimits.referenceCategories)
        section.finish()
    }

    private func decodeLimits(_ section: ConfigSection, into limits: inout MonitorLimits) {
        limits.models = section.integer("models", default: limits.models, in: ConfigLimits.models)
        limits.signalsPerModel = section.integer(
            "signals_per_model", default: limits.signalsPerModel, in: ConfigLimits.signalsPerModel)
        limits.categoriesPerSignal = section.integer(
            "categories_per_signal", default: limits.categoriesPerSignal, in: ConfigLimits.categoriesPerSignal)
        limits.series = section.integer("series", default: limits.series, in: ConfigLimits.series)
        section.finish()
    }

    private func windows(_ node: YamlNode) -> [WindowSetting] {
        let rule = "must be whole minutes up to 1h, whole hours up to 1d or whole days up to 7d"
        var windows: [WindowSetting] = []
        let items = reader.items(node, key: "windows")
        for (i, item) in items.enumerated() {
            let key = "windows[\(i)]"
            guard let text = reader.text(item, key: key) else { continue }
            guard let nanoseconds = ValueText.duration(text), let window = WindowSetting(nanoseconds: nanoseconds)
            else {
                reader.report(item, key: key, rule)
                continue
            }
            if let last = windows.last, last.seconds >= window.seconds {
                reader.report(item, key: key, "must be longer than the window before it")
            }
            windows.append(window)
        }
        if case .sequence = node.content, items.isEmpty || items.count > ConfigLimits.windows {
            reader.report(node, key: "windows", "must be a list of 1 to \(ConfigLimits.windows) windows")
        }
        return windows
    }

    private func decodeModels(_ node: YamlNode, into settings: inout MonitorSettings) {
        for (i, item) in reader.items(node, key: "models").enumerated() {
            guard let section = reader.section(item, key: "models[\(i)]") else { continue }
            var model = ModelSetting(name: section.text("name") ?? "")
            if model.name.isEmpty, section.node("name") == nil { section.report("name", "is required") }
            model.version = section.text("version")
            model.type = section.text("type") ?? ""
            model.environment = section.text("environment") ?? ""
            model.owner = section.text("owner") ?? ""
            if let node = section.node("thresholds") {
                model.thresholds = thresholds(node, key: section.path("thresholds"))
            }
            if settings.models.contains(where: { $0.name == model.name && $0.version == model.version }) {
                section.report("name", "is given twice; a model and version has one entry")
            }
            if let path = section.filePath("reference") {
                do throws(ReferenceFileError) {
                    var reference = try loadReference(resolve(path))
                    (reference.model, reference.version) = (model.name, model.version)
                    settings.references.append(reference)
                } catch {
                    section.report("reference", error.description)
                }
            }
            section.finish()
            settings.models.append(model)
        }
        if settings.models.count > ConfigLimits.models.upperBound {
            reader.report(node, key: "models", "must not name more than \(ConfigLimits.models.upperBound) models")
        }
    }

    private func thresholds(_ node: YamlNode, key: String) -> [AlertThreshold] {
        guard let section = reader.section(node, key: key) else { return [] }
        var thresholds: [AlertThreshold] = []
        for entry in section.entries {
            let signal = entry.key
            let isName =
                signal.utf8.count <= 64 && signal.utf8.allSatisfy { $0 == 95 || (97...122 ~= $0) || (48...57 ~= $0) }
            guard isName, signal.utf8.first.map({ 97...122 ~= $0 }) == true else {
                reader.report(
                    ConfigError(
                        file: reader.file, line: entry.line, key: section.path(signal), value: nil,
                        rule: "must be named by lower-case letters, digits and _"))
                continue
            }
            guard let levels = reader.section(entry.value, key: section.path(signal)) else { continue }
            for severity in ["warning", "critical"] where levels.node(severity) != nil {
                let value = levels.value(severity, default: Double.nan, rule: "must be a finite number") { text in
                    Double(text).flatMap { $0.isFinite ? $0 : nil }
                }
                if value.isFinite {
                    thresholds.append(AlertThreshold(signal: signal, severity: severity, value: value))
                }
            }
            levels.finish()
        }
        return thresholds
    }

    private func sources(_ node: YamlNode) -> [SourceConfiguration] {
        var sources: [SourceConfiguration] = []
        let items = reader.items(node, key: "sources")
        if items.count > ConfigLimits.sources {
            reader.report(node, key: "sources", "must not be more than \(ConfigLimits.sources)")
        }
        for (i, item) in items.prefix(ConfigLimits.sources).enumerated() {
            guard let section = reader.section(item, key: "sources[\(i)]") else { continue }
            if let source = SourceDecoder(reader: reader, resolve: resolve).decode(section) {
                if sources.contains(where: { $0.name == source.name }) {
                    section.report("tail", "reads what another source reads already")
                }
                sources.append(source)
            }
            section.finish()
        }
        return sources
    }

    private func resolve(_ path: String) -> String { FilePath.resolve(path, in: directory) }
}

extension WindowSetting {
    /// A window of a length the panes can add up to; `nil` for any other length.
    init?(nanoseconds: Int64) {
        let minute: Int64 = 60
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let step = seconds <= 60 * minute ? minute : seconds <= 1_440 * minute ? 60 * minute : 1_440 * minute
        guard rest == 0, seconds > 0, seconds <= 7 * 1_440 * minute, seconds % step == 0 else { return nil }
        self.init(label: ValueText.text(nanoseconds: nanoseconds), seconds: seconds)
    }
}

/// Paths of files, as text.
enum FilePath {
    /// Everything before the last slash; `.` without one.
    static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The path itself if it is absolute, else seen from a directory.
    static func resolve(_ path: String, in directory: String) -> String {
        if path.hasPrefix("/") || directory == "." || directory.isEmpty { return path }
        return directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"
    }
}
