import Events
import LineFormats
import TestKit
import Testing

/// Texts of JSON with escapes and letters of every length, at every offset from where words of eight bytes begin.
@Suite struct StringEscapeTests {
    /// What stands in a text, and what it means.
    private static let pieces: [(written: String, meant: String)] = [
        ("\\\"", "\""), ("\\\"", "\""), ("\\\\", "\\"), ("\\/", "/"), ("\\n", "\n"), ("\\t", "\t"), ("\\b", "\u{8}"),
        ("\\f", "\u{C}"), ("\\r", "\r"), ("\\u0041", "A"), ("\\u00e9", "é"), ("\\u6C49", "汉"), ("\\uD83D\\uDE00", "😀"),
        ("é", "é"), ("汉", "汉"), ("😀", "😀"), ("a", "a"), ("bcd", "bcd"), ("efghijk", "efghijk"),
        ("lmnopqrs", "lmnopqrs"), ("0123456789012345678901234", "0123456789012345678901234"), ("\u{7F}", "\u{7F}"),
    ]

    @Test func readsWhatWasWritten() {
        var random = SplitMix64(seed: 17)
        var (log, expected) = ("", [] as [String])
        for _ in 0..<2_000 {
            var (written, meant) = ("", "")
            for _ in 0...(random.next() % 12) {
                let piece = Self.pieces[Int(random.next() % UInt64(Self.pieces.count))]
                written += piece.written
                meant += piece.meant
            }
            log += "{\"t\":\"\(written)\",\"u\":\"\(meant.count)\"}\n"
            expected.append("t=\(meant) u=\(meant.count)")
        }
        let schema = Schema(signals: [
            Signal(name: "t", role: .feature, kind: .categorical, path: ["t"]),
            Signal(name: "u", role: .feature, kind: .categorical, path: ["u"]),
        ])
        #expect(DecodedEvents(log, schema: schema, rows: 64).events == expected)
    }

    /// A text that turns out to be wrong behind its first escapes costs its own line and no other.
    @Test(arguments: ["\\x", "\\u12", "\u{1}", "\\uD83D", "\\", "\\uDE00"])
    func refusesWhatIsWrong(fault: String) {
        let schema = Schema(signals: [Signal(name: "t", role: .feature, kind: .categorical, path: ["t"])])
        for length in 0..<20 {
            let text = String(repeating: "a", count: length)
            let log = DecodedEvents(
                "{\"t\":\"\\n\(text)\\\"\(fault)\"}\n{\"t\":\"\(text)\\\"b\"}\n", schema: schema, rows: 64)
            #expect(log.events == ["t=\(text)\"b"])
            #expect(log.receipt.received == 2)
        }
    }
}
