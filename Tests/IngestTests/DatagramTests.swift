import Events
import Glibc
import Synchronization
import Testing

@testable import Ingest

/// An intake and the queue behind it, without a socket.
private struct IntakeHarness: ~Copyable {
    let queue = BatchQueue()
    let pool = BatchPool(source: 0)
    var intake: LineIntake
    var receipt = Receipt()
    var rows = 0
    var observations = 0
    var events: [SourceEvent] = []

    init(schema: SourceSchema) {
        queue.register(pool)
        intake = LineIntake(schema: schema, defaultModel: "default", pool: pool, queue: queue)
    }

    mutating func take(_ text: String, cut: Int = 0, now: Int64 = 0) {
        let bytes = Array(text.utf8)
        unsafe bytes.withUnsafeBytes { unsafe intake.take($0, length: $0.count + cut, now: now) }
    }

    /// Applies what was handed over; keeps the batches if the monitor is to be slow.
    mutating func apply(recycling: Bool = true) {
        while let batch = queue.next(deadline: 0) {
            receipt.add(batch.receipt)
            rows += batch.rowCount
            observations += batch.observationCount
            if recycling { queue.recycle(batch) }
        }
        events += intake.takeEvents()
    }
}

private let line = "model.score:0.5|h|#model:fraud\n"

@Suite("Datagrams become batches")
struct LineIntakeTests {
    @Test("Lines of several kinds in one datagram are each counted once")
    func mixed() {
        var harness = IntakeHarness(schema: .fixed(TailHarness.schema))
        harness.take(line + "{\"seq\":1}\n\nother.metric:1|c\nrubbish\n{\"seq\":2}")
        harness.take("")
        harness.intake.finish(now: 0)
        harness.apply()
        #expect(harness.rows == 2)
        #expect(harness.observations == 1)
        #expect(harness.receipt.received == 6)
        #expect(harness.receipt.accepted == 4)
        #expect(harness.receipt.isBalanced)
        #expect(
            harness.receipt.bytesRead
                == UInt64((line + "{\"seq\":1}\n\nother.metric:1|c\nrubbish\n{\"seq\":2}").utf8.count))
    }

    @Test("A batch is handed over when it is full, or 100 ms after its first line")
    func flushing() {
        var harness = IntakeHarness(schema: .fixed(TailHarness.schema))
        harness.take(line, now: 1_000_000)
        _ = harness.intake.tick(now: 100_000_000)
        harness.apply()
        #expect(harness.receipt.received == 0)
        #expect(harness.intake.wakeAt(now: 100_000_000) == 101_000_000)
        _ = harness.intake.tick(now: 101_000_000)
        harness.apply()
        #expect(harness.receipt.received == 1)
        for _ in 0..<2_500 { harness.take("{\"seq\":1}") }
        harness.apply()
        #expect(harness.rows == 2 * EventLimits.batchRows)
    }

    @Test("A datagram of more lines than a batch has room for goes on in the next")
    func overflowing() {
        var harness = IntakeHarness(schema: .fixed(TailHarness.schema))
        let count = 65_000 / 10
        harness.take(String(repeating: "{\"seq\":1}\n", count: count))
        harness.intake.finish(now: 0)
        harness.apply(recycling: false)
        let room = IngestLimits.batchesPerSocket * EventLimits.batchRows
        #expect(harness.rows == min(count, room))
        #expect(harness.receipt.received == UInt64(count))
        #expect(harness.receipt.dropped[Int(DropReason.queueFull.rawValue)] == UInt64(max(0, count - room)))
    }

    @Test("Without a free batch lines are dropped and counted, and the producer is not held up")
    func noFreeBatch() {
        var harness = IntakeHarness(schema: .fixed(TailHarness.schema))
        let sent = 40_000
        for _ in 0..<sent { harness.take("{\"seq\":1}\n{\"seq\":2}") }
        harness.apply()
        let taken = IngestLimits.batchesPerSocket * EventLimits.batchRows
        #expect(harness.rows == taken)
        // The drops travel with the next batch, or alone if none is needed.
        _ = harness.intake.tick(now: 1_000_000_000)
        harness.apply()
        #expect(harness.receipt.received == UInt64(2 * sent))
        #expect(harness.receipt.dropped[Int(DropReason.queueFull.rawValue)] == UInt64(2 * sent - taken))
        #expect(harness.receipt.isBalanced)
    }

    @Test("A monitor that has stopped does not make the queue grow")
    func bounded() {
        var harness = IntakeHarness(schema: .fixed(TailHarness.schema))
        for second in 0..<100 {
            for _ in 0..<200 { harness.take(line, now: Int64(second) * 1_000_000_000) }
            _ = harness.intake.tick(now: Int64(second) * 1_000_000_000 + 999_000_000)
        }
        #expect(harness.queue.count <= IngestLimits.batchesPerSocket + 1)
        harness.intake.finish(now: 0)
        harness.apply()
        #expect(harness.receipt.received == 20_000)
    }

    @Test("The last line of a cut datagram is rejected, not taken for a whole one")
    func cut() {
        var harness = IntakeHarness(schema: .fixed(TailHarness.schema))
        harness.take(line + "model.score:0.5|h|#model:fr", cut: 3)
        harness.intake.finish(now: 0)
        harness.apply()
        #expect(harness.receipt.accepted == 1)
        #expect(harness.receipt.rejected[Int(RejectionReason.truncated.rawValue)] == 1)
        #expect(harness.receipt.received == 2)
    }

    @Test("JSON records wait for their schema while StatsD lines pass", arguments: [1, 999, 1_000, 3_000])
    func inferring(count: Int) {
        var harness = IntakeHarness(schema: .infer)
        for seq in 1...count { harness.take(line + "{\"seq\":\(seq)}\n", now: Int64(seq)) }
        #expect(harness.intake.isInferring == (count < 1_000))
        _ = harness.intake.tick(now: 2_000_000_000)
        harness.apply()
        _ = harness.intake.tick(now: 3_000_000_000)
        harness.apply()
        #expect(harness.intake.schema?.signals.map(\.name) == ["seq"])
        #expect(harness.rows == count)
        #expect(harness.observations == count)
        #expect(harness.receipt.received == UInt64(2 * count))
        #expect(harness.events.count == 1)
    }

    @Test("Records without anything to measure are rejected, and the next ones are looked at")
    func notInferred() {
        var harness = IntakeHarness(schema: .infer)
        harness.take("{}\n{\"broken")
        _ = harness.intake.tick(now: 2_000_000_000)
        harness.take("{\"seq\":1}", now: 3_000_000_000)
        harness.intake.finish(now: 3_000_000_000)
        harness.apply()
        #expect(harness.rows == 1)
        #expect(harness.receipt.received == 3)
        #expect(harness.receipt.accepted == 1)
        #expect(harness.events.first == .schemaNotInferred(records: 2))
    }
}

@Suite("Datagrams over a socket")
struct DatagramSourceTests {
    /// Sends datagrams to a loopback port.
    private func send(_ text: String, count: Int, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let bytes = Array(text.utf8)
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                for _ in 0..<count {
                    unsafe sendto(
                        descriptor, bytes, bytes.count, 0, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }

    private func port(_ source: DatagramSource) -> UInt16 { SocketAddress(source.address)?.port ?? 0 }

    @Test func dropsAreCountedOnce() {
        var count = DropCount()
        #expect(count.take(7) == 7)
        #expect(count.take(7) == 0)
        // Datagrams that were queued before the socket was asked.
        #expect(count.take(1_000) == 993)
        #expect(count.take(400) == 0)
        #expect(count.take(999) == 0)
        #expect(count.take(1_001) == 1)
        // The counter wraps.
        var near = DropCount()
        #expect(near.take(1 << 30) == 1 << 30)
        #expect(near.take(1 << 31) == 1 << 30)
        #expect(near.take(3 << 30) == 1 << 30)
        #expect(near.take(5) == (1 << 30) + 5)
        #expect(near.take(.max) == 0)
    }

    @Test("On loopback, sent = received + kernel drops", arguments: [4_194_304, 4_096])
    func accounted(buffer: Int) throws {
        let queue = BatchQueue()
        let source = try DatagramSource(
            source: 0, settings: DatagramSettings(address: .network("127.0.0.1:0"), receiveBufferBytes: buffer),
            schema: .fixed(TailHarness.schema), queue: queue)
        // What the small buffer cannot hold before the thread starts is dropped by the kernel, the last ones included.
        send("{\"seq\":1}", count: 2_000, port: port(source))
        try source.start()
        send(line, count: 2_000, port: port(source))
        source.stop()
        var receipt = Receipt()
        while let batch = queue.next(deadline: 0) { receipt.add(batch.receipt) }
        #expect(receipt.received + receipt.kernelDrops == 4_000)
        #expect(receipt.kernelDrops > 0 || buffer > 4_096)
        #expect(receipt.isBalanced)
        #expect(source.status.activity == .stopped)
    }

    @Test("Addresses: numeric IPv4 or bracketed IPv6 with a port")
    func addresses() {
        #expect(SocketAddress("127.0.0.1:8125")?.text == "127.0.0.1:8125")
        #expect(SocketAddress("[::1]:0")?.text == "[::1]:0")
        for wrong in ["", ":", "127.0.0.1", "::1:8125", "127.0.0.1:x", "127.0.0.1:70000", ":8125", "[]:1"] {
            #expect(SocketAddress(wrong) == nil, "\(wrong)")
        }
    }

    @Test("A port in use and an address that is none are said in one sentence")
    func refused() throws {
        let queue = BatchQueue()
        func refusal(_ address: String) -> IngestError? {
            do throws(IngestError) {
                let settings = DatagramSettings(address: .network(address))
                _ = try DatagramSource(source: 1, settings: settings, schema: .infer, queue: queue)
                return nil
            } catch {
                return error
            }
        }
        let first = try DatagramSource(
            source: 0, settings: DatagramSettings(address: .network("127.0.0.1:0")), schema: .infer, queue: queue)
        #expect(refusal(first.address) == .addressInUse(first.address))
        #expect(refusal("localhost:8125") == .invalidAddress("localhost:8125"))
        #expect(refusal("nonsense") == .invalidAddress("nonsense"))
    }
}
