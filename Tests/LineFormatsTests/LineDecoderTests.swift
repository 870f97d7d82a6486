import Events
import LineFormats
import Testing

/// Formats of logs, each told by its first lines and nothing else.
@Suite struct LineDecoderTests {
    @Test func commaSeparated() {
        let log = DecodedEvents(
            "id,amount,country,prediction\r\n1,12.5,DE,approve\n2,,\"F,R\",reject\n\n3,7\n"
                + "id,amount,country,prediction\r\n"
        )
        #expect(log.schema.format == RecordFormat(grammar: .csv))
        #expect(
            log.events == [
                "prediction=approve amount=12.5 country=DE id", "prediction=reject country=F,R id",
            ])
        // The header comes twice, as after a restart of the writer.
        #expect(log.ignored(.header) == 2 && log.ignored(.blankLine) == 1 && log.rejected(.columnCount) == 1)
        #expect(log.receipt.isBalanced)
    }

    @Test func quotedLineBreaks() {
        let log = DecodedEvents("a,b\n1,\"x\ny\"\n2,\"say \"\"hi\"\"\"\n3,z\n4,z\n5,\"open")
        #expect(log.events == ["a=1.0 b=x\ny", "a=2.0 b=say \"hi\"", "a=3.0 b=z", "a=4.0 b=z"])
        #expect(log.rejected(.malformedLine) == 1 && log.receipt.isBalanced)
    }

    @Test func tabSeparated() {
        let log = DecodedEvents("amount\tnote\n1.5\ta,b\n2.5\tc\n")
        #expect(log.schema.format.grammar == .tsv && log.events == ["amount=1.5 note=a,b", "amount=2.5 note=c"])
    }

    @Test func withoutHeader() {
        let format = FormatHints(grammar: .csv, columns: ["amount", "prediction"])
        let log = DecodedEvents("1.5,yes\n2.5,no\n", hints: SchemaHints(format: format))
        #expect(log.events == ["prediction=yes amount=1.5", "prediction=no amount=2.5"])
    }

    @Test func logfmtPairs() {
        let log = DecodedEvents(
            """
            ts=2026-01-01T00:00:00Z model=fraud amount=12.5 country="D E" latency_ms=8 cached
            ts=2026-01-01T00:00:01Z model=fraud amount=x country="a\\"b" latency_ms=9
            no pairs here
            amount="open

            """)
        #expect(log.schema.format == RecordFormat(grammar: .json) || log.schema.format.grammar == .logfmt)
        #expect(
            DecodedEvents(
                "model=m amount=12.5 country=\"D E\" latency_ms=8 cached\nmodel=m amount=3 country=\"a\\\"b\"\n"
            ).events == [
                "latency=0.008 amount=12.5 country=D E cached=1.0 model:m", "amount=3.0 country=a\"b model:m",
            ])
    }

    @Test func logfmtRefusals() {
        let hints = SchemaHints(format: FormatHints(grammar: .logfmt))
        let log = DecodedEvents("amount=1\nno pairs here\namount=\"open\n=5\nother=1\n", hints: hints)
        #expect(log.events == ["amount=1.0", "other=1.0"])
        #expect(log.rejected(.malformedLine) == 2 && log.rejected(.malformedJSON) == 1 && log.receipt.isBalanced)
    }

    @Test func criLinesAndTheirParts() {
        let log = DecodedEvents(
            """
            2016-10-06T00:17:09.669794202Z stdout F {"amount":1,"prediction":"a"}
            2016-10-06T00:17:09.669794203Z stdout P {"amount":2,
            2016-10-06T00:17:09.669794204Z stderr F Starting up
            2016-10-06T00:17:09.669794204Z stderr P {"amount":3,
            2016-10-06T00:17:09.669794205+02:00 stdout P "predic
            2016-10-06T00:17:09.669794206Z stdout F tion":"b"}
            2016-10-06T00:17:09.669794206Z stderr F:x "prediction":"c"}
            2016-10-06T00:17:09.669794207Z stdout F {"level":"info"}
            2016-10-06T00:17:09.669794207Z stdout F {"amount"
            what is this
            2016-10-06T00:17:09.669794208Z stdout P {"amount":4,

            """)
        #expect(log.schema.format == RecordFormat(wrapper: .cri))
        #expect(log.events == ["prediction=a amount=1.0", "prediction=b amount=2.0", "prediction=c amount=3.0"])
        #expect(log.ignored(.otherText) == 2)
        #expect(log.rejected(.malformedJSON) == 1 && log.rejected(.malformedLine) == 1)
        #expect(log.rejected(.partialLine) == 1 && log.receipt.isBalanced)
    }

    @Test func dockerLinesAndTheirParts() {
        let log = DecodedEvents(
            #"""
            {"log":"{\"amount\":1,\"prediction\":\"a\\\"b\"}\n","stream":"stdout","time":"2019-01-01T11:11:11Z"}
            {"log":"{\"amount\":2,","stream":"stdout","time":"2019-01-01T11:11:11Z"}
            {"log":"hello\n","stream":"stderr","time":"2019-01-01T11:11:11Z"}
            {"log":"\"prediction\":\"c\"}\n","stream":"stdout","attrs":{"a":"b"},"time":"2019-01-01T11:11:11Z"}
            {"log":"{\"amount\":5}\n","stream":"stdout"
            """# + "\n")
        #expect(log.schema.format.wrapper == .docker)
        #expect(log.events == [#"prediction=a"b amount=1.0"#, "prediction=c amount=2.0"])
        #expect(log.ignored(.otherText) == 1 && log.rejected(.malformedLine) == 1 && log.receipt.isBalanced)
    }

    /// A part that is still open holds everything behind it back, and giving up is counted.
    @Test func anOpenPartIsWaitedFor() {
        let text = """
            2016-10-06T00:17:09.669794202Z stdout F {"amount":1}
            2016-10-06T00:17:09.669794203Z stdout P {"amount":
            2016-10-06T00:17:09.669794204Z stderr F {"amount":7}

            """
        let schema = Schema(
            signals: [Signal(name: "amount", role: .feature, kind: .numeric)], format: RecordFormat(wrapper: .cri))
        var bytes = Array(text.utf8)
        var decoder = LineDecoder(schema: schema)
        let batch = EventBatch(source: 0, schema: schema, rowCapacity: 8, byteCapacity: 1 << 12)
        batch.fill(bytes)
        let taken = decoder.decodeLines(in: batch, from: 0, to: bytes.count, isFinal: false)
        #expect(taken == text.utf8.firstIndex(of: 10).map { text.utf8.distance(from: text.startIndex, to: $0) + 1 })
        #expect(batch.rowCount == 1 && batch.receipt.received == 1)
        bytes.removeFirst(taken)
        bytes += Array("2016-10-06T00:17:09.669794206Z stdout F 3}\n".utf8)
        batch.clear()
        batch.fill(bytes)
        #expect(decoder.decodeLines(in: batch, from: 0, to: bytes.count, isFinal: false) == bytes.count)
        #expect(batch.rowCount == 2 && batch.number(0, 0) == 7 && batch.number(0, 1) == 3)
    }

    /// Times without an offset need a zone; Python writes a comma before the fraction.
    @Test(arguments: ["2026-01-01 02:00:00,5", "2026-01-01T02:00:00.500", "2026-01-01T00:00:00.5Z"])
    func localTimes(text: String) {
        let format = FormatHints(zoneOffset: 7_200)
        let log = DecodedEvents("{\"timestamp\":\"\(text)\",\"a\":1}\n", hints: SchemaHints(format: format))
        #expect(log.events == ["a=1.0 time:1767225600500000000"])
    }

    @Test func saidFieldByField() {
        let hints = SchemaHints(fields: [
            SchemaHints.Field(path: ["cents"], name: "amount", scale: 0.01),
            SchemaHints.Field(path: ["prompt"], name: "prompt_length", source: .length),
            SchemaHints.Field(path: ["zip"], kind: .categorical),
            SchemaHints.Field(path: ["verdict"], meaning: .prediction),
            SchemaHints.Field(path: ["took"], meaning: .latency, scale: 1e-3),
            SchemaHints.Field(path: ["end"], name: "wait", source: .since(["start"])),
            SchemaHints.Field(path: ["choices", "0", "reason"], meaning: .feature, name: "reason"),
            SchemaHints.Field(path: ["secret"], meaning: .ignore),
        ])
        let log = DecodedEvents(
            #"""
            {"cents":1250,"prompt":"h\u00e4llo","zip":10115,"verdict":1,"took":8,"start":10.5,"end":12,"secret":"x",
            """#.replacing("\n", with: "")
                + #""choices":[{"reason":"stop","x":[{}]},{"reason":"no"}]}"# + "\n", hints: hints)
        #expect(
            log.events == [
                "reason=stop prediction=1 latency=0.008 prompt_length=5.0 wait=1.5 amount=12.5 zip=10115"
            ])
    }
}
