import Events
import LineFormats
import Testing

@Suite struct CSVDecoderTests {
    static let schema = Schema(
        signals: [
            Signal(name: "n", role: .feature, kind: .numeric), Signal(name: "t", role: .feature, kind: .categorical),
            Signal(name: "deep", role: .feature, kind: .numeric, path: ["f", "deep"]),
            Signal(name: "latency", role: .latency, kind: .numeric, path: ["latency_ms"], scale: 0.001),
        ], timestamp: ["ts"], identifier: ["id"], model: ["model"], status: ["status"])

    static func decode(_ text: String, isFinal: Bool = true, separator: String = ",") -> EventBatch {
        let bytes = Array(text.utf8)
        let batch = EventBatch(source: 0, schema: schema, rowCapacity: 16, byteCapacity: bytes.count)
        batch.fill(bytes)
        guard let mark = separator.utf8.first, let header = CSVDecoder.header(in: bytes, separator: mark) else {
            return batch
        }
        var decoder = CSVDecoder(schema: schema, header: header.names, separator: mark)
        _ = decoder.decodeLines(in: batch, from: header.end, to: bytes.count, isFinal: isFinal)
        #expect(batch.receipt.isBalanced)
        return batch
    }

    static func rejection(_ batch: EventBatch) -> RejectionReason? {
        RejectionReason.allCases.first { batch.receipt.rejected[Int($0.rawValue)] > 0 }
    }

    @Test func readsColumnsByHeader() {
        let batch = Self.decode(
            "other,t,n,f.deep,latency_ms,ts,id,model,status\r\nx,DE,1.5,2,8,2026-01-01T00:00:00Z,42,m,504\r\n")
        #expect(batch.rowCount == 1 && batch.number(0) == 1.5 && batch.text(1) == "DE" && batch.number(2) == 2)
        #expect(batch.number(3) == 8 * 0.001 && batch.timestamp() == 1_767_225_600_000_000_000)
        #expect(batch.identifier() != 0 && batch.model() == "m" && batch.status() == .timeout)
    }

    @Test(
        arguments: [
            ("5", 5), ("+5", 5), ("-.5", -0.5), ("007", 7), (" 5 ", 5), ("1e3", 1000), ("True", 1), ("false", 0),
            ("\"5\"", 5),
        ] as [(String, Double)])
    func readsNumbers(cell: String, number: Double) {
        #expect(Self.decode("n,t\n\(cell),a\n").number(0) == number)
    }

    /// What a refused record wrote is not seen in the one that takes its row, nor what an earlier batch left.
    @Test func rowsHoldNothingOfOthers() {
        let refused = "7,x,8,9,2026-01-01T00:00:00Z,42,m,504,too many\n"
        let header = "n,t,f.deep,latency_ms,ts,id,model,status\n"
        let batch = Self.decode(header + refused + ",,,1,,,,\n")
        #expect(batch.rowCount == 1 && batch.number(0) == nil && !batch.isInvalidNumber(0) && batch.text(1) == nil)
        #expect(batch.number(2) == nil && batch.number(3) == 0.001 && batch.timestamp() == EventBatch.noTimestamp)
        #expect(batch.identifier() == 0 && batch.model() == nil && batch.status() == .success)
        let bytes = Array("5\n".utf8)
        batch.clear()
        batch.fill(bytes)
        var decoder = CSVDecoder(schema: Self.schema, header: ["n"])
        #expect(decoder.decodeLines(in: batch, from: 0, to: bytes.count, isFinal: true) == 2)
        #expect(batch.number(0) == 5 && batch.number(3) == nil && batch.text(1) == nil && batch.status() == .success)
    }

    @Test func lastOfTwoColumnsWithOneNameCounts() {
        #expect(Self.decode("n,t,n\n1,a,2\n").number(0) == 2)
        #expect(Self.decode("n,t,n\n1,a,\n").number(0) == nil)
    }

    @Test(arguments: ["", "NA", "N/A", "nan", "NaN", "null", "None", "\\N", "\"\"", "  "])
    func marksMissingNumbers(cell: String) {
        let batch = Self.decode("n,t\n\(cell),a\n")
        #expect(batch.rowCount == 1 && batch.number(0) == nil && !batch.isInvalidNumber(0))
    }

    @Test(arguments: ["abc", "1 2", "0x1", "inf", "1;5"])
    func marksInvalidNumbers(cell: String) {
        #expect(Self.decode("n,t\n\(cell),a\n").isInvalidNumber(0))
    }

    @Test(arguments: [
        ("DE", "DE"), ("\"a,b\"", "a,b"), ("\"a\"\"b\"", "a\"b"), ("\"two\nlines\"", "two\nlines"), ("1.0", "1"),
        ("TRUE", "true"), ("False", "false"), ("NA", "NA"), ("a\"b", "a\"b"), ("a\"\"b", "a\"\"b"), ("007", "007"),
        ("é", "é"),
        (" x ", " x "),
        ("\"\"\"\"", "\""),
    ])
    func spellsCategories(cell: String, text: String) {
        #expect(Self.decode("n,t\n1,\(cell)\n2,next\n").text(1) == text)
        #expect(Self.decode("t,n\n\(cell),1\nnext,2\n").rowCount == 2)
    }

    @Test(arguments: [
        ("1\n", RejectionReason.columnCount), ("1,a,b\n", .columnCount), ("1,\"a\"b\n", .malformedLine),
        ("1,\"a", .malformedLine), (",\n", .noSignal), ("1e999,a\n", .nonfinite),
    ])
    func rejects(row: String, reason: RejectionReason) {
        let batch = Self.decode("n,t\n\(row)")
        #expect(Self.rejection(batch) == reason && batch.rowCount == 0 && batch.receipt.received == 1)
    }

    @Test func rejectsBadTimestampsAndText() {
        #expect(Self.rejection(Self.decode("n,ts\n1,yesterday\n")) == .invalidTimestamp)
        let header = Array("n,t\n1,".utf8)
        let bytes = header + [0xFF, 0x0A]
        let batch = EventBatch(source: 0, schema: Self.schema, rowCapacity: 4, byteCapacity: bytes.count)
        batch.fill(bytes)
        var decoder = CSVDecoder(schema: Self.schema, header: ["n", "t"])
        _ = decoder.decodeLines(in: batch, from: 4, to: bytes.count, isFinal: true)
        #expect(Self.rejection(batch) == .invalidUTF8)
    }

    @Test func readsTabs() {
        let batch = Self.decode("n\tt\n1\ta,b\n", separator: "\t")
        #expect(batch.number(0) == 1 && batch.text(1) == "a,b")
    }

    @Test func ignoresBlankLinesAndKeepsUnfinishedRecords() {
        let batch = Self.decode("n,t\n1,a\n\n\r\n2,\"b\n", isFinal: false)
        #expect(batch.rowCount == 1 && batch.receipt.ignored[Int(IgnoreReason.blankLine.rawValue)] == 2)
        #expect(batch.receipt.received == 3)
        #expect(Self.decode("n,t\n1,a\n2,b", isFinal: true).rowCount == 2)
    }

    @Test func readsHeaders() {
        func names(_ text: String) -> [String]? { CSVDecoder.header(in: Array(text.utf8))?.names }
        #expect(names("\u{FEFF}a,\"b,c\",d\r\n1,2,3\n") == ["a", "b,c", "d"])
        #expect(names("a") == ["a"] && names("\"a") == nil && names("a,,b\n") == ["a", "", "b"])
        #expect(CSVDecoder.header(in: [0x61, 0xFF, 0x0A]) == nil)
    }
}
