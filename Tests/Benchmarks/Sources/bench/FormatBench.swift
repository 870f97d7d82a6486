import Events
import LineFormats

/// The same events in every format, and other events in the form of every preset, in memory: bytes to columns.
///
/// Two ratios to JSON lines in the same run: of the time of an event, which says what another format of the same event
/// costs, and of the time of a byte, which says what reading costs whatever an event holds. Events of presets are
/// others than those of JSON lines, so only the second one tells something of them.
enum FormatBench {
    /// Rounds over all formats; the fastest of each counts, since other work on the machine only ever adds.
    private static let rounds = 7

    private static let numeric = [
        "age", "tenure_months", "balance", "num_products", "credit_score", "salary", "txn_count_30d", "avg_ticket",
        "days_since_login", "utilization",
    ]
    private static let categorical = ["country", "plan", "channel"]

    /// Decodes `records` events in each format, or in JSON lines and the one named.
    static func run(records: Int, only: String?) {
        let logs = makers(events(records)).filter { only == nil || $0.name == "jsonl" || $0.name == only }
            .map { $0.make() }
        var best = [Double](repeating: .infinity, count: logs.count)
        for _ in 0..<rounds {
            for index in logs.indices { best[index] = min(best[index], logs[index].decode()) }
        }
        func hundredths(_ value: Double) -> Double { (value * 100).rounded() / 100 }
        for (log, seconds) in zip(logs, best) {
            let (perEvent, perByte) = (seconds * 1e9 / Double(log.events), seconds * 1e9 / Double(log.bytes.count))
            let ofLines = (
                event: best[0] * 1e9 / Double(logs[0].events), byte: best[0] * 1e9 / Double(logs[0].bytes.count)
            )
            print(
                "format \"\(log.name)\" events=\(log.events) bytes/event=\(log.bytes.count / log.events)",
                "ns/event=\(Int64(perEvent.rounded())) MB/s=\(Int64((1e3 / perByte).rounded()))",
                "ratio-to-jsonl=\(hundredths(perEvent / ofLines.event))",
                "byte-ratio-to-jsonl=\(hundredths(perByte / ofLines.byte))")
        }
    }

    /// The logs by name, made when they are asked for: of the events in each format, and of each preset.
    private static func makers(_ events: [[Field]]) -> [(name: String, make: () -> Log)] {
        let (names, count) = (categorical + numeric, events.count)
        var makers: [(name: String, make: () -> Log)] = []
        func add(_ name: String, _ lines: @escaping () -> [String]) {
            makers.append((name, { Log(name, lines(), events: count) }))
        }
        func table(_ separator: String) -> [String] {
            [events[0].map(\.key).joined(separator: separator)]
                + events.map { $0.map(\.cell).joined(separator: separator) }
        }
        add("jsonl") { events.map(json) }
        add("shuffled keys") { shuffled(events) }
        add("csv") { table(",") }
        add("tsv") { table("\t") }
        add("logfmt") {
            events.map { $0.filter { !$0.cell.isEmpty }.map { "\($0.key)=\($0.cell)" }.joined(separator: " ") }
        }
        add("cri") { events.map { "2026-01-01T00:00:00.669794202Z stdout F " + json($0) } }
        add("docker") { events.map(docker) }
        for (size, sizes) in [("1 instance", 1...1), ("8 instances", 8...8), ("1 to 12 instances", 1...12)] {
            let groups = groups(events, sizes)
            let count = groups.reduce(0) { $0 + $1.count }
            for (preset, record) in [(Preset.kserveV1, { v1($0, names) } as ([[Field]]) -> String), (.kserveV2, v2)] {
                let name = "\(preset.rawValue), \(size)"
                makers.append((name, { Log(name, groups.map(record), preset.hints, events: count) }))
            }
        }
        for preset in PresetLogs.all {
            let records = max(1, count / preset.events)
            let name = preset.preset.rawValue
            makers.append(
                (
                    name,
                    {
                        Log(
                            name, (0..<records).map(preset.record), preset.preset.hints, fewestSignals: preset.signals,
                            events: records * preset.events)
                    }
                ))
        }
        return makers
    }

    /// Events in records of so many instances, one number after the other.
    private static func groups(_ events: [[Field]], _ sizes: ClosedRange<Int>) -> [[[Field]]] {
        var groups: [[[Field]]] = []
        var (at, size) = (0, sizes.lowerBound)
        while at + size <= events.count {
            groups.append(Array(events[at..<(at + size)]))
            at += size
            // A step that is prime to the number of sizes goes through all of them.
            size = sizes.lowerBound + (size - sizes.lowerBound + 5) % sizes.count
        }
        return groups
    }

    /// A log of one format, and what decodes it.
    private final class Log {
        let name: String
        let bytes: [UInt8]
        let events: Int
        private let schema: Schema
        private let header: TableHeader?
        private let batch: EventBatch

        init(
            _ name: String, _ lines: [String], _ hints: SchemaHints = SchemaHints(), fewestSignals: Int = 15,
            events: Int
        ) {
            self.name = name
            self.events = events
            let all = Array((lines.joined(separator: "\n") + "\n").utf8)
            let head = Array(all.prefix(1 << 20))
            header = SchemaInference.header(of: head, hints: hints)
            bytes = Array(all.dropFirst(header?.byteCount ?? 0))
            var inference = SchemaInference(hints: hints)
            inference.add(lines: Array(bytes.prefix(1 << 20)), head: head)
            schema = inference.infer()?.schema ?? Schema(signals: [])
            batch = EventBatch(source: 0, schema: schema, observationCapacity: 0)
            if schema.signals.count < fewestSignals {
                Bench.fail("\(name): only \(schema.signals.count) signals are found")
            }
        }

        /// Seconds to decode all of it, in batches as the daemon fills them.
        func decode() -> Double {
            var decoder = LineDecoder(schema: schema)
            if let header { decoder.use(header) }
            var receipt = Receipt()
            var (at, total) = (0, 0.0)
            while at < bytes.count {
                batch.clear()
                let count = min(batch.byteCapacity, bytes.count - at)
                unsafe bytes.withUnsafeBytes { source in
                    if let base = source.baseAddress {
                        unsafe batch.bytes.copyMemory(from: base + at, byteCount: count)
                    }
                }
                let start = ThreadClock.now
                at += decoder.decodeLines(in: batch, from: 0, to: count, isFinal: false)
                total += ThreadClock.now - start
                receipt.add(batch.receipt)
            }
            guard receipt.accepted == receipt.received else { Bench.fail("\(name): not every record was accepted") }
            return total
        }
    }

    // MARK: - The same in other words

    /// A field of an event by its key, and its value as JSON writes it.
    private struct Field {
        var key: String
        var value: String
        /// Without quotes, and nothing for null.
        var cell: String {
            value == "null" ? "" : value.hasPrefix("\"") ? String(value.dropFirst().dropLast()) : value
        }
    }

    /// Events of the generator, flattened: none of its texts has a comma or an escape.
    private static func events(_ count: Int) -> [[Field]] {
        var generator = Generator(seed: 1)
        return (0..<count).map { _ in
            var line = ""
            generator.append(to: &line)
            let flat = line.replacing("\"features\":{", with: "").filter { $0 != "{" && $0 != "}" && $0 != "\n" }
            return flat.split(separator: ",").map { member in
                let parts = member.split(separator: ":", maxSplits: 1)
                return Field(key: String(parts[0].dropFirst().dropLast()), value: String(parts[1]))
            }
        }
    }

    private static func json(_ event: [Field]) -> String {
        "{" + event.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    private static func shuffled(_ events: [[Field]]) -> [String] {
        var state: UInt64 = 7
        return events.map { event in
            var event = event
            for index in event.indices.reversed() {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                event.swapAt(index, Int(state >> 33) % (index + 1))
            }
            return json(event)
        }
    }

    private static func docker(_ event: [Field]) -> String {
        "{\"log\":\"" + json(event).replacing("\"", with: "\\\"")
            + "\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}"
    }

    private static func value(_ key: String, _ event: [Field]) -> String {
        event.first { $0.key == key }?.value ?? "null"
    }

    private static func envelope(_ event: [Field]) -> String {
        let (time, id) = (value("ts", event), value("id", event))
        return "\"time\":\(time),\"id\":\(id),\"model\":\(value("model", event)),\"version\":\(value("version", event))"
            + ",\"latency_ms\":\(value("latency_ms", event))"
    }

    private static func v1(_ events: [[Field]], _ names: [String]) -> String {
        let instances = events.map { event in "[" + names.map { value($0, event) }.joined(separator: ",") + "]" }
        let answers = events.map { event in
            "{\"prediction\":\(value("prediction", event)),\"score\":\(value("score", event))}"
        }
        return "{\(envelope(events[0])),\"request\":{\"instances\":[\(instances.joined(separator: ","))]},"
            + "\"response\":{\"predictions\":[\(answers.joined(separator: ","))]}}"
    }

    private static func v2(_ events: [[Field]]) -> String {
        func tensor(_ name: String, _ width: Int, _ values: [String]) -> String {
            "{\"name\":\"\(name)\",\"shape\":[\(events.count),\(width)],\"datatype\":\"X\",\"data\":["
                + values.joined(separator: ",") + "]}"
        }
        let inputs =
            [tensor("x", numeric.count, events.flatMap { event in numeric.map { value($0, event) } })]
            + categorical.map { key in tensor(key, 1, events.map { value(key, $0) }) }
        let outputs = ["prediction", "score"].map { key in tensor(key, 1, events.map { value(key, $0) }) }
        return "{\(envelope(events[0])),\"request\":{\"inputs\":[\(inputs.joined(separator: ","))]},"
            + "\"response\":{\"outputs\":[\(outputs.joined(separator: ","))]}}"
    }
}
