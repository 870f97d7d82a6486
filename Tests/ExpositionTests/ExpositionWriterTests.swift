import Exposition
import TestKit
import Testing

/// The bytes of both formats.
@Suite struct ExpositionWriterTests {
    private static let requests = FamilyDescriptor(
        "demo_requests_total", .counter, labels: ["path"], help: "Requests \\ \"quoted\"\nand more.")
    private static let delay = FamilyDescriptor("demo_delay_seconds", .histogram, unit: "seconds", help: "Delay.")
    private static let size = FamilyDescriptor("demo_size_bytes", .summary, unit: "bytes", help: "Size.")
    private static let identity = FamilyDescriptor("demo_info", .info, labels: ["version"], help: "Identity.")
    private static let level = FamilyDescriptor("demo_level", .gauge, help: "Level.")

    private static func writeAll(_ writer: inout ExpositionWriter) {
        if writer.begin(requests) {
            let host = writer.block(writer.block(.empty, "host", "a\"b\\c\nd"), "zone", "é")
            writer.open(host)
            writer.label("path", "/x")
            writer.close(count: .max)
            writer.open(.empty)
            writer.label("path", "b", ordinal: 7)
            writer.close(count: 0)
        }
        if writer.begin(delay) {
            let labels = writer.block(.empty, "host", "a")
            let (bounds, counts): ([Double], [UInt64]) = ([0.25, 1], [1, 2, 3])
            writer.histogram(labels, bounds: bounds.span, counts: counts.span, sum: 4.5)
            let (none, total): ([Double], [UInt64]) = ([], [9])
            writer.histogram(.empty, bounds: none.span, counts: total.span, sum: nil)
        }
        if writer.begin(size) { writer.summary(.empty, sum: 1e21, count: 2) }
        if writer.begin(identity) {
            writer.open()
            writer.label("version", "1.0")
            writer.closeIdentity()
        }
        if writer.begin(level) {
            writer.open()
            writer.close(Double.nan)
        }
        writer.finish()
    }

    /// A series that only grows is 0 until it is known to have been shown; in both formats it is the same series.
    @Test(arguments: [ExpositionFormat.text, .openMetrics]) func zeroFirst(format: ExpositionFormat) {
        var writer = ExpositionWriter()
        writer.clear(format: format, shown: [])
        Self.writeAll(&writer)
        let cumulative = writer.cumulative
        #expect(cumulative.count == 10 && Set(cumulative).count == 10 && writer.begun == cumulative)
        let values = String(decoding: writer.bytes, as: UTF8.self).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }.compactMap { $0.split(separator: " ").last }
        #expect(values.filter { $0 == "0" || $0 == "0.0" }.count == 10)
        #expect(values.contains("NaN"), "a gauge has no beginning")
        var known = Set(cumulative)
        known.remove(cumulative[2])
        writer.clear(format: .text, shown: known)
        Self.writeAll(&writer)
        #expect(writer.begun == [cumulative[2]])
        let text = String(decoding: writer.bytes, as: UTF8.self)
        #expect(text.contains("le=\"0.25\"} 0\n") && text.contains("le=\"1.0\"} 3\n"))
        writer.clear(format: format)
        Self.writeAll(&writer)
        #expect(writer.cumulative.isEmpty && writer.begun.isEmpty)
    }

    @Test func text() {
        var writer = ExpositionWriter(format: .text, capacity: 1)
        Self.writeAll(&writer)
        #expect(writer.seriesCount == 12)
        #expect(
            String(decoding: writer.bytes, as: UTF8.self) == #"""
                # HELP demo_requests_total Requests \\ "quoted"\nand more.
                # TYPE demo_requests_total counter
                demo_requests_total{host="a\"b\\c\nd",zone="é",path="/x"} 18446744073709551615
                demo_requests_total{path="b07"} 0
                # HELP demo_delay_seconds Delay.
                # TYPE demo_delay_seconds histogram
                demo_delay_seconds_bucket{host="a",le="0.25"} 1
                demo_delay_seconds_bucket{host="a",le="1.0"} 3
                demo_delay_seconds_bucket{host="a",le="+Inf"} 6
                demo_delay_seconds_sum{host="a"} 4.5
                demo_delay_seconds_count{host="a"} 6
                demo_delay_seconds_bucket{le="+Inf"} 9
                # HELP demo_size_bytes Size.
                # TYPE demo_size_bytes summary
                demo_size_bytes_sum 1e+21
                demo_size_bytes_count 2
                # HELP demo_info Identity.
                # TYPE demo_info gauge
                demo_info{version="1.0"} 1
                # HELP demo_level Level.
                # TYPE demo_level gauge
                demo_level NaN

                """#)
    }

    @Test func openMetrics() {
        var writer = ExpositionWriter(format: .openMetrics)
        Self.writeAll(&writer)
        #expect(
            String(decoding: writer.bytes, as: UTF8.self) == #"""
                # HELP demo_requests Requests \\ \"quoted\"\nand more.
                # TYPE demo_requests counter
                demo_requests_total{host="a\"b\\c\nd",zone="é",path="/x"} 18446744073709551615
                demo_requests_total{path="b07"} 0
                # HELP demo_delay_seconds Delay.
                # TYPE demo_delay_seconds histogram
                # UNIT demo_delay_seconds seconds
                demo_delay_seconds_bucket{host="a",le="0.25"} 1
                demo_delay_seconds_bucket{host="a",le="1.0"} 3
                demo_delay_seconds_bucket{host="a",le="+Inf"} 6
                demo_delay_seconds_sum{host="a"} 4.5
                demo_delay_seconds_count{host="a"} 6
                demo_delay_seconds_bucket{le="+Inf"} 9
                # HELP demo_size_bytes Size.
                # TYPE demo_size_bytes summary
                # UNIT demo_size_bytes bytes
                demo_size_bytes_sum 1e+21
                demo_size_bytes_count 2
                # HELP demo Identity.
                # TYPE demo info
                demo_info{version="1.0"} 1
                # HELP demo_level Level.
                # TYPE demo_level gauge
                demo_level NaN
                # EOF

                """#)
    }

    /// What comes out reads back, whatever went in: the labels of a log may hold anything that is UTF-8.
    @Test(arguments: ["", "\\", "\"", "\n", "\r\t\0", "\\n", "a\\\"\n\\", "日本語 🙂", "\u{FFFF}\u{10FFFF}", "} 1", "{,="])
    func labelsReadBack(_ value: String) throws {
        for format in ExpositionFormat.allCases {
            var writer = ExpositionWriter(format: format)
            guard writer.begin(Self.level) else { return }
            writer.open(writer.block(.empty, "a", value))
            writer.label("b", value)
            writer.close(1)
            writer.finish()
            let bytes = writer.bytes
            let families =
                try format == .text ? ExpositionChecker.text(bytes) : ExpositionChecker.openMetrics(bytes)
            let sample = try #require(families.first?.samples.first)
            #expect(sample["a"] == value)
            #expect(sample["b"] == value)
        }
    }

    @Test func emptyFamiliesLeaveNoTrace() {
        for format in ExpositionFormat.allCases {
            var writer = ExpositionWriter(format: format)
            let isWanted = writer.begin(Self.level)
            writer.finish()
            #expect(isWanted)
            #expect(String(decoding: writer.bytes, as: UTF8.self) == (format == .text ? "" : "# EOF\n"))
            #expect(writer.seriesCount == 0)
        }
    }

    @Test func selectionLeavesOthersOut() {
        var writer = ExpositionWriter(format: .text, selection: ["demo_level"])
        Self.writeAll(&writer)
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == "# HELP demo_level Level.\n# TYPE demo_level gauge\ndemo_level NaN\n")
    }

    @Test func clearedWriterWritesTheSame() {
        var writer = ExpositionWriter(format: .text)
        Self.writeAll(&writer)
        let first = writer.bytes
        writer.clear(format: .openMetrics)
        Self.writeAll(&writer)
        writer.clear(format: .text)
        #expect(writer.bytes.isEmpty)
        Self.writeAll(&writer)
        #expect(writer.bytes == first)
        #expect(writer.seriesCount == 12)
    }

    /// A block of another writer is a mistake, but never reads memory that is not the writer's.
    @Test func foreignBlocksAreHarmless() {
        var other = ExpositionWriter(format: .text)
        let block = other.block(.empty, "a", String(repeating: "x", count: 10_000))
        var writer = ExpositionWriter(format: .text)
        guard writer.begin(Self.level) else { return }
        writer.open(block)
        writer.close(1)
        #expect(String(decoding: writer.bytes, as: UTF8.self).hasSuffix("demo_level 1\n"))
    }

    #if DEBUG
        /// Prometheus would keep one of the two without a word.
        @Test func seriesTwiceIsABug() async {
            await #expect(processExitsWith: .failure) {
                var writer = ExpositionWriter(format: .text)
                guard writer.begin(FamilyDescriptor("a", .gauge, help: "A.")) else { return }
                for _ in 0..<2 {
                    writer.open()
                    writer.close(1)
                }
            }
        }
    #endif
}
