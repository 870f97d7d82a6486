internal import ArgumentParser
internal import CLinux
internal import LineFormats

extension LogLevel: ExpressibleByArgument {
    init?(argument: String) {
        guard let level = Self.allCases.first(where: { $0.name == argument }) else { return nil }
        self = level
    }

    static var allValueStrings: [String] { allCases.map(\.name) }
    var defaultValueDescription: String { name }
}

/// The command `telltale run`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Read predictions and serve metrics until SIGTERM or SIGINT.",
        discussion: """
            Without a configuration the meaning of the fields is inferred from the first records, and the reference \
            is learned from the first 5,000 events. SIGHUP reads the configuration again. Flags win over the file.

            Examples:
              telltale run --tail predictions.jsonl
              telltale run --tail '/var/log/pods/*/model/*.log'
              telltale run --tail 'old/*.jsonl.gz'
              telltale run --tail predictions.jsonl --reference ref.json --state-dir /var/lib/telltale
              telltale run --tail /var/log/pods/model.log --preset kserve-v2
              telltale run --udp 127.0.0.1:8125 --model fraud
              telltale run --unix-datagram /run/telltale/statsd.sock
              telltale run --config telltale.yaml
            """)

    /// Where to begin.
    enum Start: String, ExpressibleByArgument, CaseIterable {
        case beginning, end
    }

    /// Form of log lines.
    enum Form: String, ExpressibleByArgument, CaseIterable {
        case logfmt, json
    }

    @Option(help: "Configuration file.", completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Option(
        help: "Prediction log to follow, or a pattern of paths in quotes; may be given several times.",
        completion: .file())
    var tail: [String] = []

    @Option(help: "Address and port to take DogStatsD lines or JSON records on; may be given several times.")
    var udp: [String] = []

    @Option(
        help: "Path of a Unix socket to take the same on, in datagrams; may be given several times.",
        completion: .file())
    var unixDatagram: [String] = []

    @Option(help: "Address and port to take connections on that send such lines; may be given several times.")
    var tcp: [String] = []

    @Option(
        help: "Path of a Unix socket to take connections on that send DogStatsD frames; may be given several times.",
        completion: .file())
    var unixStream: [String] = []

    @Option(
        help: """
            Address and port to take JSON records on, by POST /v1/events, and their outcomes, by POST /v1/outcomes; \
            may be given several times.
            """)
    var http: [String] = []

    @Option(help: "Address and port of HTTP (default: 127.0.0.1:9757). Port 0 picks a free one, which the log names.")
    var listen: String?

    @Option(help: "Directory that keeps state over restarts; it has to exist.", completion: .directory)
    var stateDir: String?

    @Option(
        help: "Reference file, for every model or the one given by --model.", completion: .file(extensions: ["json"]))
    var reference: String?

    @Option(help: "Model of records that name none.")
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Serving system whose records the files and the HTTP sources on the command line carry.",
            discussion: "One of: \(Preset.allCases.map(\.rawValue).joined(separator: ", "))."),
        completion: .list(Preset.allCases.map(\.rawValue)))
    var preset: String?

    @Option(help: "Where to begin a file of which nothing was committed yet (default: beginning).")
    var from: Start?

    @Option(help: "Log level (default: info).")
    var logLevel: LogLevel?

    @Option(help: "Form of log lines (default: logfmt).")
    var logFormat: Form?

    func run() throws {
        // Before any thread starts, so that all of them leave signals to this one.
        Signals.block()
        let options = RunOptions(
            config: config, tails: tail, udps: udp, unixDatagrams: unixDatagram, tcps: tcp,
            unixStreams: unixStream, httpAddresses: http, listen: listen, stateDirectory: stateDir,
            reference: reference, model: model, preset: preset, from: from.map { $0 == .end ? .end : .beginning },
            logLevel: logLevel, logFormat: logFormat.map { $0 == .json ? .json : .logfmt })
        let log = Log.make(LogConfiguration(level: logLevel ?? .info, format: logFormat == .json ? .json : .logfmt))
        let sidecar = try Sidecar(options: options, log: log, wake: Signals.wakeMain)
        try sidecar.start()
        // A start touches ten megabytes of code, most of it for the last time.
        clinux_release_code_pages()
        while true {
            switch Signals.next() {
            case .reload: sidecar.reload()
            case .work: sidecar.reloadIfAsked()
            case .stop:
                // A second signal ends the process at once.
                Signals.restoreDefaults()
                sidecar.stop()
                return
            }
        }
    }
}
