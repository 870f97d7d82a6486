import Events
import TestKit
import Testing

@testable import Ingest

@Suite("Nothing waits for another's backlog")
struct BacklogTests {
    private func loop(_ files: SimulatedFileSystem, _ path: String, source: Int, _ queue: BatchQueue) -> TailLoop {
        var settings = TailSettings(path: path)
        (settings.batchBytes, settings.batchRows, settings.lineBytes) = (8_192, 16, 4_096)
        let pool = BatchPool(source: source)
        queue.register(pool)
        return TailLoop(
            logs: TailHarness.logs(settings, files: files, resume: [], startAt: .beginning),
            schema: .fixed(TailHarness.schema), pool: pool, queue: queue)
    }

    // T21, P16
    @Test("A line of one source waits for at most the batches that the others may have out")
    func sources() {
        let files = SimulatedFileSystem()
        files.append(lines(1...5_000), to: "/log/a.log")
        files.append("", to: "/log/b.log")
        let queue = BatchQueue()
        var backlog = loop(files, "/log/a.log", source: 0, queue)
        var live = loop(files, "/log/b.log", source: 1, queue)
        // Far before any real clock, so that no wait for a batch is ever a real one.
        var now: Int64 = -(1 << 60)
        backlog.look(now: now)
        live.look(now: now)
        for round in 0..<50 {
            // The one with the backlog takes all it can get, the monitor is slow.
            for _ in 0..<10 { _ = backlog.step(now: now) }
            files.append("{\"seq\":\(round)}\n", to: "/log/b.log")
            now += 10_000_000
            live.look(now: now)
            _ = live.step(now: now)
            var waited = 0
            while let batch = queue.next(deadline: now) {
                let source = batch.source
                let rows = batch.rowCount
                queue.recycle(batch)
                if source == 1, rows > 0 { break }
                waited += 1
                #expect(waited <= IngestLimits.batchesPerTail + 1)
                if waited > 100 { break }
            }
        }
        #expect(backlog.unread > 0)
    }

    // T21: what is compressed, or a hole, does not hold up the other files of its source either.
    @Test("A hole of gigabytes in one file does not hold up the others")
    func hole() {
        var tail = TailHarness(path: "/log/*.log")
        tail.settings.lineBytes = 4_096
        tail.rebuild()
        tail.files.append([UInt8](repeating: 0, count: 3 * IngestLimits.searchBytes), to: "/log/a.log")
        tail.files.append(lines(1...10), to: "/log/a.log")
        tail.files.append(lines(11...20), to: "/log/b.log")
        tail.logs.look(now: 0)
        var steps = 0
        while tail.ledger.rows == 0, steps < 10 {
            _ = tail.step()
            steps += 1
        }
        #expect(tail.ledger.values.first == 11)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(20))
        #expect(tail.ledger.receipt.ignored[Int(IgnoreReason.nulBytes.rawValue)] == 1)
    }
}
