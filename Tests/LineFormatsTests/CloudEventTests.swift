import LineFormats
import Testing

@Suite struct CloudEventTests {
    @Test func structured() throws {
        let body = """
            {"specversion": "1.0", "id": "7f3c", "source": "http://x/", "time": "2026-08-21T14:00:00Z",
             "type": "org.kubeflow.serving.inference.request", "inferenceservicename": "iris", "endpoint": "canary",
             "data": {"instances": [[1, 2],
               ["a\\"b"]]}, "other": 5}

            """
        let event = try #require(CloudEvent(structured: Array(body.utf8)))
        #expect(
            event.id == "7f3c" && event.isResponse == false && event.service == "iris" && event.endpoint == "canary")
        let data = String(decoding: event.data, as: UTF8.self)
        #expect(data.hasPrefix("{\"instances\"") && data.hasSuffix("[\"a\\\"b\"]]}") && !data.contains("\n"))
        for text in ["", "[]", "{\"id\":\"1\"}", "{\"id\":\"1\",\"type\":\"x\"", "{\"id\":\"1\",\"type\":\"x\"} {}"] {
            #expect(CloudEvent(structured: Array(text.utf8)) == nil, "\(text)")
        }
    }

    @Test func kinds() {
        for (type, isResponse) in [
            ("org.kubeflow.serving.inference.request", false), ("io.seldon.serving.inference.response", true),
            ("io.seldon.serving.feedback", nil), ("", nil),
        ] {
            #expect(CloudEvent(id: "1", type: type).isResponse == isResponse)
        }
    }

    /// A request and its answer become what one record with both would be.
    @Test func aPairIsOneRecord() {
        var request = CloudEvent(id: "a\"\u{1}", type: "org.kubeflow.serving.inference.request")
        request.set("time", "2026-08-21T14:00:00Z")
        request.set("inferenceservicename", "iris")
        request.data = Array("{\"instances\":[[1.5],[2.5]]}".utf8)
        var response = CloudEvent(id: "a", type: "org.kubeflow.serving.inference.response")
        response.set("time", "2026-08-21T14:00:00.25Z")
        response.data = Array("{\"predictions\":[1,0]}".utf8)
        let both = String(decoding: CloudEvent.record(request: request, response: response), as: UTF8.self)
        #expect(
            DecodedEvents(both).events == [
                "prediction=1 latency=0.25 feature_0=1.5 model:iris time:1787320800000000000 id",
                "prediction=0 latency=0.25 feature_0=2.5 model:iris time:1787320800000000000 id",
            ])
        let half = String(decoding: CloudEvent.record(request: request, response: nil), as: UTF8.self)
        #expect(DecodedEvents(half).events.count == 2)
        let answer = String(decoding: CloudEvent.record(request: nil, response: response), as: UTF8.self)
        #expect(
            DecodedEvents(answer).events
                == ["prediction=1 id", "prediction=0 id"].map { event in
                    event.replacing(" id", with: " time:1787320800250000000 id")
                })
    }

    @Test func quoting() {
        #expect(
            String(decoding: CloudEvent.quoted(Array("a\"\\\n\t\u{1}ä".utf8)), as: UTF8.self)
                == #""a\"\\\n\t\u0001ä""#)
    }
}
