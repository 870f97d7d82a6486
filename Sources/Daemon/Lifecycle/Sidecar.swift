internal import Catalog
internal import Events
internal import Ingest
internal import Logging
internal import Monitor
internal import NIOCore
internal import StateCodec
internal import Synchronization

/// The running daemon: sources, monitor, committer and HTTP, from start to stop.
///
/// Start: configuration, log, state, HTTP port, sources, where their files begin, first commit, and only then reading.
/// Stop: sources first, then what they handed over is applied and committed, then HTTP.
final class Sidecar: Sendable {
    private let options: RunOptions
    private let configuration: Mutex<Configuration>
    private let log: Logger
    private let logSettings: Log.Shared
    private let started: Instant
    private let publication = Publication()
    private let scrapers: Scrapers
    private let renderer: ScrapeRenderer
    private let meters = Meters()
    private let counters = HttpCounters()
    private let sources: [any RunningSource]
    private let queue = BatchQueue()
    private let hub: ChangeHub
    private let loop: MonitorLoop
    private let waiting = Mutex<[@Sendable (String?) -> Void]>([])
    /// Asks the thread that owns the life cycle to call `reloadIfAsked`.
    private let wake: @Sendable () -> Void
    private let server = Mutex<(http: HttpServer, endpoints: Endpoints)?>(nil)

    /// Where HTTP listens, with the real port; `nil` before the start and after the stop.
    var endpoint: Endpoint? { server.withLock { $0?.http.endpoint } }

    /// Opens everything and makes the first commit; nothing is read before `start`.
    ///
    /// - Parameter wake: Called on any thread when a reload was asked for over HTTP.
    /// - Throws: `Failure` with exit status 2 and one sentence.
    init(
        options: RunOptions, log: (Logger, Log.Shared), wake: @escaping @Sendable () -> Void
    ) throws {
        let configuration = try Self.read(options)
        guard !configuration.sources.isEmpty else {
            throw Failure.usage(
                "no source: give --tail PATH, --udp ADDRESS:PORT or another one, or sources in the configuration")
        }
        self.options = options
        self.configuration = Mutex(configuration)
        (self.log, logSettings) = log
        logSettings.configuration = configuration.log
        self.wake = wake
        started = Clock.now()
        let restored = try Self.restore(configuration, meters, self.log)
        scrapers = Scrapers(shown: restored.state?.shown ?? .none)
        renderer = ScrapeRenderer(scrapers: scrapers)
        let committer = Committer(store: restored.store, publication: publication, meters: meters, log: self.log)
        loop = MonitorLoop(
            queue: queue, committer: committer, scrapers: scrapers, log: self.log,
            sources: configuration.sources.map(\.name))
        do throws(IngestError) {
            hub = try ChangeHub()
            sources = try Sources.open(
                configuration, committed: restored.state?.sources ?? [], queue: queue, counters: counters, hub: hub,
                ownPaths: [configuration.stateDirectory, options.config].compactMap { $0 }, log: self.log)
        } catch {
            throw Failure.usage(error.description)
        }
        try serve(configuration.listen)
        var monitor = Self.monitor(configuration, restored.state, meters, self.log)
        for source in sources { if let batch = source.firstLook() { monitor.apply(batch, at: Clock.now()) } }
        var first = monitor.cut(at: Clock.now())
        first.note(shown: scrapers.settle(at: Clock.uptime()))
        committer.commitFirst(first)
        loop.start(monitor, commitInterval: configuration.commitInterval)
        let now = started.wall
        meters.update { $0.reload.lastSuccess = now }
    }

    /// Begins to read.
    func start() throws {
        for source in sources {
            do throws(IngestError) {
                try source.start()
            } catch {
                throw Failure.running(error.description)
            }
        }
        for source in sources where source.status.kind != .tail {
            log.info("receiving", metadata: ["address": "\(source.status.kind.rawValue):\(source.status.name)"])
        }
        log.info(
            "listening",
            metadata: ["address": "\(endpoint.map(\.description) ?? "")", "version": "\(Build.version)"])
    }

    /// Stops reading, commits everything read, and ends all threads.
    func stop() {
        for source in sources { source.stop() }
        hub.stop()
        loop.stop()
        for done in waiting.withLock({ waiting in
            defer { waiting = [] }
            return waiting
        }) { done("Telltale is stopping.") }
        let server = server.withLock { server in
            defer { server = nil }
            return server
        }
        server?.http.stop()
        server?.endpoints.stop()
        log.info("stopped", metadata: ["commit": "\(publication.generation ?? 0)"])
    }

    private func serve(_ endpoint: Endpoint) throws {
        let endpoints = Endpoints(self)
        do throws(HttpServerError) {
            let http = try HttpServer(endpoint: endpoint, counters: counters, respond: endpoints.respond)
            server.withLock { $0 = (http, endpoints) }
        } catch {
            endpoints.stop()
            throw Failure.usage(error.description)
        }
        if !endpoint.isLoopback {
            log.warning("metrics are readable from other machines", metadata: ["address": "\(endpoint)"])
        }
    }

    // MARK: Configuration and state

    private static func read(_ options: RunOptions) throws -> Configuration {
        do throws(ConfigErrors) { return try options.configuration() } catch { throw Failure.configuration(error) }
    }

    private static func restore(
        _ configuration: Configuration, _ meters: Meters, _ log: Logger
    ) throws -> (store: StateStore?, state: MonitorState?) {
        guard let directory = configuration.stateDirectory else {
            log.warning("nothing is kept over a restart: counters and windows begin anew (no --state-dir)")
            return (nil, nil)
        }
        let store: StateStore
        do throws(SystemError) {
            store = StateStore(try LinuxStateDirectory(path: directory))
        } catch {
            throw Failure.usage(error.description)
        }
        if let weakness = store.weakness { log.warning("\(weakness)") }
        var state: MonitorState?
        let found = store.load { state.take($0) }
        for note in found.notes { log.warning("\(note)") }
        meters.count(found.notes)
        switch found.standing {
        case .none: log.info("no state yet", metadata: ["directory": "\(directory)"])
        case .current: log.info("going on from the last commit", metadata: ["commit": "\(state?.generation ?? 0)"])
        case .behind:
            state?.resetCounters()
            log.warning(
                "going on with positions, windows and references; counters begin at zero",
                metadata: ["commit": "\(state?.generation ?? 0)"])
        case .foreign:
            log.warning(
                "going on with positions; counters, windows and what was learned begin anew",
                metadata: ["commit": "\(state?.generation ?? 0)"])
        }
        return (store, state)
    }

    private static func monitor(
        _ configuration: Configuration, _ state: MonitorState?, _ meters: Meters, _ log: Logger
    ) -> Monitor {
        let settings = configuration.monitorSettings
        guard let state else { return Monitor(settings: settings, at: Clock.now()) }
        let monitor = Monitor(settings: settings, restoring: state, at: Clock.now())
        for note in monitor.notes { log.warning("\(note)") }
        meters.count(monitor.notes)
        return monitor
    }

    // MARK: Reload

    /// Reads the configuration again and takes it, or keeps the old one and says why.
    ///
    /// - Parameter done: Called on some thread, with the error's text or `nil`.
    func reload(then done: @escaping @Sendable (String?) -> Void = { _ in }) {
        let next: Configuration
        do throws(ConfigErrors) {
            next = try options.configuration()
        } catch {
            return refuse(error.description, done)
        }
        let fixed = configuration.withLock { Self.changesThatNeedRestart($0, next) }
        guard fixed.isEmpty else {
            return refuse("a restart is needed to change " + fixed.joined(separator: ", "), done)
        }
        configuration.withLock { $0 = next }
        logSettings.configuration = next.log
        let (log, meters) = (log, meters)
        loop.change(
            MonitorLoop.Change(settings: next.monitorSettings, commitInterval: next.commitInterval) { notes in
                for note in notes { log.warning("\(note)") }
                meters.count(notes)
                let now = Clock.wall()
                meters.update { values in
                    values.reload.isSuccessful = true
                    values.reload.lastSuccess = now
                }
                log.info("configuration reloaded", metadata: ["reset": "\(notes.count)"])
                done(nil)
            })
    }

    /// Does what was asked for over HTTP.
    func reloadIfAsked() {
        let asked = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        if asked.isEmpty { return }
        reload { problem in for done in asked { done(problem) } }
    }

    private func refuse(_ problem: String, _ done: @Sendable (String?) -> Void) {
        meters.update { $0.reload.isSuccessful = false }
        for line in problem.split(separator: "\n") {
            log.error("configuration not reloaded; the one before stays in use", metadata: ["error": "\(line)"])
        }
        done(problem)
    }

    /// Keys that cannot change while the daemon runs.
    private static func changesThatNeedRestart(_ old: Configuration, _ new: Configuration) -> [String] {
        var keys: [String] = []
        if old.listen != new.listen { keys.append("listen") }
        if old.stateDirectory != new.stateDirectory { keys.append("state_dir") }
        if old.sources != new.sources { keys.append("sources") }
        if old.statsD != new.statsD { keys.append("statsd") }
        return keys
    }

    // MARK: What endpoints see

    private var activities: [SourceActivity] {
        sources.enumerated().map { SourceActivity($1.status, queueLength: queue.count(of: $0)) }
    }
}

extension Sidecar: EndpointContext {
    var isLifecycleEnabled: Bool { configuration.withLock { $0.enableLifecycle } }

    func askToReload(_ done: @escaping @Sendable (String?) -> Void) {
        waiting.withLock { $0.append(done) }
        wake()
    }

    func obstacle() -> String? {
        if publication.generation == nil { return "Not ready: nothing has been committed yet." }
        return activities.allSatisfy(\.hasLooked) ? nil : "Not ready: a source is starting."
    }

    func exposition(_ key: ScrapeRenderer.Key, scraper: String?) -> (bytes: [UInt8], isCompressed: Bool)? {
        guard let snapshot = publication.snapshot else { return nil }
        let begin = Clock.monotonic()
        let series = configuration.withLock { $0.monitor.limits.series }
        let names = configuration.withLock { $0.sources.map(\.name) }
        let body = renderer.body(
            of: snapshot,
            status: ScrapeStatus.make(
                meters: meters.values, counters: counters, sources: Array(zip(names, activities)), seriesLimit: series),
            key: key)
        let seconds = Double(Clock.monotonic() &- begin) / 1e9
        meters.update { $0.scrapes.add(seconds: seconds) }
        if let scraper { scrapers.served(scraper, generation: snapshot.generation, at: Clock.uptime()) }
        return body
    }

    func drift(_ filter: DriftFilter) -> DriftDocument {
        DriftDocument(publication.snapshot, settings: configuration.withLock { $0.monitorSettings }, filter: filter)
    }

    func status() -> StatusDocument {
        let (configuration, values) = (configuration.withLock { $0 }, meters.values)
        let snapshot = publication.snapshot
        let activities = Dictionary(
            zip(configuration.sources.map(\.name), activities), uniquingKeysWith: { first, _ in first })
        return StatusDocument(
            version: Build.version, started: Timestamps.text(started.wall),
            taken: snapshot.map { Timestamps.text($0.taken.wall) }, commit: snapshot?.generation,
            ready: obstacle() == nil, config_file: options.config,
            config_reload_successful: values.reload.isSuccessful, state_directory: configuration.stateDirectory,
            state_written: values.commits.lastSuccess.map(Timestamps.text),
            failed_commits: values.commits.failures.reduce(0, &+),
            sources: snapshot?.sources.map { StatusDocument.Source($0, activity: activities[$0.name]) } ?? [],
            models: snapshot?.models.map(StatusDocument.Model.init) ?? [])
    }
}
