import Events
import LineFormats
import TestKit
import Testing

@testable import Ingest

@Suite("Bytes that are no UTF-8, and lines in pieces")
struct EncodingTests {
    private static func utf16(_ text: String, isLittle: Bool, mark: Bool) -> [UInt8] {
        ((mark ? [0xFEFF] : []) + Array(text.utf16)).flatMap { unit -> [UInt8] in
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 255))
            return isLittle ? [low, high] : [high, low]
        }
    }

    private func rejected(_ tail: borrowing TailHarness, _ reason: RejectionReason) -> UInt64 {
        tail.ledger.receipt.rejected[Int(reason.rawValue)]
    }

    // T11
    @Test("The mark at the start of a UTF-8 file is no part of its first record")
    func mark() {
        var tail = TailHarness()
        tail.files.append([0xEF, 0xBB, 0xBF], to: TailHarness.path)
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.drain()
        #expect(tail.ledger.isExact(10))
        #expect(tail.ledger.receipt.received == 10)
    }

    // T11
    @Test("UTF-16 is rejected line by line, and what follows is read", arguments: [false, true], [false, true])
    func utf16(isLittle: Bool, mark: Bool) {
        var tail = TailHarness()
        tail.files.append(Self.utf16(lines(1...10), isLittle: isLittle, mark: mark), to: TailHarness.path)
        tail.files.append("\n" + lines(1...5), to: TailHarness.path)
        tail.drain()
        #expect(tail.ledger.isExact(5))
        #expect(rejected(tail, .encoding) >= 9)
        #expect(tail.ledger.receipt.isBalanced)
    }

    // T11
    @Test("A line of Latin-1 is rejected, the others are not")
    func latin1() {
        var tail = TailHarness()
        tail.files.append(lines(1...3), to: TailHarness.path)
        tail.files.append(Array("{\"seq\":9,\"name\":\"Jos".utf8) + [0xE9] + Array("\"}\n".utf8), to: TailHarness.path)
        tail.files.append(lines(4...6), to: TailHarness.path)
        tail.drain()
        #expect(tail.ledger.isExact(6))
        #expect(rejected(tail, .invalidUTF8) == 1)
    }

    // MARK: - Container lines

    private func harness() -> TailHarness {
        var tail = TailHarness()
        var schema = TailHarness.schema
        schema.format = RecordFormat(wrapper: .cri)
        tail.decoder = LineDecoder(schema: schema)
        return tail
    }

    private func line(_ stream: String, _ tag: String, _ text: String) -> String {
        "2026-01-01T00:00:00.000000000Z \(stream) \(tag) \(text)\n"
    }

    /// A record in `count` pieces, between which the other stream says something.
    private func pieces(_ seq: Int, _ count: Int) -> [String] {
        let text = "{\"pad\":\"\(String(repeating: "x", count: 600))\",\"seq\":\(seq)}"
        let size = (text.utf8.count + count - 1) / count
        let parts = stride(from: 0, to: text.utf8.count, by: size).map { start in
            String(text.utf8.dropFirst(start).prefix(size)) ?? ""
        }
        return parts.enumerated().flatMap { index, part in
            let isLast = index + 1 == parts.count
            return [
                line("stderr", index % 2 == 0 && !isLast ? "P" : "F", "noise \(index) "),
                line("stdout", isLast ? "F" : "P", part),
            ]
        }
    }

    // T17
    @Test("Records in pieces are joined, whatever the other stream says, and wherever a read ends")
    func joined() {
        var tail = harness()
        for seq in 1...40 {
            for piece in pieces(seq, 1 + seq % 5) {
                let middle = piece.utf8.count / 2
                tail.files.append(Array(piece.utf8.prefix(middle)), to: TailHarness.path)
                if seq % 3 == 0 { tail.drain(after: 1) }
                tail.files.append(Array(piece.utf8.dropFirst(middle)), to: TailHarness.path)
                if seq % 7 == 0 { tail.drain(after: 1) }
            }
        }
        tail.drain(after: 1)
        #expect(tail.ledger.isExact(40))
        #expect(tail.ledger.receipt.isBalanced)
    }

    // T17
    @Test("A record that a rotation cuts is one partial line; the others are exact", arguments: [1, 2, 3])
    func cut(kept: Int) {
        var tail = harness()
        for seq in 1...5 { for piece in pieces(seq, 3) { tail.files.append(piece, to: TailHarness.path) } }
        let last = pieces(99, 4).filter { $0.contains("stdout") }
        for piece in last.prefix(kept) { tail.files.append(piece, to: TailHarness.path) }
        tail.drain(after: 1)
        tail.files.rotate(TailHarness.path)
        for piece in last.dropFirst(kept) { tail.files.append(piece, to: TailHarness.path) }
        for seq in 6...9 { for piece in pieces(seq, 2) { tail.files.append(piece, to: TailHarness.path) } }
        tail.drain(after: 1)
        tail.drain(after: 61)
        #expect(tail.ledger.isExact(9))
        #expect(rejected(tail, .partialLine) == 1)
        #expect(tail.ledger.receipt.isBalanced)
        #expect(tail.files.openCount == 1)
    }
}
