/// A log shaped exactly as its source writes it, and the events it becomes.
public struct PresetSample: CustomStringConvertible, Sendable {
    /// Name of the preset.
    public var preset: String
    /// The log without its last newline.
    public var log: String
    /// One event per element: `name=value` of each signal, then `model:`, `version:`, `status:`, `time:` and `id`.
    public var events: [String]
    /// Lines beside the records.
    public var ignored: UInt64 = 0

    /// The preset.
    public var description: String { preset }

    /// A log and what it becomes.
    public init(preset: String, log: String, events: [String], ignored: UInt64 = 0) {
        (self.preset, self.log, self.events, self.ignored) = (preset, log, events, ignored)
    }

    /// One log for each preset that has a shape of its own.
    public static let all: [PresetSample] = [
        PresetSample(
            preset: "kserve-v1",
            log: #"{"id":"7f3c","time":"2026-08-21T14:00:00Z","inferenceservicename":"iris","namespace":"default","#
                + #""request":{"instances":[[6.8,2.8,4.8,1.4],[6.0,3.4,4.5,1.6]]},"response":{"predictions":[1,1]}}"#,
            events: [
                "prediction=1 feature_0=6.8 feature_1=2.8 feature_2=4.8 feature_3=1.4 model:iris "
                    + "time:1787320800000000000 id",
                "prediction=1 feature_0=6.0 feature_1=3.4 feature_2=4.5 feature_3=1.6 model:iris "
                    + "time:1787320800000000000 id",
            ]),
        PresetSample(
            preset: "kserve-v2",
            log: #"{"request":{"id":"1","inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","#
                + #""data":[6.8,2.8,4.8,1.4]}]},"response":{"model_name":"iris","model_version":"1","id":"1","#
                + #""outputs":[{"name":"y","shape":[1],"datatype":"INT64","data":[1]}]}}"#,
            events: ["prediction=1 x_0=6.8 x_1=2.8 x_2=4.8 x_3=1.4"]),
        PresetSample(
            preset: "seldon",
            log: #"{"id":"r","request":{"data":{"names":["a","b"],"ndarray":[[1.5,"x"]]}},"#
                + #""response":{"data":{"names":["t:0","t:1"],"ndarray":[[0.25,0.75]]},"meta":{}}}"#,
            events: ["a=1.5 b=x id"]),
        PresetSample(
            preset: "bentoml",
            log: #"{"sepal length": 4.9, "pred": "setosa", "timestamp": "2022-11-17T12:51:19.587123", "#
                + #""request_id": "1", "trace_id": "2"}"#,
            events: ["prediction=setosa sepal length=4.9 time:1668689479587123000"]),
        PresetSample(
            preset: "sagemaker",
            log: #"{"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT","#
                + #""data":"132,25,113.2\n7,8,9","encoding":"CSV"},"endpointOutput":{"observedContentType":"#
                + #""text/csv; charset=utf-8","mode":"OUTPUT","data":"0.01076381653547287,0.5","encoding":"CSV"}},"#
                + #""eventMetadata":{"eventId":"fca283f3","inferenceTime":"2022-02-14T17:25:49Z"},"eventVersion":"0"}"#,
            events: [
                "prediction=0.01076381653547287 feature_0=132.0 feature_1=25.0 feature_2=113.2 "
                    + "time:1644859549000000000 id",
                "prediction=0.5 feature_0=7.0 feature_1=8.0 feature_2=9.0 time:1644859549000000000 id",
            ]),
        PresetSample(
            preset: "sagemaker-ground-truth",
            log: #"{"groundTruthData":{"data":"yes","encoding":"CSV"},"eventMetadata":{"eventId":"fca283f3"},"#
                + #""eventVersion":"0"}"#,
            events: ["outcome=yes id"]),
        PresetSample(
            preset: "mlflow",
            log: #"{"databricks_request_id":"r","date":"2024-01-01","timestamp_ms":1700000000000,"status_code":200,"#
                + #""sampling_fraction":1.0,"execution_time_ms":12,"#
                + #""request":"{\"dataframe_split\": {\"columns\": [\"a\", \"b\"], \"data\": [[1.5, \"x\"]]}}","#
                + #""response":"{\"predictions\": [0.5]}","request_metadata":{"model_name":"m","model_version":"3"}}"#,
            events: ["latency=0.012 prediction=0.5 a=1.5 b=x model:m version:3 time:1700000000000000000 id"]),
        PresetSample(
            preset: "torchserve",
            log: #"2018-10-15 13:56:18,976 [INFO ] BackendWorker-9000 ACCESS_LOG - /127.0.0.1:64003 "#
                + #""POST /predictions/resnet-18 HTTP/1.1" 200 118"# + "\n"
                + #"2018-10-15T13:56:19,000 [INFO ] W ACCESS_LOG - /127.0.0.1:64003 "POST /predictions/r/1.0 HTTP/1.1""#
                + " 503 2\n"
                + #"2018-10-15 13:56:19,000 [INFO ] W ACCESS_LOG - /127.0.0.1:64003 "GET /ping HTTP/1.1" 200 0"#
                + "\n2018-10-15 13:56:19,000 [INFO ] main org.pytorch.serve.ModelServer - Loading",
            events: [
                "latency=0.11800000000000001 model:resnet-18 time:1539611778976000000",
                "latency=0.002 model:r version:1.0 status:error time:1539611779000000000",
            ], ignored: 2),
        PresetSample(
            preset: "ray-serve",
            log: "INFO 2022-08-02 16:17:02,502 http_proxy 127.0.0.1 http_proxy.py:315 - GET / 307 3.5ms\n"
                + "INFO 2024-02-27 10:40:22,313 default_Model 9mp7vh1g 5a3 / replica.py:373 - __CALL__ OK 8.5ms\n"
                + #"{"levelname":"INFO","asctime":"2024-02-27 10:36:08,908","deployment":"D","route":"/a","#
                + #""message":"replica.py:373 -- __CALL__ ERROR 3.0ms"}"# + "\nINFO 2024-02-27 10:40:22,313 x y -- hi",
            events: [
                "latency=0.0035 route=/ time:1659457022502000000",
                "latency=0.0085 route=/ model:default_Model time:1709030422313000000 id",
                "latency=0.003 route=/a model:D status:error time:1709030168908000000",
            ], ignored: 1),
        PresetSample(
            preset: "vllm",
            log: #"INFO:     127.0.0.1:54321 - "POST /v1/completions HTTP/1.1" 200 OK"# + "\n"
                + #"INFO:     127.0.0.1:54321 - "POST /v1/chat/completions HTTP/1.1" 500 Internal Server Error"# + "\n"
                + "INFO 08-21 14:00:00 Engine 000: Avg prompt throughput: 12.3 tokens/s",
            events: ["route=/v1/completions", "route=/v1/chat/completions status:error"], ignored: 1),
        PresetSample(
            preset: "kserve-times",
            log: "2024-01-02 03:04:05.678 1 kserve INFO [r.py:1] requestId: N.A., preprocess_ms: 0.02, explain_ms: 0, "
                + "predict_ms: 1.5, postprocess_ms: 0.01\nother",
            events: [
                "latency=0.0015 preprocess_seconds=2e-05 explain_seconds=0.0 postprocess_seconds=1e-05 "
                    + "time:1704164645678000000 id"
            ], ignored: 1),
        PresetSample(
            preset: "openai",
            log: #"{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"gpt-x","choices":"#
                + #"[{"index":0,"message":{"role":"assistant","content":"h\u00e9!"},"finish_reason":"stop"}],"#
                + #""usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}}"#,
            events: [
                "prompt_tokens=9.0 completion_tokens=12.0 total_tokens=21.0 answer_length=3.0 prediction=stop "
                    + "model:gpt-x time:1700000000000000000 id"
            ]),
        PresetSample(
            preset: "openai-batch",
            log: #"{"id":"b","custom_id":"r-1","response":{"status_code":200,"request_id":"q","body":{"id":"c","#
                + #""created":1700000000,"model":"gpt-x","choices":[{"index":0,"message":{"content":""},"#
                + #""finish_reason":"length"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}},"#
                + #""error":null}"#,
            events: [
                "prompt_tokens=9.0 completion_tokens=2.0 total_tokens=11.0 prediction=length model:gpt-x "
                    + "time:1700000000000000000 id"
            ]),
        PresetSample(
            preset: "litellm",
            log: #"{"id":"x","trace_id":"t","call_type":"acompletion","stream":false,"response_cost":0.002,"#
                + #""status":"failure","custom_llm_provider":"openai","total_tokens":30,"prompt_tokens":10,"#
                + #""completion_tokens":20,"startTime":1700000000.5,"endTime":1700000002,"#
                + #""completionStartTime":1700000001.25,"response_time":1.5,"model":"gpt-x","model_id":"v","#
                + #""model_group":"chat","cache_hit":null,"messages":[{"role":"user"}]}"#,
            events: [
                "prompt_tokens=10.0 completion_tokens=20.0 total_tokens=30.0 response_cost=0.002 "
                    + "call_type=acompletion custom_llm_provider=openai stream=false time_to_first_token=0.75 "
                    + "latency=1.5 model:chat version:v status:error time:1700000002000000000 id"
            ]),
        PresetSample(
            preset: "otel-genai",
            log: #"{"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"scope":{},"spans":["#
                + #"{"traceId":"a","spanId":"b","name":"chat","startTimeUnixNano":"1700000000000000000","#
                + #""endTimeUnixNano":"1700000001500000000","attributes":["#
                + #"{"key":"gen_ai.request.model","value":{"stringValue":"gpt-x"}},"#
                + #"{"key":"gen_ai.usage.input_tokens","value":{"intValue":"9"}},"#
                + #"{"key":"gen_ai.usage.output_tokens","value":{"intValue":12}},"#
                + #"{"key":"gen_ai.request.temperature","value":{"doubleValue":0.5}},"#
                + #"{"key":"gen_ai.response.finish_reasons","value":{"arrayValue":{"values":["#
                + #"{"stringValue":"stop"}]}}}"#
                + #"],"status":{"code":2}},{"name":"other","spanId":"c","attributes":[]}]}]}]}"#,
            events: [
                "input_tokens=9.0 output_tokens=12.0 temperature=0.5 prediction=stop latency=1.5 model:gpt-x "
                    + "status:error time:1700000000000000000 id"
            ]),
        PresetSample(
            preset: "openinference",
            log: #"{"name":"llm","context":{"trace_id":"a","span_id":"b"},"start_time":"2024-01-01T00:00:00Z","#
                + #""end_time":"2024-01-01T00:00:02Z","attributes":{"openinference.span.kind":"LLM","#
                + #""llm.model_name":"gpt-x","llm.token_count.prompt":9,"llm.token_count.completion":3,"#
                + #""input.value":"hi","output.value":"hello"},"status":{"status_code":"OK"}}"#,
            events: [
                "prompt_tokens=9.0 completion_tokens=3.0 span_kind=LLM input_length=2.0 output_length=5.0 latency=2.0 "
                    + "model:gpt-x time:1704067200000000000 id"
            ]),
    ]
}
