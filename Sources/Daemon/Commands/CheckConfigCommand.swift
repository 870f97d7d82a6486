internal import ArgumentParser

/// The command `telltale check-config`.
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Check a configuration, its reference files included, and exit with 2 if it has an error.",
        discussion: """
            Every error is one line: file, line, key, value and the rule it breaks.

            Example:
              telltale check-config --explain telltale.yaml
            """)

    @Argument(help: "Configuration file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    @Flag(help: "Print what the configuration amounts to.")
    var explain = false

    func run() throws {
        do throws(ConfigErrors) {
            let configuration = try RunOptions(config: file).configuration()
            StandardOutput.write(explain ? ConfigurationText.explain(configuration) : "\(file): ok\n")
        } catch {
            throw Failure.configuration(error)
        }
    }
}
