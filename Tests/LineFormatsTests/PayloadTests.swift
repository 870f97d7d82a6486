import Events
import LineFormats
import Testing

/// Tables of instances in the shapes that serving protocols give them: one event per instance.
@Suite struct PayloadTests {
    static let answered = SchemaHints(inputs: [["request"]], outputs: [["response"]])

    static func decode(_ request: String, _ response: String, rows: Int = 64) -> DecodedEvents {
        DecodedEvents("{\"id\":\"a\",\"request\":\(request),\"response\":\(response)}\n", hints: answered, rows: rows)
    }

    /// One string per instance, whatever the protocol.
    @Test(
        arguments: [
            // KServe and TensorFlow Serving
            (#"{"instances":[[6.8,2.8],[6.0,3.4]]}"#, #"{"predictions":[1,0]}"#),
            (#"{"instances":[{"feature_0":6.8,"feature_1":2.8},{"feature_1":3.4,"feature_0":6}]}"#, #"[1,0]"#),
            (#"{"instances":[{"features":[6.8,2.8]},{"features":[6.0,3.4]}]}"#, #"{"predictions":[[1],[0]]}"#),
            // Open Inference Protocol
            (
                #"{"id":"1","inputs":[{"name":"feature","shape":[2,2],"datatype":"FP32","data":[6.8,2.8,6.0,3.4]}]}"#,
                #"{"model_name":"m","outputs":[{"name":"y","shape":[2],"datatype":"INT64","data":[1,0]}]}"#
            ),
            (
                #"{"inputs":[{"name":"feature_0","shape":[2],"data":[6.8,6]},"#
                    + #"{"name":"feature_1","shape":[2,1],"data":[[2.8],[3.4]]}]}"#,
                #"{"outputs":[{"data":[1,0],"name":"y","shape":[2,1]}]}"#
            ),
            // MLflow
            (#"{"dataframe_split":{"columns":["feature_0","feature_1"],"data":[[6.8,2.8],[6,3.4]]}}"#, #"[1,0]"#),
            (#"{"dataframe_records":[{"feature_0":6.8,"feature_1":2.8},{"feature_0":6,"feature_1":3.4}]}"#, #"[1,0]"#),
            // Seldon
            (
                #"{"data":{"names":["feature_0","feature_1"],"ndarray":[[6.8,2.8],[6,3.4]]}}"#,
                #"{"data":{"ndarray":[1,0]}}"#
            ),
            (
                #"{"data":{"tensor":{"shape":[2,2],"values":[6.8,2.8,6,3.4]}}}"#,
                #"{"data":{"tensor":{"shape":[2,1],"values":[1,0]}}}"#
            ),
            // Text: CSV, JSON lines, base64 of either
            (#""6.8,2.8\n6.0,3.4\n""#, #""1\n0""#),
            (#""6.8,2.8\r\n6.0,3.4""#, #""1,0""#),
            (#""{\"features\":[6.8,2.8]}\n{\"features\":[6,3.4]}\n""#, #""[1,\n 0]""#),
            (#""eyJpbnN0YW5jZXMiOltbNi44LDIuOF0sWzYuMCwzLjRdXX0=""#, #""WzEsMF0=""#),
        ])
    func instances(request: String, response: String) {
        let log = Self.decode(request, response)
        #expect(
            log.events == [
                "prediction=1 feature_0=6.8 feature_1=2.8 id", "prediction=0 feature_0=6.0 feature_1=3.4 id",
            ], "\(log.explanation)")
        #expect(log.receipt.accepted == 2 && log.receipt.isBalanced)
    }

    /// Of several numbers per instance, the largest is the score and its place the class.
    @Test(
        arguments: [
            #"{"predictions":[[0.1,0.7,0.2],[0.5,0.25,0.25]]}"#,
            #"{"outputs":[{"name":"probs","shape":[2,3],"data":[0.1,0.7,0.2,0.5,0.25,0.25]}]}"#,
            #"{"data":{"tensor":{"shape":[2,3],"values":[0.1,0.7,0.2,0.5,0.25,0.25]}}}"#,
            #""0.1,0.7,0.2\n0.5,0.25,0.25\n""#,
        ])
    func probabilities(response: String) {
        let log = Self.decode(#"[[1],[2]]"#, response)
        #expect(log.events == ["prediction=1 score=0.7 feature_0=1.0 id", "prediction=0 score=0.5 feature_0=2.0 id"])
    }

    /// Large ones with a fraction, too.
    @Test func largestOfLargeNumbers() {
        let log = Self.decode("[[1],[2]]", "[[1234567.5,-1],[1,7654321.25]]")
        #expect(
            log.events == [
                "prediction=0 score=1234567.5 feature_0=1.0 id", "prediction=1 score=7654321.25 feature_0=2.0 id",
            ])
    }

    @Test func namedAnswers() {
        let objects = Self.decode("[[1]]", #"[{"label":"cat","probability":0.9,"extra":[1]}]"#)
        #expect(objects.events == ["prediction=cat score=0.9 feature_0=1.0 id"])
        let tensors = Self.decode(
            "[[1],[2]]",
            #"{"outputs":[{"name":"predict","shape":[2,1],"datatype":"INT64","data":[1,0]},"#
                + #"{"name":"predict_proba","shape":[2,2],"data":[0.2,0.8,0.6,0.4]}]}"#)
        #expect(
            tensors.events == ["prediction=1 score=0.8 feature_0=1.0 id", "prediction=0 score=0.6 feature_0=2.0 id"])
    }

    /// Found without any hint, at the top of the record or one level down.
    @Test func foundByName() {
        let top = DecodedEvents(#"{"instances":[[1,2]],"predictions":[0.5]}"# + "\n")
        #expect(top.events == ["prediction=0.5 feature_0=1.0 feature_1=2.0"])
        let nested = DecodedEvents(
            #"{"request":{"instances":[{"a":1,"b":"x"}]},"response":{"predictions":["yes"]},"latency_ms":5}"# + "\n")
        #expect(nested.events == ["prediction=yes latency=0.005 a=1.0 b=x"])
    }

    @Test func namesForColumns() {
        let hints = SchemaHints(
            format: FormatHints(columns: ["age", "income"]), inputs: [["request"]], outputs: [["response"]])
        let log = DecodedEvents(#"{"request":"31,2000\n41,3000","response":"0.5\n0.25"}"# + "\n", hints: hints)
        #expect(
            log.events == ["prediction=0.5 age=31.0 income=2000.0", "prediction=0.25 age=41.0 income=3000.0"])
    }

    /// A record is one whole or nothing, also when a batch has no room for all of its rows.
    @Test func rowsAndBatches() {
        let one = #"{"request":[[1],[2],[3]],"response":[1,2,3]}"# + "\n"
        let log = DecodedEvents(one + one + one, hints: Self.answered, rows: 4)
        #expect(log.events.count == 9 && log.receipt.accepted == 9 && log.receipt.isBalanced)
        let tooMany = DecodedEvents(one + #"{"request":[[4]],"response":[5]}"# + "\n", hints: Self.answered, rows: 2)
        #expect(tooMany.events == ["prediction=5 feature_0=4.0"] && tooMany.rejected(.tooManyRows) == 1)
    }

    @Test(
        arguments: [
            (#"[[1],[2]]"#, #"[1]"#), (#"[[1]]"#, #"{"outputs":[{"name":"y","shape":[2],"data":[1,2]}]}"#),
            (#"{"inputs":[{"name":"x","shape":[2],"data":[1]}]}"#, #"[1,2]"#),
            (#"{"inputs":[{"name":"x","shape":[9999999999,9999999999,9999999999],"data":[1]}]}"#, #"[1]"#),
            (#"{"inputs":[{"name":"x","shape":[1],"data":[1,2]}]}"#, #"[1]"#),
            (#""[[1""#, #"[1]"#), (#""{\"instances\":[[1]""#, #"[1]"#),
            (#"{"data":{"tensor":{"shape":[2,2],"values":[1]}}}"#, #"[1,2]"#),
        ])
    func refusals(request: String, response: String) {
        let good = #"{"request":[[1]],"response":[1]}"# + "\n"
        let log = DecodedEvents(
            good + "{\"request\":\(request),\"response\":\(response)}\n" + good, hints: Self.answered)
        #expect(log.events.count == 2 && log.receipt.isBalanced, "\(log.events)")
        #expect(log.receipt.received == 3 && log.receipt.accepted == 2)
    }

    /// A request without an answer, or an answer alone, is an event of its own.
    @Test func halves() {
        let log = DecodedEvents(
            #"{"request":[[1]],"response":[1]}"# + "\n" + #"{"response":[0,1]}"# + "\n" + #"{"request":[[2]]}"# + "\n",
            hints: Self.answered)
        #expect(
            log.events == ["prediction=1 feature_0=1.0", "prediction=0", "prediction=1", "feature_0=2.0"])
    }
}
