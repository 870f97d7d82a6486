import Events
import LineFormats
import Testing

/// Tables of a form that is known are read in another way than others: nothing may come out of it that would not come
/// out without.
@Suite struct TableFormTests {
    /// The records decoded with and without remembered forms, which must agree.
    static func decode(_ records: [String], hints: SchemaHints = PayloadTests.answered, rows: Int = 64) -> DecodedEvents
    {
        let log = records.joined(separator: "\n") + "\n"
        let learned = DecodedEvents(log, hints: hints, rows: rows)
        let plain = DecodedEvents(log, hints: hints, rows: rows, isLearning: false)
        for (index, (one, other)) in zip(learned.events, plain.events).enumerated() where one != other {
            Issue.record("event \(index): \(one), or plainly \(other)")
        }
        #expect(learned.events.count == plain.events.count)
        #expect(learned.receipt == plain.receipt)
        #expect(plain.tablesOfKnownForm == 0)
        return learned
    }

    static func record(_ request: String, _ response: String) -> String {
        "{\"id\":\"a\",\"request\":\(request),\"response\":\(response),\"latency_ms\":7}"
    }

    static func text(_ json: String) -> String {
        "\"" + json.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    static let shapes: [(String, String)] = [
        (#"{"instances":[[$0,"$1"],[$2,"b"]]}"#, #"{"predictions":[$0,1]}"#),
        (#"{"instances":[{"a":$0,"b":"$1"},{"a":$2,"b":"c"}]}"#, #"{"predictions":[[0.25,$0],[0.5,0.75]]}"#),
        (#"{"instances":[{"a":$0,"b":"$1"},{"b":"c","a":$2}]}"#, #"[{"label":"$1","probability":0.9},{"label":"x"}]"#),
        (
            #"{"id":"$0","inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[$0,$2,3,4]},"#
                + #"{"name":"y","shape":[2],"datatype":"BYTES","data":["$1","k"]}]}"#,
            #"{"model_name":"m","outputs":[{"name":"p","shape":[2,2],"data":[[0.125,$0],[0.5,0.75]]}]}"#
        ),
        (
            #"{"inputs":[{"name":"x","shape":[2],"data":[$0,$2]}]}"#,
            #"{"outputs":[{"name":"predict","shape":[2,1],"data":["$1","c"]},"#
                + #"{"name":"predict_proba","shape":[2,2],"data":[0.2,$0,0.6,0.4]}]}"#
        ),
        (
            #"{"dataframe_split":{"columns":["a","b"],"index":[0,1],"data":[[$0,"$1"],[$2,"c"]]}}"#,
            #"{"predictions":[$0,1]}"#
        ),
        (#"{"meta":{"puid":"$1"},"data":{"names":["a","b"],"ndarray":[[$0,"$1"],[$2,null]]}}"#, #"[1,$0]"#),
        (
            #"{"data":{"names":["a","b"],"tensor":{"shape":[2,2],"values":[$0,$2,3,4]}}}"#,
            #"{"data":{"names":["t:0","t:1"],"tensor":{"shape":[2,2],"values":[$0,$2,3,4]}}}"#
        ),
        (#"[[$0,"$1"],[$2,"b"]]"#, #"{"data":{"tensor":{"shape":[2,2],"values":[0.5,$0,3,4]}}}"#),
    ]

    static func filled(_ form: String, _ a: String, _ b: String, _ c: String) -> String {
        form.replacing("$0", with: a).replacing("$1", with: b).replacing("$2", with: c)
    }

    /// Values in every spelling, in every shape, as JSON and as a text.
    @Test(arguments: shapes.indices)
    func values(shape: Int) {
        let (request, response) = Self.shapes[shape]
        let values = [
            ("1", "a", "2"), ("-3.5", "bc", "0.125"), ("1e3", "", "12345678901"), ("0", "d", "null"),
            ("true", "e", "false"), ("\"12\"", "f", "\"\""), ("\"x\"", "g", "1.0"), ("[1]", "h", "{}"),
            ("1e400", "i", "1"), ("NaN", "j", "5"), ("-0", "k", "10e-1"), (" 7", "l", "8 "), ("01", "m", "9"),
            ("3", #"n\"o"#, "4"), ("3", "\u{e9}\u{4e16}", "4"), ("3", #"\u00e9"#, "4"), ("3", #"\ud800"#, "4"),
            ("1.5.2", "p", "4"), ("5", "q", "6"), ("", "r", "6"), ("7", "s\",\"t", "8"), ("9", "u", "10"),
        ]
        // What the columns are is learned from values that are as they should be.
        let usual = [(String, String, String)](repeating: ("1", "a", "2"), count: 60)
        for asText in [false, true] {
            let records = (usual + values + values).map { a, b, c in
                let (question, answer) = (Self.filled(request, a, b, c), Self.filled(response, a, b, c))
                return Self.record(asText ? Self.text(question) : question, asText ? Self.text(answer) : answer)
            }
            let log = Self.decode(records)
            #expect(log.tablesOfKnownForm > 120, "\(log.tablesOfKnownForm)")
            #expect(log.receipt.isBalanced && log.receipt.accepted > 90)
        }
    }

    /// A change of any byte between the values, and of any value to nothing, in a table whose form is known.
    @Test(arguments: shapes.indices)
    func bytes(shape: Int) {
        let (request, response) = Self.shapes[shape]
        let first = Self.record(Self.filled(request, "1", "a", "2"), Self.filled(response, "1", "a", "2"))
        let second = Self.record(Self.filled(request, "3", "b", "4"), Self.filled(response, "3", "b", "4"))
        var records = [first, second]
        let bytes = Array(second.utf8)
        for place in bytes.indices {
            for byte in [UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "\""), UInt8(ascii: "0"), 0x20] {
                var changed = bytes
                changed[place] = byte
                records.append(String(decoding: changed, as: UTF8.self))
            }
            records.append(String(decoding: bytes[..<place] + bytes[(place + 1)...], as: UTF8.self))
            records.append(second)
        }
        let log = Self.decode(records)
        #expect(log.tablesOfKnownForm > UInt64(bytes.count))
    }

    /// One form does for any number of instances, and a batch that has no room for a record leaves it whole.
    @Test(arguments: [2, 5, 64])
    func sizes(rows: Int) {
        func tensors(_ count: Int) -> (String, String) {
            let numbers = (0..<count).map { "\($0),\($0).5" }.joined(separator: ",")
            let classes = (0..<count).map { "\"c\($0)\"" }.joined(separator: ",")
            return (
                #"{"inputs":[{"name":"x","shape":[\#(count),2],"data":[\#(numbers)]}]}"#,
                #"{"outputs":[{"name":"p","shape":[\#(count)],"data":[\#(classes)]}]}"#
            )
        }
        func rowsOf(_ count: Int) -> (String, String) {
            let rows = (0..<count).map { "[\($0),\($0).5]" }.joined(separator: ",")
            return (
                "{\"instances\":[\(rows)]}",
                "{\"predictions\":[\((0..<count).map { "\"c\($0)\"" }.joined(separator: ","))]}"
            )
        }
        let sizes = [3, 2, 5, 1, 4, 1, 7, 2, 3, 60, 2, 70]
        for make in [tensors, rowsOf] {
            let records = sizes.map { size in
                let (request, response) = make(size)
                return Self.record(request, response)
            }
            let log = Self.decode(records, rows: rows)
            // More than a batch has room for are refused.
            let fitting = sizes.filter { $0 <= rows }
            #expect(log.events.count == fitting.reduce(0, +))
            #expect(
                log.receipt.rejected[Int(RejectionReason.tooManyRows.rawValue)] == UInt64(sizes.count - fitting.count))
            #expect(log.tablesOfKnownForm >= UInt64(2 * (fitting.count - 2)))
            #expect(
                log.events.last?.contains("feature_1=\(fitting.last.map { "\($0 - 1).5" } ?? "")") == true
                    || log.events.last?.contains("x_1=\(fitting.last.map { "\($0 - 1).5" } ?? "")") == true)
        }
        // A shape that says another number than there are.
        let good = tensors(3)
        let lies = Self.record(good.0.replacing("[3,2]", with: "[2,2]"), good.1)
        let log = Self.decode([Self.record(good.0, good.1), lies, Self.record(good.0, good.1)])
        #expect(log.receipt.rejected[Int(RejectionReason.malformedPayload.rawValue)] == 1 && log.events.count == 6)
    }

    /// A key given twice counts as given last, and an answer of another size than the question is refused.
    @Test func repetitions() {
        let table = #"{"instances":[[1,2],[3,4]]}"#
        let other = #"{"instances":[[5,6],[7,8]]}"#
        let answer = #"{"predictions":[0,1]}"#
        let records = [
            Self.record(table, answer), Self.record(other, answer),
            #"{"request":\#(table),"request":\#(other),"response":\#(answer)}"#,
            #"{"request":\#(table),"response":\#(answer),"request":null}"#,
            #"{"request":\#(table),"response":\#(answer),"request":{"instances":[[9]]}}"#,
            #"{"request":\#(table),"response":{"predictions":[1]}}"#,
            Self.record(other, answer),
        ]
        let log = Self.decode(records)
        #expect(log.events[4] == "prediction=0 feature_0=5.0 feature_1=6.0")
        // Without a question there are as many events as answers.
        #expect(log.events[6] == "prediction=0" && log.events[7] == "prediction=1")
        #expect(log.receipt.rejected[Int(RejectionReason.malformedPayload.rawValue)] == 2)
        #expect(log.events.count == 10)
    }

    /// Spans differ in what nobody asks for; one that failed says so, whatever was learned before.
    @Test func spans() {
        func span(_ i: Int, code: String) -> String {
            #"{"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"scope":{},"spans":[{"traceId":"t\#(i)","#
                + #""spanId":"s\#(i)","name":"chat","startTimeUnixNano":"1700000000\#(i)00000000","#
                + #""endTimeUnixNano":"1700000009000000000","attributes":[{"key":"gen_ai.request.model","#
                + #""value":{"stringValue":"m"}},{"key":"gen_ai.usage.input_tokens","value":{"intValue":"\#(i)"}}],"#
                + #""status":{"code":\#(code)}}]}]}]}"#
        }
        let codes = ["1", "1", "2", "1", "\"STATUS_CODE_ERROR\"", "0", "2", "1"]
        let records = codes.enumerated().map { span($0.offset + 1, code: $0.element) }
        let log = Self.decode(records, hints: Preset.otelGenAI.hints)
        #expect(
            log.events.map { $0.contains("status:error") } == codes.map { $0.contains("2") || $0.contains("ERROR") })
        #expect(log.tablesOfKnownForm >= 2)
    }

    /// Tables that have no form in common are not learned again and again, and what they take is bounded.
    @Test func strangers() {
        let records = (0..<3_000).map { i in
            Self.record("{\"instances\":[{\"a\":1,\"k\(i)\":2}]}", "{\"predictions\":[1]}")
        }
        let log = Self.decode(records)
        #expect(log.events.count == 3_000)
        // Answers all have one form.
        #expect(log.tablesOfKnownForm == 2_999)
        let wide = (0..<600).map { "\($0)" }.joined(separator: ",")
        let many = (0..<5).map { _ in Self.record("[[\(wide)]]", "[1]") }
        #expect(Self.decode(many).tablesOfKnownForm == 4)
    }

    /// A largest number has no spelling, so it is no category; the place of one has.
    @Test func largestNumbersAsCategories() {
        let schema = Schema(
            signals: [
                Signal(name: "class", role: .prediction, kind: .categorical, path: ["response", "prediction"]),
                Signal(name: "score", role: .feature, kind: .categorical, path: ["response", "score"]),
            ], outputs: [["response"]])
        let records = ["[[1e300,2]]", "[[3,1e301]]", "[[4,5]]"].map { "{\"response\":\($0)}" }
        let log = DecodedEvents(records.joined(separator: "\n"), schema: schema)
        #expect(
            log.events == ["class=0 score=invalid", "class=1 score=invalid", "class=1 score=invalid"], "\(log.events)")
    }

    /// A table goes with the object that it is in, if that is given twice.
    @Test func repeatedObjects() {
        let schema = Schema(
            signals: [Signal(name: "x", role: .feature, kind: .numeric, path: ["call", "request", "feature_0"])],
            status: ["status"], inputs: [["call", "request"]])
        let table = "{\"request\":[[1],[2]]}"
        let records = [
            "{\"call\":\(table)}", "{\"call\":\(table)}", "{\"call\":\(table),\"call\":{\"request\":[[3]]}}",
            "{\"call\":\(table),\"call\":{},\"status\":\"ok\"}",
        ]
        let log = DecodedEvents(records.joined(separator: "\n"), schema: schema)
        #expect(log.events == ["x=1.0", "x=2.0", "x=1.0", "x=2.0", "x=3.0", ""], "\(log.events)")
    }

    /// A table may be a text in an element of a list.
    @Test func textsInLists() {
        let schema = Schema(
            signals: [Signal(name: "x", role: .feature, kind: .numeric, path: ["calls", "0", "body", "feature_0"])],
            inputs: [["calls", "0", "body"]])
        let record = "{\"calls\":[{\"body\":\"{\\\"instances\\\":[[1],[2]]}\"}]}"
        let log = DecodedEvents([record, record, record].joined(separator: "\n"), schema: schema)
        #expect(log.events == ["x=1.0", "x=2.0", "x=1.0", "x=2.0", "x=1.0", "x=2.0"], "\(log.events)")
        #expect(log.tablesOfKnownForm == 2)
    }
}
