import Events
import LineFormats
import TestKit
import Testing

/// Records of the shapes that logs have; values are made up.
@Suite struct SchemaInferenceTests {
    static func infer(_ records: [String]) -> SchemaInference.Result? {
        var inference = SchemaInference()
        for record in records { inference.add(record: record) }
        return inference.infer()
    }

    static func roles(_ schema: Schema?) -> [String] {
        (schema?.signals ?? []).map { "\($0.role) \($0.name) \($0.kind)" }
    }

    /// `count` records of a classifier, written by a closure of a random generator and the index.
    static func records(_ count: Int, _ make: (inout SplitMix64, Int) -> String) -> [String] {
        var random = SplitMix64(seed: 21)
        return (0..<count).map { make(&random, $0) }
    }

    @Test func classifierWithNestedFeatures() throws {
        let result = try #require(
            Self.infer(
                Self.records(200) { random, i in
                    """
                    {"ts":"2026-01-02T01:00:0\(i % 10).000Z","id":"a\(i)","model":"income","version":"1",\
                    "features":{"age":\(20 + random.next() % 50),"work-class":"\(["Private", "State"][i % 2])",\
                    "gain":\(random.next() % 2 == 0 ? 0 : random.next() % 9999),"married":\(i % 3 == 0),\
                    "ratio":\(random.uniform())},"prediction":"\(i % 4 == 0 ? ">50K" : "<=50K")",\
                    "score":\(random.uniform()),"latency_ms":\(5 + random.uniform() * 20)}
                    """
                }))
        let schema = result.schema
        #expect(
            Self.roles(schema) == [
                "prediction prediction categorical", "outcome outcome categorical", "score score numeric",
                "latency latency numeric", "feature age numeric", "feature work-class categorical",
                "feature gain numeric", "feature married categorical", "feature ratio numeric",
            ])
        #expect(schema.timestamp == ["ts"] && schema.identifier == ["id"] && schema.model == ["model"])
        #expect(schema.version == ["version"] && schema.featureObjects == [["features"]] && schema.ignored.isEmpty)
        #expect(schema.signals.first { $0.role == .latency }?.scale == 0.001)
        #expect(schema.signals.first { $0.name == "age" }?.path == ["features", "age"])
        #expect(result.explanation.first == "schema inferred from 200 records")
        #expect(result.explanation.contains("prediction: prediction, categorical"))
    }

    /// Outcomes may come later, with the identifier, in records of their own, unless a header says that they do not.
    @Test func expectsOutcomes() throws {
        let record = #"{"id":"a","prediction":1.5,"features":{"x":1}}"#
        let schema = try #require(Self.infer([record])?.schema)
        let outcome = try #require(schema.signals.first { $0.role == .outcome })
        #expect(outcome.path == ["outcome"] && outcome.kind == .numeric)
        let withoutIdentifier = try #require(Self.infer([#"{"prediction":1.5,"x":1}"#])?.schema)
        #expect(!withoutIdentifier.signals.contains { $0.role == .outcome })
        let known = try #require(Self.infer([#"{"id":"a","prediction":1.5,"label":2.5}"#])?.schema)
        #expect(known.signals.filter { $0.role == .outcome }.map(\.path) == [["label"]])
        var rows = SchemaInference()
        rows.add(rows: Array("a,1.5\n".utf8), header: ["id", "prediction"])
        #expect(rows.infer()?.schema.signals.contains { $0.role == .outcome } == false)
    }

    @Test func usageLogWithoutPrediction() throws {
        let schema = try #require(
            Self.infer(
                Self.records(100) { random, i in
                    """
                    {"ts":"2023-11-16T18:35:49.261Z","id":"conv-\(i)","model":"chat","version":"1",\
                    "features":{"context_tokens":\(random.next() % 4000),"generated_tokens":\(random.next() % 900)},\
                    "latency_ms":\(random.uniform() * 9000)}
                    """
                })
        ).schema
        #expect(
            Self.roles(schema) == [
                "latency latency numeric", "feature context_tokens numeric", "feature generated_tokens numeric",
            ])
    }

    /// Whole numbers on one side and fractions on the other: quantities, both.
    @Test func regressionWithCounts() throws {
        let schema = try #require(
            Self.infer(
                Self.records(100) { random, i in
                    """
                    {"ts":"2012-01-01T00:00:00.000Z","id":"\(i)","features":{"season":\(1 + i % 4),"hum":0.66},\
                    "prediction":\(random.uniform() * 300),"label":\(random.next() % 300)}
                    """
                })
        ).schema
        #expect(
            Self.roles(schema) == [
                "prediction prediction numeric", "outcome outcome numeric", "feature season numeric",
                "feature hum numeric",
            ])
        #expect(schema.signals.first { $0.role == .outcome }?.path == ["label"])
    }

    /// Zeros and ones are classes; so is the outcome, seen in few records only.
    @Test func binaryClassifierWithNumbers() throws {
        let schema = try #require(
            Self.infer(
                Self.records(50) { random, i in
                    """
                    {"ts":"2018-10-30T18:00:00Z","id":"\(i)","features":{"range":"\(i % 3 * 20)K - 40K €",\
                    "car":\(random.next() % 50000)},"prediction":\(i % 2),"score":0.99\(i < 3 ? ",\"label\":1" : "")}
                    """
                })
        ).schema
        #expect(
            Self.roles(schema) == [
                "prediction prediction categorical", "outcome outcome categorical", "score score numeric",
                "feature range categorical", "feature car numeric",
            ])
    }

    /// What many records share, such as a trace, is no identifier and no feature; records that were sent three times
    /// still have theirs.
    @Test(arguments: [(1, true), (3, true), (4, true), (6, false)])
    func sharedIdentifiers(records: Int, isIdentifier: Bool) throws {
        let result = try #require(
            Self.infer(Self.records(120) { _, i in #"{"trace_id":"t\#(i / records)","amount":\#(i).5,"y_pred":"a"}"# }))
        #expect(result.schema.identifier == (isIdentifier ? ["trace_id"] : nil))
        #expect(result.schema.ignored == (isIdentifier ? [] : [["trace_id"]]))
        #expect(!result.schema.signals.contains { $0.name == "trace_id" })
    }

    @Test func flatRecords() throws {
        let result = try #require(
            Self.infer(
                Self.records(60) { random, i in
                    """
                    {"Timestamp":\(1_700_000_000_000 + i),"requestId":"\(random.next())","modelName":"m","amount":1.5,\
                    "country":"DE","session":"\(random.next())","note":"\(String(repeating: "words ", count: 20))",\
                    "tags":["a"],"meta":{"host":"x"},"y_pred":"a","statusCode":200,"user_id":\(i),"gone":null,\
                    "responseTime":\(0.1 + random.uniform()),"zip":"0\(1000 + i % 9)"}
                    """
                }))
        let schema = result.schema
        #expect(schema.timestamp == ["Timestamp"] && schema.timestampUnit == .milliseconds)
        #expect(schema.identifier == ["requestId"] && schema.model == ["modelName"] && schema.status == ["statusCode"])
        #expect(
            Self.roles(schema) == [
                "prediction prediction categorical", "outcome outcome categorical", "latency latency numeric",
                "feature amount numeric", "feature country categorical", "feature gone numeric",
                "feature zip categorical",
            ])
        #expect(schema.ignored == [["session"], ["note"], ["tags"], ["meta", "host"], ["user_id"]])
        #expect(schema.featureObjects.isEmpty && schema.signals.first { $0.role == .latency }?.scale == 1)
        #expect(result.explanation.contains("ignored: note, it is free text"))
    }

    @Test(
        arguments: [
            (1_700_000_000, TimestampUnit.seconds), (1_700_000_000_000, .milliseconds),
            (1_700_000_000_000_000, .microseconds), (1_700_000_000_000_000_000, .nanoseconds),
        ] as [(Int, TimestampUnit)])
    func findsTheUnitOfTimes(number: Int, unit: TimestampUnit) {
        let schema = Self.infer(["{\"time\":\(number),\"x\":1}"])?.schema
        #expect(schema?.timestamp == ["time"] && schema?.timestampUnit == unit)
    }

    /// Without an offset every line would be rejected: better no event time, and a word about it.
    @Test func saysWhyATimeIsNotUsed() throws {
        let result = try #require(Self.infer(["{\"timestamp\":\"2022-11-17T12:51:19.587123\",\"x\":1}"]))
        #expect(result.schema.timestamp == nil)
        #expect(result.explanation.contains { $0.contains("timestamp is not RFC 3339 with an offset") })
        #expect(Self.infer(["{\"time\":14,\"x\":1}"])?.schema.timestamp == nil, "an hour of the day")
    }

    @Test(arguments: [
        ("latency_ms", 0.001), ("latencySeconds", 1), ("duration_us", 1e-6), ("processing_time_ms", 0.001),
        ("response_time_ns", 1e-9), ("elapsed_s", 1), ("latency", 1),
    ])
    func findsTheUnitOfLatencies(name: String, scale: Double) {
        let schema = Self.infer(["{\"\(name)\":20,\"x\":1}"])?.schema
        #expect(schema?.signals.first { $0.role == .latency }?.scale == scale)
    }

    @Test func takesLargeBareLatenciesForMilliseconds() {
        let schema = Self.infer(["{\"latency\":20,\"x\":1}", "{\"latency\":900,\"x\":1}"])?.schema
        #expect(schema?.signals.first { $0.role == .latency }?.scale == 0.001)
    }

    @Test func findsNothingInNothing() {
        #expect(Self.infer([]) == nil)
        #expect(Self.infer(["nope", "[]", "{}", "{\"ts\":\"2026-01-01T00:00:00Z\",\"id\":\"1\"}"]) == nil)
    }

    @Test func countsWhatItCannotRead() throws {
        let result = try #require(Self.infer(["{\"x\":1}", "nope", "{\"x\":1} {"]))
        #expect(result.explanation.first == "schema inferred from 1 record, 2 more could not be read")
    }

    @Test func readsCSV() throws {
        var inference = SchemaInference()
        let rows = (0..<40).map {
            "2026-01-01T00:00:00Z,\($0),\(Double($0) / 4),\(["a", "b"][$0 % 2]),,True,0\($0 % 5)\n"
        }
        inference.add(
            rows: Array(rows.joined().utf8), header: ["ts", "row_id", "amount", "plan", "empty", "flag", "code"])
        let schema = try #require(inference.infer(defaultModel: "m")).schema
        #expect(
            Self.roles(schema) == [
                "feature amount numeric", "feature plan categorical", "feature empty numeric",
                "feature flag categorical", "feature code categorical",
            ])
        #expect(schema.timestamp == ["ts"] && schema.ignored == [["row_id"]] && schema.defaultModel == "m")
    }

    /// What was inferred decodes what it was inferred from, without a word left over.
    @Test func inferredSchemasDecodeTheirRecords() throws {
        let records = Self.records(64) { random, i in
            """
            {"ts": "2026-01-02T01:00:00Z", "id": "a\(i)", "model": "m", "version": "2", "extra": "x", \
            "features": {"a": \(random.uniform()), "deep": {"b": "\(i % 5)x"}, "list": [1]}, "label": \(i % 2 == 0)}
            """
        }
        let schema = try #require(Self.infer(records)).schema
        #expect(
            Self.roles(schema) == ["outcome outcome categorical", "feature a numeric", "feature deep.b categorical"])
        let batch = decoded(records.map { $0 + "\n" }.joined(), schema)
        #expect(batch.rowCount == 64 && batch.unexpectedFields == 0)
        #expect((0..<64).allSatisfy { batch.number(1, $0) != nil && batch.text(2, $0) == "\($0 % 5)x" })
    }
}
