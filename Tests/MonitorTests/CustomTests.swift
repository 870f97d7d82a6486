import Events
import LineFormats
import Sketches
import TestKit
import Testing

@testable import Monitor

/// Metrics that are no model's, from lines to what is exposed.
@Suite struct CustomTests {
    /// A monitor of custom metrics, fed with lines.
    struct Bench: ~Copyable {
        var monitor: Monitor
        var lines: StatsDDecoder

        init(
            _ custom: CustomSettings = CustomSettings(), _ options: StatsDOptions = StatsDOptions(), limit: Int = 50_000
        ) {
            var settings = testSettings
            settings.custom = custom
            settings.limits.series = limit
            monitor = Monitor(settings: settings, at: TestHistory.instant(0))
            lines = StatsDDecoder(options: options)
        }

        mutating func send(_ text: String, at seconds: Double = 1) {
            let bytes = Array(text.utf8)
            let batch = EventBatch(
                source: 0, schema: TestHistory.schema, rowCapacity: 8, byteCapacity: max(1, bytes.count))
            for i in bytes.indices { unsafe batch.bytes.storeBytes(of: bytes[i], toByteOffset: i, as: UInt8.self) }
            var records = RecordDecoder(schema: TestHistory.schema)
            #expect(lines.decodeLines(in: batch, from: 0, to: bytes.count, records: &records) == bytes.count)
            monitor.apply(batch, at: TestHistory.instant(seconds))
        }

        mutating func snapshot(at seconds: Double = 2) -> MonitorSnapshot {
            monitor.cut(at: TestHistory.instant(seconds)).snapshot
        }

        mutating func reconfigure(_ custom: CustomSettings, at seconds: Double) {
            var settings = monitor.settings
            settings.custom = custom
            _ = monitor.reconfigure(settings, at: TestHistory.instant(seconds))
        }
    }

    /// Series as `name{label=value}`, in the order in which they came up.
    static func names(_ custom: CustomState) -> [String] {
        custom.series.map { series in
            custom.metrics[series.metric].name + "{"
                + series.labels.map { "\($0.name)=\($0.value)" }.joined(separator: ",") + "}"
        }
    }

    @Test func countsExactly() throws {
        var bench = Bench()
        for _ in 0..<1_000 { bench.send("a.b:1|c|@0.3\na.b:0.1|c|#x:y") }
        let custom = bench.snapshot().custom
        #expect(Self.names(custom) == ["a_b_total{}", "a_b_total{x=y}"])
        #expect(custom.metrics.map(\.kind) == [.counter])
        // 1/0.3 is not a number that doubles hold; the sum is rounded once all the same.
        #expect(custom.series[0].number.value == 1_000 * (1 / 0.3))
        #expect(custom.series[1].number.value == 100)
    }

    @Test func gaugesSetAndChange() {
        var bench = Bench(CustomSettings(), StatsDOptions(signsAreChanges: true))
        bench.send("a:5|g\na:-7|g\na:+0.5|g\nb:-1|g")
        #expect(bench.snapshot().custom.series.map(\.number.value) == [-1.5, -1])
        var absolute = Bench()
        absolute.send("a:5|g\na:-7:-8|g")
        #expect(absolute.snapshot().custom.series.map(\.number.value) == [-8])
    }

    @Test func histogramsCarryFractions() throws {
        var settings = CustomSettings()
        settings.observer = .histogram(bounds: [0.01, 1])
        var bench = Bench(settings)
        for _ in 0..<300 { bench.send("a:5|ms|@0.3\na:500|ms|@0.3\na:2000|ms|@0.3") }
        let histogram = try #require(bench.snapshot().custom.series[0].histogram)
        // 900 values that stand for 3 ⅓ events each.
        #expect(histogram.bounds == [0.01, 1])
        #expect(histogram.weights.allSatisfy { abs($0 - 1_000) < 1e-9 })
        #expect(abs(Int(histogram.counts.reduce(0, +)) - 3_000) <= 1)
        #expect(abs(histogram.sum.value - 1_000 * 2.505) < 1e-9)
    }

    @Test func summariesForgetTheirQuantiles() throws {
        var settings = CustomSettings()
        settings.observer = .summary(SummarySetting())
        var bench = Bench(settings)
        bench.send("a:1|h\na:2|h\na:3|d")
        let first = bench.snapshot(at: 2).custom
        let summary = try #require(first.series[0].summary)
        let median = try #require(summary.recent.recent(at: first.asOf).quantile(0.5))
        #expect(abs(median - 2) < 0.03)
        bench.send("a:9|h", at: 599)
        let mixed = bench.snapshot(at: 600).custom
        #expect(mixed.series[0].summary?.recent.recent(at: mixed.asOf).count == 4_000)
        let later = bench.snapshot(at: 1_300).custom
        #expect(later.series[0].summary?.recent.recent(at: later.asOf).count == 0)
        #expect(later.series[0].summary?.sum.value == 15 && later.series[0].summary?.count == 4)
    }

    @Test func setsCountMembers() throws {
        var bench = Bench()
        bench.send("u:a|s\nu:b|s\nu:a|s\nu:c:d|s")
        let custom = bench.snapshot().custom
        #expect(custom.metrics[0].kind == .set)
        #expect(custom.series[0].members?.recent(at: custom.asOf).estimate == 3)
        let later = bench.snapshot(at: 700).custom
        #expect(later.series[0].members?.recent(at: later.asOf).estimate == 0)
    }

    @Test(arguments: [
        ("a:1|c|#b:2,a:1", "a_total{a=1,b=2}"), ("a:1|c|#a:1,b:2,a:3", "a_total{a=3,b=2}"),
        ("a:1|c|#a:,b", "a_total{b=true}"), ("a.total:1|c", "a_total{}"), ("total:1|c", "total_total{}"),
        ("9-a--b c/é:1|c", "_9_a_b_c___total{}"),
        ("a:1|c|#le:1,quantile:2,__x:3,1é:4", "a_total{_1_=4,tag___x=3,tag_le=1,tag_quantile=2}"),
        ("a,x=y:1|g", "a{x=y}"), ("a:1|c|#url:http://x", "a_total{url=http://x}"),
    ])
    func namesAreMadeValid(line: String, series: String) {
        var bench = Bench()
        bench.send(line)
        #expect(Self.names(bench.snapshot().custom) == [series])
    }

    /// Two spellings of one series are one series.
    @Test func tagOrderDoesNotMatter() {
        var bench = Bench()
        bench.send("a:1|c|#x:1,y:2\na:1|c|#y:2,x:1\na,x=1,y=2:1|c")
        let custom = bench.snapshot().custom
        #expect(custom.series.count == 1 && custom.series[0].number.value == 3)
    }

    @Test func conflictsAreRejectedWhole() {
        var settings = CustomSettings()
        settings.reservedNames = ["model_info", "telltale_x_sum"]
        var bench = Bench(settings)
        bench.send("a:1|c\na:1|h\na_total:1|g\na:1:2:3|g\na_count:1|g\nmodel.info:1|g\ntelltale.x:1|ms\na:1|s")
        let snapshot = bench.snapshot()
        // `a` is the counter's family in OpenMetrics and `a_total` its sample, so nothing else can be `a`.
        #expect(Self.names(snapshot.custom) == ["a_total{}", "a_count{}"])
        let receipt = snapshot.sources[0].receipt
        #expect(receipt.isBalanced && receipt.received == 8 && receipt.accepted == 2)
        #expect(receipt.rejected[Int(RejectionReason.typeConflict.rawValue)] == 4)
        #expect(receipt.rejected[Int(RejectionReason.nameConflict.rawValue)] == 2)
    }

    @Test func beyondTheLimitGoesToTheOverflowSeries() {
        var settings = CustomSettings()
        settings.series = 3
        settings.metrics = 2
        var bench = Bench(settings)
        for i in 0..<10 { bench.send("a:1|c|#x:\(i)") }
        bench.send("b:1|c|#x:1\nb:2|c\nc:1|c")
        let snapshot = bench.snapshot()
        #expect(
            Self.names(snapshot.custom) == [
                "a_total{x=0}", "a_total{x=1}", "a_total{x=2}", "a_total{otel_metric_overflow=true}",
                "b_total{otel_metric_overflow=true}",
            ])
        #expect(snapshot.custom.series.map(\.number.value) == [1, 1, 1, 7, 3])
        #expect(snapshot.overflows.first { $0.limit == "custom_series" }?.count == 9)
        let receipt = snapshot.sources[0].receipt
        #expect(receipt.dropped[Int(DropReason.metricLimit.rawValue)] == 1 && receipt.isBalanced)
        #expect(receipt.accepted == 12)
    }

    /// Labels that are too many or too long go to the overflow series as well.
    @Test func labelsAreBounded() {
        var bench = Bench()
        let many = (0...CustomLimits.labels).map { "k\($0):v" }.joined(separator: ",")
        let long = String(repeating: "v", count: CustomLimits.valueBytes + 1)
        bench.send("a:1|c|#\(many)\na:1|c|#k:\(long)\n\(long):1|c")
        let snapshot = bench.snapshot()
        #expect(Self.names(snapshot.custom) == ["a_total{otel_metric_overflow=true}"])
        #expect(snapshot.custom.series[0].number.value == 2)
        #expect(snapshot.sources[0].receipt.dropped[Int(DropReason.metricLimit.rawValue)] == 1)
    }

    /// The limit over all families holds for custom metrics and models together.
    @Test func seriesLimitIsShared() {
        var bench = Bench(CustomSettings(), limit: 100)
        for i in 0..<200 { bench.send("a:1|c|#x:\(i)") }
        #expect(bench.snapshot().custom.series.count == 101)
        bench.send("model.latency:1|ms|#model:late")
        #expect(bench.snapshot().models.map(\.model) == ["__other__"])
    }

    @Test func idleSeriesEnd() {
        var settings = CustomSettings()
        settings.timeToLive = 10_000_000_000
        var bench = Bench(settings)
        bench.send("a:1|c\nb:1|c", at: 0)
        bench.send("a:1|c", at: 8)
        #expect(bench.snapshot(at: 9.9).custom.series.count == 2)
        let first = bench.snapshot(at: 11).custom
        #expect(Self.names(first) == ["a_total{}"] && first.evictions == 1 && first.metrics.count == 1)
        // Its name is free again, and what comes back begins anew.
        bench.send("b:1|g\na:1|c", at: 12)
        let second = bench.snapshot(at: 13).custom
        #expect(Self.names(second) == ["a_total{}", "b{}"] && second.series.map(\.number.value) == [3, 1])
        #expect(bench.snapshot(at: 30).custom.series.isEmpty)
    }

    /// Without a limit of age nothing ends.
    @Test func seriesStayByDefault() {
        var bench = Bench()
        bench.send("a:1|c")
        #expect(bench.snapshot(at: 10_000_000).custom.series.count == 1)
    }

    /// Other buckets begin anew with the next sample; what is the same goes on.
    @Test func otherSettingsBeginAnew() {
        var bench = Bench()
        bench.send("a:1|c\nt:5|ms\nt:6|ms")
        var settings = CustomSettings()
        settings.observer = .histogram(bounds: [1])
        bench.reconfigure(settings, at: 3)
        #expect(bench.snapshot(at: 3).custom.series.count == 2)
        bench.send("a:1|c\nt:5|ms", at: 4)
        let custom = bench.snapshot(at: 5).custom
        #expect(Self.names(custom) == ["a_total{}", "t{}"])
        #expect(custom.series[0].number.value == 2 && custom.series[1].histogram?.counts == [1, 0])
    }

    @Test func unmappedCanBeIgnored() {
        var settings = CustomSettings()
        settings.exposesUnmapped = false
        var bench = Bench(settings)
        bench.send("a:1:2|h\nb:1|c")
        let snapshot = bench.snapshot()
        #expect(snapshot.custom.series.isEmpty)
        #expect(snapshot.sources[0].receipt.ignored[Int(IgnoreReason.unmapped.rawValue)] == 2)
        #expect(snapshot.sources[0].receipt.isBalanced)
    }

    /// More keys than the table of known ones holds change nothing.
    @Test func forgettingKeysLosesNothing() {
        var settings = CustomSettings()
        settings.series = 10
        var bench = Bench(settings)
        var text = ""
        for i in 0..<2 * CustomLimits.cachedKeys {
            text += "a:1|c|#x:\(i)\n"
            if text.utf8.count > 40_000 {
                bench.send(text)
                text = ""
            }
        }
        bench.send(text)
        let total = bench.snapshot().custom.series.reduce(0) { $0 + $1.number.value }
        #expect(total == Double(2 * CustomLimits.cachedKeys))
    }

    /// A counter stays finite whatever is added.
    @Test func hugeValuesStayFinite() {
        var bench = Bench(CustomSettings(), StatsDOptions(signsAreChanges: true))
        bench.send("a:+1e308|g\na:+1e308|g\nh:1.7e308:1.7e308|h\na:-1e308|g")
        let custom = bench.snapshot().custom
        #expect(custom.series[0].number.value.isFinite && custom.series[1].histogram?.sum.value.isFinite == true)
    }
}
