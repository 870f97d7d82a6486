import Events
import LineFormats
import TestKit
import Testing

/// Pairs whose names are expected by what followed what before.
@Suite struct LogfmtTests {
    /// Names of every length around whole words, many with one beginning.
    private static let names = [
        "a", "ab", "abc", "abcdef", "abcdefg", "abcdefgh", "abcdefgx", "abcdefghi", "abcdefghijklmn", "abcdefghijklmno",
        "abcdefghijklmnop", "abcdefghijklmnoq", "abcdefghijklmnopq", "é", "x.y",
    ]

    private static var schema: Schema {
        Schema(
            signals: names.map { Signal(name: $0, role: .feature, kind: .numeric, path: [$0]) },
            format: RecordFormat(grammar: .logfmt))
    }

    /// Whatever the order, and whatever stands between: every value goes to its own column.
    @Test func anyOrder() {
        var random = SplitMix64(seed: 5)
        var (log, expected) = ("", [] as [String])
        for line in 0..<2_000 {
            var order = Array(Self.names.indices)
            // Long runs of one order, and then another one.
            if line / 50 % 2 == 1 {
                for index in order.indices.reversed() { order.swapAt(index, Int(random.next() % UInt64(index + 1))) }
            }
            var values: [Int: String] = [:]
            var pairs: [String] = []
            for index in order where random.next() % 8 != 0 {
                let value = Int(random.next() % 1_000)
                if random.next() % 16 == 0 { pairs.append("abcdefgy=\(value)") }
                if random.next() % 16 == 0 { pairs.append(Self.names[index] + "z=7") }
                let isBare = random.next() % 16 == 0
                pairs.append(isBare ? Self.names[index] : "\(Self.names[index])=\(value)")
                values[index] = "\(Self.names[index])=\(isBare ? 1 : Double(value))"
            }
            pairs.append("abc=5")
            values[2] = "abc=5.0"
            log += pairs.joined(separator: random.next() % 4 == 0 ? "\t " : " ") + (line % 3 == 0 ? "\r\n" : "\n")
            expected.append(values.keys.sorted().compactMap { values[$0] }.joined(separator: " "))
        }
        let decoded = DecodedEvents(log, schema: Self.schema)
        #expect(decoded.events == expected)
    }

    @Test func valuesAtTheEndOfALine() {
        for end in ["\n", "\r\n", " \n", "\t\r\n", ""] {
            let line = "a=1 ab=-2.5e1 abc=\"3\" abcdef=+4 abcdefg=x abcdefgh="
            let log = DecodedEvents(line + "\n" + line + end, schema: Self.schema)
            #expect(
                log.events == Array(repeating: "a=1.0 ab=-25.0 abc=3.0 abcdef=4.0 abcdefg=invalid", count: 2), "\(end)")
        }
    }

    /// A number is one only if it ends with the word.
    @Test func numbersWithMoreBehindThem() {
        let log = DecodedEvents(
            "a=1 ab=2\na=1x ab=2\na=1,5 ab=2=3\na=1\u{1}ab=2\na=1\"b\" ab=2\na=1e999 ab=2\na=\"1\"x ab=2\n",
            schema: Self.schema)
        #expect(
            log.events == [
                "a=1.0 ab=2.0", "a=invalid ab=2.0", "a=invalid ab=invalid", "a=1.0 ab=2.0", "a=invalid ab=2.0",
            ])
        #expect(log.rejected(.nonfinite) == 1 && log.rejected(.malformedLine) == 1)
    }

    @Test func spellingsOfCategories() {
        let schema = Schema(
            signals: [Signal(name: "a", role: .feature, kind: .categorical, path: ["a"])],
            format: RecordFormat(grammar: .logfmt))
        let values = ["1.0", "-0.0", "1.50", "12345678901.0", "1e2", "1.0.0", "007", "-", "12ab", "TRUE", "1e999"]
        let log = DecodedEvents(values.map { "a=\($0)\n" }.joined(), schema: schema)
        let json = DecodedEvents(
            ["1.0", "-0.0", "1.50", "12345678901.0", "1e2"].map { "{\"a\":\($0)}\n" }.joined(),
            schema: Schema(signals: schema.signals))
        #expect(Array(log.events.prefix(5)) == json.events)
        #expect(log.events.dropFirst(5) == ["a=1.0.0", "a=007", "a=-", "a=12ab", "a=true", "a=1e999"])
    }
}
