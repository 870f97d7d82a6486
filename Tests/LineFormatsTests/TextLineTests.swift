import Events
import LineFormats
import Testing

/// Lines that servers write for people, with what stands between words in other ways than usual.
@Suite struct TextLineTests {
    private static let access = "2018-10-15 13:56:18,976 [INFO ] W ACCESS_LOG - /1 "

    private func events(_ log: String, _ preset: Preset) -> [String] {
        DecodedEvents(log, hints: preset.hints).events
    }

    @Test func torchServePaths() {
        let log = [
            "\"POST /predictions/a HTTP/1.1\" 200 1", "\"POST /predictions/a/2.0 HTTP/1.1\" 200 2",
            "\"POST /predictions/a/?x=1 HTTP/1.1\" 200 3", "\"POST /predictions/a:b?/c HTTP/1.1\" 200 4",
            "\"POST /v1/models/a:predict HTTP/1.1\" 200 5", "\"POST /v2/models/a/infer HTTP/1.1\" 200 6",
            "\"GET /v2/models/a HTTP/1.1\" 200 7", "\"GET /predictions/ HTTP/1.1\" 200 8",
            "\"GET /ping HTTP/1.1\" 200 9",
            "\"POST /predictions/a HTTP/1.1\" 200",
        ].map { Self.access + $0 }
        let decoded = DecodedEvents(log.joined(separator: "\n") + "\n", hints: Preset.torchServe.hints)
        #expect(
            decoded.events.map { String($0.split(separator: " ").dropLast().joined(separator: " ")) } == [
                "latency=0.001 model:a", "latency=0.002 model:a version:2.0", "latency=0.003 model:a",
                "latency=0.004 model:a", "latency=0.005 model:a", "latency=0.006 model:a",
            ])
        #expect(decoded.ignored(.otherText) == 4)
    }

    /// The text that tells a line is found at every offset from where words of eight bytes begin, and is the first.
    @Test func marksAnywhere() {
        for length in 0..<24 {
            let name = String(repeating: "x", count: length)
            let log = "2018-10-15 13:56:18,976 _ACCESS_LOG_ \(name)ACCESS_LOG - ACCESS_LOG - /predictions/m H 200 8\n"
            // The first mark is followed by the second one's words: those are the address, the method and the path.
            #expect(
                events(log + Self.access + "\"POST /predictions/m H\" 200 7\n", .torchServe) == [
                    "latency=0.008 model:m time:1539611778976000000",
                    "latency=0.007 model:m time:1539611778976000000",
                ])
        }
    }

    @Test(arguments: ["\t", "  ", " \t ", "\u{1}"])
    func wordsApart(space: String) {
        let words = ["INFO", "2024-02-27 10:40:22,313", "m", "id", "x", "/r", "f.py:1", "-", "CALL", "OK", "2.5ms"]
        let log = words.joined(separator: space)
        let expected = ["route=/r latency=0.0025 model:m time:1709030422313000000 id"]
        #expect(events(log + "\n", .rayServe) == expected)
        #expect(events(log + "\r\n", .rayServe) == expected)
        #expect(events(log + space + "\r\n", .rayServe) == expected)
        // The last line has no newline.
        let schema = DecodedEvents(log + "\n", hints: Preset.rayServe.hints).schema
        #expect(DecodedEvents(log, schema: schema).events == expected)
    }

    /// The route is looked for among the last six words, and is the last of those that look like one.
    @Test func rayServeRoutes() {
        let head = "INFO 2024-02-27 10:40:22,313 m id "
        let log = ["/a 1 2 3 OK 1ms", "/a /b 2 3 OK 2ms", "/a 1 2 3 4 OK 3ms", "OK 4ms", "5 OK 5ms", "1 2 OK 6s"]
        #expect(
            events(log.map { head + $0 + "\n" }.joined(), .rayServe).map { $0.split(separator: " model:")[0] } == [
                "route=/a latency=0.001", "route=/b latency=0.002", "latency=0.003", "latency=0.005",
            ])
    }

    /// Of a member given twice the last counts, as in every other record.
    @Test func rayServeRecords() {
        let log =
            #"{"asctime":"x","n":{"message":"GET / 500 9ms"},"message":"a","message":"a - GET /q 200 1.5ms","#
            + #""asctime":"2024-02-27 10:40:22,313","request_id":"\u0061","deployment":"é","route":"\/r"}"# + "\n"
        #expect(
            events(log, .rayServe) == ["route=/r latency=0.0015 model:é time:1709030422313000000 id"])
        let other = DecodedEvents(
            log + #"{"message":"a"}"# + "\n" + #"{"message":"a" "# + "\n", hints: Preset.rayServe.hints)
        #expect(other.events.count == 1 && other.ignored(.otherText) == 1 && other.rejected(.malformedJSON) == 1)
    }

    @Test func kserveTimesInAnyOrder() {
        let log =
            "2024-01-02 03:04:05.678 requestId: é, predict_ms: 1,\tpostprocess_ms: 2, other_ms: 3, explain_ms: 4\r\n"
            + "requestId: a preprocess_ms: 1, predict_ms: 2 postprocess_ms:\n" + "requestId: a, explain_ms: 1\n"
            + "requestId: \n"
        let decoded = DecodedEvents(log, hints: Preset.kserveTimes.hints)
        #expect(
            decoded.events == [
                "explain_seconds=0.004 postprocess_seconds=0.002 latency=0.001 time:1704164645678000000 id",
                "preprocess_seconds=0.001 latency=0.002 id",
            ])
        #expect(decoded.ignored(.otherText) == 2)
    }

    /// A schema may leave fields out: their values go nowhere.
    @Test func fieldsNobodyAsksFor() {
        let log = Self.access + "\"POST /predictions/a/2 HTTP/1.1\" 500 1\n"
        var schema = DecodedEvents(log, hints: Preset.torchServe.hints).schema
        #expect(schema.format.grammar == .torchServe)
        schema.signals = []
        #expect(
            DecodedEvents(log, schema: schema).events == ["model:a version:2 status:error time:1539611778976000000"])
    }

    @Test func bytesThatAreNoText() {
        let log = DecodedEvents(
            Self.access + "\"POST /predictions/é汉 HTTP/1.1\" 200 1\n", hints: Preset.torchServe.hints)
        #expect(log.events == ["latency=0.001 model:é汉 time:1539611778976000000"])
        var bytes = Array((Self.access + "\"POST /predictions/ab HTTP/1.1\" 200 1\n").utf8)
        bytes[bytes.count - 20] = 0xC3
        let batch = EventBatch(source: 0, schema: log.schema, observationCapacity: 0, byteCapacity: bytes.count)
        batch.fill(bytes)
        var decoder = LineDecoder(schema: log.schema)
        #expect(decoder.decodeLines(in: batch, from: 0, to: bytes.count, isFinal: true) == bytes.count)
        #expect(batch.receipt.rejected[Int(RejectionReason.invalidUTF8.rawValue)] == 1)
    }
}
