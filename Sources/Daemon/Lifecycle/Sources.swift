internal import Events
internal import Ingest
internal import LineFormats
internal import Logging
internal import Monitor

/// A source that runs on its own thread.
protocol RunningSource: Sendable {
    /// What it is doing.
    var status: SourceStatus { get }
    /// What the first commit has to know before anything is read; `nil` for nothing.
    func firstLook() -> EventBatch?
    /// Begins to read.
    func start() throws(IngestError)
    /// Ends its thread; what it has read is in the queue.
    func stop()
}

extension TailSource: RunningSource {}
extension DatagramSource: RunningSource {
    func firstLook() -> EventBatch? { nil }
}
extension BodySource: RunningSource {
    func firstLook() -> EventBatch? { nil }
}
extension StreamSource: RunningSource {
    func firstLook() -> EventBatch? { nil }
}

/// Makes the sources of a configuration.
enum Sources {
    /// The sources, opened and not started, in the order of the configuration.
    ///
    /// - Parameters:
    ///   - committed: What the last commit knows about each of them, by name.
    ///   - counters: Counts the requests of those that take HTTP.
    ///   - hub: Tells tails what changed.
    ///   - ownPaths: Files and directories of the daemon's own, which are no logs.
    static func open(
        _ configuration: Configuration, committed: [SourceState], queue: BatchQueue, counters: HttpCounters,
        hub: ChangeHub, ownPaths: [String], log: Logger
    ) throws(IngestError) -> [any RunningSource] {
        var sources: [any RunningSource] = []
        var outcomeSources: [Endpoint: BodySource] = [:]
        for (index, source) in configuration.sources.enumerated() {
            let known = committed.first { $0.name == source.name }
            let schema = schema(of: source, known: known?.schema, log)
            let report = SourceReport(log: log, source: source.name)
            func datagrams(_ address: ListenAddress, receiveBuffer: Int) throws(IngestError) -> DatagramSource {
                let settings = DatagramSettings(
                    address: address, receiveBufferBytes: receiveBuffer, defaultModel: source.model ?? "default",
                    statsD: configuration.statsD)
                return try DatagramSource(
                    source: index, settings: settings, schema: schema, queue: queue, onEvent: report.write)
            }
            func streams(_ address: ListenAddress, _ options: StreamOptions) throws(IngestError) -> StreamSource {
                let settings = StreamSettings(
                    address: address, framing: options.framing, connections: options.connections, idle: options.idle,
                    defaultModel: source.model ?? "default", statsD: configuration.statsD)
                return try StreamSource(
                    source: index, settings: settings, schema: schema, queue: queue, onEvent: report.write)
            }
            switch source.input {
            case .tail(let path, let options):
                var settings = TailSettings(
                    path: path, rotatedQuiet: options.drain, defaultModel: source.model ?? "default",
                    hints: source.hints,
                    schemaDirectory: source.preset?.schemaDirectory(besides: directory(of: path)))
                settings.exclude = options.exclude
                settings.linkRoots = options.linksInto
                settings.openFiles = options.openFiles
                settings.logs = options.files
                settings.ownPaths = ownPaths
                sources.append(
                    try TailSource(
                        source: index, settings: settings, schema: schema, resume: known?.positions ?? [],
                        startAt: options.from == .end ? .end : .beginning, hub: hub, queue: queue,
                        onEvent: report.write))
            case .udp(let endpoint, let buffer):
                let address = ListenAddress.network(endpoint.description)
                sources.append(try datagrams(address, receiveBuffer: buffer))
            case .unixDatagram(let socket, let buffer):
                let address = ListenAddress.unix(path: socket.path, mode: socket.mode)
                sources.append(try datagrams(address, receiveBuffer: buffer))
            case .tcp(let endpoint, let options):
                sources.append(try streams(.network(endpoint.description), options))
            case .http(let endpoint, let tokenFile):
                let settings = BodySettings(
                    name: endpoint.description, defaultModel: source.model ?? "default", hints: source.hints)
                let bodies = try BodySource(
                    source: index, settings: settings, schema: schema, queue: queue, onEvent: report.write)
                let outcomes = try outcomes(of: source, endpoint, configuration, queue: queue, log)
                sources.append(
                    try EventEndpoint(
                        endpoint: endpoint, token: try tokenFile.map(token), counters: counters, bodies: bodies,
                        outcomes: outcomes))
                outcomeSources[endpoint] = outcomes
            case .outcomes(let endpoint):
                // The listener was opened before: its source comes first.
                if let outcomes = outcomeSources[endpoint] { sources.append(outcomes) }
            case .unixStream(let socket, let options):
                sources.append(try streams(.unix(path: socket.path, mode: socket.mode), options))
            }
            if let endpoint = source.input.endpoint, !endpoint.isLoopback {
                log.warning("anyone who reaches this address can send events", metadata: ["source": "\(source.name)"])
            }
        }
        return sources
    }

    /// The source of outcomes on the listener of another one; `nil` if the configuration has none.
    private static func outcomes(
        of source: SourceConfiguration, _ endpoint: Endpoint, _ configuration: Configuration, queue: BatchQueue,
        _ log: Logger
    ) throws(IngestError) -> BodySource? {
        guard let index = configuration.sources.firstIndex(where: { $0.input == .outcomes(endpoint) }) else {
            return nil
        }
        let model = source.model ?? "default"
        let name = endpoint.description + EventRoutes.outcomesPath
        let report = SourceReport(log: log, source: configuration.sources[index].name)
        return try BodySource(
            source: index, settings: BodySettings(name: name, defaultModel: model),
            schema: .fixed(.outcomes(of: source.schema, defaultModel: model)), queue: queue, onEvent: report.write)
    }

    /// The directory of a path.
    static func directory(of path: String) -> String {
        let end = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
        return end == path.startIndex ? "." : String(path[..<end])
    }

    private static func token(_ path: String) throws(IngestError) -> [UInt8] {
        do throws(TokenFileError) {
            return try TokenFile.load(path: path)
        } catch {
            throw .unreadable(path: path, reason: error.description)
        }
    }

    /// The configured schema, else the one inferred before a restart, else a new inference.
    private static func schema(of source: SourceConfiguration, known: Schema?, _ log: Logger) -> SourceSchema {
        if let schema = source.schema { return .fixed(schema) }
        guard var known else { return .infer }
        guard known.fingerprint == source.hints.fingerprint else {
            log.info(
                "what is said about its fields has changed: inferring anew", metadata: ["source": "\(source.name)"])
            return .infer
        }
        if let model = source.model { known.defaultModel = model }
        if let version = source.version { known.defaultVersion = version }
        log.info(
            "going on with the schema inferred earlier",
            metadata: ["source": "\(source.name)", "signals": "\(known.signals.count)"])
        return .fixed(known)
    }
}

/// Writes what a source tells to the log.
struct SourceReport: Sendable {
    let log: Logger
    let source: String

    /// One line, or one per line of an explanation.
    func write(_ event: SourceEvent) {
        var metadata: Logger.Metadata = ["source": "\(source)"]
        func note(_ level: Logger.Level, _ message: String, _ more: Logger.Metadata = [:]) {
            metadata.merge(more) { $1 }
            log.log(level: level, "\(message)", metadata: metadata)
        }
        switch event {
        case .schemaInferred(let schema, let explanation):
            note(.info, "schema inferred", ["signals": "\(schema.signals.count)"])
            for line in explanation { log.info("schema", metadata: ["source": "\(source)", "field": "\(line)"]) }
        case .schemaNotInferred(let records):
            note(.warning, "no field to measure in these records; they are rejected", ["records": "\(records)"])
        case .opened(let path, let offset): note(.info, "reading", ["path": "\(path)", "offset": "\(offset)"])
        case .rotated(let path): note(.info, "rotated; the old file is read to its end", ["path": "\(path)"])
        case .truncated(let path, let lost):
            note(.warning, "truncated; reading from the start", ["path": "\(path)", "lost_bytes": "\(lost)"])
        case .recovered(let path): note(.info, "a copy holds what was not read yet", ["path": "\(path)"])
        case .finished(let path): note(.info, "read to its end and closed", ["path": "\(path)"])
        case .archiveRead(let path, let end):
            note(end == .complete ? .info : .warning, "read once", ["path": "\(path)", "result": "\(end.label)"])
        case .continued(let path, let archive):
            note(.info, "what follows was compressed", ["path": "\(path)", "archive": "\(archive)"])
        case .gone(let path, let offset, let lost):
            note(
                .warning, "a file read before is gone; what it held behind the offset is lost",
                ["path": "\(path)", "offset": "\(offset)", "lost_bytes": "\(lost)"])
        case .tooManyLogs(let limit, let refused):
            note(
                .warning, "the pattern stands for more files than are followed; raise files, or exclude some",
                ["files": "\(limit)", "refused": "\(refused)"])
        case .blocked(let path, let reason):
            note(.warning, "cannot be read; trying again", ["path": "\(path)", "reason": "\(reason)"])
        case .missing(let path): note(.info, "waiting for the file", ["path": "\(path)"])
        case .rejected(let reason, let excerpt):
            // The only place where raw content is logged, and only on demand.
            note(
                .debug, "line rejected",
                ["reason": "\(reason.label)", "content": "\(String(decoding: excerpt, as: UTF8.self))"])
        case .polling(let reason): note(.info, "polling, without notifications", ["reason": "\(reason)"])
        case .smallReceiveBuffer(let granted, let wanted):
            note(.info, "the kernel grants a smaller receive buffer", ["granted": "\(granted)", "wanted": "\(wanted)"])
        case .acceptFailed(let reason):
            note(.warning, "no room for a further connection; trying again", ["reason": "\(reason)"])
        case .receiveFailed(let reason): note(.warning, "receiving failed; trying again", ["reason": "\(reason)"])
        }
    }
}
