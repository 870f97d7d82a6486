import Events
import Glibc
import TestKit
import Testing

@testable import Ingest

/// An assembler and what it feeds, without a connection.
private struct AssemblerHarness: ~Copyable {
    let queue = BatchQueue()
    let pool = BatchPool(source: 0)
    var intake: LineIntake
    var assembler: StreamAssembler
    var receipt = Receipt()
    var rows = 0

    init(_ framing: StreamFraming, limit: Int = 64) {
        queue.register(pool)
        intake = LineIntake(
            schema: .fixed(TailHarness.schema), defaultModel: "default", pool: pool, queue: queue)
        assembler = StreamAssembler(framing: framing, limit: limit)
    }

    /// Gives bytes in pieces of one size; the reason why the connection must end, if there is one.
    mutating func take(_ bytes: [UInt8], pieces: Int = .max, now: Int64 = 0) -> ConnectionEnd? {
        var at = 0
        while at < bytes.count {
            let piece = Array(bytes[at..<min(bytes.count, at + min(pieces, bytes.count))])
            at += piece.count
            let end = unsafe piece.withUnsafeBytes { unsafe assembler.take($0, into: &intake, now: now).end }
            if let end { return end }
        }
        return nil
    }

    mutating func finish() {
        assembler.finish(into: &intake, now: 0)
        intake.finish(now: 0)
        while let batch = queue.next(deadline: 0) {
            receipt.add(batch.receipt)
            rows += batch.rowCount
            queue.recycle(batch)
        }
    }

    func rejected(_ reason: RejectionReason) -> UInt64 { receipt.rejected[Int(reason.rawValue)] }
}

private func frame(_ text: String) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: text.utf8.count >> (8 * $0)) } + Array(text.utf8)
}

@Suite("Streams become lines")
struct StreamAssemblerTests {
    @Test("Lines are the same in whatever pieces they come", arguments: 1...40)
    func pieces(size: Int) {
        var harness = AssemblerHarness(.lines)
        let text = (1...50).map { "{\"seq\":\($0)}\n" }.joined() + "\nmodel.score:0.5|h|#model:m\nrubbish\n"
        #expect(harness.take(Array(text.utf8), pieces: size) == nil)
        #expect(!harness.assembler.isWaiting)
        harness.finish()
        #expect(harness.rows == 50)
        #expect(harness.receipt.received == 53)
        #expect(harness.receipt.accepted == 51)
        #expect(harness.receipt.bytesRead == UInt64(text.utf8.count))
        #expect(harness.receipt.isBalanced)
    }

    @Test("Frames are the same in whatever pieces they come", arguments: 1...40)
    func frames(size: Int) {
        var harness = AssemblerHarness(.length)
        let bytes = (1...50).flatMap { frame("{\"seq\":\($0)}\n{\"seq\":0}") } + frame("") + frame("rubbish")
        #expect(harness.take(bytes, pieces: size) == nil)
        #expect(!harness.assembler.isWaiting)
        harness.finish()
        #expect(harness.rows == 100)
        #expect(harness.receipt.received == 101)
        #expect(harness.receipt.bytesRead == UInt64(bytes.count))
        #expect(harness.receipt.isBalanced)
    }

    @Test("A line that is too long is one rejection, and the next one counts", arguments: [1, 7, 64, 1_000])
    func overlong(size: Int) {
        var harness = AssemblerHarness(.lines)
        let text = "{\"seq\":1}\n" + String(repeating: "x", count: 5_000) + "\n{\"seq\":2}\n"
        #expect(harness.take(Array(text.utf8), pieces: size) == nil)
        harness.finish()
        #expect(harness.rows == 2)
        // Whole pieces with a newline go straight on, and the decoder says what is wrong with them.
        #expect(harness.receipt.received == 3)
        #expect(harness.rejected(.lineTooLong) == 1 || size >= 1_000)
        #expect(harness.receipt.bytesRead == UInt64(text.utf8.count))
    }

    @Test("An endless line is held no longer than the limit, and counted once")
    func endless() {
        var harness = AssemblerHarness(.lines)
        for second in 0..<100 {
            _ = harness.take([UInt8](repeating: 0x78, count: 60), now: Int64(second))
            #expect(harness.assembler.isWaiting)
            #expect(harness.assembler.since == 0)
        }
        harness.finish()
        #expect(harness.receipt.received == 1)
        #expect(harness.rejected(.lineTooLong) == 1)
        #expect(harness.receipt.bytesRead == 6_000)
    }

    @Test("Half a line at the end is no line, even if it looks like one")
    func half() {
        for framing in StreamFraming.allCases {
            var harness = AssemblerHarness(framing)
            let whole = framing == .lines ? Array("{\"seq\":1}\n".utf8) : frame("{\"seq\":1}")
            let half = framing == .lines ? Array("{\"seq\":2}".utf8) : Array(frame("{\"seq\":2}").dropLast(3))
            _ = harness.take(whole + half)
            #expect(harness.assembler.isWaiting)
            harness.finish()
            #expect(harness.rows == 1)
            #expect(harness.rejected(.partialLine) == 1)
            #expect(harness.receipt.bytesRead == UInt64(whole.count + half.count))
        }
    }

    @Test("A frame larger than any may be ends the connection", arguments: [65, 0x7FFF_FFFF, 0xFFFF_FFFF])
    func monstrousFrame(length: Int) {
        var harness = AssemblerHarness(.length)
        let header = (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        #expect(harness.take(frame("{\"seq\":1}") + header + [1, 2, 3]) == .frameTooLong)
        harness.finish()
        #expect(harness.rows == 1)
        #expect(harness.receipt.received == 2)
        #expect(harness.rejected(.lineTooLong) == 1)
    }

    @Test("Random bytes in random pieces: everything is counted, nothing traps", arguments: StreamFraming.allCases)
    func random(framing: StreamFraming) {
        var random = SplitMix64(seed: 7)
        for _ in 0..<200 {
            var harness = AssemblerHarness(framing)
            let bytes = (0..<Int.random(in: 0...600, using: &random)).map { _ in
                [0x0A, 0x00, 0x01, 0x7B, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
            }
            _ = harness.take(bytes, pieces: Int.random(in: 1...90, using: &random))
            harness.finish()
            #expect(harness.receipt.isBalanced)
            #expect(framing == .length || harness.receipt.bytesRead == UInt64(bytes.count))
        }
    }
}

@Suite("Streams over sockets")
struct StreamSourceTests {
    private func source(
        _ settings: StreamSettings, _ queue: BatchQueue
    ) throws(IngestError) -> StreamSource {
        try StreamSource(source: 0, settings: settings, schema: .fixed(TailHarness.schema), queue: queue)
    }

    /// Applies batches until so many lines have come; fails the test rather than wait for ever.
    private func take(_ lines: UInt64, _ queue: BatchQueue, _ receipt: inout Receipt) {
        let deadline = MonotonicClock.now() + 20_000_000_000
        while receipt.received < lines, let batch = queue.next(deadline: deadline) {
            receipt.add(batch.receipt)
            queue.recycle(batch)
        }
        #expect(receipt.received >= lines)
    }

    @Test("Both framings over a Unix socket: everything is counted once", arguments: StreamFraming.allCases)
    func counted(framing: StreamFraming) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("s")
        let queue = BatchQueue()
        let address = ListenAddress.unix(path: path, mode: ListenAddress.defaultMode)
        let source = try source(StreamSettings(address: address, framing: framing), queue)
        try source.start()
        var receipt = Receipt()
        let clients = try (0..<10).map { _ in try #require(UnixClient(path, SOCK_STREAM)) }
        for round in 0..<10 {
            for client in clients {
                let lines = "{\"seq\":\(round)}\nmodel.score:0.5|h|#model:m\n"
                client.send(framing == .lines ? Array(lines.utf8) : frame(lines))
            }
        }
        take(200, queue, &receipt)
        #expect(source.status.connections?.open == 10)
        #expect(source.status.kind == .unixStream)
        source.stop()
        while let batch = queue.next(deadline: 0) { receipt.add(batch.receipt) }
        #expect(receipt.accepted == 200)
        #expect(receipt.isBalanced)
        #expect(source.status.connections?.open == 0)
        #expect(source.status.connections?.ended[Int(ConnectionEnd.stopped.rawValue)] == 10)
        #expect(UnixClient(path, SOCK_STREAM) == nil)
    }

    @Test("At the limit the connection that is longest without a whole line gives way")
    func limit() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("s")
        let queue = BatchQueue()
        let address = ListenAddress.unix(path: path, mode: ListenAddress.defaultMode)
        let source = try source(StreamSettings(address: address, connections: 2), queue)
        try source.start()
        var receipt = Receipt()
        let good = try #require(UnixClient(path, SOCK_STREAM))
        good.send("{\"seq\":1}\n")
        take(1, queue, &receipt)
        var crowd: [UnixClient] = []
        for count in 2...20 {
            let other = try #require(UnixClient(path, SOCK_STREAM))
            other.send("half a li")
            crowd.append(other)
            good.send("{\"seq\":\(count)}\n")
            // Wait for the line: the source has then seen the newcomer, or sees it at its next turn.
            take(UInt64(count), queue, &receipt)
        }
        for count in 21...30 { good.send("{\"seq\":\(count)}\n") }
        source.stop()
        while let batch = queue.next(deadline: 0) { receipt.add(batch.receipt) }
        #expect(receipt.accepted == 30)
        #expect(receipt.rejected[Int(RejectionReason.partialLine.rawValue)] == 19)
        let connections = try #require(source.status.connections)
        #expect(connections.opened == 20)
        #expect(connections.ended[Int(ConnectionEnd.gaveWay.rawValue)] == 18)
    }

    @Test("Silent connections are closed")
    func idle() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("s")
        let queue = BatchQueue()
        let address = ListenAddress.unix(path: path, mode: ListenAddress.defaultMode)
        let source = try source(StreamSettings(address: address, idle: 1_000_000), queue)
        try source.start()
        let client = try #require(UnixClient(path, SOCK_STREAM))
        var byte: UInt8 = 0
        // Returns when the other side has closed.
        let count = unsafe recv(client.descriptor, &byte, 1, 0)
        #expect(count == 0)
        source.stop()
        #expect(source.status.connections?.ended[Int(ConnectionEnd.idle.rawValue)] == 1)
    }

    @Test("A TCP port in use is said in one sentence")
    func refused() throws {
        let queue = BatchQueue()
        let first = try source(StreamSettings(address: .network("127.0.0.1:0")), queue)
        do throws(IngestError) {
            _ = try source(StreamSettings(address: .network(first.address)), queue)
            Issue.record("bound twice")
        } catch {
            #expect(error == .addressInUse(first.address))
        }
    }
}
