import Events
import TestKit
import Testing

@testable import Ingest

@Suite("Rotated and compressed while nobody looked")
struct CompressedRotationTests {
    private static let path = TailHarness.path

    /// Rotates as logrotate does with `compress`: everything rotated becomes `.N.gz`, but the newest if it is delayed.
    private func rotate(_ tail: borrowing TailHarness, delayed: Bool) {
        let files = tail.files
        for number in stride(from: 20, through: 1, by: -1) {
            for end in ["", ".gz"] where !files.content("\(Self.path).\(number)\(end)").isEmpty {
                files.rename("\(Self.path).\(number)\(end)", to: "\(Self.path).\(number + 1)\(end)")
            }
        }
        files.rename(Self.path, to: Self.path + ".1")
        files.append("", to: Self.path)
        for number in (delayed ? 2 : 1)...20 where !files.content("\(Self.path).\(number)").isEmpty {
            files.compress("\(Self.path).\(number)")
        }
    }

    private func lost(_ tail: borrowing TailHarness) -> UInt64 { tail.ledger.receipt.lostBytes.reduce(0, +) }

    @Test("What was not read is read from the compressed files, in order", arguments: [1, 2, 5], [false, true])
    func continued(rotations: Int, delayed: Bool) {
        var tail = TailHarness()
        tail.files.append(lines(1...100), to: Self.path)
        tail.drain()
        tail.commit()
        var last = 100
        func write(_ count: Int) {
            tail.files.append(lines(last + 1...last + count), to: Self.path)
            last += count
        }
        write(37)
        for _ in 0..<rotations {
            rotate(tail, delayed: delayed)
            write(41)
        }
        tail.restart()
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(last))
        #expect(tail.ledger.values == tail.ledger.values.sorted())
        #expect(lost(tail) == 0)
        #expect(tail.ledger.receipt.truncations == 0)
        // And not again, at whatever start.
        for _ in 0..<3 {
            tail.commit()
            tail.restart()
            tail.drain(after: 70)
        }
        tail.drain(after: 70)
        #expect(tail.ledger.isExact(last))
        #expect(tail.files.openCount == 1)
        #expect(tail.ledger.positions.count == 1)
    }

    // A file that is known, and of which nothing was read, cannot be recognised once it is compressed.
    @Test("A kill at any point: each line is counted once, or its bytes are counted as lost", arguments: 0...40)
    func killedAgain(steps: Int) {
        var tail = TailHarness(batchRows: 4)
        tail.files.append(lines(1...50), to: Self.path)
        tail.drain()
        tail.commit()
        tail.files.append(lines(51...80), to: Self.path)
        rotate(tail, delayed: false)
        tail.files.append(lines(81...100), to: Self.path)
        rotate(tail, delayed: false)
        tail.files.append(lines(101...120), to: Self.path)
        rotate(tail, delayed: true)
        tail.files.append(lines(121...130), to: Self.path)
        tail.restart()
        tail.logs.look(now: tail.now)
        for _ in 0..<steps { _ = tail.step() }
        tail.commit()
        tail.restart()
        for _ in 0..<3 { _ = tail.step() }
        tail.restart()
        rotate(tail, delayed: false)
        tail.files.append(lines(131...140), to: Self.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(140) || (lost(tail) == 12 * (140 - tail.ledger.rows) && steps < 22))
        #expect(Set(tail.ledger.values).count == tail.ledger.values.count)
        let (rows, bytes) = (tail.ledger.rows, lost(tail))
        tail.commit()
        tail.restart()
        tail.drain(after: 70)
        tail.drain(after: 70)
        #expect(tail.ledger.rows == rows)
        #expect(lost(tail) == bytes)
        #expect(tail.ledger.positions.count == 1)
    }

    @Test("Compressed files that were read, or are older than what is known, are left alone")
    func older() {
        var tail = TailHarness()
        tail.files.append(gzip("no record\n"), to: Self.path + ".3.gz")
        tail.files.append(lines(1...100), to: Self.path)
        tail.drain()
        rotate(tail, delayed: true)
        tail.files.append(lines(101...200), to: Self.path)
        tail.drain(after: 1)
        tail.drain(after: 70)
        tail.commit()
        rotate(tail, delayed: false)
        tail.files.append(lines(201...210), to: Self.path)
        tail.restart()
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(210))
        #expect(tail.ledger.receipt.received == 210)
    }

    @Test("Dated names, and a path that leads nowhere for a while")
    func dated() {
        var tail = TailHarness()
        tail.files.append(lines(1...100), to: Self.path)
        tail.drain()
        tail.commit()
        tail.files.append(lines(101...110), to: Self.path)
        for (day, first) in [(1, 111), (2, 121), (3, 131)] {
            tail.files.rename(Self.path, to: Self.path + "-2026010\(day)")
            tail.files.compress(Self.path + "-2026010\(day)")
            if first < 131 { tail.files.append(lines(first...first + 9), to: Self.path) }
        }
        tail.restart()
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(130))
        tail.commit()
        for _ in 0..<3 {
            tail.restart()
            tail.drain(after: 70)
            tail.commit()
        }
        #expect(tail.ledger.isExact(130))
        tail.files.append(lines(131...140), to: Self.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(140))
        #expect(tail.ledger.values == tail.ledger.values.sorted())
        tail.drain(after: 1)
        #expect(tail.ledger.positions.count == 1)
    }

    @Test("Another content under such a name proves nothing; what is known to be lost is counted, once")
    func notFound() {
        var tail = TailHarness()
        tail.files.append(lines(1...100), to: Self.path)
        tail.drain()
        tail.files.append(lines(101...110), to: Self.path)
        tail.logs.look(now: tail.now)
        // A commit while some lines are known and not read: the position says how many bytes there are.
        tail.files.append("{\"seq\":111}\n{\"se", to: Self.path)
        tail.drain(after: 1)
        tail.commit()
        tail.files.remove(Self.path)
        tail.files.append(gzip(lines(501...600)), to: Self.path + ".1.gz")
        tail.files.append(gzip(lines(1...50) + lines(601...900)), to: Self.path + ".2.gz")
        for _ in 0..<3 {
            tail.restart()
            tail.drain(after: 1)
            #expect(tail.ledger.isExact(111))
            #expect(tail.ledger.receipt.lostBytes[Int(LossReason.removed.rawValue)] == 4)
            tail.commit()
        }
        tail.files.append(lines(112...120), to: Self.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(120))
    }

    @Test("A long way to the offset is gone in pieces, over several looks")
    func far() {
        var tail = TailHarness(batchBytes: 1 << 20, batchRows: 1_000)
        let pad = String(repeating: "x", count: 10_000)
        func long(_ range: ClosedRange<Int>) -> String {
            range.map { "{\"seq\":\($0),\"pad\":\"\(pad)\"}\n" }.joined()
        }
        tail.files.append(long(1...4_000), to: Self.path)
        tail.drain()
        tail.commit()
        tail.files.append(long(4_001...4_100), to: Self.path)
        rotate(tail, delayed: false)
        // Rotated once more: the one that is asked first is not ours.
        tail.files.append(lines(4_101...4_110), to: Self.path)
        rotate(tail, delayed: false)
        tail.restart()
        tail.logs.look(now: tail.now)
        let isAtOnce = tail.step()
        #expect(!isAtOnce)
        for _ in 0..<4 { tail.drain(after: 1) }
        #expect(tail.ledger.isExact(4_110))
        #expect(tail.ledger.values == tail.ledger.values.sorted())
    }

    @Test("A damaged one is read as far as it goes, and the rest is counted")
    func damaged() {
        var tail = TailHarness()
        tail.files.append(lines(1...100), to: Self.path)
        tail.drain()
        tail.commit()
        tail.files.append(lines(101...2_000), to: Self.path)
        rotate(tail, delayed: false)
        var bytes = tail.files.content(Self.path + ".1.gz")
        bytes.removeLast(bytes.count / 2)
        tail.files.rewrite(Self.path + ".1.gz", bytes)
        tail.files.append(lines(2_001...2_010), to: Self.path)
        tail.restart()
        tail.drain(after: 1)
        #expect(tail.ledger.values.contains(101))
        #expect(tail.ledger.values.contains(2_010))
        tail.drain(after: 61)
        #expect(tail.ledger.receipt.archives[Int(ArchiveEnd.truncated.rawValue)] == 1)
        #expect(tail.files.openCount == 1)
        #expect(tail.ledger.receipt.isBalanced)
    }

    @Test("A log of a pattern finds its rest in a compressed file, too")
    func pattern() {
        var tail = TailHarness(path: "/pods/*/0.log")
        let path = "/pods/a/0.log"
        tail.files.append(lines(1...20), to: path)
        tail.drain()
        tail.commit()
        tail.files.append(lines(21...30), to: path)
        tail.files.rename(path, to: path + ".20260101-120000")
        tail.files.compress(path + ".20260101-120000")
        tail.files.append(lines(31...40), to: path)
        tail.restart()
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(40))
        tail.drain(after: 70)
        #expect(tail.files.openCount == 1)
    }

    @Test(
        "Names in the order of their age",
        arguments: [
            ["app.log.10", "app.log.9", "app.log.2", "app.log.1"],
            ["app.log-20251231", "app.log-20260101", "app.log-20260102.gz"],
            ["app.log.2026-01-01", "app.log.2026-01-01.1", "app.log.2026-01-02"],
            ["app.log.20260101-120000", "app.log.20260101-130000", "app.log.2.gz", "app.log.1"],
            ["app.log.1767225600", "app.log.1767229200"],
        ])
    func order(names: [String]) {
        let ages = names.map { RotatedName.age(of: $0, log: "app.log") }
        #expect(ages == ages.sorted())
        #expect(zip(ages, ages.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test(
        "Archives in the order in which they are read",
        arguments: [
            ["/a/app.log.10.gz", "/a/app.log.9.gz", "/b/app.log.11.gz"],
            ["/a/part-2.jsonl.gz", "/a/part-10.jsonl.gz"],
            ["/a/2026-01-09.jsonl.gz", "/a/2026-01-10.jsonl.gz"],
            ["/a/x99999999999999999999999999.gz", "/a/y.gz"],
        ])
    func archiveOrder(paths: [String]) {
        let order = paths.map { RotatedName.order(of: $0) }
        #expect(order == order.sorted())
    }
}
