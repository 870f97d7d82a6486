import Catalog
import Exposition
import Monitor
import TestKit
import Testing

/// Custom metrics in both formats.
@Suite struct CustomFamiliesTests {
    static let minute: Int64 = 60_000_000_000

    static func series(_ metric: Int, _ setting: CustomMetric, _ labels: [(String, String)] = []) -> CustomSeries {
        CustomSeries(
            metric: metric, of: setting, labels: labels.map { CustomLabel(name: $0.0, value: $0.1) }, timeToLive: 0,
            lastSeen: 0)
    }

    static func metric(_ name: String, _ kind: CustomKind) -> CustomMetric {
        CustomMetric(name: name, kind: kind, help: "Help \"of\" \(name).", bounds: [], summary: SummarySetting())
    }

    static var snapshot: MonitorSnapshot {
        var snapshot = ExampleSnapshot.snapshot
        let metrics = [metric("views_total", .counter), metric("depth", .gauge), metric("took", .summary)]
        snapshot.custom.metrics = metrics
        var views = series(0, metrics[0], [("page", "a\"b\\c\nd"), ("x", "ü")])
        views.number = ExactSum(2.5)
        var depth = series(1, metrics[1])
        depth.number = ExactSum(-4)
        let took = series(2, metrics[2])
        snapshot.custom.series = [depth, views, took, series(0, metrics[0])]
        snapshot.custom.evictions = 7
        return snapshot
    }

    static func render(_ format: ExpositionFormat) -> [UInt8] {
        var writer = ExpositionWriter(format: format)
        Catalog.render(snapshot, daemon: ExampleSnapshot.daemon, into: &writer)
        return writer.bytes
    }

    /// Both formats are valid, say the same, and escape what clients sent.
    @Test func bothFormatsAreValid() throws {
        let text = try ExpositionChecker.text(Self.render(.text))
        let openMetrics = try ExpositionChecker.openMetrics(Self.render(.openMetrics))
        func samples(_ families: [ExposedFamily]) -> [String] { families.flatMap(\.samples).map { "\($0)" } }
        #expect(samples(text) == samples(openMetrics))
        let views = text.first { $0.name == "views_total" }
        #expect(views?.type == "counter" && views?.samples.map(\.value) == [2.5, 0])
        #expect(views?.samples[0]["page"] == "a\"b\\c\nd" && views?.samples[0]["x"] == "ü")
        #expect(openMetrics.first { $0.name == "views" }?.samples.map(\.name) == ["views_total", "views_total"])
        let took = text.first { $0.name == "took" }
        #expect(took?.samples.map(\.name) == ["took", "took", "took", "took_sum", "took_count"])
        #expect(took?.samples[0]["quantile"] == "0.5" && took?.samples[0].value.isNaN == true)
        #expect(text.first { $0.name == "depth" }?.samples.map(\.value) == [-4])
    }

    /// What the daemon says about itself is never anyone else's: every name of ours is reserved.
    @Test func everyNameOfOursIsReserved() throws {
        for format in ExpositionFormat.allCases {
            var writer = ExpositionWriter(format: format)
            Catalog.render(ExampleSnapshot.snapshot, daemon: ExampleSnapshot.daemon, into: &writer)
            let families =
                try format == .text ? ExpositionChecker.text(writer.bytes) : ExpositionChecker.openMetrics(writer.bytes)
            for family in families {
                #expect(Catalog.reservedNames.contains(family.name), "\(family.name)")
                for sample in family.samples { #expect(Catalog.reservedNames.contains(sample.name), "\(sample.name)") }
            }
        }
    }
}
