import Events
import Glibc
import Testing

@testable import Ingest

@Suite("Unix sockets of datagrams")
struct UnixSocketTests {
    private func source(
        _ path: String, mode: UInt32 = ListenAddress.defaultMode, queue: BatchQueue = BatchQueue()
    ) throws(IngestError) -> DatagramSource {
        try DatagramSource(
            source: 0, settings: DatagramSettings(address: .unix(path: path, mode: mode)),
            schema: .fixed(TailHarness.schema), queue: queue)
    }

    private func refusal(_ path: String) -> IngestError? {
        do throws(IngestError) {
            _ = try source(path)
            return nil
        } catch {
            return error
        }
    }

    private func facts(_ path: String) -> (exists: Bool, mode: UInt32) {
        var facts = stat()
        let exists = unsafe lstat(path, &facts) == 0
        return (exists, facts.st_mode & 0o7777)
    }

    @Test("Everything sent is counted once, and the file goes with the source")
    func counted() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("statsd.sock")
        let queue = BatchQueue()
        let source = try source(path, queue: queue)
        #expect(source.status.name == path)
        #expect(source.status.kind == .unixDatagram)
        try source.start()
        let client = try #require(UnixClient(path, SOCK_DGRAM))
        // The kernel holds a few datagrams only and makes the sender wait for the rest.
        for seq in 0..<2_000 { client.send("{\"seq\":\(seq)}\nmodel.score:0.5|h|#model:m\n") }
        source.stop()
        #expect(!facts(path).exists)
        var receipt = Receipt()
        while let batch = queue.next(deadline: 0) { receipt.add(batch.receipt) }
        #expect(receipt.accepted == 4_000)
        #expect(receipt.kernelDrops == 0)
        #expect(receipt.isBalanced)
    }

    @Test("The last line of a datagram that is too large is rejected, not cut")
    func tooLarge() throws {
        let directory = try TemporaryDirectory()
        let queue = BatchQueue()
        let source = try source(directory.file("s"), queue: queue)
        let client = try #require(UnixClient(directory.file("s"), SOCK_DGRAM))
        let line = "{\"seq\":1}\n"
        client.send(String(repeating: line, count: EventLimits.datagramBytes / line.utf8.count + 10))
        try source.start()
        source.stop()
        var receipt = Receipt()
        while let batch = queue.next(deadline: 0) { receipt.add(batch.receipt) }
        #expect(receipt.accepted == UInt64(EventLimits.datagramBytes / line.utf8.count))
        #expect(receipt.rejected[Int(RejectionReason.truncated.rawValue)] == 1)
    }

    @Test("The file has the permissions asked for, whatever the mask", arguments: [0o660, 0o666, 0o600] as [UInt32])
    func permissions(mode: UInt32) throws {
        let directory = try TemporaryDirectory()
        let source = try source(directory.file("s"), mode: mode)
        #expect(facts(directory.file("s")).mode == mode)
        source.stop()
    }

    @Test("What a killed process left is replaced; what somebody listens on is not")
    func stale() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("s")
        UnixClient.leaveStale(path)
        let first = try source(path)
        #expect(refusal(path) == .addressInUse(path))
        #expect(UnixClient(path, SOCK_DGRAM) != nil)
        first.stop()
    }

    @Test("A file that is no socket, and a link to one, are left alone")
    func otherFiles() throws {
        let directory = try TemporaryDirectory()
        try directory.append("precious", to: "file")
        let link = directory.file("link")
        let linked = unsafe symlink(directory.file("file"), link)
        #expect(linked == 0)
        for path in [directory.file("file"), link] {
            guard case .socket(_, let reason) = refusal(path) else {
                Issue.record("bound over \(path)")
                continue
            }
            #expect(reason.contains("no socket"))
            #expect(facts(path).exists)
        }
    }

    @Test("A socket that took the place of ours stays when we go")
    func replaced() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("s")
        let first = try source(path)
        let removed = unsafe unlink(path)
        #expect(removed == 0)
        let second = try source(path)
        first.stop()
        #expect(facts(path).exists)
        second.stop()
    }

    @Test("A path that is too long, and a directory that is missing, are said in one sentence")
    func refused() throws {
        let directory = try TemporaryDirectory()
        for path in [directory.file(String(repeating: "x", count: 108)), directory.file("none/s")] {
            guard case .socket = refusal(path) else {
                Issue.record("bound \(path)")
                continue
            }
        }
    }
}
