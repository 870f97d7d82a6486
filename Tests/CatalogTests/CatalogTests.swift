import Catalog
import Events
import Exposition
import Foundation
import Monitor
import TestKit
import Testing

/// What a snapshot looks like to a scrape.
@Suite struct CatalogTests {
    private static func render(
        _ format: ExpositionFormat, _ snapshot: MonitorSnapshot = ExampleSnapshot.snapshot
    ) -> [UInt8] {
        var writer = ExpositionWriter(format: format)
        Catalog.render(snapshot, daemon: ExampleSnapshot.daemon, into: &writer)
        return writer.bytes
    }

    /// The bytes are those of the golden file; `UPDATE_GOLDEN=1 swift test` rewrites it.
    @Test(arguments: zip(ExpositionFormat.allCases, ["example.prom", "example.openmetrics"]))
    func golden(_ format: ExpositionFormat, _ name: String) throws {
        let bytes = Self.render(format)
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
            try Data(bytes).write(to: folder.appending(path: name))
            return
        }
        let expected = try Data(contentsOf: Bundle.module.bundleURL.appending(path: "Golden/\(name)"))
        let lines = { (data: Data) in String(decoding: data, as: UTF8.self).split(separator: "\n") }
        for (line, wanted) in zip(lines(Data(bytes)), lines(expected)) { try #require(line == wanted) }
        #expect(Data(bytes) == expected)
    }

    /// Both formats obey their grammar, no series comes twice, and both say the same.
    @Test func bothFormatsAreValidAndEqual() throws {
        let text = try ExpositionChecker.text(Self.render(.text))
        let openMetrics = try ExpositionChecker.openMetrics(Self.render(.openMetrics))
        #expect(text.flatMap(\.samples) == openMetrics.flatMap(\.samples))
        #expect(text.count == openMetrics.count)
    }

    /// The example has a series of every family, and there is no family that the catalogue does not list.
    @Test func familiesAreThoseExposed() throws {
        let exposed = try ExpositionChecker.text(Self.render(.text))
        #expect(exposed.map(\.name) == Catalog.families.map(\.name))
        for (family, descriptor) in zip(exposed, Catalog.families) {
            #expect(family.type == descriptor.type.keyword(in: .text))
            let allowed = descriptor.labels + (descriptor.type == .histogram ? ["le"] : [])
            for sample in family.samples {
                #expect(sample.labels.map(\.name) == allowed.filter { sample[$0] != nil }, "\(sample)")
                #expect(Set(sample.labels.map(\.name)).isSuperset(of: descriptor.labels), "\(sample)")
            }
        }
    }

    /// What promtool would refuse is refused here, where promtool is not installed as well.
    @Test func familiesAreWellFormed() {
        let forbidden: Set<String> = ["type", "histogram", "gauge", "counter", "summary", "milliseconds", "percent"]
        let abbreviations: Set<String> = [
            "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d",
        ]
        for family in Catalog.families {
            #expect(family.isWellFormed, "\(family.name)")
            #expect(family.help.hasSuffix("."), "\(family.name)")
            let words = Set(family.name.split(separator: "_").map(String.init))
            #expect(words.isDisjoint(with: forbidden.union(abbreviations)), "\(family.name)")
            let prefixes = ["model_", "telltale_", "process_"]
            #expect(prefixes.contains { family.name.hasPrefix($0) }, "\(family.name)")
        }
        // OpenMetrics drops suffixes: the shorter names have to be unique too.
        #expect(Set(Catalog.families.map { $0.familyName(in: .openMetrics) }).count == Catalog.families.count)
        #expect(Catalog.sections.flatMap(\.families) == Catalog.families)
    }

    /// From one scrape: received = accepted + rejected + dropped + ignored, for each source, with every reason present.
    @Test func conservationHoldsInOneScrape() throws {
        let samples = try ExpositionChecker.text(Self.render(.text)).flatMap(\.samples)
        func sum(_ name: String, _ source: String?) -> Double {
            samples.filter { $0.name == name && $0["source"] == source }.map(\.value).reduce(0, +)
        }
        let received = samples.filter { $0.name == "telltale_events_received_total" }
        #expect(received.count == 3)
        for sample in received {
            let parts = ["accepted", "rejected", "dropped", "ignored"].map {
                sum("telltale_events_\($0)_total", sample["source"])
            }
            #expect(sample.value > 0 && sample.value == parts.reduce(0, +))
        }
        let reasons = samples.filter { $0.name == "telltale_events_rejected_total" }.map { $0["reason"] }
        #expect(reasons.count == 3 * RejectionReason.allCases.count)
    }

    /// The first increment of a counter is lost to `increase` if its series does not exist before.
    @Test func knownSeriesExistBeforeTheFirstEvent() throws {
        let samples = try ExpositionChecker.text(Self.render(.text)).flatMap(\.samples)
        let silent = samples.filter { $0["model"] == "silent\nmodel" }
        let statuses = silent.filter { $0.name == "model_predictions_total" }
        #expect(statuses.map { $0["status"] } == Status.allCases.map(\.label))
        #expect(statuses.allSatisfy { $0.value == 0 })
        #expect(silent.filter { $0.name == "model_schema_violations_total" }.count == 3)
        // What is not known is absent, not zero.
        #expect(!silent.contains { $0.name == "model_last_prediction_timestamp_seconds" })
        #expect(!silent.contains { $0.name == "model_reference_info" })
    }

    /// A category may be called like another cell, or like nothing: each keeps its own series.
    @Test func binsOfOddCategoriesAreDistinct() throws {
        let samples = try ExpositionChecker.text(Self.render(.text)).flatMap(\.samples)
        for name in ["model_feature_bin_total", "model_feature_reference_ratio"] {
            let bins = samples.filter { $0.name == name && $0["feature"] == "country" }.map { $0["bin"] }
            #expect(bins == ["DE", "=other", "=missing", "=", "==", "a\"b", "other", "missing"])
        }
        let numeric = samples.filter { $0.name == "model_feature_bin_total" && $0["feature"] == "amount" }
        #expect(numeric.map { $0["bin"] } == ["b00", "b01", "b02", "missing"])
        let layouts = ExampleSnapshot.snapshot.models.flatMap(\.signals).compactMap(\.reference?.layout)
        for layout in layouts { #expect(Set(layout.labels).count == layout.cellCount) }
        let ratios = samples.filter { $0.name == "model_feature_reference_ratio" && $0["feature"] == "country" }
        #expect(abs(ratios.map(\.value).reduce(0, +) - 1) < 1e-12)
    }

    /// Below the minimum sample the size is shown and the score is not; unordered bins have no ordered distance.
    @Test func scoresAreAbsentWithoutEnoughEvents() throws {
        let samples = try ExpositionChecker.text(Self.render(.text)).flatMap(\.samples)
        let scores = samples.filter { $0.name == "model_feature_drift_score" }
        #expect(Set(scores.map { $0["window"] }) == ["5m"])
        func methods(_ feature: String) -> [String?] { scores.filter { $0["feature"] == feature }.map { $0["method"] } }
        #expect(methods("amount") == ["psi", "psi_excess", "js", "ks", "wasserstein", "hellinger", "tvd", "chi2_z"])
        #expect(methods("country") == ["psi", "psi_excess", "js", "hellinger", "tvd", "chi2_z"])
        let sizes = samples.filter { $0.name == "model_feature_window_observations" && $0["feature"] == "amount" }
        #expect(sizes.map(\.value) == [100, 3])
        #expect(scores.allSatisfy { $0["reference"] == "0123456789ab" })
    }

    /// A sum that can fall looks like a restart to `rate`: a histogram of negative values has none.
    @Test func sumsNeverFall() throws {
        let samples = try ExpositionChecker.text(Self.render(.text)).flatMap(\.samples)
        func names(_ feature: String) -> [String] {
            samples.filter { $0.name.hasPrefix("model_feature_value") && $0["feature"] == feature }.map(\.name)
        }
        #expect(names("area") == ["_bucket", "_sum", "_count"].map { "model_feature_value" + $0 })
        #expect(names("balance") == ["model_feature_value_bucket"])
    }

    @Test func seriesAreCounted() throws {
        let samples = try ExpositionChecker.text(Self.render(.text)).flatMap(\.samples)
        #expect(samples.last?.name == "telltale_series")
        #expect(samples.last?.value == Double(samples.count))
        let counts = Catalog.seriesCounts(of: ExampleSnapshot.snapshot, daemon: ExampleSnapshot.daemon)
        #expect(counts.map(\.series).reduce(0, +) == samples.count)
        #expect(counts.map(\.family) == Catalog.families)
    }

    @Test func emptySnapshotIsValid() throws {
        let empty = MonitorSnapshot(
            taken: Instant(wall: 0, monotonic: 0), generation: 0, models: [], sources: [], overflows: [])
        for format in ExpositionFormat.allCases {
            var writer = ExpositionWriter(format: format)
            Catalog.render(empty, daemon: DaemonStatus(), into: &writer)
            let bytes = writer.bytes
            let families = try format == .text ? ExpositionChecker.text(bytes) : ExpositionChecker.openMetrics(bytes)
            #expect(!families.contains { $0.name.hasPrefix("model_") })
        }
    }

    @Test func tableHasEveryFamily() {
        let rows = Catalog.markdownTable().split(separator: "\n").filter { $0.hasPrefix("| `") }
        #expect(rows.count == Catalog.families.count)
        for (row, family) in zip(rows, Catalog.families) {
            #expect(row.hasPrefix("| `\(family.name)` | "))
            // Four cells: five bars that are not escaped.
            #expect(row.replacingOccurrences(of: "\\|", with: "").count { $0 == "|" } == 5)
        }
    }

    /// The judge of the format itself.
    @Test(.enabled(if: promtool != nil, "promtool is not installed: apt-get install prometheus"))
    func promtoolIsContent() throws {
        let tool: URL = try #require(Self.promtool)
        let process = Process()
        process.executableURL = tool
        process.arguments = ["check", "metrics"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(Self.render(.text)))
        try input.fileHandleForWriting.close()
        let findings = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(findings == "")
        #expect(process.terminationStatus == 0)
    }

    private static let promtool = ["/usr/bin/promtool", "/usr/local/bin/promtool"].map { URL(filePath: $0) }
        .first { FileManager.default.isExecutableFile(atPath: $0.path) }
}
