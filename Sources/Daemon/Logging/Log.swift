internal import Glibc
internal import Logging
internal import Synchronization

/// The daemon's log: one line per event on standard error, in one `write`, so that lines of threads never mix.
struct Log: LogHandler {
    /// What may change at a reload, shared by every copy.
    final class Shared: Sendable {
        private let state: Mutex<LogConfiguration>
        private let sink: @Sendable ([UInt8]) -> Void

        init(_ configuration: LogConfiguration, sink: @escaping @Sendable ([UInt8]) -> Void) {
            state = Mutex(configuration)
            self.sink = sink
        }

        var configuration: LogConfiguration {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }

        func write(_ line: [UInt8]) { sink(line) }
    }

    private let shared: Shared
    var metadata: Logger.Metadata = [:]

    /// A logger, and the handle by which a reload changes its level and form.
    static func make(
        _ configuration: LogConfiguration, sink: @escaping @Sendable ([UInt8]) -> Void = Log.standardError
    ) -> (Logger, Shared) {
        let shared = Shared(configuration, sink: sink)
        return (Logger(label: "telltale", factory: { _ in Log(shared: shared) }), shared)
    }

    private init(shared: Shared) { self.shared = shared }

    var logLevel: Logger.Level {
        get { shared.configuration.level.level }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let level = event.level == .notice ? "info" : event.level == .critical ? "error" : "\(event.level)"
        var pairs = [("time", Timestamps.text(Clock.wall())), ("level", level), ("msg", "\(event.message)")]
        pairs.append(contentsOf: fields.map { ($0.key, "\($0.value)") })
        shared.write(LogLine.bytes(pairs, format: shared.configuration.format))
    }

    /// Writes a whole line to standard error; a closed or full pipe loses the line, never the daemon.
    static func standardError(_ line: [UInt8]) {
        unsafe line.withUnsafeBytes { bytes in
            _ = unsafe write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }
}

/// The two forms of a log line.
enum LogLine {
    /// Most bytes of one value; the rest is cut off with an ellipsis.
    static let valueBytes = 2_048

    /// One line with its newline.
    static func bytes(_ pairs: [(String, String)], format: LogFormat) -> [UInt8] {
        var line: [UInt8] = format == .json ? [UInt8(ascii: "{")] : []
        for (i, (key, value)) in pairs.enumerated() {
            let text = Escaping.printable(value, limit: valueBytes)
            switch format {
            case .logfmt:
                if i > 0 { line.append(UInt8(ascii: " ")) }
                let isBare =
                    !value.isEmpty
                    && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 34 && $0 != 61 && $0 != 92 }
                line.append(contentsOf: (isBare ? "\(key)=\(text)" : "\(key)=\"\(text)\"").utf8)
            case .json:
                if i > 0 { line.append(UInt8(ascii: ",")) }
                line.append(contentsOf: "\"\(key)\":\"\(text)\"".utf8)
            }
        }
        if format == .json { line.append(UInt8(ascii: "}")) }
        line.append(UInt8(ascii: "\n"))
        return line
    }
}
