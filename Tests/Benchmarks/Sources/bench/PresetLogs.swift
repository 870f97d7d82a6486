import LineFormats

/// Records as the presets' sources write them, other numbers in each.
///
/// Their events differ from those of the formats, so only bytes compare: a preset is measured by its throughput.
enum PresetLogs {
    /// A log of each preset that the formats do not have: name, hints, the fewest signals that are to be found, events
    /// per record, and the record with a number.
    static var all: [(preset: Preset, signals: Int, events: Int, record: (Int) -> String)] {
        [
            (.bentoML, 3, 1, bento), (.liteLLM, 9, 1, liteLLM), (.openAI, 5, 1, openAI),
            (.openAIBatch, 4, 1, openAIBatch),
            (.openInference, 6, 1, openInference), (.otelGenAI, 4, 1, otelGenAI),
            (.sageMakerGroundTruth, 1, 1, groundTruth), (.sageMaker, 4, 2, sageMaker), (.mlflow, 4, 1, mlflow),
            (.seldon, 2, 1, seldon), (.kserveTimes, 4, 1, kserveTimes), (.torchServe, 1, 1, torchServe),
            (.rayServe, 2, 1, rayServe), (.vllm, 1, 1, vllm),
        ]
    }

    private static func bento(_ i: Int) -> String {
        #"{"sepal length": \#(i % 80).5, "sepal width": 3.\#(i % 10), "pred": "setosa", "#
            + #""timestamp": "2022-11-17T12:51:\#(10 + i % 50).587123", "request_id": "\#(i)", "trace_id": "2"}"#
    }

    private static func liteLLM(_ i: Int) -> String {
        #"{"id":"x-\#(i)","trace_id":"t","call_type":"acompletion","stream":false,"response_cost":0.00\#(i % 9 + 1),"#
            + #""status":"success","custom_llm_provider":"openai","total_tokens":\#(i % 900 + 30),"#
            + #""prompt_tokens":10,"completion_tokens":\#(i % 900 + 20),"startTime":1700000000.5,"#
            + #""endTime":1700000002,"completionStartTime":1700000001.25,"response_time":1.\#(i % 10),"#
            + #""model":"gpt-x","model_id":"v","model_group":"chat","cache_hit":false,"messages":[{"role":"user"}]}"#
    }

    private static func completion(_ i: Int) -> String {
        #"{"id":"chatcmpl-\#(i)","object":"chat.completion","created":1700000000,"model":"gpt-x","choices":"#
            + #"[{"index":0,"message":{"role":"assistant","content":"an answer of some words"},"#
            + #""finish_reason":"stop"}],"usage":{"prompt_tokens":\#(i % 90),"completion_tokens":12,"#
            + #""total_tokens":\#(i % 90 + 12)}}"#
    }

    private static func openAI(_ i: Int) -> String { completion(i) }

    private static func openAIBatch(_ i: Int) -> String {
        #"{"id":"b","custom_id":"r-\#(i)","response":{"status_code":200,"request_id":"q","body":\#(completion(i))},"#
            + #""error":null}"#
    }

    private static func openInference(_ i: Int) -> String {
        #"{"name":"llm","context":{"trace_id":"a","span_id":"b\#(i)"},"start_time":"2024-01-01T00:00:00Z","#
            + #""end_time":"2024-01-01T00:00:02Z","attributes":{"openinference.span.kind":"LLM","#
            + #""llm.model_name":"gpt-x","llm.token_count.prompt":\#(i % 90),"llm.token_count.completion":3,"#
            + #""input.value":"hi","output.value":"hello"},"status":{"status_code":"OK"}}"#
    }

    private static func otelGenAI(_ i: Int) -> String {
        #"{"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"scope":{},"spans":["#
            + #"{"traceId":"a","spanId":"b\#(i)","name":"chat","startTimeUnixNano":"1700000000000000000","#
            + #""endTimeUnixNano":"1700000001500000000","attributes":["#
            + #"{"key":"gen_ai.request.model","value":{"stringValue":"gpt-x"}},"#
            + #"{"key":"gen_ai.usage.input_tokens","value":{"intValue":"\#(i % 90)"}},"#
            + #"{"key":"gen_ai.usage.output_tokens","value":{"intValue":12}},"#
            + #"{"key":"gen_ai.request.temperature","value":{"doubleValue":0.5}}],"status":{"code":1}}]}]}]}"#
    }

    private static func groundTruth(_ i: Int) -> String {
        #"{"groundTruthData":{"data":"yes","encoding":"CSV"},"eventMetadata":{"eventId":"fca283f3-\#(i)"},"#
            + #""eventVersion":"0"}"#
    }

    private static func sageMaker(_ i: Int) -> String {
        #"{"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT","#
            + #""data":"\#(i % 200),25,113.2\n7,8,9","encoding":"CSV"},"endpointOutput":{"observedContentType":"#
            + #""text/csv; charset=utf-8","mode":"OUTPUT","data":"0.0107,0.5","encoding":"CSV"}},"#
            + #""eventMetadata":{"eventId":"fca283f3-\#(i)","inferenceTime":"2022-02-14T17:25:49Z"},"#
            + #""eventVersion":"0"}"#
    }

    private static func mlflow(_ i: Int) -> String {
        #"{"databricks_request_id":"r-\#(i)","date":"2024-01-01","timestamp_ms":1700000000000,"status_code":200,"#
            + #""sampling_fraction":1.0,"execution_time_ms":12,"#
            + #""request":"{\"dataframe_split\": {\"columns\": [\"a\", \"b\"], \"data\": [[\#(i % 50).5, \"x\"]]}}","#
            + #""response":"{\"predictions\": [0.5]}","request_metadata":{"model_name":"m","model_version":"3"}}"#
    }

    private static func seldon(_ i: Int) -> String {
        #"{"id":"r-\#(i)","request":{"data":{"names":["a","b"],"ndarray":[[\#(i % 50).5,"x"]]}},"#
            + #""response":{"data":{"names":["t:0","t:1"],"ndarray":[[0.25,0.75]]},"meta":{}}}"#
    }

    private static func kserveTimes(_ i: Int) -> String {
        "2024-01-02 03:04:05.678 1 kserve INFO [r.py:1] requestId: N.A., preprocess_ms: 0.02, explain_ms: 0, "
            + "predict_ms: 1.\(i % 100), postprocess_ms: 0.01"
    }

    private static func torchServe(_ i: Int) -> String {
        #"2018-10-15 13:56:18,976 [INFO ] BackendWorker-9000 ACCESS_LOG - /127.0.0.1:64003 "#
            + #""POST /predictions/resnet-18 HTTP/1.1" 200 \#(i % 300)"#
    }

    private static func rayServe(_ i: Int) -> String {
        "INFO 2024-02-27 10:40:22,313 default_Model 9mp7vh1g 5a3 /predict replica.py:373 - __CALL__ OK \(i % 90).5ms"
    }

    private static func vllm(_ i: Int) -> String {
        #"INFO:     127.0.0.1:\#(50_000 + i % 9_000) - "POST /v1/completions HTTP/1.1" 200 OK"#
    }
}
