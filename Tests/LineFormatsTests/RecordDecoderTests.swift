import Events
import Foundation
import LineFormats
import TestKit
import Testing

@Suite struct RecordDecoderTests {
    static let schema = Schema(
        signals: [
            Signal(name: "amount", role: .feature, kind: .numeric, path: ["features", "amount"]),
            Signal(name: "country", role: .feature, kind: .categorical, path: ["features", "country"]),
            Signal(name: "prediction", role: .prediction, kind: .categorical),
            Signal(name: "score", role: .score, kind: .numeric),
            Signal(name: "latency", role: .latency, kind: .numeric, path: ["latency_ms"], scale: 0.001),
        ], timestamp: ["ts"], identifier: ["id"], model: ["model"], version: ["version"], status: ["status"],
        featureObjects: [["features"]])

    @Test func readsEveryKindOfField() {
        let batch = decoded(
            """
            {"ts":"2026-01-01T00:00:00Z","id":"42","model":"fraud","version":"3",\
            "features":{"amount":12.5,"country":"DE"},"prediction":"approve","score":0.03,"latency_ms":8.0,\
            "status":"timeout"}

            """, Self.schema)
        #expect(batch.rowCount == 1)
        #expect(batch.receipt.accepted == 1 && batch.receipt.isBalanced)
        #expect(batch.number(0) == 12.5 && batch.text(1) == "DE" && batch.text(2) == "approve")
        #expect(batch.number(3) == 0.03 && batch.number(4) == 8.0 * 0.001)
        #expect(batch.timestamp() == 1_767_225_600_000_000_000 && batch.identifier() != 0)
        #expect(batch.model() == "fraud" && batch.version() == "3")
        #expect(batch.status() == .timeout)
    }
}

/// What values mean, by the type of the field and of the value.
@Suite struct RecordValueTests {
    static let schema = Schema(
        signals: [
            Signal(name: "n", role: .feature, kind: .numeric), Signal(name: "t", role: .feature, kind: .categorical),
            Signal(name: "k", role: .score, kind: .numeric),
        ], timestamp: ["ts"], timestampUnit: .milliseconds, identifier: ["id"], model: ["model"], status: ["status"])

    static func row(_ members: String) -> EventBatch { decoded("{\"k\":1,\(members)}\n", schema) }

    @Test(arguments: [
        ("1", 1), ("-2.5", -2.5), ("1e3", 1000), ("\"12.5\"", 12.5), ("\"-1e2\"", -100), ("true", 1), ("false", 0),
        ("\"1\\u0032\"", 12), ("\"\\u0031\"", 1),
    ])
    func readsNumbers(value: String, number: Double) {
        #expect(Self.row("\"n\":\(value)").number(0) == number)
    }

    @Test(arguments: [
        "\"abc\"", "\"1 \"", "\"0x1\"", "\"007\"", "NaN", "Infinity", "-Infinity", "[]", "{}", "[1]", "{\"a\":1}",
        "\"NaN\"", "\"1e999\"", "\"true\"",
    ])
    func marksInvalidNumbers(value: String) {
        #expect(Self.row("\"n\":\(value)").isInvalidNumber(0))
    }

    @Test(arguments: ["null", "\"\""])
    func marksMissing(value: String) {
        let batch = Self.row("\"n\":\(value),\"t\":\(value),\"ts\":\(value),\"id\":\(value),\"model\":\(value)")
        #expect(batch.rowCount == 1 && batch.number(0) == nil && !batch.isInvalidNumber(0))
        #expect(batch.cell(1) == .missing && batch.model() == nil)
        #expect(batch.timestamp() == EventBatch.noTimestamp && batch.identifier() == 0)
    }

    @Test(arguments: [
        ("\"DE\"", "DE"), ("1", "1"), ("1.0", "1"), ("-0.0", "0"), ("-3.00", "-3"), ("10e-1", "1"), ("1e2", "100"),
        ("1.5", "1.5"), ("1e3", "1e3"), ("true", "true"), ("false", "false"), ("\"a\\\"b\"", "a\"b"),
        ("\"\\u00e9\\ud834\\udd1e\\n\"", "é𝄞\n"), ("\"é\"", "é"), ("\"20K \\u20ac\"", "20K €"),
        ("\"1.0\"", "1.0"), ("12345678901234567890", "12345678901234567890"), ("1E+16", "1E+16"),
    ])
    func spellsCategories(value: String, text: String) {
        #expect(Self.row("\"t\":\(value)").text(1) == text)
    }

    @Test(arguments: ["[]", "{}", "NaN", "[\"a\"]"])
    func marksInvalidCategories(value: String) {
        #expect(Self.row("\"t\":\(value)").cell(1) == .invalid)
    }

    @Test(
        arguments: [
            ("1767225600123", 1_767_225_600_123_000_000), ("\"1767225600123\"", 1_767_225_600_123_000_000),
            ("\"2026-01-01T00:00:00.123Z\"", 1_767_225_600_123_000_000),
            ("\"2026-01-01T00:00:00.123\\u005a\"", 1_767_225_600_123_000_000),
        ] as [(String, Int64)])
    func readsTimestamps(value: String, nanoseconds: Int64) {
        #expect(Self.row("\"ts\":\(value)").timestamp() == nanoseconds)
    }

    @Test(arguments: ["-1", "\"yesterday\"", "\"2026-01-01T00:00:00\"", "true", "[]", "9223372036854775808000", "NaN"])
    func rejectsBadTimestamps(value: String) {
        let batch = Self.row("\"ts\":\(value)")
        #expect(batch.rowCount == 0 && batch.receipt.rejected[Int(RejectionReason.invalidTimestamp.rawValue)] == 1)
    }

    @Test(arguments: [
        ("\"success\"", Status.success), ("\"OK\"", .success), ("\"Timed-Out\"", .timeout),
        ("\"rate limited\"", .rejected),
        ("\"failure\"", .error), ("\"purple\"", .error), ("200", .success), ("\"503\"", .error), ("504", .timeout),
        ("429", .rejected), ("true", .success), ("false", .error), ("null", .success), ("\"\"", .success),
        ("0", .success),
        ("[]", .error),
    ])
    func readsStatuses(value: String, status: Status) {
        #expect(Self.row("\"status\":\(value)").status() == status)
    }

    @Test(arguments: [
        ("null", Status.success), ("\"\"", .success), ("false", .success), ("true", .error), ("\"boom\"", .error),
        ("{\"code\":7}", .error), ("\"timeout\"", .timeout), ("0", .success), ("\"true\"", .error),
        ("\"False\"", .success),
    ])
    func readsErrorFields(value: String, status: Status) {
        let schema = Schema(signals: [Signal(name: "k", role: .score, kind: .numeric)], status: ["error"])
        let batch = decoded("{\"k\":1,\"error\":\(value)}\n", schema)
        #expect(batch.status() == status)
    }

    @Test func acceptsAFailedCallWithoutValues() {
        #expect(decoded("{\"status\":\"error\"}\n", Self.schema).rowCount == 1)
        #expect(decoded("{\"status\":null}\n", Self.schema).rowCount == 0)
    }

    @Test func hashesIdentifiersBySpelling() {
        func hash(_ value: String) -> UInt64 { Self.row("\"id\":\(value)").identifier() }
        #expect(hash("\"42\"") == hash("42") && hash("42.0") == hash("42"))
        #expect(Set(["1", "2", "\"a\"", "\"b\"", "\"aaaaaaaaa\"", "\"aaaaaaaab\""].map(hash)).count == 6)
        var seen: Set<UInt64> = []
        for length in 1...200 { seen.insert(hash("\"" + String(repeating: "x", count: length) + "\"")) }
        #expect(seen.count == 200 && !seen.contains(0))
        // Stored by running systems: must never change.
        #expect(hash("\"request-0001\"") == 1_607_989_984_023_330_740)
    }

    @Test func lastOfARepeatedKeyWins() {
        #expect(Self.row("\"n\":1,\"n\":2").number(0) == 2)
        #expect(Self.row("\"n\":1,\"n\":null").number(0) == nil)
        #expect(Self.row("\"t\":\"a\",\"t\":\"\"").text(1) == nil)
        let nested = Schema(signals: [
            Signal(name: "a", role: .feature, kind: .numeric, path: ["f", "a"]),
            Signal(name: "b", role: .feature, kind: .numeric, path: ["f", "b"]),
        ])
        let twice = decoded("{\"f\":{\"a\":1},\"f\":{\"b\":2}}\n", nested)
        #expect(twice.number(0) == nil && twice.number(1) == 2)
        let replaced = decoded("{\"f\":{\"a\":1},\"f\":7}\n", nested)
        #expect(replaced.number(0) == nil)
    }

    @Test func countsUnexpectedFields() {
        let schema = Schema(
            signals: [Signal(name: "a", role: .feature, kind: .numeric, path: ["features", "a"])],
            model: ["meta", "model"], ignored: [["note"], ["features", "old"]], featureObjects: [["features"]])
        func unexpected(_ line: String) -> UInt64 { decoded(line + "\n", schema).unexpectedFields }
        #expect(unexpected("{\"features\":{\"a\":1}}") == 0)
        #expect(unexpected("{\"features\":{\"a\":1,\"b\":2},\"c\":{\"d\":1}}") == 2)
        #expect(unexpected("{\"features\":{\"a\":1,\"old\":2},\"note\":3,\"meta\":{\"model\":\"m\",\"x\":1}}") == 0)
        #expect(unexpected("{\"features\":{\"b\":2}}") == 0, "a rejected record counts nothing")
    }
}

/// Lines, order of keys and limits of a batch.
@Suite struct RecordLineTests {
    @Test func everyLineIsCountedOnce() {
        let text = "{\"n\":1}\n\n{\"n\":2}\r\n \t\nnope\n{\"n\":3,\"x\":1}\n\0\0\0{\"n\":4}\n\0\0\n{}\n{\"n\":5"
        let schema = JSONVerdictTests.schema
        let open = decoded(text, schema, isFinal: false)
        #expect(open.rowCount == 4 && (0..<4).map { open.number(0, $0) } == [1, 2, 3, 4])
        #expect(open.receipt.ignored[Int(IgnoreReason.blankLine.rawValue)] == 2)
        #expect(open.receipt.ignored[Int(IgnoreReason.nulBytes.rawValue)] == 2)
        #expect(open.receipt.received == 10 && open.receipt.isBalanced)
        let final = decoded(text, schema, isFinal: true)
        #expect(final.receipt.rejected[Int(RejectionReason.partialLine.rawValue)] == 1 && final.receipt.received == 11)
        #expect(decoded(text + "}", schema, isFinal: true).rowCount == 5)
    }

    /// Escapes are resolved in place: a newline among them must not split a line that is rejected later.
    @Test(arguments: ["{\"t\":\"a\\nb\" oops}", "{\"t\":\"a\\n\\q\"}", "[\"a\\n\\n\"]", "{\"a\\nb\":1,}"])
    func resolvedNewlinesDoNotSplitLines(line: String) {
        let batch = decoded(line + "\n{\"n\":1}\n", JSONVerdictTests.schema)
        #expect(batch.receipt.received == 2 && batch.rowCount == 1 && batch.number(0) == 1)
    }

    @Test func leavesTheUnfinishedLineAlone() {
        let schema = JSONVerdictTests.schema
        let bytes = Array("{\"t\":\"\\u0041\"}\n{\"t\":\"\\u0042\\u0043".utf8)
        let batch = EventBatch(source: 0, schema: schema, rowCapacity: 8, byteCapacity: bytes.count)
        batch.fill(bytes)
        var decoder = RecordDecoder(schema: schema)
        let used = decoder.decodeLines(in: batch, from: 0, to: bytes.count, isFinal: false)
        #expect(used == 15 && batch.text(1) == "A")
        let rest = unsafe [UInt8](UnsafeRawBufferPointer(start: batch.bytes + used, count: bytes.count - used))
        #expect(rest == Array(bytes[used...]))
    }

    @Test func stopsWhenTheRowsAreFull() {
        let schema = JSONVerdictTests.schema
        let bytes = Array((0..<10).map { "{\"n\":\($0)}\n" }.joined().utf8)
        let batch = EventBatch(source: 0, schema: schema, rowCapacity: 4, byteCapacity: bytes.count)
        batch.fill(bytes)
        var decoder = RecordDecoder(schema: schema)
        var (at, values) = (0, [Double?]())
        while at < bytes.count {
            at += decoder.decodeLines(in: batch, from: at, to: bytes.count, isFinal: true)
            values += (0..<batch.rowCount).map { batch.number(0, $0) }
            #expect(batch.receipt.isBalanced)
            batch.clear()
        }
        #expect(values == (0..<10).map(Double.init))
        let isDone = decoder.decodeRecord(in: batch, from: 0, to: 8)
        #expect(isDone && batch.rowCount == 1)
    }

    /// Any order of keys, some left out, some unknown, with and without spaces, gives the same row.
    @Test func findsKeysInAnyOrder() {
        let names = (0..<24).map { ["k\($0)", "a rather long key number \($0)", "é\($0)", "quo\"te\($0)"][$0 % 4] }
        let schema = Schema(
            signals: names.map { Signal(name: $0, role: .feature, kind: .numeric, path: ["f", $0]) },
            featureObjects: [["f"]])
        var random = SplitMix64(seed: 3)
        var decoder = RecordDecoder(schema: schema)
        for round in 0..<300 {
            let kept = names.indices.filter { _ in random.next() % 8 != 0 }.shuffled(using: &random)
            let (comma, colon) = round % 2 == 0 ? (",", ":") : (", ", " : ")
            let members = kept.map { index -> String in
                let escaped = names[index].replacingOccurrences(of: "\"", with: "\\\"")
                return "\"" + (round % 3 == 0 ? escaped.replacingOccurrences(of: "é", with: "\\u00e9") : escaped) + "\""
                    + colon + "\(index)"
            }
            let extra = round % 5 == 0 ? ["\"other\"\(colon)[1]"] : []
            let line = Array("{\"f\"\(colon){\((members + extra).joined(separator: comma))}}\n".utf8)
            let batch = EventBatch(source: 0, schema: schema, rowCapacity: 1, byteCapacity: line.count)
            batch.fill(line)
            let used = decoder.decodeLines(in: batch, from: 0, to: line.count, isFinal: false)
            #expect(used == line.count)
            for index in names.indices {
                #expect(batch.number(index) == (kept.contains(index) ? Double(index) : nil))
            }
            #expect(batch.unexpectedFields == UInt64(extra.count))
        }
    }

    @Test func reportsTheFirstRejectedLine() {
        let schema = JSONVerdictTests.schema
        let bytes = Array("{\"n\":1}\nnope\nnever\n".utf8)
        let batch = EventBatch(source: 0, schema: schema, rowCapacity: 4, byteCapacity: bytes.count)
        batch.fill(bytes)
        var decoder = RecordDecoder(schema: schema)
        _ = decoder.decodeLines(in: batch, from: 0, to: bytes.count, isFinal: true)
        let rejected = decoder.rejectedLine
        #expect(rejected?.reason == .malformedJSON && rejected.flatMap { batch.string($0.range) } == "nope")
    }
}
