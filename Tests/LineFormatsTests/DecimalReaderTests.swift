import Events
import LineFormats
import TestKit
import Testing

/// Numbers are read as the standard library reads them, bit for bit.
@Suite struct DecimalReaderTests {
    /// Reads each text through the record decoder, which has the short cuts, and through the reader itself.
    private static func check(_ texts: [String]) {
        let schema = Schema(signals: [Signal(name: "n", role: .feature, kind: .numeric)])
        let reader = DecimalReader()
        let lines = Array(texts.map { "{\"n\":\($0)}\n" }.joined().utf8)
        let batch = EventBatch(source: 0, schema: schema, rowCapacity: texts.count, byteCapacity: lines.count)
        batch.fill(lines)
        var decoder = RecordDecoder(schema: schema)
        let used = decoder.decodeLines(in: batch, from: 0, to: lines.count, isFinal: true)
        #expect(used == lines.count)
        guard batch.rowCount == texts.count else {
            Issue.record("\(texts.count - batch.rowCount) numbers rejected: \(batch.receipt.rejected)")
            return
        }
        for (row, text) in texts.enumerated() {
            let expected = Double(text)?.bitPattern
            let read = unsafe batch.numbers[row].bitPattern
            if read != expected || reader.number(in: text)?.bitPattern != expected {
                Issue.record("\(text): \(Double(bitPattern: read)), \(String(describing: reader.number(in: text)))")
            }
        }
    }

    @Test func readsRandomBitPatterns() {
        var random = SplitMix64(seed: 11)
        Self.check(
            (0..<70_000).compactMap { _ in
                let value = Double(bitPattern: random.next())
                return value.isFinite ? "\(value)" : nil
            })
    }

    @Test func readsWhatLogsHold() {
        var random = SplitMix64(seed: 12)
        func digits(_ count: Int) -> String {
            (0..<count).map { _ in String(random.next() % 10) }.joined()
        }
        Self.check(
            (0..<70_000).map { i in
                let sign = random.next() % 4 == 0 ? "-" : ""
                let whole = random.next() % 3 == 0 ? "0" : "\(1 + random.next() % 9)" + digits(Int(random.next() % 9))
                let fraction = random.next() % 4 == 0 ? "" : "." + digits(1 + Int(random.next() % 19))
                return sign + whole + fraction
            })
    }

    @Test func readsUniformValuesAndExponents() {
        var random = SplitMix64(seed: 13)
        Self.check((0..<40_000).map { _ in "\(random.uniform())" })
        Self.check(
            (0..<40_000).map { _ in
                let exponent = Int(random.next() % 600) - 310
                return "\(random.next() % 10).\(random.next())\(random.next() % 2 == 0 ? "e" : "E")"
                    + "\(exponent > 290 ? exponent - 50 : exponent)"
            })
    }

    /// Halfway between two doubles, and next to it: where every digit counts.
    @Test func roundsTiesToEven() {
        var random = SplitMix64(seed: 14)
        Self.check(
            (0..<5_000).flatMap { _ in
                // Odd integers of 54 bits lie halfway.
                let tie = 1 << 53 + (random.next() & (1 << 53 - 1)) | 1
                return ["\(tie)", "\(tie).0", "\(tie).00000000000000000000001", "\(tie - 1).99999999999999999999999"]
            })
    }

    @Test(arguments: [
        "0", "-0", "0.0", "-0.0", "1", "7", "12345678", "123456789", "0.1", "0.12345678", "1234567.8", "12345678.9",
        "9007199254740993", "9007199254740992.999999999999999999", "18446744073709551615", "18446744073709551616",
        "9223372036854775807", "-9223372036854775808", "2.2250738585072011e-308", "2.2250738585072014e-308",
        "4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "1.7976931348623157e308",
        "1.7976931348623158e308", "1e22", "1e23", "8.5e-5", "123456789012345678901234567890", "1e-7", "5e-324",
        "0.000000000000000000000000000000000000000000000001234567890123456789012345678901234567890",
        "10000000000000000999", "6.02214076e23", "3.141592653589793238462643383279502884197",
        "0.4879263073031473", "0.06900000000000001", "1.000000000000000000000000000000000000000000000001e0",
    ])
    func readsHardCases(text: String) {
        Self.check([text])
    }

    @Test(arguments: [("+5", 5), (".5", 0.5), ("5.", 5), ("007", 7), ("-.25e1", -2.5), ("1e400", Double.infinity)])
    func readsLeniently(text: String, value: Double) {
        #expect(DecimalReader().number(in: text) == value)
    }

    @Test(arguments: [
        "", " ", ".", "-", "+", "e5", "1e", "1 ", " 1", "0x10", "1,5", "nan", "inf", "--1", "1.2.3", "1e5.5",
    ])
    func refusesWhatIsNoNumber(text: String) {
        #expect(DecimalReader().number(in: text) == nil)
    }
}
