import Events
import LineFormats
import Monitor

/// StatsD lines in memory: bytes to columns, and columns to state.
enum StatsDBench {
    /// What clients send, by kind of line.
    private static let kinds: [(name: String, lines: [String])] = [
        (
            "custom",
            (0..<200).map { i in
                let tags = "|#route:/api/v\(i % 7),method:get,code:\(200 + i % 5)"
                return switch i % 4 {
                case 0: "shop.requests:1|c\(tags)"
                case 1: "shop.queue.depth:\(i * 7)|g\(tags)"
                case 2: "shop.request.duration:\(i).25|ms|@0.1\(tags)"
                default: "shop.payload.bytes:\(i * 100)|h\(tags)|c:ci-0123456789abcdef"
                }
            }
        ),
        (
            "packed",
            (0..<200).map { i in
                "shop.request.duration:\(i):\(i).5:\(i + 1):\(i * 2).25:12.5|d|#route:/api/v\(i % 7),method:get"
            }
        ),
        (
            "models",
            (0..<200).map { i in
                switch i % 4 {
                case 0: "model.feature:\(i).75|h|#model:fraud,version:3,feature:amount"
                case 1: "model.prediction:\(i % 3 == 0 ? "deny" : "approve")|s|#model:fraud,version:3"
                case 2: "model.latency:\(i % 40).5|ms|#model:fraud,version:3"
                default: "model.score:0.\(100 + i)|h|#model:fraud,version:3"
                }
            }
        ),
    ]

    /// Measures each kind of line, or the one named, one and twenty to a datagram.
    static func run(lines: UInt64, only: String?, settings: MonitorSettings, now: Instant) {
        for kind in kinds where only == nil || kind.name == only {
            for perDatagram in [1, 20] {
                measure(kind.name, datagrams(kind.lines, perDatagram), lines: lines, settings: settings, now: now)
            }
        }
    }

    private static func datagrams(_ lines: [String], _ count: Int) -> [[UInt8]] {
        stride(from: 0, to: lines.count, by: count).map { start in
            Array(lines[start..<min(start + count, lines.count)].joined(separator: "\n").utf8)
        }
    }

    private static func measure(
        _ name: String, _ datagrams: [[UInt8]], lines: UInt64, settings: MonitorSettings, now: Instant
    ) {
        let schema = Schema(signals: [])
        let batch = EventBatch(source: 0, schema: schema, rowCapacity: 1)
        var decoder = StatsDDecoder()
        var records = RecordDecoder(schema: schema)
        var monitor = Monitor(settings: settings, at: now)
        var receipt = Receipt()
        var (parse, update) = (0.0, 0.0)
        // As the daemon's intake does it: datagrams are copied one behind the other into a batch, which is handed over
        // when it is full.
        while receipt.received < lines {
            batch.clear()
            let start = ThreadClock.now
            fill: while true {
                for datagram in datagrams {
                    guard batch.byteCount + datagram.count <= batch.byteCapacity,
                        batch.sampleCount + batch.observationCount < batch.observationCapacity - 200
                    else { break fill }
                    let from = batch.byteCount
                    unsafe (batch.bytes + from).copyMemory(from: datagram, byteCount: datagram.count)
                    let taken = decoder.decodeLines(
                        in: batch, from: from, to: from + datagram.count, records: &records)
                    batch.byteCount = from + taken
                }
            }
            let decoded = ThreadClock.now
            receipt.add(batch.receipt)
            monitor.apply(batch, at: now)
            parse += decoded - start
            update += ThreadClock.now - decoded
        }
        guard receipt.accepted == receipt.received else { Bench.fail("statsd: not every line was accepted") }
        let perLine = { (seconds: Double) in Int64((seconds * 1e9 / Double(receipt.received)).rounded()) }
        let count = (datagrams.first ?? []).count { $0 == 0x0A } + 1
        print(
            "statsd kind=\(name) lines/datagram=\(count) lines=\(receipt.received)",
            "parse-ns/line=\(perLine(parse)) update-ns/line=\(perLine(update)) ns/line=\(perLine(parse + update))")
    }
}
