internal import ArgumentParser
internal import Catalog
internal import Events
internal import Exposition
internal import LineFormats
internal import Monitor

/// The command `telltale replay`.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Go through logs of the past at full speed: which alarms would there have been?",
        discussion: """
            Reads what run follows, in every format and with every preset, compressed or not, and treats it as run \
            would have, with the time that the records tell. Several files are read side by side in order of time, so \
            their order here does not matter. Prints the drift alarms. With --output, what Prometheus would have \
            scraped every --step is written as OpenMetrics with timestamps, which promtool makes blocks of, so that \
            rules and dashboards can be tried on the past.

            Examples:
              telltale replay --reference ref.json predictions.jsonl.gz
              telltale replay --outcomes outcomes.jsonl.gz --json predictions.jsonl.2.gz predictions.jsonl.1
              zcat old.gz | telltale replay --preset kserve-v2 --output history.om -
              promtool tsdb create-blocks-from openmetrics history.om data/

            Exit status: 0 done, alarms or not; 1 the history could not be written; 2 unusable arguments or files, or \
            records that do not say when they were.
            """)

    @Option(help: "Reference file; without it the reference is learned from the first records, as run does.")
    var reference: String?

    @Option(help: "File of outcomes that came later; may be given several times.", completion: .file())
    var outcomes: [String] = []

    @Option(
        name: [.short, .long], help: "File to write the history to, as OpenMetrics with timestamps.",
        completion: .file(extensions: ["om"]))
    var output: String?

    @Option(help: "Time between two samples of the history, whole seconds: as often as Prometheus scrapes.")
    var step = "1m"

    @Option(help: "Label NAME=VALUE for every series of the history, such as job=telltale; may be given several times.")
    var label: [String] = []

    @Option(help: "Configuration: windows, models, drift, outcomes, and the fields of its first source of records.")
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Serving system whose records the files carry.",
            discussion: "One of: \(Preset.allCases.map(\.rawValue).joined(separator: ", "))."),
        completion: .list(Preset.allCases.map(\.rawValue)))
    var preset: String?

    @Option(help: "Model of records that name none.")
    var model: String?

    @Flag(help: "Print the result as one JSON object.")
    var json = false

    @Argument(help: "Files to read; - for standard input.", completion: .file())
    var files: [String]

    func run() throws {
        let configuration: Configuration
        do throws(ConfigErrors) {
            configuration = try RunOptions(config: config, reference: reference, model: model, preset: preset)
                .configuration()
        } catch {
            throw Failure.configuration(error)
        }
        let stepSeconds = try stepSeconds()
        let sources = try ReplayFiles(files: files, outcomes: outcomes, preset: preset, model: model)
            .sources(configuration)
        let history = try history(stepSeconds: stepSeconds)
        var replay = Replay(
            sources: sources, settings: configuration.monitorSettings, interval: configuration.commitInterval,
            step: stepSeconds * 1_000_000_000, history: history, progress: ReplayProgress())
        let outcome = try replay.run()
        try history?.finish()
        var receipt = Receipt()
        for source in sources { receipt.add(source.total) }
        let report = ReplayReport(outcome, receipt: receipt, history: history, stepSeconds: stepSeconds)
        StandardOutput.write(json ? report.json : report.text)
    }

    private func stepSeconds() throws(Failure) -> Int64 {
        let second: Int64 = 1_000_000_000
        guard let step = ValueText.duration(step), (second...86_400 * second).contains(step), step % second == 0 else {
            throw Failure.usage("--step must be whole seconds from 1s to 1d, such as 15s, 1m or 5m")
        }
        return step / second
    }

    private func history(stepSeconds: Int64) throws(Failure) -> HistoryFile? {
        guard let output else {
            guard label.isEmpty else { throw Failure.usage("--label is for the history; give --output") }
            return nil
        }
        guard output != "-" else {
            throw Failure.usage(
                "--output must be a file: promtool reads it more than once, and standard output has the alarms")
        }
        let labels = try labels()
        do throws(SystemError) {
            return try HistoryFile(
                path: output, families: Catalog.historyFamilies, stepSeconds: stepSeconds, labels: labels)
        } catch {
            throw Failure.running(error.description)
        }
    }

    private func labels() throws(Failure) -> [(name: String, value: String)] {
        var labels: [(name: String, value: String)] = []
        let taken = Set(Catalog.historyFamilies.flatMap(\.labels) + ["le", "quantile"])
        for text in label {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, Self.isLabelName(parts[0]) else {
                throw Failure.usage(
                    "--label must be NAME=VALUE, such as job=telltale: \(Escaping.printable(text, limit: 80))")
            }
            guard !taken.contains(parts[0]), !labels.contains(where: { $0.name == parts[0] }) else {
                throw Failure.usage("--label: \(parts[0]) is taken")
            }
            labels.append((parts[0], parts[1]))
        }
        return labels
    }

    private static func isLabelName(_ text: String) -> Bool {
        let letters = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
        }
        let first = text.utf8.first.map { ($0 | 0x20) >= UInt8(ascii: "a") || $0 == UInt8(ascii: "_") } ?? false
        return letters && first && !text.hasPrefix("__") && text.utf8.count <= ConfigLimits.nameBytes
    }
}
