import Events
import Testing

@testable import Ingest

@Suite("A line is not finished")
struct PartialLineTests {
    @Test("Half a line waits for its end, however it is cut")
    func everyCut() {
        let text = Array(lines(1...3).utf8)
        for cut in 0...text.count {
            var tail = TailHarness()
            tail.files.append(Array(text[..<cut]), to: TailHarness.path)
            tail.drain()
            tail.files.append(Array(text[cut...]), to: TailHarness.path)
            tail.drain(after: 30)
            #expect(tail.ledger.isExact(3))
            #expect(tail.ledger.receipt.received == 3)
            #expect(tail.ledger.receipt.bytesRead == UInt64(text.count))
        }
    }

    @Test("The end may come after the rename")
    func acrossRename() {
        var tail = TailHarness()
        tail.files.append(lines(1...2) + "{\"se", to: TailHarness.path)
        tail.drain()
        tail.files.rotate(TailHarness.path)
        tail.files.append(lines(4...5), to: TailHarness.path)
        tail.drain(after: 1)
        tail.files.append("q\":3}\n", to: TailHarness.path + ".1")
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(5))
    }

    @Test(
        "At the end of a rotated, quiet file it is a record if it is whole, else rejected, once",
        arguments: [("{\"seq\":3}", true), ("{\"seq\":3", false)])
    func neverFinished(rest: String, isRecord: Bool) {
        var tail = TailHarness()
        tail.files.append(lines(1...2) + rest, to: TailHarness.path)
        tail.drain()
        #expect(tail.ledger.isExact(2))
        tail.files.rotate(TailHarness.path)
        tail.files.create(TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(2))
        for _ in 0..<3 { tail.drain(after: 61) }
        #expect(tail.ledger.isExact(isRecord ? 3 : 2))
        #expect(tail.ledger.receipt.received == 3)
        #expect(tail.ledger.receipt.rejected[Int(RejectionReason.partialLine.rawValue)] == (isRecord ? 0 : 1))
        #expect(tail.ledger.receipt.isBalanced)
    }

    @Test("A byte order mark at the start of the file is no part of the first record")
    func byteOrderMark() {
        var tail = TailHarness()
        tail.files.append([0xEF, 0xBB, 0xBF] + Array(lines(1...3).utf8), to: TailHarness.path)
        tail.drain()
        #expect(tail.ledger.isExact(3))
    }
}

@Suite("A line is too long")
struct LongLineTests {
    /// `{"seq":n,"pad":"xxx…"}` of the length given, without its newline.
    private func padded(_ seq: Int, length: Int) -> String {
        let head = "{\"seq\":\(seq),\"pad\":\""
        return head + String(repeating: "x", count: length - head.count - 2) + "\"}"
    }

    @Test(
        "Up to the limit it is a record, whatever a batch holds; above it is rejected once",
        arguments: [4_000, 8_191, 8_192, 32_767, 32_768, 32_769, 100_000, 5_000_000])
    func limit(length: Int) {
        for isFirst in [true, false] {
            var tail = TailHarness()
            if !isFirst { tail.files.append(lines(1...1), to: TailHarness.path) }
            tail.files.append(padded(isFirst ? 1 : 2, length: length), to: TailHarness.path)
            tail.drain()
            tail.files.append("\n", to: TailHarness.path)
            tail.drain(after: 1)
            tail.files.append(lines(1_000...1_999), to: TailHarness.path)
            tail.drain(after: 1)
            let isRecord = length <= 32_768
            #expect(tail.ledger.rows == 1_000 + (isRecord ? 1 : 0) + (isFirst ? 0 : 1))
            #expect(tail.ledger.receipt.rejected[Int(RejectionReason.lineTooLong.rawValue)] == (isRecord ? 0 : 1))
            #expect(tail.ledger.receipt.received == (isFirst ? 1_001 : 1_002))
            #expect(tail.ledger.receipt.bytesRead == UInt64(tail.files.content(TailHarness.path).count))
            #expect(tail.ledger.receipt.truncations == 0)
        }
    }

    @Test("Killed in the middle of it, the line is rejected once all the same")
    func killed() {
        var tail = TailHarness()
        tail.files.append(lines(1...5) + padded(6, length: 50_000), to: TailHarness.path)
        tail.drain()
        tail.commit()
        tail.restart()
        tail.drain(after: 1)
        tail.files.append("yyy\n" + lines(6...9), to: TailHarness.path)
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(9))
        #expect(tail.ledger.receipt.rejected[Int(RejectionReason.lineTooLong.rawValue)] == 1)
    }

    @Test("Without an end, in a rotated file, it is rejected once")
    func rotated() {
        var tail = TailHarness()
        tail.files.append(lines(1...5) + padded(6, length: 50_000), to: TailHarness.path)
        tail.drain()
        tail.files.rotate(TailHarness.path)
        tail.files.append(lines(6...9), to: TailHarness.path)
        for _ in 0..<3 { tail.drain(after: 61) }
        #expect(tail.ledger.isExact(9))
        #expect(tail.ledger.receipt.rejected[Int(RejectionReason.lineTooLong.rawValue)] == 1)
        #expect(tail.files.openCount == 1)
    }
}
