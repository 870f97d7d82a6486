import Events
import TestKit
import Testing

@testable import Ingest

@Suite("Compressed files are read once")
struct ArchiveTests {
    private static let path = "/log/old.jsonl.gz"

    private func harness(_ path: String = ArchiveTests.path) -> TailHarness {
        var tail = TailHarness(path: path)
        tail.settings.rotatedQuiet = 60_000_000_000
        tail.rebuild()
        return tail
    }

    private func ends(_ tail: borrowing TailHarness, _ end: ArchiveEnd) -> UInt64 {
        tail.ledger.receipt.archives[Int(end.rawValue)]
    }

    private func lost(_ tail: borrowing TailHarness) -> UInt64 { tail.ledger.receipt.lostBytes.reduce(0, +) }

    @Test("From the first line to the last, and never again")
    func once() {
        var tail = harness()
        tail.files.append(gzip(lines(1...1_000)), to: Self.path)
        tail.drain()
        #expect(tail.ledger.isExact(1_000))
        #expect(tail.ledger.values == tail.ledger.values.sorted())
        #expect(ends(tail, .complete) == 1)
        #expect(tail.files.openCount == 0)
        #expect(tail.logs.unread == 0)
        tail.commit()
        for _ in 0..<3 {
            tail.drain(after: 100)
            tail.restart()
            tail.drain(after: 100)
        }
        #expect(tail.ledger.isExact(1_000))
        #expect(ends(tail, .complete) == 1)
    }

    @Test("A kill after any batch counts nothing twice and leaves nothing out", arguments: 1...12)
    func killed(batches: Int) {
        var tail = harness()
        tail.files.append(gzip(lines(1...100)) + gzip(lines(101...150)), to: Self.path)
        tail.logs.look(now: 0)
        for _ in 0..<batches { _ = tail.step() }
        tail.commit()
        for _ in 0..<3 { _ = tail.step() }
        tail.restart()
        tail.drain()
        #expect(tail.ledger.isExact(150))
        #expect(tail.ledger.receipt.truncations == 0)
        #expect(ends(tail, .complete) == 1)
    }

    @Test("Members follow each other, lines go across them, zeros fill the end")
    func members() {
        var tail = harness()
        let text = Array(lines(1...200).utf8)
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: text.count, by: 7) {
            bytes += gzip(Array(text[start..<min(text.count, start + 7)]))
        }
        tail.files.append(bytes + [UInt8](repeating: 0, count: 512), to: Self.path)
        tail.drain()
        #expect(tail.ledger.isExact(200))
        #expect(ends(tail, .complete) == 1)
        #expect(lost(tail) == 0)
    }

    @Test("A member that comes later is read on from there, also after a start")
    func grows() {
        var tail = harness()
        tail.files.append(gzip(lines(1...20)), to: Self.path)
        tail.drain()
        tail.files.append(gzip(lines(21...30)), to: Self.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(30))
        tail.commit()
        tail.restart()
        tail.files.append(gzip(lines(31...40)), to: Self.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(40))
        #expect(tail.ledger.receipt.truncations == 0)
    }

    @Test("The last line may lack its end")
    func unended() {
        var tail = harness()
        tail.files.append(gzip(lines(1...9) + "{\"seq\":10}"), to: Self.path)
        tail.drain()
        #expect(tail.ledger.isExact(10))
    }

    @Test("What is cut off is waited for, then counted", arguments: [1, 5, 9, 15, 60, 150])
    func truncated(cut: Int) {
        var tail = harness()
        let whole = gzip(lines(1...100))
        tail.files.append(Array(whole.dropLast(cut)), to: Self.path)
        tail.drain()
        tail.drain(after: 30)
        #expect(ends(tail, .truncated) == 0)
        tail.drain(after: 31)
        #expect(ends(tail, .truncated) == 1)
        let read = tail.ledger.receipt.received
        #expect(tail.ledger.receipt.isBalanced)
        tail.commit()
        tail.restart()
        tail.drain(after: 100)
        #expect(ends(tail, .truncated) == 1)
        #expect(tail.ledger.receipt.received == read)
        #expect(tail.files.openCount == 0)
    }

    @Test("A file that is being written is read as it grows")
    func beingWritten() {
        var tail = harness()
        let whole = gzip(lines(1...3_000))
        tail.files.append([], to: Self.path)
        for start in stride(from: 0, to: whole.count, by: 97) {
            tail.files.append(Array(whole[start..<min(whole.count, start + 97)]), to: Self.path)
            tail.drain(after: 20)
        }
        #expect(tail.ledger.isExact(3_000))
        #expect(ends(tail, .complete) == 1)
        #expect(ends(tail, .truncated) == 0)
    }

    @Test("A damaged byte, wherever it is, is counted and loses only what is behind it")
    func corrupt() {
        let whole = gzip(lines(1...300))
        var random = SplitMix64(seed: 7)
        for place in 0..<whole.count {
            var tail = harness()
            var bytes = whole
            bytes[place] ^= UInt8(truncatingIfNeeded: random.next() | 1)
            tail.files.append(bytes, to: Self.path)
            tail.drain()
            tail.drain(after: 61)
            #expect(tail.ledger.receipt.archives.reduce(0, +) == 1, "byte \(place)")
            #expect(tail.ledger.receipt.isBalanced)
            #expect(tail.logs.unread == 0)
            // Only the header's time, operating system and the like are covered by no checksum.
            if ends(tail, .complete) == 1 { #expect(place < 10 && tail.ledger.isExact(300), "byte \(place)") }
            if ends(tail, .corrupt) == 1, place >= 10, place < whole.count - 8 {
                #expect(lost(tail) > 0, "byte \(place)")
            }
            tail.commit()
            tail.restart()
            tail.drain(after: 61)
            #expect(tail.ledger.receipt.archives.reduce(0, +) == 1, "byte \(place), again")
        }
    }

    @Test("Another file under such a name is counted and left alone")
    func foreign() {
        var tail = harness()
        tail.files.append(lines(1...10), to: Self.path)
        tail.drain()
        #expect(tail.ledger.receipt.received == 0)
        #expect(ends(tail, .foreign) == 1)
        #expect(lost(tail) == UInt64(lines(1...10).utf8.count))
    }

    @Test("What follows a member and is none is corrupt")
    func garbageBehind() {
        var tail = harness()
        tail.files.append(gzip(lines(1...10)) + Array("garbage".utf8), to: Self.path)
        tail.drain()
        #expect(tail.ledger.isExact(10))
        #expect(ends(tail, .corrupt) == 1)
        #expect(lost(tail) == 7)
    }

    @Test("An empty file is nothing yet")
    func empty() {
        var tail = harness()
        tail.files.append([], to: Self.path)
        tail.drain()
        tail.drain(after: 100)
        #expect(tail.ledger.receipt.archives.reduce(0, +) == 0)
        tail.files.append(gzip(lines(1...5)), to: Self.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(5))
    }

    @Test("A line that never ends expands in bounded pieces, and the lines behind it are read")
    func bomb() {
        var tail = harness()
        tail.settings.lineBytes = 65_536
        tail.rebuild()
        // Half a gigabyte in half a megabyte.
        let piece = gzip([UInt8](repeating: 0x61, count: 8 << 20))
        var bytes = gzip(lines(1...3))
        for _ in 0..<64 { bytes += piece }
        tail.files.append(bytes + gzip("\n" + lines(4...5)), to: Self.path)
        tail.logs.look(now: 0)
        var working = 0
        let batch = EventBatch(
            source: 0, schema: TailHarness.schema, rowCapacity: 16, observationCapacity: 0,
            byteCapacity: tail.logs.largeBatchBytes)
        reading: while true {
            switch tail.logs.fill(batch, decoder: &tail.decoder, now: 0) {
            case .filled: tail.ledger.apply(batch)
            case .working: working += 1
            case .needsLargeBatch: Issue.record("it is large")
            case .idle: break reading
            }
            batch.clear()
        }
        #expect(tail.ledger.isExact(5))
        #expect(tail.ledger.receipt.rejected[Int(RejectionReason.lineTooLong.rawValue)] == 1)
        #expect(working >= 7)
        #expect(ends(tail, .complete) == 1)
    }

    /// A tail that was restarted when it had read most of 4,000 long lines.
    private func restartedBehindMuch(pad: (Int) -> some StringProtocol) -> TailHarness {
        var tail = TailHarness(path: Self.path, batchBytes: 1 << 20, batchRows: 1_000)
        let text = (1...4_000).map { "{\"seq\":\($0),\"pad\":\"\(pad($0))\"}\n" }.joined()
        tail.files.append(gzip(text), to: Self.path)
        tail.logs.look(now: 0)
        while tail.ledger.rows < 3_900 { _ = tail.step() }
        tail.commit()
        tail.restart()
        return tail
    }

    @Test("Going on behind much is done in pieces")
    func skips() {
        let pad = String(repeating: "x", count: 10_000)
        var tail = restartedBehindMuch { _ in pad }
        tail.logs.look(now: 0)
        let batch = EventBatch(
            source: 0, schema: TailHarness.schema, rowCapacity: 16, observationCapacity: 0, byteCapacity: 1 << 20)
        #expect(tail.logs.fill(batch, decoder: &tail.decoder, now: 0) == .working)
        #expect(tail.logs.fill(batch, decoder: &tail.decoder, now: 0) == .working)
        tail.drain()
        #expect(tail.ledger.isExact(4_000))
    }

    @Test("Going on behind much that hardly shrinks comes to its end, too")
    func skipsWhatHardlyShrinks() {
        var random = SplitMix64(seed: 3)
        let pad = (0..<625).map { _ in String(random.next() | 1 << 63, radix: 16) }.joined()
        var tail = restartedBehindMuch { pad.dropFirst($0 % 999) }
        tail.drain()
        #expect(tail.ledger.isExact(4_000))
    }

    @Test("Those of a pattern, oldest first by their names, whatever they are called later")
    func pattern() {
        var tail = harness("/log/*.gz")
        tail.files.append(gzip(lines(21...30)), to: "/log/app.log.1.gz")
        tail.files.append(gzip(lines(11...20)), to: "/log/app.log.9.gz")
        tail.files.append(gzip(lines(1...10)), to: "/log/app.log.10.gz")
        tail.files.append("no record\n", to: "/log/app.log")
        tail.drain()
        #expect(tail.ledger.isExact(30))
        #expect(tail.ledger.values == tail.ledger.values.sorted())
        tail.commit()
        tail.files.rename("/log/app.log.10.gz", to: "/log/app.log.11.gz")
        tail.files.rename("/log/app.log.9.gz", to: "/log/app.log.10.gz")
        tail.files.rename("/log/app.log.1.gz", to: "/log/app.log.2.gz")
        tail.files.append(gzip(lines(31...40)), to: "/log/app.log.1.gz")
        tail.drain(after: 2)
        #expect(tail.ledger.isExact(40))
        tail.restart()
        tail.drain(after: 2)
        #expect(tail.ledger.isExact(40))
    }

    @Test("One that cannot be read, or is being written, does not hold up the others")
    func others() {
        var tail = harness("/log/*.gz")
        tail.files.append(gzip(lines(1...10)), to: "/log/a.gz")
        tail.files.append(Array(gzip(lines(11...20)).dropLast(12)), to: "/log/b.gz")
        tail.files.append(gzip(lines(21...30)), to: "/log/c.gz")
        tail.files.denied = ["/log/a.gz"]
        tail.drain()
        #expect(tail.ledger.values.contains(30))
        #expect(!tail.ledger.values.contains(1))
        tail.files.denied = []
        tail.drain(after: 2)
        #expect(tail.ledger.values.contains(1))
        tail.drain(after: 61)
        #expect(ends(tail, .complete) == 2)
        #expect(ends(tail, .truncated) == 1)
    }

    @Test("Too many are refused and counted; one that is gone for an hour is forgotten")
    func limits() {
        var tail = harness("/log/*.gz")
        tail.settings.logs = 2
        tail.rebuild()
        for k in 0..<3 { tail.files.append(gzip(lines(k * 10 + 1...k * 10 + 10)), to: "/log/\(k).gz") }
        tail.drain()
        #expect(tail.ledger.isExact(20))
        #expect(tail.logs.refused == 1)
        #expect(tail.ledger.positions.count == 3)
        tail.files.remove("/log/0.gz")
        tail.drain(after: 2)
        tail.drain(after: 2)
        #expect(tail.ledger.isExact(30))
        #expect(tail.logs.refused == 0)
        tail.files.remove("/log/1.gz")
        tail.drain(after: 2)
        tail.drain(after: 3_700)
        #expect(tail.ledger.positions.count == 2)
    }

    @Test("From the end: what is there is passed over, what comes later is read, also after a kill")
    func fromTheEnd() {
        var tail = TailHarness(path: "/log/*.gz", startAt: .end)
        tail.files.append(gzip(lines(1...10)), to: "/log/a.gz")
        tail.drain()
        tail.commit()
        tail.files.append(gzip(lines(1...5)), to: "/log/b.gz")
        tail.drain(after: 2)
        #expect(tail.ledger.isExact(5))
        tail.restart(startAt: .end)
        tail.drain(after: 2)
        #expect(tail.ledger.isExact(5))
    }

    @Test("A file of the same name and another content is another file; written anew in place it is read anew")
    func replaced() {
        var tail = harness()
        tail.files.append(gzip(lines(1...10)), to: Self.path)
        tail.drain()
        tail.files.remove(Self.path)
        tail.files.append(gzip(lines(11...20)), to: Self.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(20))
        #expect(tail.ledger.receipt.truncations == 0)
        tail.files.rewrite(Self.path, gzip(lines(21...35)))
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(35))
        #expect(tail.ledger.receipt.truncations == 1)
    }

    @Test("Reads that fail are repeated, and nothing is lost or counted twice")
    func failing() {
        var tail = harness()
        tail.files.append(gzip(lines(1...200)), to: Self.path)
        for _ in 0..<20 {
            tail.files.readError = 5
            tail.drain(after: 1)
            _ = tail.step()
            tail.now += 1_000_000_000
            _ = tail.step()
        }
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(200))
        #expect(ends(tail, .complete) == 1)
    }

    @Test("A position of a state file that no file can have is not believed")
    func hostilePosition() {
        var tail = harness()
        tail.files.append(gzip(lines(1...10)), to: Self.path)
        tail.drain()
        tail.commit()
        for (identity, position) in tail.committed.positions where !position.isHorizon {
            var hostile = position
            hostile.offset = .max
            hostile.size = 0
            tail.committed.positions[identity] = hostile
        }
        tail.committed.receipt = Receipt()
        tail.restart()
        tail.drain(after: 1)
        #expect(tail.ledger.receipt.isBalanced)
    }
}
