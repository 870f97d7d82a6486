internal import Catalog
internal import Events
internal import Ingest
internal import LineFormats
internal import Monitor

/// Everything the daemon is told: the configuration file, with the command line on top.
struct Configuration: Equatable, Sendable {
    /// Where HTTP listens.
    var listen = Endpoint(host: "127.0.0.1", port: 9_757)
    /// Directory of the state file; `nil` keeps nothing over a restart.
    var stateDirectory: String?
    /// Nanoseconds between commits.
    var commitInterval: Int64 = 1_000_000_000
    /// Whether `POST /-/reload` is answered.
    var enableLifecycle = false
    /// Log level and form.
    var log = LogConfiguration()
    /// Where events come from.
    var sources: [SourceConfiguration] = []
    /// How StatsD lines are read, by every source that takes them.
    var statsD = StatsDOptions()
    /// What the monitor is told, but for references from files and the names of sources.
    var monitor = MonitorSettings()

    /// The monitor's settings with the names filled in of the sources, and of what custom metrics may not be called.
    var monitorSettings: MonitorSettings {
        var settings = monitor
        settings.sources = sources.map(\.name)
        settings.custom.reservedNames = Catalog.reservedNames
        return settings
    }
}

/// How the daemon logs.
struct LogConfiguration: Equatable, Sendable {
    /// Lowest level written.
    var level = LogLevel.info
    /// Form of a line.
    var format = LogFormat.logfmt
}

/// Where a tailed file without a committed position is read from.
enum TailStart: Equatable, Sendable {
    case beginning, end
}

/// How files are followed.
struct TailOptions: Equatable, Sendable {
    /// Where to begin.
    var from = TailStart.beginning
    /// How long a renamed file has to be quiet before it is closed, in nanoseconds.
    var drain = SourceConfiguration.drain
    /// What not to read though the pattern stands for it.
    var exclude: [PathPattern] = []
    /// Directories that links may lead into.
    var linksInto: [String] = []
    /// Files held open at most.
    var openFiles = IngestLimits.sourceOpenFiles
    /// Files followed at most.
    var files = IngestLimits.sourceLogs
}

/// What a source reads.
enum SourceInput: Equatable, Sendable {
    /// A growing file, or those that a pattern stands for.
    case tail(path: String, TailOptions)
    /// Datagrams. `receiveBuffer` is asked of the kernel, in bytes.
    case udp(Endpoint, receiveBuffer: Int)
    /// Datagrams of this machine. `receiveBuffer` is asked of the kernel, in bytes.
    case unixDatagram(UnixSocket, receiveBuffer: Int)
    /// Connections.
    case tcp(Endpoint, StreamOptions)
    /// Connections of this machine.
    case unixStream(UnixSocket, StreamOptions)
    /// Records in HTTP requests, each with the token of a file if there is one.
    case http(Endpoint, tokenFile: String?)
    /// Outcomes in HTTP requests, on the listener of the source with this address.
    case outcomes(Endpoint)

    /// Whether it is made of whole records, as files and bodies are.
    var carriesRecords: Bool {
        switch self {
        case .tail, .http: true
        case .udp, .unixDatagram, .tcp, .unixStream, .outcomes: false
        }
    }

    /// The address that input is taken on; `nil` for what only this machine reaches.
    var endpoint: Endpoint? {
        switch self {
        // Outcomes come where other records come, which is said there.
        case .tail, .unixDatagram, .unixStream, .outcomes: nil
        case .udp(let endpoint, _), .tcp(let endpoint, _), .http(let endpoint, _): endpoint
        }
    }
}

/// One source of events.
struct SourceConfiguration: Equatable, Sendable {
    /// Default of `drain`, in nanoseconds.
    static let drain: Int64 = 60_000_000_000
    /// Default of `receive_buffer`, in bytes.
    static let receiveBuffer = 4 << 20

    /// What it reads.
    var input: SourceInput
    /// Model of records that name none; `nil` for `default`.
    var model: String?
    /// Version of records that name none.
    var version: String?
    /// Which field is which; `nil` to find out from the first records.
    var schema: Schema?
    /// The serving system whose records these are.
    var preset: Preset?
    /// What is known of the records, the preset's part included.
    var hints = SchemaHints()

    /// The source of outcomes that comes with it; `nil` but for HTTP.
    var outcomes: SourceConfiguration? {
        guard case .http(let endpoint, _) = input else { return nil }
        return SourceConfiguration(input: .outcomes(endpoint), model: model, version: version)
    }

    /// The `source` label.
    var name: String {
        switch input {
        case .tail(let path, _): "file:" + path
        case .udp(let endpoint, _): "udp:" + endpoint.description
        case .unixDatagram(let socket, _): "unixgram:" + socket.path
        case .tcp(let endpoint, _): "tcp:" + endpoint.description
        case .unixStream(let socket, _): "unix:" + socket.path
        case .http(let endpoint, _): "http:" + endpoint.description
        case .outcomes(let endpoint): "http:" + endpoint.description + EventRoutes.outcomesPath
        }
    }
}
