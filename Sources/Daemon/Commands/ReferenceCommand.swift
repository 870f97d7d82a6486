internal import ArgumentParser
internal import Events
internal import Monitor
internal import Statistics

/// The command `telltale reference`.
struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Build or look at a reference: what is normal for a model.",
        subcommands: [Build.self, Inspect.self])

    /// The command `telltale reference build`.
    struct Build: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "build",
            abstract: "Summarise records of normal traffic, or training data, into a reference file.",
            discussion: """
                Reads JSON lines, CSV or TSV, each also compressed with gzip, recognised by content. Without --config \
                the meaning of the fields is inferred from the first 1,000 records and printed.

                Examples:
                  telltale reference build --output ref.json train.csv
                  telltale reference build --output ref.json --model fraud log.jsonl.2.gz log.jsonl.1
                  telltale reference build --output ref.json --hour-of-week --utc-offset +01:00 month.jsonl.gz
                """)

        @Option(name: [.short, .long], help: "File to write; - for standard output.")
        var output: String

        @Option(help: "Model it is for; rows of other models are left out.")
        var model: String?

        @Option(help: "Version of the model it is for.")
        var modelVersion: String?

        @Option(help: "Bins per numeric signal, 2 to 20.")
        var bins = 10

        @Option(help: "Categories per signal, 1 to 100; the rest counts as other.")
        var categories = 30

        @Option(help: "Most values kept per numeric signal; beyond it an even sample decides the bins.")
        var sample = 1_000_000

        @Flag(
            help: ArgumentHelp(
                "Tell the hours of the week apart, where that predicts one week by the others.",
                discussion: "The records need times that span two weeks at least."))
        var hourOfWeek = false

        @Option(help: "Local time of these hours: UTC or an offset such as +02:00.")
        var utcOffset = "UTC"

        @Option(help: "Configuration whose first schema says which field is which.")
        var config: String?

        @Argument(help: "Files to read.", completion: .file())
        var files: [String]

        func run() throws {
            guard ConfigLimits.bins.contains(bins) else { throw Failure.usage("--bins must be 2 to 20") }
            guard ConfigLimits.referenceCategories.contains(categories) else {
                throw Failure.usage("--categories must be 1 to 100")
            }
            guard (1_000...10_000_000).contains(sample) else {
                throw Failure.usage("--sample must be 1,000 to 10,000,000")
            }
            guard case let offset?? = HintsDecoder.zoneOffset(utcOffset) else {
                throw Failure.usage("--utc-offset must be UTC or an offset such as +02:00")
            }
            var builder = ReferenceBuilder(eventLimit: sample, utcOffset: hourOfWeek ? offset : nil)
            var filter = ModelFilter(wanted: model)
            var receipt = Receipt()
            var schema = try RecordFile.schema(ofConfiguration: config)
            for path in files {
                let file = RecordFile(path: path, schema: schema) { batch in
                    filter.apply(to: batch)
                    builder.add(batch)
                }
                try file.read()
                for line in file.explanation { StandardError.write("telltale: \(path): \(line)\n") }
                // Further files mean the same by the same field.
                schema = file.schema
                receipt.add(file.receipt)
            }
            let reference = try build(builder, filter)
            if hourOfWeek { try requireHours(builder) }
            let bytes = try ReferenceFile.encode(reference)
            try write(bytes)
            report(reference, receipt)
        }

        private func build(_ builder: ReferenceBuilder, _ filter: ModelFilter) throws -> Reference {
            if model == nil { try filter.requireOneModel() }
            let names = filter.names
            let created = Clock.wall() / 1_000_000 * 1_000_000
            let reference = builder.build(
                model: model ?? names.first, version: modelVersion, source: .file, created: created, binCount: bins,
                categories: categories)
            if let reference { return reference }
            if let model, !names.isEmpty, !names.contains(model) {
                throw Failure.usage(
                    "no record is of the model \(model); there is \(filter.list)")
            }
            throw Failure.usage("no record has a value to learn from")
        }

        /// Refuses to tell hours apart where it cannot be told whether they differ.
        private func requireHours(_ builder: ReferenceBuilder) throws {
            guard builder.untimedRows == 0 else {
                throw Failure.usage("--hour-of-week: \(builder.untimedRows) records have no time")
            }
            let hours = builder.hourSpan
            guard hours >= SeasonalShares.fewestWeeks * SeasonalShares.slotCount else {
                throw Failure.usage("--hour-of-week: the records span \(hours) hours, of two weeks that are needed")
            }
        }

        private func write(_ bytes: [UInt8]) throws {
            guard output != "-" else { return StandardOutput.write(String(decoding: bytes, as: UTF8.self)) }
            do throws(SystemError) { try FileBytes.replace(path: output, with: bytes) } catch {
                throw Failure.running(error.description)
            }
        }

        private func report(_ reference: Reference, _ receipt: Receipt) {
            var text = "telltale: \(output): reference \(reference.hash) of \(reference.model ?? "any model"), "
            text += "\(reference.events) events, \(reference.signals.count) signals\n"
            for signal in reference.signals {
                let name = "telltale: \(signal.kind.label) \(Escaping.printable(signal.name)): "
                if let hours = signal.hours {
                    text += name + "differs by the hour of the week; each hour is shrunk by \(hours.weight) events\n"
                } else if hourOfWeek {
                    let isWide = signal.layout.cellCount > HourlyReference.cellLimit
                    text += name + (isWide ? "has too many bins for hours of the week\n" : "the same at all hours\n")
                }
                guard let events = signal.effectiveEvents else { continue }
                let rows = signal.counts.reduce(0, &+)
                text += name + "its shares wobble over the records, in their order: worth \(events) of \(rows) events\n"
            }
            for reason in RejectionReason.allCases {
                let count = receipt.rejected[Int(reason.rawValue)]
                if count > 0 { text += "telltale: \(count) lines rejected: \(reason.label)\n" }
            }
            StandardError.write(text)
        }
    }

    /// The command `telltale reference inspect`.
    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "inspect", abstract: "Print a reference as a table.",
            discussion: """
                Example:
                  telltale reference inspect ref.json
                """)

        @Argument(help: "Reference file.", completion: .file(extensions: ["json"]))
        var file: String

        func run() throws {
            do throws(ReferenceFileError) {
                StandardOutput.write(ReferenceTable.text(try ReferenceFile.load(path: file)))
            } catch {
                throw Failure.usage(error.description)
            }
        }
    }
}
