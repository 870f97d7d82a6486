internal import ArgumentParser
internal import LineFormats

/// The command `telltale check-config`.
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Check a configuration, its reference files included, and exit with 2 if it has an error.",
        discussion: """
            Every error is one line: file, line, key, value and the rule it breaks.

            With --record it shows how the records of a file are understood, and what the first ones become: by the \
            first source of the configuration, or with --preset, or by what they look like.

            Examples:
              telltale check-config --explain telltale.yaml
              telltale check-config --record predictions.jsonl
              telltale check-config --record capture.jsonl --preset sagemaker
            """)

    @Argument(help: "Configuration file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String?

    @Flag(help: "Print what the configuration amounts to.")
    var explain = false

    @Option(help: "File of records to show the meaning of.", completion: .file())
    var record: String?

    @Option(
        help: "Serving system whose records these are.", completion: .list(Preset.allCases.map(\.rawValue)))
    var preset: String?

    func run() throws {
        guard file != nil || record != nil else {
            throw Failure.usage("give a configuration file, or a file of records with --record")
        }
        let configuration: Configuration
        do throws(ConfigErrors) {
            // As a source of the command line would be, so that the preset is checked as there.
            let tails = file == nil ? record.map { [$0] } ?? [] : []
            configuration = try RunOptions(config: file, tails: tails, preset: preset).configuration()
        } catch {
            throw Failure.configuration(error)
        }
        if let file, record == nil || explain {
            StandardOutput.write(explain ? ConfigurationText.explain(configuration) : "\(file): ok\n")
        }
        guard let record else { return }
        guard var source = configuration.sources.first(where: \.input.carriesRecords) else {
            throw Failure.usage("no source of the configuration has records")
        }
        if file != nil, let preset = preset.flatMap(Preset.init(rawValue:)) {
            (source.preset, source.hints) = (preset, preset.hints.overridden(by: source.hints))
        }
        StandardOutput.write(try RecordExplanation.text(path: record, source: source))
    }
}
