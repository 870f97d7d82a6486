import Events
import LineFormats
import Testing

/// Lines about metrics that are no model's, in every dialect.
@Suite struct StatsDSampleTests {
    /// A sample with its texts.
    struct Sample: Equatable {
        var name: String
        var tags: String?
        var kind: SampleKind
        var value: Double
        var weight = 1.0
        var isFirst = true
    }

    static func decode(_ text: String, _ options: StatsDOptions = StatsDOptions()) -> EventBatch {
        let bytes = Array(text.utf8)
        let batch = EventBatch(
            source: 0, schema: StatsDDecoderTests.schema, rowCapacity: 8, observationCapacity: 8,
            byteCapacity: bytes.count)
        batch.fill(bytes)
        var lines = StatsDDecoder(options: options)
        var records = RecordDecoder(schema: StatsDDecoderTests.schema)
        let used = lines.decodeLines(in: batch, from: 0, to: bytes.count, records: &records)
        #expect(used == bytes.count && batch.receipt.isBalanced)
        return batch
    }

    static func samples(_ text: String, _ options: StatsDOptions = StatsDOptions()) -> [Sample] {
        let batch = decode(text, options)
        #expect(batch.observationCount == 0)
        return (0..<batch.sampleCount).map { index in
            let sample = batch.sample(index)
            return Sample(
                name: batch.string(sample.name) ?? "", tags: batch.string(sample.tags), kind: sample.kind,
                value: sample.value, weight: sample.weight, isFirst: sample.isFirst)
        }
    }

    @Test(
        arguments: [
            ("page.views:1|c", "page.views", SampleKind.count, 1, 1),
            ("page.views:1:2::3|c", "page.views", .count, 6, 1), ("a:0|c", "a", .count, 0, 1),
            ("a:1.5|c|@0.25", "a", .count, 1.5, 4), ("a:2|c|@0.5|T1656581400", "a", .count, 2, 1),
            ("a:-5|g", "a", .gauge, -5, 1), ("a:+5|g|@0.1", "a", .gauge, 5, 1), ("a:8|ms", "a", .milliseconds, 8, 1),
            ("a:8|h|@0.3", "a", .observation, 8, 1 / 0.3), ("a:8|d|m:test|c:x|e:y|card:low", "a", .observation, 8, 1),
            ("model.other:1|g", "model.other", .gauge, 1, 1), ("model.:1|g", "model.", .gauge, 1, 1),
            ("datadog.dogstatsd.client.metrics:4|c", "datadog.dogstatsd.client.metrics", .count, 4, 1),
            ("_e:1|c", "_e", .count, 1, 1), ("_scale:1|c", "_scale", .count, 1, 1), ("é ü:1|c", "é ü", .count, 1, 1),
        ] as [(String, String, SampleKind, Double, Double)])
    func readsEveryType(line: String, name: String, kind: SampleKind, value: Double, weight: Double) {
        #expect(
            Self.samples(line) == [Sample(name: name, tags: nil, kind: kind, value: value, weight: weight)])
    }

    @Test func unpacksEveryTypeButSets() {
        let gauges = Self.samples("a:1:2:3|g|#x:y")
        #expect(gauges.map(\.value) == [1, 2, 3] && gauges.map(\.isFirst) == [true, false, false])
        #expect(gauges.allSatisfy { $0.tags == "x:y" })
        let batch = Self.decode("users:a:b:c|s")
        #expect(batch.sampleCount == 1 && batch.string(batch.sample(0).text) == "a:b:c")
        #expect(batch.sample(0).kind == .member && batch.receipt.accepted == 1)
    }

    @Test(arguments: [
        ("a:1|c|#k:v,b", "a", "k:v,b"), ("a:1|c|#k:v|#l:w", "a", "l:w"), ("a:1|c|@0.5|c:ci-1|#k:v:w|T5", "a", "k:v:w"),
        ("a,k=v,l=w:1|c", "a", "k=v,l=w"), ("a#k=v,l=w:1|c|@0.5", "a", "k=v,l=w"), ("a[k=v,l=w]:1|c", "a", "k=v,l=w"),
        ("a[k=v].b:1|c", "a.b", "k=v"), ("a.[k=v,l=w]bc.d:1|c", "a.bc.d", "k=v,l=w"), ("a,k=v#x:1|c", "a", "k=v#x"),
        ("a]b[c:1|c", "a]b[c", nil), ("a[]b:1|c", "ab", nil), ("a,:1|c", "a", nil),
    ])
    func readsTags(line: String, name: String, tags: String?) throws {
        let sample = try #require(Self.samples(line).first)
        #expect(sample.name == name && sample.tags == tags)
    }

    @Test func stylesCanBeSwitchedOff() throws {
        let options = StatsDOptions(tagStyles: [.librato])
        #expect(Self.samples("a,k=v:1|c", options).map(\.name) == ["a,k=v"])
        #expect(Self.samples("a[k=v]:1|c", options).map(\.name) == ["a[k=v]"])
        #expect(Self.samples("a#k=v:1|c", options).map(\.name) == ["a"])
        #expect(Self.samples("a#k=v:1|c|#l:w", StatsDOptions(tagStyles: [])).map(\.name) == ["a#k=v"])
    }

    @Test func signsMayBeChanges() {
        let options = StatsDOptions(signsAreChanges: true)
        #expect(
            Self.samples("a:7:-2:+3|g", options).map(\.kind) == [.gauge, .gaugeChange, .gaugeChange])
        #expect(Self.samples("a:-2|h", options).map(\.kind) == [.observation])
        // A line about a model is an observation, never a change.
        let batch = Self.decode("model.prediction:-2|g", options)
        #expect(batch.observation(0).number == -2 && batch.sampleCount == 0)
    }

    @Test func modelLinesTakeEveryStyle() {
        for line in [
            "model.feature,model=m,feature=f:1|g", "model[model=m].feature[x]:1|g", "model.feature#feature=f:1|g",
        ] {
            let batch = Self.decode(line)
            let isModel = line.contains("feature=f")
            #expect(batch.observationCount == (isModel ? 1 : 0), "\(line)")
            if isModel { #expect(batch.string(batch.observation(0).name) == "f") }
        }
        let off = Self.decode("model.feature:1|g|#feature:f", StatsDOptions(readsModelLines: false))
        #expect(off.observationCount == 0 && off.sampleCount == 1)
    }

    /// A line that is turned round for its brackets means the same when it is decoded again.
    @Test func turnedLinesAreDecodedAgain() {
        let text = "x:1:2:3:4:5|g\nab[k=v].c:1:2:3:4|g\n"
        let bytes = Array(text.utf8)
        let batch = EventBatch(
            source: 0, schema: StatsDDecoderTests.schema, rowCapacity: 8, observationCapacity: 6,
            byteCapacity: bytes.count)
        batch.fill(bytes)
        var lines = StatsDDecoder()
        var records = RecordDecoder(schema: StatsDDecoderTests.schema)
        let first = lines.decodeLines(in: batch, from: 0, to: bytes.count, records: &records)
        #expect(first == 14 && batch.sampleCount == 5 && batch.receipt.received == 1)
        batch.clear()
        _ = lines.decodeLines(in: batch, from: first, to: bytes.count, records: &records)
        #expect(batch.sampleCount == 4 && batch.string(batch.sample(3).name) == "ab.c")
        #expect(batch.string(batch.sample(3).tags) == "k=v")
    }
}

extension EventBatch {
    /// One sample.
    func sample(_ index: Int) -> MetricSample { unsafe samples[index] }
}
