import Events
import TestKit
import Testing

@testable import Ingest

@Suite("Many logs of one pattern")
struct LogSetTests {
    private static let pattern = "/pods/*/model/*.log"

    private func path(_ pod: Int, _ name: String = "0.log") -> String { "/pods/p\(pod)/model/\(name)" }

    private func harness(_ change: (inout TailSettings) -> Void = { _ in }) -> TailHarness {
        var tail = TailHarness(path: Self.pattern)
        change(&tail.settings)
        tail.rebuild()
        return tail
    }

    @Test("All that are there are read, and those that come later")
    func found() {
        var tail = harness()
        tail.files.append(lines(1...10), to: path(1))
        tail.files.append(lines(11...20), to: path(2))
        tail.files.append("no record\n", to: "/pods/p1/other/0.log")
        tail.files.append("no record\n", to: "/pods/p1/model/0.log.gz")
        tail.files.append("no record\n", to: "/pods/p1/model/.hidden.log")
        tail.drain()
        #expect(tail.ledger.isExact(20))
        tail.files.append(lines(21...30), to: path(3))
        tail.files.append(lines(31...31), to: path(1))
        tail.drain(after: 2)
        #expect(tail.ledger.isExact(31))
        #expect(tail.ledger.receipt.received == 31)
        #expect(tail.logs.pathState == .open)
    }

    @Test("Nothing matches yet: it waits")
    func none() {
        var tail = harness()
        tail.drain()
        #expect(tail.logs.pathState == .missing)
        tail.files.append(lines(1...1), to: path(1))
        tail.drain(after: 2)
        #expect(tail.ledger.isExact(1))
    }

    @Test("From the end: what is there is passed over, what comes later is not")
    func fromTheEnd() {
        var tail = TailHarness(path: Self.pattern, startAt: .end)
        tail.files.append(lines(1...10), to: path(1))
        tail.drain()
        tail.files.append(lines(1...5), to: path(1))
        tail.files.append(lines(6...10), to: path(2))
        tail.drain(after: 2)
        #expect(tail.ledger.isExact(10))
    }

    @Test("From the end, though the first look fails: what was there at the start is passed over, what is new is not")
    func fromTheEndLater() {
        var tail = TailHarness(path: Self.pattern, startAt: .end)
        tail.files.append(lines(1...10), to: path(1))
        tail.files.append(lines(1...10), to: path(2))
        tail.files.denied = [path(1), "/pods/p2/model"]
        tail.drain()
        tail.files.append(lines(1...5), to: path(3))
        tail.files.denied = []
        tail.drain(after: 2)
        #expect(tail.ledger.isExact(5))
        tail.files.append(lines(6...8), to: path(1))
        tail.files.append(lines(9...10), to: path(2))
        tail.drain(after: 2)
        #expect(tail.ledger.isExact(10))
    }

    @Test("From the end, with more files than may be open")
    func fromTheEndOfMany() {
        var tail = TailHarness(path: Self.pattern)
        tail.settings.openFiles = 2
        for pod in 1...9 { tail.files.append(lines(1...10), to: path(pod)) }
        tail.logs = TailHarness.logs(tail.settings, files: tail.files, resume: [], startAt: .end)
        for _ in 0..<5 { tail.drain(after: 2) }
        #expect(tail.ledger.receipt.received == 0)
        for pod in 1...9 { tail.files.append(lines(pod...pod), to: path(pod)) }
        for _ in 0..<5 { tail.drain(after: 2) }
        #expect(tail.ledger.isExact(9))
    }

    @Test("Excluded names and paths are left alone")
    func excluded() throws {
        let exclude = [try PathPattern("debug*"), try PathPattern("/pods/p2/*/*")]
        var tail = harness { $0.exclude = exclude }
        tail.files.append(lines(1...10), to: path(1))
        tail.files.append("x\n", to: path(1, "debug.log"))
        tail.files.append("x\n", to: path(2))
        tail.drain()
        #expect(tail.ledger.receipt.received == 10)
    }

    // T16, without compression: the layout of a kubelet.
    @Test("Rotated files that the pattern does not stand for are drained, and found again after a kill")
    func kubelet() {
        var tail = harness()
        var next = 1
        for round in 0..<30 {
            for pod in 1...3 {
                tail.files.append(lines(next...next + 4), to: path(pod))
                next += 5
            }
            if round % 3 == 1 {
                // The live file is renamed; the oldest archive is compressed and removed.
                let stamp = 20_260_101 + round
                tail.files.rename(path(2), to: path(2, "0.log.\(stamp)-120000"))
                tail.files.create(path(2))
                if round > 6 {
                    let old = path(2, "0.log.\(stamp - 6)-120000")
                    tail.files.copy(old, to: old + ".tmp")
                    tail.files.rename(old + ".tmp", to: old + ".gz")
                    tail.files.remove(old)
                }
            }
            if round % 4 != 2 { tail.drain(after: 1) }
            if round % 5 == 3 { tail.commit() }
            if round % 7 == 5 { tail.restart() }
        }
        for _ in 0..<3 { tail.drain(after: 61) }
        #expect(tail.ledger.isExact(next - 1))
        #expect(tail.ledger.receipt.received == UInt64(next - 1))
        #expect(tail.files.openCount == 3)
    }

    // T16: the links of a node.
    @Test("Links are followed into the directories named, and nowhere else")
    func links() {
        var tail = TailHarness(path: "/containers/*.log")
        tail.settings.linkRoots = ["/pods"]
        tail.rebuild()
        tail.files.append(lines(1...10), to: "/pods/a/0.log")
        tail.files.link("/containers/a.log", to: "/pods/a/0.log")
        tail.files.append("secret\n", to: "/etc/secret")
        tail.files.link("/containers/b.log", to: "/etc/secret")
        tail.drain()
        #expect(tail.ledger.isExact(10))
        #expect(tail.ledger.receipt.received == 10)
        #expect(
            tail.events.contains(.blocked(path: "/containers/b.log", reason: FileError.outside.words)))
        // Rotated behind the link.
        tail.files.append(lines(11...15), to: "/pods/a/0.log")
        tail.files.rename("/pods/a/0.log", to: "/pods/a/0.log.20260101-120000")
        tail.files.append(lines(16...20), to: "/pods/a/0.log")
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(20))
        // Swapped to and fro.
        tail.files.append(lines(21...25), to: "/pods/a/1.log")
        for round in 0..<10 {
            tail.files.link("/containers/a.log", to: "/pods/a/\(1 - round % 2).log")
            tail.drain(after: round.isMultiple(of: 3) ? 70 : 1)
        }
        tail.files.append(lines(26...30), to: "/pods/a/0.log")
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(30))
        #expect(tail.ledger.receipt.received == 30)
    }

    @Test("Two paths to one file mean reading it once, by whichever is there")
    func aliases() {
        var tail = TailHarness(path: "/containers/*.log")
        tail.files.append(lines(1...10), to: "/containers/real.log")
        tail.files.link("/containers/alias.log", to: "/containers/real.log")
        tail.drain()
        #expect(tail.ledger.isExact(10))
        tail.commit()
        tail.restart()
        tail.files.append(lines(11...20), to: "/containers/real.log")
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(20))
        // The path it was read by goes; the other one takes over.
        tail.files.rename("/containers/real.log", to: "/containers/other.log")
        tail.files.link("/containers/alias.log", to: "/containers/other.log")
        tail.drain(after: 1)
        tail.files.append(lines(21...30), to: "/containers/other.log")
        for _ in 0..<3 { tail.drain(after: 70) }
        #expect(tail.ledger.isExact(30))
        tail.files.append(lines(31...40), to: "/containers/other.log")
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(40))
        #expect(tail.ledger.receipt.received == 40)
    }

    // T18
    @Test("A pattern that stands for the archives, too: renamed or copied, they are not read twice", arguments: [0, 1])
    func archives(isCopied: Int) {
        var tail = TailHarness(path: "/log/app.log*")
        let path = "/log/app.log"
        // Archives that were there before are read first, oldest first.
        tail.files.append(lines(1...100), to: path)
        tail.files.rotate(path)
        tail.files.append(lines(101...200), to: path)
        tail.files.rotate(path)
        tail.files.append(lines(201...300), to: path)
        tail.drain()
        #expect(tail.ledger.isExact(300))
        let isSorted = tail.ledger.values == tail.ledger.values.sorted()
        #expect(isSorted)
        var next = 301
        for round in 0..<20 {
            tail.files.append(lines(next...next + 99), to: path)
            next += 100
            if round % 4 != 1 { tail.drain(after: 1) }
            if isCopied == 0 {
                tail.files.rotate(path)
            } else {
                tail.files.shift(path)
                tail.files.copy(path, to: path + ".1")
                if round % 3 == 0 { tail.drain(after: 1) }
                tail.files.truncate(path, to: 0)
            }
            tail.files.append("compressed", to: path + ".9.gz")
            if round % 3 != 2 { tail.drain(after: 1) }
            if round % 5 == 2 { tail.commit() }
            if round % 5 == 4 {
                tail.drain(after: 1)
                tail.commit()
                tail.restart()
            }
        }
        for _ in 0..<3 { tail.drain(after: 61) }
        #expect(tail.ledger.isExact(next - 1))
        #expect(tail.ledger.receipt.received == UInt64(next - 1))
    }

    @Test("An archive found before its log is handed over to it")
    func archiveFirst() {
        var tail = TailHarness(path: "/log/app.log*")
        tail.files.append(lines(1...10), to: "/log/app.log.1")
        tail.drain()
        tail.files.append(lines(11...20), to: "/log/app.log")
        tail.drain(after: 2)
        tail.files.rotate("/log/app.log")
        tail.files.append(lines(21...30), to: "/log/app.log")
        tail.drain(after: 2)
        tail.commit()
        tail.restart()
        tail.drain(after: 2)
        #expect(tail.ledger.isExact(30))
        #expect(tail.ledger.receipt.received == 30)
    }

    // T21
    @Test("More logs than may be open: all are read, the bound holds, and lines of a live one do not wait")
    func bounded() {
        var tail = harness { $0.openFiles = 8 }
        for pod in 1...100 { tail.files.append(lines(pod...pod), to: path(pod)) }
        tail.drain()
        #expect(tail.ledger.isExact(100))
        #expect(tail.files.openCount <= 8)
        #expect(tail.logs.suspendedLogs >= 92)
        var next = 101
        for round in 0..<40 {
            let pod = 1 + round * 37 % 100
            tail.files.append(lines(next...next + 2), to: path(pod))
            next += 3
            if round % 9 == 4 {
                tail.files.rename(path(pod), to: path(pod, "0.log.20260101-12000\(round % 9)"))
                tail.files.append(lines(next...next), to: path(pod))
                next += 1
            }
            tail.drain(after: round % 10 == 0 ? 61 : 1)
            #expect(tail.files.openCount <= 8)
            if round % 7 == 3 { tail.commit() }
            if round % 11 == 6 { tail.restart() }
        }
        for _ in 0..<3 { tail.drain(after: 61) }
        #expect(tail.ledger.isExact(next - 1))
        #expect(tail.ledger.receipt.received == UInt64(next - 1))
        #expect(tail.ledger.positions.count == 101)
    }

    // T21
    @Test("A backlog in some logs does not keep the others waiting, even if there are more than may be open")
    func fair() {
        var tail = harness { $0.openFiles = 4 }
        for pod in 1...6 { tail.files.append(lines(1...2_000), to: path(pod)) }
        tail.files.append(lines(1...1), to: path(7))
        tail.logs.look(now: tail.now)
        // Six logs of 125 batches each; the small one is done after a few turns of each.
        for round in 0..<40 {
            tail.now += 250_000_000
            tail.logs.look(now: tail.now)
            _ = tail.step()
            if tail.ledger.positions.contains(where: { $1.path == path(7) && $1.offset > 0 }) { break }
            #expect(round < 39, "the live line waits for the backlog")
        }
        while tail.step() {}
        tail.drain(after: 1)
        #expect(tail.ledger.rows == 12_001)
    }

    @Test("Too many logs: counted, said once, and followed when others are gone")
    func tooMany() {
        var tail = harness { $0.logs = 3 }
        for pod in 1...5 { tail.files.append(lines(pod...pod), to: path(pod)) }
        tail.drain()
        tail.drain(after: 2)
        #expect(tail.logs.refused == 2)
        #expect(tail.events.count { if case .tooManyLogs = $0 { true } else { false } } == 1)
        #expect(tail.ledger.rows == 3)
        tail.files.remove(path(1))
        tail.files.remove(path(2))
        for _ in 0..<3 { tail.drain(after: 61) }
        #expect(tail.logs.refused == 0)
        #expect(tail.ledger.isExact(5))
    }

    @Test("A log that is gone is forgotten after an hour, and its position with it")
    func forgotten() {
        var tail = harness()
        tail.files.append(lines(1...10), to: path(1))
        tail.files.append(lines(11...20), to: path(2))
        tail.drain()
        #expect(tail.ledger.positions.count == 3)
        tail.files.rename(path(1), to: path(1, "0.log.20260101-120000"))
        for _ in 0..<62 { tail.drain(after: 61) }
        #expect(tail.ledger.positions.count == 2)
        // Its rotated file is not read again when it comes back.
        tail.files.append(lines(21...30), to: path(1))
        tail.drain(after: 2)
        tail.commit()
        tail.restart()
        tail.drain(after: 2)
        #expect(tail.ledger.isExact(30))
    }

    @Test("A log that appears, is rotated and the daemon killed, all between two commits, is not forgotten")
    func rotatedBetweenCommits() {
        var tail = harness()
        tail.drain()
        tail.commit()
        tail.files.append(lines(1...10), to: path(1))
        tail.drain(after: 2)
        tail.files.rename(path(1), to: path(1, "0.log.20260101-120000"))
        tail.files.append(lines(11...20), to: path(1))
        tail.drain(after: 2)
        tail.restart()
        tail.drain(after: 2)
        #expect(tail.ledger.isExact(20))
    }

    @Test("The same for a log given by its path")
    func firstFileBetweenCommits() {
        var tail = TailHarness()
        // Older than the start: not ours.
        tail.files.append(lines(1...5), to: TailHarness.path + ".1")
        tail.drain()
        tail.commit()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.drain(after: 1)
        tail.files.rotate(TailHarness.path)
        tail.files.append(lines(11...20), to: TailHarness.path)
        tail.restart()
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(20))
        tail.commit()
        #expect(tail.ledger.positions.keys.allSatisfy { $0.inode != 0 })
    }

    @Test("The daemon's own files are no logs")
    func own() {
        var tail = TailHarness(path: "/log/*")
        tail.settings.ownPaths = ["/log/state", "/log/telltale.yaml"]
        tail.rebuild()
        tail.files.append("listen: x\n", to: "/log/telltale.yaml")
        tail.files.append(lines(1...3), to: "/log/app.log")
        tail.drain()
        #expect(tail.ledger.receipt.received == 3)
        #expect(tail.events.contains(.blocked(path: "/log/telltale.yaml", reason: FileError.own.words)))
    }

    @Test("Random histories of many logs are exact", arguments: 0..<300)
    func history(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed) &* 0xD134_2543_DE82_EF95)
        let bound = Int.random(in: 2...6, using: &random)
        var tail = harness { $0.openFiles = bound + 4 }
        tail.drain()
        tail.commit()
        var (next, stamp) = (1, 20_260_101)
        for _ in 0..<80 {
            let pod = Int.random(in: 1...8, using: &random)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<45:
                let count = Int.random(in: 1...40, using: &random)
                tail.files.append(lines(next...next + count - 1), to: path(pod))
                next += count
            case 45..<58:
                guard !tail.files.content(path(pod)).isEmpty else { break }
                stamp += 1
                tail.files.rename(path(pod), to: path(pod, "0.log.\(stamp)-120000"))
                if Bool.random(using: &random) { tail.files.create(path(pod)) }
            case 58..<70: tail.commit()
            case 70..<78: tail.restart()
            case 78..<86:
                tail.now += 1_000_000_000
                tail.logs.look(now: tail.now)
                for _ in 0..<Int.random(in: 1...5, using: &random) { _ = tail.step() }
                if Bool.random(using: &random) { tail.commit() }
            default: tail.drain(after: Int64.random(in: 0...30, using: &random))
            }
            #expect(tail.ledger.receipt.isBalanced)
        }
        // A log that was never seen under its path is found by the file that follows it there.
        for pod in 1...8 { tail.files.append(lines(next + pod - 1...next + pod - 1), to: path(pod)) }
        for _ in 0..<6 { tail.drain(after: 61) }
        #expect(tail.ledger.isExact(next + 7))
        #expect(tail.ledger.receipt.received == UInt64(next + 7))
        #expect(tail.files.openCount <= bound + 4)
    }
}
