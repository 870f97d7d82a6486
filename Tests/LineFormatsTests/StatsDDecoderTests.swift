import Events
import LineFormats
import Testing

@Suite struct StatsDDecoderTests {
    static let schema = Schema(signals: [Signal(name: "n", role: .feature, kind: .numeric)])

    /// Decodes one datagram.
    static func decode(_ text: String, observations: Int = 64) -> EventBatch { decode(Array(text.utf8), observations) }

    static func decode(_ bytes: [UInt8], _ observations: Int = 64) -> EventBatch {
        let batch = EventBatch(
            source: 0, schema: schema, rowCapacity: 8, observationCapacity: observations,
            byteCapacity: max(1, bytes.count))
        batch.fill(bytes)
        var lines = StatsDDecoder()
        var records = RecordDecoder(schema: schema)
        let used = lines.decodeLines(in: batch, from: 0, to: bytes.count, records: &records)
        #expect(used == bytes.count && batch.receipt.isBalanced)
        return batch
    }

    static func rejection(_ batch: EventBatch) -> RejectionReason? {
        RejectionReason.allCases.first { batch.receipt.rejected[Int($0.rawValue)] > 0 }
    }

    @Test func readsNumbersWithTheirTags() {
        let batch = Self.decode("model.feature:12.5|g|#model:fraud,version:3,feature:amount,other:x,bare")
        #expect(batch.observationCount == 1 && batch.receipt.accepted == 1)
        let observation = batch.observation(0)
        #expect(observation.role == .feature && observation.number == 12.5 && observation.weight == 1)
        #expect(batch.string(observation.model) == "fraud" && batch.string(observation.version) == "3")
        #expect(batch.string(observation.name) == "amount" && observation.text == .missing)
        #expect(!observation.isPrediction && observation.timestamp == EventBatch.noTimestamp)
    }

    @Test(arguments: [
        ("model.score:0.5|h", Role.score, 0.5), ("model.score:0.5|d|#model:a", .score, 0.5),
        ("model.latency:8|ms", .latency, 8 * 0.001), ("model.latency:0.25|h", .latency, 0.25),
        ("model.latency:0.25|d", .latency, 0.25), ("model.prediction:-5|g", .prediction, -5),
        ("model.prediction:+5|g", .prediction, 5), ("model.outcome:101.5|g", .outcome, 101.5),
        ("model.feature:1e3|ms|#feature:a", .feature, 1000), ("model.feature:.5|g|#feature:a", .feature, 0.5),
        ("model.score:0.5|h\r", .score, 0.5),
    ])
    func readsEveryRole(line: String, role: Role, number: Double) {
        let observation = Self.decode(line).observation(0)
        #expect(observation.role == role && observation.number == number)
        #expect(observation.isPrediction == (role == .prediction))
    }

    @Test(arguments: [
        ("model.feature:DE|s|#feature:country", Role.feature, "DE"), ("model.outcome:approve|s", .outcome, "approve"),
        ("model.prediction:a:b|s", .prediction, "a:b"), ("model.prediction:1|c|#class:approve", .prediction, "approve"),
        ("model.feature:1|c|#feature:country,value:DE", .feature, "DE"), ("model.outcome:2|c|#class:x", .outcome, "x"),
        ("model.prediction:é|s", .prediction, "é"),
    ])
    func readsCategories(line: String, role: Role, text: String) {
        let batch = Self.decode(line)
        let observation = batch.observation(0)
        #expect(observation.role == role && batch.string(observation.text) == text && observation.number.isNaN)
    }

    @Test(
        arguments: [
            ("model.score:1|h|@0.1", 10), ("model.score:1|h|#model:a|@0.5", 2), ("model.score:1|g|@0.1", 1),
            ("model.score:1|ms|@1", 1), ("model.prediction:4|c|#class:a", 4), ("model.prediction:4|c|@0.5|#class:a", 8),
            ("model.prediction:4|c|@0.5|#class:a|T1656581400", 4), ("model.prediction:1:2:3|c|#class:a", 6),
            ("model.prediction:1.5|c", 1.5), ("model.score:1|h|@0.3", 1 / 0.3),
        ] as [(String, Double)])
    func weighs(line: String, weight: Double) {
        let batch = Self.decode(line)
        #expect(batch.observationCount == 1 && batch.observation(0).weight == weight)
    }

    @Test func unpacksValues() {
        let batch = Self.decode("model.score:0.1:0.2::0.3:|d|#model:m|@0.5\n")
        #expect((0..<batch.observationCount).map { batch.observation($0).number } == [0.1, 0.2, 0.3])
        #expect((0..<batch.observationCount).allSatisfy { batch.observation($0).weight == 2 })
        #expect(batch.receipt.accepted == 1)
    }

    @Test(arguments: [
        ("", Status.success), ("|#status:error", .error), ("|#status:504", .timeout), ("|#status:Rejected", .rejected),
        ("|#status:purple", .error), ("|#status:200", .success),
    ])
    func readsStatuses(tags: String, status: Status) {
        let batch = Self.decode("model.prediction:1|c\(tags)")
        #expect(batch.observation(0).status == status && batch.observation(0).isPrediction)
    }

    @Test(arguments: [
        "|c:ci-0123", "|c:in-4", "|c:", "|e:it-false,cn-x,pu-1", "|card:low", "|m:test", "|", "||", "|#", "|#,,",
        "|#:x,y:",
        "|c:a:b|#model:m|e:x|card:none", "|#a:b:c,model:m",
    ])
    func ignoresUnknownFields(fields: String) {
        let batch = Self.decode("model.score:0.5|h\(fields)")
        #expect(batch.observationCount == 1 && batch.observation(0).number == 0.5)
    }

    @Test func readsTimestamps() {
        #expect(Self.decode("model.score:1|g|T1656581400").observation(0).timestamp == 1_656_581_400_000_000_000)
    }

    @Test(arguments: [
        ("model.score", RejectionReason.malformedLine), ("model.score:1", .malformedLine),
        ("model.score|h", .malformedLine),
        (":1|h", .malformedLine), ("model.score:|h", .malformedLine), ("model.score:1|", .malformedLine),
        ("x", .malformedLine),
        ("model.score:1|x", .unknownType), ("model.score:1|gg", .unknownType), ("model.score:1|m", .unknownType),
        ("model.score:a|h", .malformedValue), ("model.score:1 |h", .malformedValue),
        ("model.score:1:x|h", .malformedValue),
        ("model.score:nan|h", .malformedValue), ("model.score:inf|g", .malformedValue),
        ("model.score:1e999|g", .malformedValue),
        ("model.score::|h", .malformedValue), ("model.score:1|h|@0", .invalidSampleRate),
        ("model.score:1|h|@bar", .invalidSampleRate), ("model.score:1|h|@2", .invalidSampleRate),
        ("model.score:1|h|@-1", .invalidSampleRate), ("model.score:1|h|@", .invalidSampleRate),
        ("model.score:1|h|@1e-300", .invalidSampleRate), ("model.score:1|g|T", .invalidTimestamp),
        ("model.score:1|g|T0", .invalidTimestamp), ("model.score:1|g|T1x", .invalidTimestamp),
        ("model.score:1|g|T99999999999", .invalidTimestamp), ("model.feature:1|g", .noSignal),
        ("model.feature:1|g|#feature:", .noSignal), ("model.outcome:1|c", .noSignal),
        ("model.prediction:-1|c|#class:a", .negativeCount), ("model.prediction:0.5|c|#class:a", .malformedValue),
        ("model.prediction:1e300|c|#class:a", .malformedValue), ("{\"n\":}", .malformedJSON),
        ("model.score:1|h|T\u{661}", .invalidTimestamp),
        ("_e{5,4}:title", .malformedLine), ("_e{0,4}:|text", .malformedLine), ("_e{5}:title|text", .malformedLine),
        ("_e{5,5}:title|text", .malformedLine), ("_e{5,3}:title|text", .malformedLine), ("_e{", .malformedLine),
        ("_e{99999999,1}:a|b", .malformedLine), ("_e{1,1}a|b", .malformedLine), ("_sc|", .malformedLine),
        ("_sc||0", .malformedLine), ("_sc|name|4", .malformedLine), ("_sc|name|00", .malformedLine),
        ("_sc|name", .malformedLine), ("model.score,model=a:1|g|#x:y", .mixedTags),
        ("model.score[model=a]:1|g|#x", .mixedTags), (",a=b:1|c", .malformedLine), ("[a=b]:1|c", .malformedLine),
        ("other:1:-2|c", .negativeCount), ("other:x|c", .malformedValue), ("other:1e13|c", .malformedValue),
        ("other:1::x|g", .malformedValue), ("other:|s", .malformedLine), ("other::|c", .malformedValue),
    ])
    func rejects(line: String, reason: RejectionReason) {
        let batch = Self.decode(line)
        #expect(
            Self.rejection(batch) == reason && batch.receipt.received == 1 && batch.observationCount == 0, "\(line)")
    }

    @Test(arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80]] as [[UInt8]])
    func rejectsInvalidUTF8(bytes: [UInt8]) {
        let batch = Self.decode(Array("model.prediction:".utf8) + bytes + Array("|s".utf8))
        #expect(Self.rejection(batch) == .invalidUTF8)
    }

    @Test(arguments: [
        ("model.prediction:0|c|#class:a", IgnoreReason.unmapped), ("\n", .blankLine),
        ("_e{5,4}:title|text|#a:b", .event), ("_e{5,0}:title|", .event), ("_e{4,1}:t|é|x|p:low|t:what", .event),
        ("_e{1,1}:a|b|c:x|e:y|card:low", .event), ("_sc|name|0|m:fine", .serviceCheck), ("_sc|a.b|3", .serviceCheck),
        ("_sc|name|2|d:1|h:x|#a:b|m:m\\: fine|c:id|e:it-true", .serviceCheck),
    ])
    func ignores(line: String, reason: IgnoreReason) {
        let batch = Self.decode(line)
        #expect(batch.receipt.ignored[Int(reason.rawValue)] == 1 && batch.receipt.received == 1)
    }

    @Test func mixesLinesAndRecords() {
        let batch = Self.decode("model.score:0.5|h\n{\"n\":7}\n\nnope\nmodel.score:0.6|h\n{\"n\":8}")
        #expect(batch.rowCount == 2 && batch.number(0, 0) == 7 && batch.number(0, 1) == 8)
        #expect(batch.observationCount == 2 && batch.receipt.received == 6 && batch.receipt.accepted == 4)
    }

    @Test func takesALineWholeOrNotAtAll() {
        let text = "model.score:1:2:3|h\nmodel.score:4:5:6|h\n{\"n\":1}\n"
        let batch = EventBatch(
            source: 0, schema: Self.schema, rowCapacity: 8, observationCapacity: 4, byteCapacity: text.utf8.count)
        batch.fill(Array(text.utf8))
        var lines = StatsDDecoder()
        var records = RecordDecoder(schema: Self.schema)
        let first = lines.decodeLines(in: batch, from: 0, to: text.utf8.count, records: &records)
        #expect(first == 20 && batch.observationCount == 3 && batch.receipt.received == 1)
        batch.clear()
        let second = lines.decodeLines(in: batch, from: first, to: text.utf8.count, records: &records)
        #expect(first + second == text.utf8.count && batch.observationCount == 3 && batch.rowCount == 1)
        // A line that no batch can hold is not retried for ever.
        let tooMany = Self.decode(Array("model.score:1:2:3:4:5|h".utf8), 4)
        #expect(Self.rejection(tooMany) == .lineTooLong)
    }
}

extension EventBatch {
    /// One observation.
    func observation(_ index: Int) -> Observation { unsafe observations[index] }
}
