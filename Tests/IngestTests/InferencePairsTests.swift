import Foundation
import LineFormats
import Testing

@testable import Ingest

@Suite struct InferencePairsTests {
    private static func half(_ id: String, isResponse: Bool, bytes: Int = 2) -> CloudEvent {
        var event = CloudEvent(id: id, type: "org.kubeflow.serving.inference.\(isResponse ? "response" : "request")")
        event.data = Array("[\(String(repeating: "1", count: max(1, bytes - 2)))]".utf8)
        return event
    }

    private static func text(_ records: [[UInt8]]) -> [String] { records.map { String(decoding: $0, as: UTF8.self) } }

    @Test(arguments: [false, true])
    func joinsInEitherOrder(answerFirst: Bool) {
        var pairs = InferencePairs()
        #expect(pairs.add(Self.half("a", isResponse: answerFirst), now: 0).isEmpty)
        #expect(pairs.add(Self.half("b", isResponse: answerFirst), now: 0).isEmpty)
        let due = Self.text(pairs.add(Self.half("a", isResponse: !answerFirst), now: 1))
        #expect(due == ["{\"id\":\"a\",\"ce_request\":[1],\"ce_response\":[1]}\n"] && pairs.count == 1)
    }

    /// No half is lost: over the limits the oldest go on alone, in time all do, and the same half twice is two.
    @Test func limitsAndTime() {
        var pairs = InferencePairs(limit: 3, byteLimit: 1 << 20)
        var out = 0
        for i in 0..<10 { out += pairs.add(Self.half("\(i)", isResponse: false), now: Int64(i)).count }
        #expect(out == 7 && pairs.count == 3)
        #expect(pairs.add(Self.half("9", isResponse: false), now: 10).count == 1)
        #expect(pairs.expired(before: 7).count == 1 && pairs.oldest == 8)
        #expect(pairs.expired(before: .max).count == 2 && pairs.count == 0)
        var heavy = InferencePairs(limit: 100, byteLimit: 2_000)
        #expect(heavy.add(Self.half("a", isResponse: true, bytes: 1_500), now: 0).isEmpty)
        #expect(
            Self.text(heavy.add(Self.half("b", isResponse: true, bytes: 1_500), now: 0))[0].hasPrefix("{\"id\":\"a\""))
    }

    /// Memory follows what waits, not what has passed.
    @Test func manyPass() {
        var pairs = InferencePairs()
        for i in 0..<20_000 {
            _ = pairs.add(Self.half("\(i)", isResponse: false), now: Int64(i))
            #expect(pairs.add(Self.half("\(i)", isResponse: true), now: Int64(i)).count == 1)
        }
        #expect(pairs.count == 0 && pairs.expired(before: .max).isEmpty)
    }
}
