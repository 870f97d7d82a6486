internal import Events
internal import Ingest
internal import LineFormats
internal import Monitor

/// What the command line of `run` says.
///
/// Flags are sugar over the configuration; where both speak, the flag wins.
struct RunOptions: Equatable, Sendable {
    /// Path of the configuration file.
    var config: String?
    /// Files to tail, added to the configured sources.
    var tails: [String] = []
    /// Addresses to take datagrams on, added to the configured sources.
    var udps: [String] = []
    /// Paths of sockets to take datagrams on, added to the configured sources.
    var unixDatagrams: [String] = []
    /// Addresses to take connections on that send lines, added to the configured sources.
    var tcps: [String] = []
    /// Paths of sockets to take connections on that send frames, added to the configured sources.
    var unixStreams: [String] = []
    /// Addresses to take records on over HTTP, added to the configured sources.
    var httpAddresses: [String] = []
    /// Where HTTP listens.
    var listen: String?
    /// Directory of the state file.
    var stateDirectory: String?
    /// Reference file, for every model or the one named by `model`.
    var reference: String?
    /// Model of records that name none.
    var model: String?
    /// Serving system whose records the sources on the command line carry.
    var preset: String?
    /// Where files without a committed position are read from.
    var from: TailStart?
    /// Log level.
    var logLevel: LogLevel?
    /// Form of log lines.
    var logFormat: LogFormat?

    /// Most bytes of a configuration file that are looked at.
    private static let fileBytes = YamlLimits.bytes + 1

    /// Reads the configuration file, if there is one, and puts the flags on top.
    ///
    /// - Throws: Every error of the file, or every error of the flags.
    func configuration() throws(ConfigErrors) -> Configuration {
        var configuration = Configuration()
        if let config {
            let bytes: [UInt8]
            do throws(SystemError) {
                bytes = try FileBytes.read(path: config, limit: Self.fileBytes)
            } catch {
                let rule = "cannot be read: \(SystemError.text(error.code))"
                throw ConfigErrors(errors: [ConfigError(file: config, line: 0, key: "", value: nil, rule: rule)])
            }
            configuration = try ConfigurationDecoder.decode(bytes, file: config)
        }
        var errors: [ConfigError] = []
        apply(to: &configuration, &errors)
        guard errors.isEmpty else { throw ConfigErrors(errors: errors) }
        configuration.sources = configuration.sources.flatMap { [$0] + ($0.outcomes.map { [$0] } ?? []) }
        return configuration
    }

    private func apply(to configuration: inout Configuration, _ errors: inout [ConfigError]) {
        func fail(_ flag: String, _ value: String, _ rule: String) {
            errors.append(ConfigError(file: "command line", line: 0, key: flag, value: value, rule: rule))
        }
        if let listen {
            if let endpoint = Endpoint(listen) {
                configuration.listen = endpoint
            } else {
                fail("--listen", listen, "must be ADDRESS:PORT, such as 127.0.0.1:9757 or [::1]:9757")
            }
        }
        if let stateDirectory { configuration.stateDirectory = stateDirectory }
        if let logLevel { configuration.log.level = logLevel }
        if let logFormat { configuration.log.format = logFormat }
        if let from {
            for i in configuration.sources.indices {
                guard case .tail(let path, var options) = configuration.sources[i].input else { continue }
                options.from = from
                configuration.sources[i].input = .tail(path: path, options)
            }
        }
        var known: Preset?
        if let preset {
            known = Preset(rawValue: preset)
            let names = Preset.allCases.map(\.rawValue)
            if known == nil {
                let nearest = Spelling.nearest(preset, among: names).map { "; did you mean \($0)?" } ?? ""
                fail("--preset", preset, "must be one of \(names.joined(separator: ", "))\(nearest)")
            }
        }
        func source(_ input: SourceInput) -> SourceConfiguration {
            SourceConfiguration(input: input, preset: known, hints: known?.hints ?? SchemaHints())
        }
        for path in tails {
            guard !path.isEmpty, path.utf8.count <= 4_095, !path.utf8.contains(0) else {
                fail("--tail", path, "must be a path of 1 to 4,095 bytes")
                continue
            }
            do throws(PathPatternError) { _ = try PathPattern(path) } catch {
                fail("--tail", path, error.description)
                continue
            }
            let input = SourceInput.tail(path: path, TailOptions(from: from ?? .beginning))
            add(source(input), to: &configuration)
        }
        for text in udps {
            guard let endpoint = Endpoint(text) else {
                fail("--udp", text, "must be ADDRESS:PORT, such as 127.0.0.1:8125 or [::1]:8125")
                continue
            }
            let input = SourceInput.udp(endpoint, receiveBuffer: SourceConfiguration.receiveBuffer)
            add(SourceConfiguration(input: input), to: &configuration)
        }
        for path in unixDatagrams {
            guard let socket = unixSocket(path) else {
                fail("--unix-datagram", path, "must be a path of 1 to \(UnixSocket.pathBytes) bytes")
                continue
            }
            let input = SourceInput.unixDatagram(socket, receiveBuffer: SourceConfiguration.receiveBuffer)
            add(SourceConfiguration(input: input), to: &configuration)
        }
        for text in tcps {
            guard let endpoint = Endpoint(text) else {
                fail("--tcp", text, "must be ADDRESS:PORT, such as 127.0.0.1:8125 or [::1]:8125")
                continue
            }
            add(SourceConfiguration(input: .tcp(endpoint, StreamOptions(framing: .lines))), to: &configuration)
        }
        for path in unixStreams {
            guard let socket = unixSocket(path) else {
                fail("--unix-stream", path, "must be a path of 1 to \(UnixSocket.pathBytes) bytes")
                continue
            }
            let input = SourceInput.unixStream(socket, StreamOptions(framing: .length))
            add(SourceConfiguration(input: input), to: &configuration)
        }
        for text in httpAddresses {
            guard let endpoint = Endpoint(text) else {
                fail("--http", text, "must be ADDRESS:PORT, such as 127.0.0.1:9758 or [::1]:9758")
                continue
            }
            add(source(.http(endpoint, tokenFile: nil)), to: &configuration)
        }
        if let model {
            if model.isEmpty || model.utf8.count > ConfigLimits.nameBytes {
                fail("--model", model, "must be a name of 1 to \(ConfigLimits.nameBytes) bytes")
            }
            for i in configuration.sources.indices where configuration.sources[i].model == nil {
                configuration.sources[i].model = model
                configuration.sources[i].schema?.defaultModel = model
            }
        }
        if let reference {
            do throws(ReferenceFileError) {
                var loaded = try ReferenceFile.load(path: reference)
                if let model { loaded.model = model }
                configuration.monitor.references.append(loaded)
            } catch {
                fail("--reference", reference, error.description)
            }
        }
        if configuration.sources.count > ConfigLimits.sources {
            fail("--tail", "\(configuration.sources.count) sources", "must not be more than \(ConfigLimits.sources)")
        }
    }

    private func unixSocket(_ path: String) -> UnixSocket? {
        path.isEmpty || path.utf8.count > UnixSocket.pathBytes || path.utf8.contains(0) ? nil : UnixSocket(path: path)
    }

    /// Adds a source unless the configuration has it.
    private func add(_ source: SourceConfiguration, to configuration: inout Configuration) {
        if !configuration.sources.contains(where: { $0.name == source.name }) { configuration.sources.append(source) }
    }
}
