internal import ArgumentParser
internal import Events
internal import Monitor

/// The command `telltale check`.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Compare files of records with a reference, and exit with 1 if they have drifted.",
        discussion: """
            A gate for pipelines: before a model is trained, scored or released on new data. Reads what reference \
            build reads. All records are one sample; a signal has drifted if its change is large (PSI above what \
            chance explains) and significant (chi-square, corrected for the number of signals).

            Examples:
              telltale check --reference ref.json today.jsonl
              telltale check --reference ref.json --format json part-1.csv.gz part-2.csv.gz

            Exit status: 0 no drift, 1 drift, 2 unusable arguments or files.
            """)

    /// How the result is written.
    enum Form: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Option(help: "Reference file.", completion: .file(extensions: ["json"]))
    var reference: String

    @Option(help: "Model whose rows count, if the reference names none; rows of other models are left out.")
    var model: String?

    @Option(help: "Configuration whose first schema says which field is which.")
    var config: String?

    @Option(help: "Least PSI excess of a drifted signal.")
    var effect = ReferenceCheck.Gates().effect

    @Option(help: "Probability that records without drift fail the check, all signals together.")
    var falseAlarms = ReferenceCheck.Gates().falseAlarms

    @Option(help: "Fewest values of a signal that are judged.")
    var minimumEvents = Int(ReferenceCheck.Gates().minimumEvents)

    @Option(help: "Form of the result: text or json.")
    var format = Form.text

    @Argument(help: "Files to read: JSON lines, CSV or TSV, also with gzip.", completion: .file())
    var files: [String]

    func run() throws {
        let gates = try gates()
        let known: Reference
        do throws(ReferenceFileError) { known = try ReferenceFile.load(path: reference) } catch {
            throw Failure.usage(error.description)
        }
        let check = ReferenceCheck(known, gates: gates)
        var filter = ModelFilter(wanted: model ?? known.model)
        var receipt = Receipt()
        let configured = try RecordFile.schema(ofConfiguration: config)
        for path in files {
            let file = RecordFile(path: path, schema: configured, reference: known) { batch in
                filter.apply(to: batch)
                check.add(batch)
            }
            try file.read()
            receipt.add(file.receipt)
        }
        if filter.wanted == nil { try filter.requireOneModel() }
        let report = CheckReport(check: check, receipt: receipt)
        if report.records == 0, let wanted = filter.wanted, !filter.names.isEmpty {
            throw Failure.usage("no record is of the model \(wanted); there is \(filter.list)")
        }
        guard report.isConclusive else {
            throw Failure.usage("too few values: a signal is judged from \(minimumEvents) on (--minimum-events)")
        }
        StandardOutput.write(format == .json ? report.json : report.text)
        if report.hasDrifted { throw ExitCode(1) }
    }

    private func gates() throws -> ReferenceCheck.Gates {
        guard effect >= 0, effect.isFinite else { throw Failure.usage("--effect must be 0 or more") }
        guard falseAlarms > 0, falseAlarms < 1 else {
            throw Failure.usage("--false-alarms must be between 0 and 1, such as 0.01")
        }
        guard ConfigLimits.minimumEvents.contains(minimumEvents) else {
            let range = ConfigLimits.minimumEvents
            throw Failure.usage("--minimum-events must be \(range.lowerBound) to \(range.upperBound)")
        }
        return ReferenceCheck.Gates(
            effect: effect, falseAlarms: falseAlarms, minimumEvents: UInt64(clamping: minimumEvents))
    }
}
