internal import Events
internal import Ingest
internal import LineFormats
internal import Monitor

/// A configuration in words, for people.
enum ConfigurationText {
    /// What the configuration amounts to, defaults included, one fact per line.
    static func explain(_ configuration: Configuration) -> String {
        let settings = configuration.monitorSettings
        var lines = [
            "HTTP listens on \(configuration.listen)" + reach(configuration.listen),
            "POST /-/reload is \(configuration.enableLifecycle ? "answered" : "off")",
        ]
        if let directory = configuration.stateDirectory {
            let interval = ValueText.text(nanoseconds: configuration.commitInterval)
            lines.append("state is committed to \(directory) every \(interval)")
        } else {
            lines.append("nothing is kept over a restart (no state_dir)")
        }
        lines.append("windows: " + settings.windows.map(\.label).joined(separator: ", "))
        lines.append("statistics are shown from \(settings.minimumEvents) events per window on")
        if settings.learning.events > 0 {
            lines.append(
                "models without a reference file learn one from \(settings.learning.events) events"
                    + (settings.learning.seconds > 0
                        ? " over at least \(ValueText.text(nanoseconds: settings.learning.seconds &* 1_000_000_000))"
                        : ""))
        } else {
            lines.append("models without a reference file have no drift statistics (learning is off)")
        }
        for source in configuration.sources { lines.append("source \(source.name): " + text(source)) }
        if configuration.sources.isEmpty { lines.append("no source; run needs one, such as --tail or --udp") }
        for reference in settings.references {
            lines.append(
                "reference \(reference.hash) of \(reference.model ?? "every model"): \(reference.events) events, "
                    + "\(reference.signals.count) signals")
        }
        lines.append(contentsOf: custom(settings.custom))
        lines.append(contentsOf: cost(configuration))
        return lines.joined(separator: "\n") + "\n"
    }

    /// What becomes of StatsD lines that are no model's.
    private static func custom(_ settings: CustomSettings) -> [String] {
        let observed =
            switch settings.observer {
            case .histogram(let bounds): "histograms of \(bounds.count + 1) buckets"
            case .summary(let summary): "summaries of \(summary.quantiles.count) quantiles"
            }
        let age = settings.timeToLive > 0 ? "end after \(ValueText.text(nanoseconds: settings.timeToLive))" : "stay"
        let rules = settings.mapping.rules
        var lines = [
            settings.exposesUnmapped
                ? "StatsD metrics without a rule are exposed: timers as \(observed), idle series \(age)"
                : "StatsD metrics without a rule are ignored",
            "custom metrics: at most \(settings.metrics), with \(settings.series) series",
        ]
        if !rules.isEmpty {
            let drops = rules.count { $0.action == .drop }
            let models = rules.count { if case .model = $0.action { true } else { false } }
            lines.append(
                "mapping: \(rules.count) rules, of which \(drops) drop and \(models) feed models; "
                    + (settings.mapping.isOrdered ? "the first glob counts" : "the most specific glob counts"))
        }
        return lines
    }

    private static func reach(_ endpoint: Endpoint) -> String {
        endpoint.isLoopback ? "" : " (reachable from other machines)"
    }

    private static func text(_ source: SourceConfiguration) -> String {
        var parts: [String] = []
        switch source.input {
        case .tail(let path, let options):
            parts.append("read from the \(options.from == .beginning ? "beginning" : "end")")
            parts.append("renamed files are kept until quiet for \(ValueText.text(nanoseconds: options.drain))")
            if PathPattern.isPattern(path) {
                parts.append("up to \(options.files) files, \(options.openFiles) of them open")
                if !options.exclude.isEmpty { parts.append("\(options.exclude.count) patterns excluded") }
            }
        case .udp(let endpoint, let buffer):
            parts.append("receive buffer \(ValueText.text(bytes: buffer))" + reach(endpoint))
        case .unixDatagram(let socket, let buffer):
            parts.append("receive buffer \(ValueText.text(bytes: buffer)), mode 0" + String(socket.mode, radix: 8))
        case .tcp(let endpoint, let options): parts.append(text(options) + reach(endpoint))
        case .http(let endpoint, let tokenFile):
            parts.append("POST /v1/events" + (tokenFile.map { ", with the token in \($0)" } ?? "") + reach(endpoint))
        case .outcomes: return "POST \(EventRoutes.outcomesPath), outcomes of predictions by their id"
        case .unixStream(let socket, let options):
            parts.append(text(options) + ", mode 0" + String(socket.mode, radix: 8))
        }
        if let preset = source.preset { parts.append("preset \(preset.rawValue)") }
        let said = source.hints.fields.count
        if source.preset == nil, said > 0 { parts.append("\(said) fields as said") }
        parts.append(source.schema.map { "\($0.signals.count) signals" } ?? "schema inferred from the first records")
        return parts.joined(separator: ", ")
    }

    private static func text(_ options: StreamOptions) -> String {
        let cut = options.framing == .lines ? "newlines" : "frames of a four-byte length"
        let idle = options.idle > 0 ? "closed after \(ValueText.text(nanoseconds: options.idle)) of silence" : "kept"
        return "cut by \(cut), up to \(options.connections) connections, \(idle)"
    }

    /// Series that the signals of each configured schema cost.
    private static func cost(_ configuration: Configuration) -> [String] {
        let settings = configuration.monitor
        var lines: [String] = []
        for source in configuration.sources {
            guard let schema = source.schema else { continue }
            let perModel = schema.signals.reduce(0) { $0 + series($1, settings) }
            lines.append("series of \(source.name): about \(perModel) per model and version")
        }
        return lines + ["series limit: \(settings.limits.series)"]
    }

    /// Upper estimate of the series of one signal once its reference is in use.
    private static func series(_ signal: Signal, _ settings: MonitorSettings) -> Int {
        guard let kind = DriftKind(signal.role) else { return 16 }
        let reference = settings.references.lazy.flatMap(\.signals).first { $0.kind == kind && $0.name == signal.name }
        let fallback = signal.kind == .numeric ? settings.binCount + 1 : settings.referenceCategories + 2
        let cells = reference?.layout.cellCount ?? fallback
        let (methods, summaries) = signal.kind == .numeric ? (8, 6) : (6, 1)
        return 2 * cells + 6 + settings.windows.count * (methods + summaries)
    }
}
