import Events
import Glibc
import Testing

@testable import Ingest

@Suite("A log may not be read")
struct PermissionDeniedTests {
    @Test("It is tried again until it may")
    func denied() {
        var tail = TailHarness()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.files.denied = [TailHarness.path]
        tail.drain()
        tail.drain(after: 1)
        #expect(tail.events == [.blocked(path: TailHarness.path, reason: reason(EACCES))])
        tail.files.denied = []
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(10))
    }

    @Test("Lost while it is open, reading goes on with what is open")
    func lost() {
        var tail = TailHarness()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.drain()
        tail.files.denied = [TailHarness.path]
        tail.files.append(lines(11...20), to: TailHarness.path)
        tail.files.denied = [TailHarness.path]
        tail.drain(after: 100)
        #expect(tail.ledger.isExact(20))
        tail.files.denied = []
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(20))
        #expect(tail.ledger.receipt.rotations == 0)
    }

    @Test("At a restart no position is forgotten because of it")
    func restarted() {
        var tail = TailHarness()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.drain()
        tail.commit()
        tail.files.append(lines(11...20), to: TailHarness.path)
        tail.files.denied = [TailHarness.path]
        tail.restart()
        tail.drain(after: 1)
        tail.commit()
        #expect(tail.ledger.positions.count == 1)
        tail.files.denied = []
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(20))
    }

    @Test("A read error is passing: nothing is lost or counted twice")
    func readError() {
        var tail = TailHarness()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.drain()
        tail.files.append(lines(11...20), to: TailHarness.path)
        tail.files.readError = EIO
        tail.drain(after: 1)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(20))
    }
}
