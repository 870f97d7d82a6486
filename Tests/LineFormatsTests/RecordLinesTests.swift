import TestKit
import Testing

@testable import LineFormats

@Suite("JSON texts become lines")
struct RecordLinesTests {
    private func lines(_ text: String) -> [String]? {
        RecordLines.lines(ofJSON: Array(text.utf8)).map { lines in
            #expect(lines.bytes.count { $0 == 0x0A } == lines.count)
            return String(decoding: lines.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    @Test("An object, several of them, and an array")
    func shapes() {
        #expect(lines("{\"a\":1}") == ["{\"a\":1}"])
        #expect(lines(" {\n\"a\" :\r\n[1,\n{}]}\n") == ["{ \"a\" :  [1, {}]}"])
        #expect(lines("{\"a\":1}\n{\"a\":2}{\"a\":3}") == ["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"])
        #expect(lines("[{\"a\":1} , {\"a\":[2,3]}]\n") == ["{\"a\":1} ", "{\"a\":[2,3]}"])
        #expect(lines("[1,\"x,]\",null,[2,3]]") == ["1", "\"x,]\"", "null", "[2,3]"])
        #expect(lines("[]") == [])
        #expect(lines(" [ ] ") == [])
        #expect(lines("{\"a\":\"}\\\"{\\\\\"}") == ["{\"a\":\"}\\\"{\\\\\"}"])
    }

    @Test(
        "What is neither, or not whole, is refused",
        arguments: [
            "", " ", "5", "\"x\"", "null", "{", "{\"a\":1", "[", "[{}", "[{},", "[,{}]", "[{},]", "[{}]]", "[{}] {}",
            "{},{}", "{}]", "}", "]", "{\"a\":\"x}", "{\"a\":\"\n\"}", "[{}][{}]", "{\"a\":\"\\\"}",
        ])
    func refused(text: String) { #expect(lines(text) == nil, "\(text)") }

    @Test("Random bytes do not trap, and every line counted is there")
    func random() {
        var random = SplitMix64(seed: 3)
        let alphabet = Array("[]{},\"\\ \n1a:".utf8)
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...24, using: &random)
            let text = (0..<length).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            if let lines = RecordLines.lines(ofJSON: text) {
                #expect(lines.bytes.count { $0 == 0x0A } == lines.count)
            }
        }
    }

    @Test("Nesting costs no stack")
    func deep() {
        let text = [UInt8](repeating: 0x5B, count: 1 << 20) + [UInt8](repeating: 0x5D, count: 1 << 20)
        #expect(RecordLines.lines(ofJSON: text)?.count == 1)
    }
}
