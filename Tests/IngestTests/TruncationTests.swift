import Events
import Testing

@testable import Ingest

@Suite("A log is truncated")
struct TruncationTests {
    @Test("A shorter file is read again from its start, counted, and the lost bytes are known")
    func shorter() {
        var tail = TailHarness()
        tail.files.append(lines(1...100), to: TailHarness.path)
        tail.drain()
        tail.files.append("{\"seq\":", to: TailHarness.path)
        tail.drain(after: 1)
        tail.files.truncate(TailHarness.path, to: 0)
        tail.drain(after: 1)
        tail.files.append(lines(101...150), to: TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(150))
        #expect(tail.ledger.receipt.truncations == 1)
        #expect(tail.ledger.receipt.lostBytes == [7, 0, 0])
    }

    @Test("A file refilled beyond the offset between two looks is noticed by its content", arguments: [1, 100, 5_000])
    func refilled(count: Int) {
        var tail = TailHarness()
        tail.files.append(lines(1...count), to: TailHarness.path)
        tail.drain()
        tail.files.rewrite(TailHarness.path, Array(lines(count + 1...3 * count + 3).utf8))
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(3 * count + 3))
        #expect(tail.ledger.receipt.truncations == 1)
    }

    @Test("Refilled while nobody ran, it is not resumed in the middle")
    func refilledWhileDown() {
        var tail = TailHarness()
        tail.files.append(lines(1...100), to: TailHarness.path)
        tail.drain()
        tail.commit()
        tail.files.rewrite(TailHarness.path, Array(lines(101...400).utf8))
        tail.restart()
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(400))
        #expect(tail.ledger.receipt.truncations == 1)
    }

    @Test("What a copy-and-truncate took away unread is read from the copy", arguments: [false, true])
    func copyTruncate(isDown: Bool) {
        var tail = TailHarness()
        tail.files.append(lines(1...100), to: TailHarness.path)
        tail.drain()
        tail.commit()
        for round in 1...20 {
            let first = round * 100
            tail.files.append(lines(first + 1...first + 60), to: TailHarness.path)
            tail.files.rename(TailHarness.path + ".1", to: TailHarness.path + ".x\(round).gz")
            tail.files.copy(TailHarness.path, to: TailHarness.path + ".1")
            tail.files.truncate(TailHarness.path, to: 0)
            tail.files.append(lines(first + 61...first + 100), to: TailHarness.path)
            if isDown { tail.restart() }
            tail.drain(after: 1)
            tail.commit()
            tail.drain(after: 70)
            tail.commit()
        }
        #expect(tail.ledger.isExact(2_100))
        #expect(tail.ledger.receipt.truncations == 20)
        #expect(tail.ledger.receipt.lostBytes == [0, 0, 0])
        #expect(tail.files.openCount == 1)
    }

    // T02, run 1: the copies are out of reach.
    @Test("What copy-and-truncate takes away is counted to the byte, as far as it was seen")
    func copiedAway() {
        var tail = TailHarness(batchRows: 8)
        var next = 1
        for round in 0..<50 {
            tail.files.append(lines(next...next + 39), to: TailHarness.path)
            next += 40
            tail.now += 1_000_000_000
            tail.logs.look(now: tail.now)
            for _ in 0..<round % 6 { _ = tail.step() }
            tail.files.truncate(TailHarness.path, to: 0)
            tail.logs.look(now: tail.now)
        }
        tail.drain(after: 1)
        var written = 0
        for seq in 1..<next where !tail.ledger.values.contains(Double(seq)) { written += lines(seq...seq).utf8.count }
        #expect(Set(tail.ledger.values).count == tail.ledger.values.count)
        #expect(tail.ledger.receipt.truncations == 50)
        #expect(tail.ledger.receipt.lostBytes == [UInt64(written), 0, 0])
        #expect(written > 0)
    }

    // T02, run 2: the pattern stands for the copies, too.
    @Test("With the copies in the pattern every line on the disk is counted once", arguments: 1...4)
    func copiesInThePattern(every: Int) {
        var tail = TailHarness(path: "/log/app.log*", batchRows: 8)
        var next = 1
        for round in 0..<50 {
            tail.files.append(lines(next...next + 39), to: TailHarness.path)
            next += 40
            if round % every == 0 {
                tail.now += 1_000_000_000
                tail.logs.look(now: tail.now)
                for _ in 0..<round % 7 { _ = tail.step() }
            }
            tail.files.shift(TailHarness.path)
            tail.files.copy(TailHarness.path, to: TailHarness.path + ".1")
            tail.files.truncate(TailHarness.path, to: 0)
            if round % 3 == 0 { tail.drain(after: 1) }
            if round % 5 == 0 { tail.commit() }
            if round % 11 == 7 {
                tail.drain(after: 2)
                tail.commit()
                tail.restart()
            }
        }
        for _ in 0..<3 { tail.drain(after: 61) }
        #expect(tail.ledger.isExact(next - 1))
        #expect(tail.ledger.receipt.received == UInt64(next - 1))
    }

    @Test("Copies that were read to their end are not read again after a restart")
    func oldCopies() {
        var tail = TailHarness()
        for round in 0..<5 {
            tail.files.append(lines(round * 10 + 1...round * 10 + 10), to: TailHarness.path)
            tail.drain(after: 70)
            tail.files.copy(TailHarness.path, to: TailHarness.path + ".\(round)")
            tail.files.truncate(TailHarness.path, to: 0)
            tail.drain(after: 70)
            tail.commit()
            tail.restart()
        }
        tail.drain(after: 70)
        #expect(tail.ledger.isExact(50))
    }

    @Test("A writer without O_APPEND leaves a hole of NUL bytes, which counts as one ignored line")
    func hole() {
        var tail = TailHarness()
        tail.files.append(lines(1...100), to: TailHarness.path)
        tail.drain()
        let size = tail.files.content(TailHarness.path).count
        tail.files.rewrite(TailHarness.path, [UInt8](repeating: 0, count: size) + Array(lines(101...110).utf8))
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(110))
        #expect(tail.ledger.receipt.truncations == 1)
        #expect(tail.ledger.receipt.ignored[Int(IgnoreReason.nulBytes.rawValue)] == 1)
    }

    @Test("A hole larger than any batch is crossed in constant memory")
    func largeHole() {
        var tail = TailHarness()
        tail.files.append([UInt8](repeating: 0, count: 3_000_000), to: TailHarness.path)
        tail.drain()
        #expect(tail.ledger.receipt.bytesRead == 0)
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(10))
        #expect(tail.ledger.receipt.ignored[Int(IgnoreReason.nulBytes.rawValue)] == 1)
        #expect(tail.ledger.receipt.received == 11)
    }

    @Test("Space that a writer allocated in advance and fills later is not skipped")
    func preallocated() {
        var tail = TailHarness()
        tail.files.append([UInt8](repeating: 0, count: 300_000), to: TailHarness.path)
        tail.drain()
        let first = Array(lines(1...50).utf8)
        tail.files.rewrite(TailHarness.path, first + [UInt8](repeating: 0, count: 300_000 - first.count))
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(50))
        let second = Array(lines(1...90).utf8)
        tail.files.rewrite(TailHarness.path, second + [UInt8](repeating: 0, count: 300_000 - second.count))
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(90))
    }
}
