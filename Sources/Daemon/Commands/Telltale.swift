public import ArgumentParser

/// The command line.
public struct Telltale: ParsableCommand {
    /// What `--help` says.
    public static let configuration = CommandConfiguration(
        commandName: "telltale",
        abstract: "Watches what a machine-learning model sees and answers, and tells Prometheus when it drifts.",
        discussion: """
            Telltale runs beside a model, reads its prediction log (or takes StatsD datagrams), compares what it sees \
            with a reference, and exposes the result on /metrics.

            Try it:
              telltale simulate sudden-drift --rate 200 --output predictions.jsonl &
              telltale run --tail predictions.jsonl
              curl -s http://127.0.0.1:9757/metrics | grep drift_score

            Exit status: 0 done, 1 failed while running (or, for check, drift found), 2 unusable configuration or \
            arguments.
            """,
        subcommands: [
            RunCommand.self, CheckCommand.self, CheckConfigCommand.self, ReferenceCommand.self, ReplayCommand.self,
            SimulateCommand.self, VersionCommand.self,
        ])

    /// Creates the command.
    public init() {}

    /// Parses the arguments, runs the command and exits with its status.
    public static func start() -> Never {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as Failure {
            StandardError.write(error.text)
            Self.exit(withError: ExitCode(error.status))
        } catch let error as ExitCode {
            Self.exit(withError: error)
        } catch {
            // `--help` and `--version` are errors to the parser, with code 0.
            let code = exitCode(for: error)
            if code == .success { Self.exit(withError: error) }
            StandardError.write(fullMessage(for: error) + "\n")
            Self.exit(withError: ExitCode(2))
        }
        Self.exit()
    }
}

/// A failure of a command: one sentence, and the exit status.
struct Failure: Error {
    /// The sentence, or several lines of them.
    var message: String
    /// 1 failed while running, 2 unusable configuration or arguments.
    var status: Int32

    /// Whether each line says by itself where it belongs.
    var isSelfContained = false

    /// What the person at the terminal reads.
    var text: String { (isSelfContained ? "" : "telltale: ") + message + "\n" }

    /// A configuration cannot be used: one line per error.
    static func configuration(_ errors: ConfigErrors) -> Failure {
        Failure(message: errors.description, status: 2, isSelfContained: true)
    }

    /// Something failed while running.
    static func running(_ message: String) -> Failure { Failure(message: message, status: 1) }

    /// Configuration or arguments cannot be used.
    static func usage(_ message: String) -> Failure { Failure(message: message, status: 2) }
}
