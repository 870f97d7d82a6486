import Events
import TestKit
import Testing

@testable import Ingest

@Suite("The process is killed and started again")
struct ResumeTests {
    @Test("Everything since the commit is read again, nothing before it")
    func simple() {
        var tail = TailHarness()
        tail.files.append(lines(1...100), to: TailHarness.path)
        tail.drain()
        tail.commit()
        tail.files.append(lines(101...150), to: TailHarness.path)
        tail.drain(after: 1)
        tail.restart()
        tail.files.append(lines(151...160), to: TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(160))
    }

    @Test("Several rotations while it was down", arguments: [1, 2, 7])
    func rotatedWhileDown(rotations: Int) {
        var tail = TailHarness()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.drain()
        tail.commit()
        for round in 1...rotations {
            tail.files.append(lines(round * 10 + 1...round * 10 + 5), to: TailHarness.path)
            tail.files.rotate(TailHarness.path)
            tail.files.append(lines(round * 10 + 6...round * 10 + 10), to: TailHarness.path)
        }
        tail.restart()
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(rotations * 10 + 10))
        #expect(tail.ledger.values == tail.ledger.values.sorted())
    }

    @Test("From the end, though the first look fails")
    func fromTheEndLater() {
        var tail = TailHarness(startAt: .end)
        tail.files.append(lines(101...110), to: TailHarness.path)
        tail.files.denied = [TailHarness.path]
        tail.drain()
        tail.files.denied = []
        tail.drain(after: 1)
        #expect(tail.ledger.rows == 0)
        tail.files.append(lines(1...3), to: TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(3))
    }

    @Test("From the end, and the file is replaced before a look succeeds: the new one is read whole")
    func fromTheEndReplaced() {
        var tail = TailHarness(startAt: .end)
        tail.files.append(lines(101...110), to: TailHarness.path)
        tail.files.denied = [TailHarness.path]
        tail.drain()
        tail.files.denied = []
        tail.files.rotate(TailHarness.path)
        tail.files.append(lines(1...3), to: TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(3))
    }

    @Test("Without births, names tell the order", arguments: [false, true], ["number", "date"])
    func withoutBirths(isDown: Bool, naming: String) {
        var tail = TailHarness()
        tail.files.hasBirths = false
        tail.files.append("no record\n", to: TailHarness.path + (naming == "number" ? ".1" : "-20251231"))
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.drain()
        tail.commit()
        for round in 1...12 {
            if naming == "number" {
                tail.files.rotate(TailHarness.path)
            } else {
                tail.files.rename(TailHarness.path, to: TailHarness.path + "-\(20_260_100 + round)")
            }
            tail.files.append(lines(round * 10 + 1...round * 10 + 10), to: TailHarness.path)
        }
        if isDown { tail.restart() }
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(130))
        #expect(tail.ledger.values == tail.ledger.values.sorted())
        #expect(tail.ledger.receipt.received == 130)
        for _ in 0..<3 {
            tail.drain(after: 70)
            tail.commit()
            tail.restart()
        }
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(130))
    }

    @Test("What was known to be left of a file that is gone is counted, once")
    func goneWithRest() {
        var tail = TailHarness(batchRows: 4)
        tail.files.append(lines(1...9), to: TailHarness.path)
        tail.logs.look(now: 0)
        _ = tail.step()
        tail.commit()
        tail.files.remove(TailHarness.path)
        for _ in 0..<3 {
            tail.restart()
            tail.drain(after: 1)
            #expect(tail.ledger.receipt.lostBytes[Int(LossReason.removed.rawValue)] == 50)
            tail.commit()
        }
        #expect(tail.ledger.isExact(4))
    }

    @Test("A file that is gone is said to be gone, and the next one is read from its start")
    func gone() {
        var tail = TailHarness()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.drain()
        tail.commit()
        tail.files.remove(TailHarness.path)
        tail.files.append(lines(11...20), to: TailHarness.path)
        tail.restart()
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(20))
        #expect(tail.events.contains { if case .gone = $0 { true } else { false } })
        #expect(tail.ledger.positions.count == 1)
    }

    @Test("Files rotated while the path led nowhere are read, and the last one read is not read again")
    func longMissing() {
        var tail = TailHarness()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.drain()
        tail.files.rotate(TailHarness.path)
        tail.drain(after: 61)
        tail.drain(after: 61)
        tail.commit()
        tail.restart()
        tail.files.append(lines(11...20), to: TailHarness.path)
        tail.files.rotate(TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(20))
        tail.drain(after: 61)
        tail.drain(after: 61)
        tail.commit()
        tail.restart()
        tail.drain(after: 61)
        tail.files.append(lines(21...30), to: TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(30))
    }

    @Test("A new mount may give the device another number")
    func otherDevice() {
        var tail = TailHarness()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.drain()
        tail.commit()
        for (identity, position) in tail.committed.positions {
            var moved = position
            moved.identity.device = 99
            tail.committed.positions = [moved.identity: moved]
            _ = identity
        }
        tail.files.append(lines(11...20), to: TailHarness.path)
        tail.restart()
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(20))
        #expect(tail.ledger.positions.keys.map(\.device) == [1])
    }

    @Test(
        "Random histories of writing, rotating, late writing, commits and kills are exact",
        arguments: Array(0..<400) + [5_519])
    func history(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var tail = TailHarness(batchRows: Int.random(in: 1...40, using: &random))
        tail.files.create(TailHarness.path)
        tail.drain()
        tail.commit()
        var next = 1
        // What a writer has begun and not finished, in the file it was begun in.
        var unfinished = ""
        func write(_ text: String, _ path: String) { tail.files.append(text, to: path) }
        for _ in 0..<120 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<40:
                let count = Int.random(in: 1...60, using: &random)
                write(unfinished + lines(next...next + count - 1), TailHarness.path)
                (unfinished, next) = ("", next + count)
            case 40..<50:
                guard unfinished.isEmpty else { break }
                let line = "{\"seq\":\(next)}\n"
                let cut = Int.random(in: 1..<line.utf8.count, using: &random)
                write(String(line.prefix(cut)), TailHarness.path)
                (unfinished, next) = (String(line.dropFirst(cut)), next + 1)
            case 50..<62:
                tail.files.rotate(TailHarness.path)
                write(unfinished, TailHarness.path + ".1")
                unfinished = ""
                if Bool.random(using: &random) {
                    write(lines(next...next + 4), TailHarness.path + ".1")
                    next += 5
                }
                if Int.random(in: 0..<4, using: &random) > 0 { tail.files.create(TailHarness.path) }
            case 62..<72: tail.commit()
            case 72..<80: tail.restart()
            case 80..<88:
                // A kill between two batches: only a part is read.
                tail.logs.look(now: tail.now)
                for _ in 0..<Int.random(in: 1...5, using: &random) { _ = tail.step() }
                if Bool.random(using: &random) { tail.commit() }
            default: tail.drain(after: Int64.random(in: 0...30, using: &random))
            }
            #expect(tail.ledger.receipt.isBalanced)
        }
        write(unfinished, TailHarness.path)
        for _ in 0..<4 { tail.drain(after: 61) }
        #expect(tail.ledger.isExact(next - 1))
        #expect(tail.ledger.receipt.received == UInt64(next - 1))
        #expect(tail.ledger.receipt.lostBytes == [0, 0, 0])
        #expect(tail.ledger.receipt.truncations == 0)
        #expect(tail.files.openCount <= 1)
        #expect(tail.ledger.positions.count == 1)
    }
}
