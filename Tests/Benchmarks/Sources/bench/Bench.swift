import Catalog
import Events
import Exposition
import Glibc
import LineFormats
import Monitor

/// Measures the core on one thread, by its CPU time.
///
/// Results go to standard output, one line each.
@main
enum Bench {
    static let usage = """
        usage: bench generate RECORDS [SEED]     a prediction log on standard output
               bench parse FILE                  bytes to columns
               bench update FILE                 columns to state, decoding not counted
               bench end-to-end FILE             file to decoded, monitored, cut and rendered statistics
                                                 (FILE: any log of JSON records; its schema is inferred)
               bench formats EVENTS [FORMAT]     the same events in every format, and events of every preset: time per
                                                 event and bytes per second, both as ratios to JSON lines
               bench statsd LINES [KIND]         StatsD lines in memory, to columns and to state
               bench evidence TICKS              a detector of drift: cost of a tick of 100 events
               bench detectors VALUES            every detector: cost per value, and its state
               bench tables RUNS                 its false alarms and delays on simulated streams, in Markdown
                                                 (4000 for the figures of the documents: an hour)
               bench exposition SERIES           one rendering of at least so many series, text 0.0.4 and OpenMetrics
        """

    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        let numbers = arguments.dropFirst().compactMap { UInt64($0) }
        switch (arguments.first, arguments.dropFirst().first) {
        case ("generate", _?) where numbers.count == arguments.count - 1:
            generate(numbers[0], seed: numbers.count > 1 ? numbers[1] : 1)
        case ("parse", let file?): parse(file)
        case ("update", let file?): update(file)
        case ("end-to-end", let file?): endToEnd(file)
        case ("formats", _?) where numbers.count == 1:
            FormatBench.run(records: max(8, Int(clamping: numbers[0])), only: arguments.dropFirst(2).first)
        case ("statsd", _?) where numbers.count == 1:
            StatsDBench.run(lines: numbers[0], only: arguments.dropFirst(2).first, settings: settings, now: now)
        case ("evidence", _?) where numbers.count == 1: Calibration.cost(ticks: Int(clamping: numbers[0]))
        case ("detectors", _?) where numbers.count == 1:
            DetectorBench.run(values: Int(clamping: max(1, numbers[0])))
        case ("tables", _?) where numbers.count == 1:
            Calibration.tables(runs: Int(clamping: max(1, numbers[0])))
        case ("exposition", _?) where numbers.count == 1: exposition(series: numbers[0])
        default: fail(usage)
        }
    }

    static func fail(_ message: String) -> Never {
        let text = Array((message + "\n").utf8)
        _ = unsafe write(STDERR_FILENO, text, text.count)
        exit(2)
    }

    private static func open(_ file: String) -> LogReader {
        guard let reader = LogReader(file) else { fail("\(file): cannot be read, or holds no records") }
        return reader
    }

    private static func generate(_ records: UInt64, seed: UInt64) {
        var generator = Generator(seed: seed)
        var text = ""
        for index in 1...max(1, records) {
            generator.append(to: &text)
            if index % 1_000 == 0 || index == records {
                print(text, terminator: "")
                text.removeAll(keepingCapacity: true)
            }
        }
    }

    private static func parse(_ file: String) {
        var reader = open(file)
        var receipt = Receipt()
        let start = ThreadClock.now
        while reader.next() { receipt.add(reader.batch.receipt) }
        report("parse", records: receipt.received, seconds: ThreadClock.now - start, receipt)
    }

    /// Time of `apply` alone: the clock stands still while the next batch is decoded.
    private static func update(_ file: String) {
        var reader = open(file)
        var receipt = Receipt()
        var monitor = Monitor(settings: settings, at: now)
        var seconds = 0.0
        while reader.next() {
            receipt.add(reader.batch.receipt)
            let start = ThreadClock.now
            monitor.apply(reader.batch, at: now)
            seconds += ThreadClock.now - start
        }
        report("update", records: receipt.received, seconds: seconds, receipt)
    }

    private static func endToEnd(_ file: String) {
        var reader = open(file)
        var receipt = Receipt()
        var monitor = Monitor(settings: settings, at: now)
        var writer = ExpositionWriter(format: .text)
        let start = ThreadClock.now
        while reader.next() {
            receipt.add(reader.batch.receipt)
            monitor.apply(reader.batch, at: now)
        }
        let cut = monitor.cut(at: now)
        Catalog.render(cut.snapshot, daemon: DaemonStatus(), into: &writer)
        let seconds = ThreadClock.now - start
        report("end-to-end", records: receipt.received, seconds: seconds, receipt, "series=\(writer.seriesCount)")
    }

    private static func exposition(series wanted: UInt64) {
        let snapshot = manySeries(wanted)
        for format in [ExpositionFormat.text, .openMetrics] {
            var writer = ExpositionWriter(format: format)
            var costs: [Double] = []
            // The first rendering grows the buffer; the median of the others is what a scrape costs.
            for _ in 0..<21 {
                writer.clear(format: format)
                let start = ThreadClock.now
                Catalog.render(snapshot, daemon: DaemonStatus(), into: &writer)
                costs.append(ThreadClock.now - start)
            }
            let median = costs.dropFirst().sorted()[10]
            let nanoseconds = Int64(median * 1e9) / Int64(max(1, writer.seriesCount))
            print(
                "exposition format=\(format) series=\(writer.seriesCount) bytes=\(writer.count)",
                "ms=\((median * 1e5).rounded() / 100) ns/series=\(nanoseconds)")
        }
    }

    /// A monitor's snapshot with as many models as it takes to fill `wanted` series.
    private static func manySeries(_ wanted: UInt64) -> MonitorSnapshot {
        var settings = settings
        settings.limits.models = 10_000
        settings.limits.series = 10_000_000
        settings.learning.events = 200
        var monitor = Monitor(settings: settings, at: now)
        var writer = ExpositionWriter(format: .text)
        var generator = Generator(seed: 1)
        let batch = EventBatch(source: 0, schema: LogSchema.generated)
        var decoder = RecordDecoder(schema: LogSchema.generated)
        var number = 0
        while true {
            number += 1
            var text = ""
            for _ in 0..<400 { generator.append(to: &text, model: "model-\(number)") }
            batch.clear()
            let length = min(text.utf8.count, batch.byteCapacity)
            unsafe batch.bytes.copyMemory(from: Array(text.utf8), byteCount: length)
            _ = decoder.decodeLines(in: batch, from: 0, to: length, isFinal: false)
            monitor.apply(batch, at: now)
            let snapshot = monitor.cut(at: now).snapshot
            writer.clear(format: .text)
            Catalog.render(snapshot, daemon: DaemonStatus(), into: &writer)
            if UInt64(writer.seriesCount) >= wanted { return snapshot }
        }
    }

    private static var settings: MonitorSettings {
        var settings = MonitorSettings()
        settings.sources = ["file:bench"]
        return settings
    }

    /// A fixed moment: benchmarks repeat to the byte.
    private static let now = Instant(wall: 1_767_225_600_000_000_000, monotonic: 0)

    /// Prints one result; whoever compares results greps them by name.
    private static func report(
        _ name: String, records: UInt64, seconds: Double, _ receipt: Receipt, _ extra: String = ""
    ) {
        guard receipt.accepted == records, receipt.isBalanced else { fail("\(name): not every record was accepted") }
        let rate = Int64(Double(records) / max(seconds, 1e-9))
        let cost = Int64((seconds * 1e9 / Double(max(1, records))).rounded())
        print("\(name) records=\(records) records/s=\(rate) ns/record=\(cost) \(extra)")
    }
}
