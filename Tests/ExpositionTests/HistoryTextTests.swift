import Exposition
import TestKit
import Testing

/// A history in the order that OpenMetrics wants, whatever the order in which its series came up.
@Suite struct HistoryTextTests {
    private static let requests = FamilyDescriptor(
        "demo_requests_total", .counter, labels: ["path"], help: "Requests.")
    private static let delay = FamilyDescriptor("demo_delay_seconds", .histogram, unit: "seconds", help: "Delay.")
    private static let level = FamilyDescriptor("demo_level", .gauge, help: "Level.")
    private static let families = [requests, delay, level]

    /// One step: gauges and counters by label, and a histogram per host.
    private struct Step {
        var level: Double?
        var requests: [(path: String, count: UInt64)] = []
        var delays: [(host: String, counts: [UInt64], sum: Double?)] = []

        func write(_ writer: inout ExpositionWriter) {
            writer.clear(format: .openMetrics, keepsSamples: true)
            // In another order than that of the index, and with families begun in vain.
            if writer.begin(HistoryTextTests.level), let level {
                writer.open()
                writer.close(level)
            }
            if writer.begin(HistoryTextTests.requests) {
                for (path, count) in requests {
                    writer.open()
                    writer.label("path", path)
                    writer.close(count: count)
                }
            }
            if writer.begin(HistoryTextTests.delay) {
                for (host, counts, sum) in delays {
                    let bounds = [0.25, 1.0]
                    let labels = host.isEmpty ? .empty : writer.block(.empty, "host", host)
                    writer.histogram(labels, bounds: bounds.span, counts: counts.span, sum: sum)
                }
            }
        }
    }

    private static func text(
        _ steps: [Step], labels: [(name: String, value: String)] = [], runs: Int = 1
    ) -> (text: String, samples: Int) {
        var index = SeriesIndex(families: families)
        var writer = ExpositionWriter()
        var all: [[HistoryRecord]] = [[]]
        for (number, step) in steps.enumerated() {
            step.write(&writer)
            index.add(writer, step: Int32(number), to: &all[all.count - 1])
            if runs > 1 { all.append([]) }
        }
        let sorted = all.map { index.sorted($0) }
        var history = HistoryText(index, origin: 100, stepSeconds: 60, labels: labels)
        let ranks = index.ranks
        for rank in ranks.indices {
            for run in sorted {
                for record in run where ranks[index.metric(of: record)] == rank { history.add(record) }
            }
        }
        history.finish()
        var bytes: [UInt8] = []
        unsafe history.take { unsafe bytes.append(contentsOf: $0) }
        return (String(decoding: bytes, as: UTF8.self), history.samples)
    }

    private static let steps = [
        Step(level: 1.5, requests: [("/b", 3)]),
        Step(requests: [("/a", 1), ("/b", 5)], delays: [("x", [1, 0, 2], 4.5)]),
        Step(level: -2, requests: [("/a", 1), ("/b", 5)], delays: [("x", [1, 1, 2], 5), ("", [7, 0, 0], nil)]),
    ]

    /// Families and metrics are together, samples of a metric in order of time; counters and buckets begin at 0.
    @Test func order() {
        let (text, samples) = Self.text(Self.steps)
        #expect(
            text == """
                # HELP demo_requests Requests.
                # TYPE demo_requests counter
                demo_requests_total{path="/b"} 0 5940
                demo_requests_total{path="/b"} 3 6000
                demo_requests_total{path="/b"} 5 6060
                demo_requests_total{path="/b"} 5 6120
                demo_requests_total{path="/a"} 0 6000
                demo_requests_total{path="/a"} 1 6060
                demo_requests_total{path="/a"} 1 6120
                # HELP demo_delay_seconds Delay.
                # TYPE demo_delay_seconds histogram
                # UNIT demo_delay_seconds seconds
                demo_delay_seconds_bucket{host="x",le="0.25"} 0 6000
                demo_delay_seconds_bucket{host="x",le="1.0"} 0 6000
                demo_delay_seconds_bucket{host="x",le="+Inf"} 0 6000
                demo_delay_seconds_sum{host="x"} 0 6000
                demo_delay_seconds_count{host="x"} 0 6000
                demo_delay_seconds_bucket{host="x",le="0.25"} 1 6060
                demo_delay_seconds_bucket{host="x",le="1.0"} 1 6060
                demo_delay_seconds_bucket{host="x",le="+Inf"} 3 6060
                demo_delay_seconds_sum{host="x"} 4.5 6060
                demo_delay_seconds_count{host="x"} 3 6060
                demo_delay_seconds_bucket{host="x",le="0.25"} 1 6120
                demo_delay_seconds_bucket{host="x",le="1.0"} 2 6120
                demo_delay_seconds_bucket{host="x",le="+Inf"} 4 6120
                demo_delay_seconds_sum{host="x"} 5 6120
                demo_delay_seconds_count{host="x"} 4 6120
                demo_delay_seconds_bucket{le="0.25"} 0 6060
                demo_delay_seconds_bucket{le="1.0"} 0 6060
                demo_delay_seconds_bucket{le="+Inf"} 0 6060
                demo_delay_seconds_bucket{le="0.25"} 7 6120
                demo_delay_seconds_bucket{le="1.0"} 7 6120
                demo_delay_seconds_bucket{le="+Inf"} 7 6120
                # HELP demo_level Level.
                # TYPE demo_level gauge
                demo_level 1.5 6000
                demo_level -2 6120
                # EOF

                """)
        #expect(samples == text.split(separator: "\n").count { !$0.hasPrefix("#") })
    }

    /// Runs that were sorted one by one, before later series were known, merge to the same.
    @Test func runsMerge() { #expect(Self.text(Self.steps, runs: 3).text == Self.text(Self.steps).text) }

    /// A path that looks like a bound is no bound.
    @Test func oddLabels() {
        let text = Self.text(
            [Step(level: 1, delays: [(#"a,le="1.0""#, [1, 1, 1], 1), ("a", [1, 1, 1], 1)])],
            labels: [("job", "tell\"tale"), ("instance", "old")]
        ).text
        #expect(text.contains(#"demo_level{job="tell\"tale",instance="old"} 1 6000"#))
        let odd = #"demo_delay_seconds_count{job="tell\"tale",instance="old",host="a,le=\"1.0\""} 3 6000"#
        #expect(text.contains(odd), "\(text)")
        #expect(text.contains(#"demo_delay_seconds_count{job="tell\"tale",instance="old",host="a"} 3 6000"#))
    }

    /// Without a record there is an end.
    @Test func empty() { #expect(Self.text([]).text == "# EOF\n") }

    /// Times before 1970 have a sign.
    @Test func longAgo() {
        var index = SeriesIndex(families: Self.families)
        var writer = ExpositionWriter()
        Step(level: 1).write(&writer)
        var records: [HistoryRecord] = []
        index.add(writer, step: 0, to: &records)
        var history = HistoryText(index, origin: -2, stepSeconds: 15)
        for record in records { history.add(record) }
        var bytes: [UInt8] = []
        unsafe history.take { unsafe bytes.append(contentsOf: $0) }
        #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("demo_level 1 -30\n"))
    }
}
