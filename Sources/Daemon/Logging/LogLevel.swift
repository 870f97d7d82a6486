internal import Logging

/// How much is logged.
enum LogLevel: Int, CaseIterable, Sendable {
    case debug, info, warning, error

    /// Name in the configuration and in a line.
    var name: String {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// The same level of the logging package.
    var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}

/// Form of a log line.
enum LogFormat: Sendable {
    /// `time=… level=info msg="…" key=value`.
    case logfmt
    /// One JSON object.
    case json
}
