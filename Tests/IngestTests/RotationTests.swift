import Events
import Testing

@testable import Ingest

@Suite("A log is rotated by renaming")
struct RotationTests {
    @Test("Lines before and after the rename are counted once, the old file is closed after 60 s of quiet")
    func renamed() {
        var tail = TailHarness()
        tail.files.append(lines(1...100), to: TailHarness.path)
        tail.drain()
        tail.files.append(lines(101...120), to: TailHarness.path)
        tail.files.rotate(TailHarness.path)
        tail.files.append(lines(121...150), to: TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(150))
        #expect(tail.ledger.receipt.rotations == 1)
        #expect(tail.files.openCount == 2)
        tail.drain(after: 59)
        #expect(tail.files.openCount == 2)
        tail.drain(after: 1)
        #expect(tail.files.openCount == 1)
        #expect(tail.ledger.positions.count == 1)
        #expect(tail.ledger.isExact(150))
    }

    @Test("A writer that has the old file open goes on writing to it")
    func lateWriter() {
        var tail = TailHarness()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.drain()
        tail.files.rotate(TailHarness.path)
        tail.files.append(lines(11...20), to: TailHarness.path)
        tail.drain(after: 1)
        tail.files.append(lines(21...30), to: TailHarness.path + ".1")
        tail.drain(after: 50)
        tail.files.append(lines(31...40), to: TailHarness.path + ".1")
        tail.drain(after: 50)
        #expect(tail.ledger.isExact(40))
        #expect(tail.files.openCount == 2)
        tail.drain(after: 60)
        #expect(tail.files.openCount == 1)
    }

    @Test("Several rotations between two looks leave no file unread", arguments: [2, 5, 90])
    func unseen(rotations: Int) {
        var tail = TailHarness()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.drain()
        for round in 1...rotations {
            tail.files.rotate(TailHarness.path)
            tail.files.append(lines(round * 10 + 1...round * 10 + 10), to: TailHarness.path)
        }
        // Files beyond the limit on open ones are read when others are closed.
        for _ in 0..<4 { tail.drain(after: 61) }
        #expect(tail.ledger.isExact(rotations * 10 + 10))
        #expect(tail.files.openCount == 1)
        #expect(tail.ledger.values == tail.ledger.values.sorted())
    }

    @Test("Compressed and half copied files beside the log are left alone")
    func foreign() {
        var tail = TailHarness()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.drain()
        tail.files.rotate(TailHarness.path)
        for suffix in [".2.gz", ".3.tmp", "ging", ".4.zst"] {
            tail.files.append(lines(1...5), to: TailHarness.path + suffix)
        }
        tail.files.append(lines(11...20), to: TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(20))
    }

    @Test("A copy made by hand is not read when the log is rotated later")
    func copied() {
        var tail = TailHarness()
        tail.files.append(lines(1...200), to: TailHarness.path)
        tail.drain()
        tail.files.copy(TailHarness.path, to: TailHarness.path + ".bak")
        tail.files.append(lines(201...210), to: TailHarness.path)
        tail.files.rotate(TailHarness.path)
        tail.files.append(lines(211...220), to: TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(220))
    }

    @Test("A link that is swapped to and fro leads to no duplicate")
    func linkSwapped() {
        let files = SimulatedFileSystem()
        files.append(lines(1...10), to: "/pods/0.log")
        files.append(lines(11...20), to: "/pods/1.log")
        files.link("/log/app.log", to: "/pods/0.log")
        var tail = TailHarness(files: files)
        tail.drain()
        #expect(tail.ledger.isExact(10))
        for round in 0..<10 {
            files.link("/log/app.log", to: "/pods/\(1 - round % 2).log")
            tail.drain(after: round.isMultiple(of: 3) ? 61 : 1)
            tail.drain(after: 61)
        }
        #expect(tail.ledger.isExact(20))
        #expect(tail.files.openCount == 1)
    }

    @Test("A link beside the log is not followed: who writes there must not make us read elsewhere")
    func plantedLink() {
        var tail = TailHarness()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.drain()
        tail.files.append("secret\n", to: "/etc/secret")
        tail.files.link(TailHarness.path + ".2", to: "/etc/secret")
        tail.files.rotate(TailHarness.path)
        tail.files.append(lines(11...20), to: TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(20))
        #expect(tail.ledger.receipt.received == 20)
    }

    @Test("A rotated file under a link is found in the directory the link leads to")
    func linkedRotation() {
        let files = SimulatedFileSystem()
        files.append(lines(1...10), to: "/pods/0.log")
        files.link("/log/app.log", to: "/pods/0.log")
        var tail = TailHarness(files: files)
        tail.drain()
        tail.commit()
        files.append(lines(11...20), to: "/pods/0.log")
        files.rename("/pods/0.log", to: "/pods/0.log.20260101-000000")
        files.append(lines(21...30), to: "/pods/0.log")
        tail.restart()
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(30))
    }
}

@Suite("A log is deleted and created anew")
struct DeleteRecreateTests {
    @Test("The same inode number is no proof: the new file is read from its start", arguments: [true, false])
    func inodeReused(isSeenMissing: Bool) {
        var tail = TailHarness()
        for round in 0..<200 {
            tail.files.append(lines(round * 50 + 1...round * 50 + 50), to: TailHarness.path)
            tail.drain(after: 61)
            tail.files.remove(TailHarness.path)
            if isSeenMissing { tail.drain(after: 61) }
        }
        #expect(tail.ledger.isExact(10_000))
    }

    @Test("A writer that keeps the deleted file open is heard to the end, and the file let go")
    func deletedWhileWritten() {
        var tail = TailHarness()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.files.link("/writer", to: "/hidden")
        tail.drain()
        tail.files.rename(TailHarness.path, to: "/hidden")
        tail.drain(after: 1)
        tail.files.append(lines(11...20), to: "/hidden")
        tail.drain(after: 5)
        #expect(tail.ledger.isExact(20))
        tail.drain(after: 60)
        #expect(tail.files.openCount == 0)
        // Its position is kept until a younger file is known: that is what tells read files from unread ones.
        #expect(tail.ledger.positions.count == 1)
        tail.files.append(lines(21...30), to: TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(30))
        #expect(tail.ledger.positions.values.map(\.path) == [TailHarness.path])
        #expect(tail.ledger.positions.values.map(\.offset) == [UInt64(lines(21...30).utf8.count)])
    }
}

@Suite("A log does not exist yet")
struct MissingFileTests {
    @Test(
        "It is waited for, and read from its first byte even when the start is at the end", arguments: StartAt.allCases)
    func appears(startAt: StartAt) {
        var tail = TailHarness(startAt: startAt)
        tail.drain()
        #expect(tail.logs.pathState == .missing)
        #expect(tail.events == [.missing(path: TailHarness.path)])
        tail.files.append(lines(1...3), to: TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(3))
        #expect(tail.ledger.receipt.rotations == 0)
    }

    @Test("From the end means from the line that is being written")
    func fromEnd() {
        var tail = TailHarness(startAt: .end)
        tail.files.append(lines(500...600) + "{\"seq\":", to: TailHarness.path)
        tail.drain()
        #expect(tail.ledger.rows == 0)
        tail.commit()
        tail.files.append("1}\n" + lines(2...9), to: TailHarness.path)
        tail.restart()
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(9))
    }

    @Test("A directory in its place is said to be one, and waited out")
    func directory() {
        var tail = TailHarness()
        tail.files.create(TailHarness.path, isRegular: false)
        tail.drain()
        #expect(tail.logs.pathState == .blocked("it is not a regular file"))
        tail.files.remove(TailHarness.path)
        tail.files.append(lines(1...3), to: TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(3))
    }
}
