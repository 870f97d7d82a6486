import Events
import LineFormats
import Testing

/// Which lines are records, in the spirit of the public JSON test suites: own vectors, each inside a minimal record.
@Suite struct JSONVerdictTests {
    static let schema = Schema(
        signals: [
            Signal(name: "n", role: .feature, kind: .numeric),
            Signal(name: "t", role: .feature, kind: .categorical),
        ])

    /// What became of a single line: `nil` if it was accepted.
    static func verdict(_ line: [UInt8]) -> RejectionReason? {
        let batch = decoded(line, schema)
        #expect(batch.receipt.isBalanced && batch.receipt.received == 1)
        #expect(batch.rowCount == Int(batch.receipt.accepted))
        return RejectionReason.allCases.first { batch.receipt.rejected[Int($0.rawValue)] > 0 }
    }

    static func verdict(_ line: String) -> RejectionReason? { verdict(Array((line + "\n").utf8)) }

    @Test(arguments: [
        "{\"n\":0}", "{\"n\":-0}", "{\"n\":1e5}", "{\"n\":1E+5}", "{\"n\":1.5e-3}", "{\"n\":123456789012345678901}",
        " {\"n\" : 1 } ", "\t{\t\"n\"\t:\t1\t}\t", "{\"n\":1}\r", "{\"n\":1,\"x\":[]}", "{\"n\":1,\"x\":{}}",
        "{\"n\":1,\"x\":[[],{},[1,\"a\",null,true,false,{\"b\":[-1.5e+10]}]]}", "{\"n\":1,\"\":1}",
        "{\"n\":1,\"x\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\ud834\\udd1e\"}", "{\"n\":1,\"x\":\"\u{7F}é€𝄞\"}",
        "{\"n\":1,\"x\":NaN}", "{\"n\":1,\"x\":Infinity}", "{\"n\":1,\"x\":-Infinity}", "{\"n\":1,\"n\":2}",
        "{\"n\":NaN}", "{\"n\":-Infinity}", "{\"n\":null,\"t\":\"a\"}", "{\"\\u006e\":1}", "{\"n\":1,\"x\":1e999}",
        "{\"t\":\"a\",\"x\":{\"y\":NaN}}",
    ])
    func accepts(line: String) {
        #expect(Self.verdict(line) == nil, "\(line)")
    }

    @Test(arguments: [
        "{", "}", "{]", "{\"n\"}", "{\"n\":}", "{\"n\":1", "{\"n\":1,}", "{,\"n\":1}", "{\"n\":1,,\"t\":1}",
        "{\"n\" 1}",
        "{\"n\":1 \"t\":2}", "{n:1}", "{'n':1}", "{\"n\":1}}", "{\"n\":1} x", "{\"n\":1}{\"n\":2}", "{\"n\":01}",
        "{\"n\":-}", "{\"n\":+1}", "{\"n\":.5}", "{\"n\":1.}", "{\"n\":1.e5}", "{\"n\":1e}", "{\"n\":1e+}",
        "{\"n\":0x1}",
        "{\"n\":1_0}", "{\"n\":--1}", "{\"n\":-01}", "{\"n\":00}", "{\"n\":1.2.3}", "{\"n\":nul}", "{\"n\":nulll}",
        "{\"n\":True}", "{\"n\":tru}", "{\"n\":nan}", "{\"n\":inf}", "{\"n\":-NaN}", "{\"n\":+Infinity}",
        "{\"n\":Infinit}", "{\"t\":\"a}", "{\"t\":\"\\x\"}", "{\"t\":\"\\u12\"}", "{\"t\":\"\\u12G4\"}", "{\"t\":\"\\",
        "{\"t\":\"\\\"}", "{\"t\":\"a\tb\"}", "{\"t\":\"a\u{0}b\"}", "{\"n\":1,\"x\":[1,]}", "{\"n\":1,\"x\":[,1]}",
        "{\"n\":1,\"x\":[1 2]}", "{\"n\":1,\"x\":[1}", "{\"n\":1,\"x\":{1:2}}", "{\"n\":1,\"x\":[NaN]}",
        "{\"n\":1,\"x\":[-Infinity]}", "{\"n\":1,\"x\":01}", "{\"n\":1,\"x\":\"\\a\"}", "{\"n\":1,\"x\":[\"a\",}",
        "{\"n\":1/2}", "{\"n\":1}//x", "{\"n\":12345678x}", "{\"n\":0.12345678x}", "{\"n\":1\u{0}}", "x", "{\"n\"::1}",
        "{\"\\x\":1}", "{\"n\":[1}", "{\"n\":{\"a\":1]}", "[1", "[1]]", "\"a", "nul", "{\"n\":1]",
        "{\"n\":1,\"x\":{\"a\"}}",
    ])
    func rejectsAsMalformed(line: String) {
        #expect(Self.verdict(line) == .malformedJSON, "\(line)")
    }

    @Test(arguments: ["[]", "[1]", "1", "\"a\"", "null", "true", "-1.5", "[{\"n\":1}]"])
    func rejectsWhatIsNoObject(line: String) {
        #expect(Self.verdict(line) == .notAnObject)
    }

    @Test(arguments: ["{}", "{ }", "{\"x\":1}", "{\"n\":null}", "{\"t\":\"\"}", "{\"x\":{\"n\":1}}"])
    func rejectsWhatHasNoSignal(line: String) {
        #expect(Self.verdict(line) == .noSignal)
    }

    @Test(arguments: ["1e309", "-1e309", "1e400", "123123e100000", "-123123e100000", "1e99999999999999999999"])
    func rejectsNumbersThatOverflow(number: String) {
        #expect(Self.verdict("{\"n\":\(number)}") == .nonfinite)
    }

    @Test(arguments: ["1e-400", "0.5e-9999999999999999", "-1e-99999", "0e99999999999999999999", "2e-324"])
    func takesUnderflowForZero(number: String) {
        let batch = decoded("{\"n\":\(number)}\n", Self.schema)
        #expect(batch.number(0) == 0)
    }

    @Test(arguments: [
        "\\uDADA", "\\uD888\\u1234", "\\uD800\\n", "\\uD800\\", "\\uDD1E\\uD834", "\\uDFAA", "\\uD800\\uD800",
        "\\ud800abc",
    ])
    func rejectsLoneSurrogates(escape: String) {
        #expect(Self.verdict("{\"t\":\"\(escape)\"}") == .invalidUnicode)
        #expect(Self.verdict("{\"n\":1,\"\(escape)\":2}") == .invalidUnicode)
        #expect(Self.verdict("{\"n\":1,\"x\":[\"\(escape)\"]}") == .invalidUnicode)
    }

    @Test(
        arguments: [
            [0x80], [0xFF], [0xC0, 0xAF], [0xC1, 0x81], [0xE0, 0x80, 0xAF], [0xE0, 0xFF], [0xED, 0xA0, 0x80], [0xE9],
            [0xF0, 0x80, 0x80, 0xAF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xFC, 0x80, 0x80, 0x80, 0x80, 0xAF],
            [0xE6, 0x97], [0xF0, 0x9D, 0x84], [0xC3],
        ] as [[UInt8]])
    func rejectsInvalidUTF8(bytes: [UInt8]) {
        let (head, tail) = (Array("{\"t\":\"".utf8), Array("\"}\n".utf8))
        #expect(Self.verdict(head + bytes + tail) == .invalidUTF8)
        #expect(Self.verdict(Array("{\"n\":1,\"".utf8) + bytes + Array("\":1}\n".utf8)) == .invalidUTF8)
    }

    @Test func rejectsOtherEncodings() {
        let text = "{\"n\":1}\n"
        let little = text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        let big = text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        for bytes in [[0xFF, 0xFE] + little, [0xFE, 0xFF] + big, big] {
            let batch = decoded(bytes, Self.schema)
            #expect(batch.receipt.rejected[Int(RejectionReason.encoding.rawValue)] >= 1 && batch.rowCount == 0)
            #expect(batch.receipt.isBalanced)
        }
    }

    @Test func allowsAByteOrderMarkAtTheStartOfAFileOnly() {
        let line = [0xEF, 0xBB, 0xBF] + Array("{\"n\":1}\n".utf8)
        #expect(decoded(line, Self.schema, isFileStart: true).receipt.accepted == 1)
        #expect(decoded(line + line, Self.schema, isFileStart: true).receipt.accepted == 1)
        #expect(Self.verdict(line) == .encoding)
    }

    @Test func boundsDepth() {
        func nested(_ levels: Int) -> String {
            "{\"n\":1,\"x\":" + String(repeating: "[", count: levels) + String(repeating: "]", count: levels) + "}"
        }
        #expect(Self.verdict(nested(EventLimits.depth - 1)) == nil)
        #expect(Self.verdict(nested(EventLimits.depth)) == .tooDeep)
        #expect(Self.verdict("{\"n\":1,\"x\":" + String(repeating: "[", count: 100_000)) == .tooDeep)
        #expect(Self.verdict("{\"n\":1,\"x\":" + String(repeating: "{\"a\":", count: 500)) == .tooDeep)
    }

    @Test(arguments: ["n", "x"])
    func boundsKeys(key: String) {
        func record(_ keys: Int) -> String {
            "{" + [String](repeating: "\"\(key)\":1", count: keys).joined(separator: ",") + ",\"t\":\"a\"}"
        }
        #expect(Self.verdict(record(EventLimits.keysPerRecord - 1)) == nil)
        #expect(Self.verdict(record(EventLimits.keysPerRecord)) == .tooManyKeys)
        #expect(Self.verdict("{\"n\":1,\"o\":" + record(EventLimits.keysPerRecord) + "}") == .tooManyKeys)
    }
}
