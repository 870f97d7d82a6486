import Events

/// The log of a serving system by its name: what its records look like.
///
/// Sources: KServe `pkg/logger`, Open Inference Protocol v2, Seldon Core `executor/logger`, BentoML
/// `_internal/monitoring`, Amazon SageMaker Data Capture, MLflow and Databricks inference tables, TorchServe, Ray
/// Serve, vLLM, LiteLLM `StandardLoggingPayload`, the OpenAI API, OpenTelemetry GenAI and OpenInference semantic
/// conventions.
public enum Preset: String, Sendable, CaseIterable {
    case kserveV1 = "kserve-v1"
    case kserveV2 = "kserve-v2"
    case kserveTimes = "kserve-times"
    case seldon
    case bentoML = "bentoml"
    case sageMaker = "sagemaker"
    case sageMakerGroundTruth = "sagemaker-ground-truth"
    case mlflow
    case mlserver
    case triton
    case torchServe = "torchserve"
    case rayServe = "ray-serve"
    case vllm
    case openAI = "openai"
    case openAIBatch = "openai-batch"
    case liteLLM = "litellm"
    case otelGenAI = "otel-genai"
    case openInference = "openinference"

    /// What is known of its records.
    public var hints: SchemaHints {
        switch self {
        case .kserveV1, .kserveV2, .seldon, .mlserver, .triton: Self.inference
        case .bentoML: Self.bento
        case .sageMaker: Self.dataCapture
        case .sageMakerGroundTruth: Self.groundTruth
        case .mlflow: Self.inferenceTable
        case .kserveTimes: Self.kserveTimesText
        case .torchServe: Self.torchServeText
        case .rayServe: Self.rayServeText
        case .vllm: Self.vllmText
        case .openAI: Self.completion([])
        case .openAIBatch: Self.batch
        case .liteLLM: Self.standardPayload
        case .otelGenAI: Self.genAI
        case .openInference: Self.openInferenceSpans
        }
    }

    /// Where beside a tailed file the roles of its fields are written; `nil` for a preset without such a file.
    ///
    /// BentoML writes `NAME/data/data.N.log` and `NAME/schema/schema.N.log`.
    public func schemaDirectory(besides directory: String) -> String? {
        guard self == .bentoML else { return nil }
        let parts = directory.split(separator: "/", omittingEmptySubsequences: false)
        return (parts.dropLast() + ["schema"]).joined(separator: "/")
    }
}

extension SchemaHints.Field {
    /// A field at keys joined by dots.
    static func at(
        _ path: String, _ meaning: Meaning, name: String? = nil, kind: SignalKind? = nil, scale: Double? = nil,
        source: SignalSource = .value
    ) -> Self {
        Self(
            path: path.split(separator: ".").map(String.init), meaning: meaning, name: name, kind: kind, scale: scale,
            source: source)
    }
}

// MARK: - Inference requests and answers

extension Preset {
    /// A request and its answer in one record, or a protocol's bodies side by side at the top.
    private static var inference: SchemaHints {
        SchemaHints(
            fields: [
                .at("id", .id), .at("time", .timestamp), .at("ts", .timestamp), .at("timestamp", .timestamp),
                .at("model", .model), .at("inferenceservicename", .model), .at("model_name", .model),
                .at("version", .version), .at("model_version", .version), .at("latency_ms", .latency, scale: 1e-3),
                .at("status_code", .status),
            ],
            inputs: [["ce_request"], ["request"], ["instances"], ["inputs"]],
            outputs: [["ce_response"], ["response"], ["predictions"], ["outputs"]])
    }

    private static var dataCapture: SchemaHints {
        SchemaHints(
            fields: [
                .at("eventMetadata.inferenceId", .id), .at("eventMetadata.eventId", .id),
                .at("eventMetadata.inferenceTime", .timestamp),
            ],
            inputs: [["captureData", "endpointInput", "data"]],
            outputs: [["captureData", "endpointOutput", "data"]])
    }

    private static var groundTruth: SchemaHints {
        SchemaHints(
            fields: [
                .at("eventMetadata.inferenceId", .id), .at("eventMetadata.eventId", .id),
                .at("groundTruthData.data", .outcome),
            ],
            isComplete: true)
    }

    private static var inferenceTable: SchemaHints {
        SchemaHints(
            timestampUnit: .milliseconds,
            fields: [
                .at("databricks_request_id", .id), .at("client_request_id", .id), .at("timestamp_ms", .timestamp),
                .at("request_time", .timestamp), .at("status_code", .status),
                .at("execution_time_ms", .latency, scale: 1e-3), .at("execution_duration_ms", .latency, scale: 1e-3),
                .at("request_metadata.model_name", .model), .at("request_metadata.endpoint_name", .model),
                .at("request_metadata.model_version", .version),
            ],
            inputs: [["request"]], outputs: [["response"]])
    }

    private static var bento: SchemaHints {
        SchemaHints(
            // Its times are local ones; containers live in UTC.
            format: FormatHints(zoneOffset: 0),
            fields: [
                // Shared by all rows of a batch, so it names no single event.
                .at("request_id", .ignore), .at("trace_id", .ignore), .at("timestamp", .timestamp),
            ])
    }
}

// MARK: - Texts

extension Preset {
    private static var torchServeText: SchemaHints {
        text(
            .torchServe,
            [
                .at(TextField.time, .timestamp), .at(TextField.model, .model), .at(TextField.version, .version),
                .at(TextField.status, .status), .at(TextField.latency, .latency, scale: 1e-3),
            ])
    }

    private static var rayServeText: SchemaHints {
        text(
            .rayServe,
            [
                .at(TextField.time, .timestamp), .at(TextField.model, .model), .at(TextField.identifier, .id),
                .at(TextField.status, .status), .at(TextField.latency, .latency, scale: 1e-3),
                .at(TextField.route, .feature, kind: .categorical),
            ])
    }

    private static var vllmText: SchemaHints {
        text(.vllm, [.at(TextField.status, .status), .at(TextField.route, .feature, kind: .categorical)])
    }

    private static var kserveTimesText: SchemaHints {
        text(
            .kserveTimes,
            [
                .at(TextField.time, .timestamp), .at(TextField.identifier, .id),
                .at(TextField.latency, .latency, scale: 1e-3),
                .at(TextField.preprocess, .feature, name: "preprocess_seconds", scale: 1e-3),
                .at(TextField.explain, .feature, name: "explain_seconds", scale: 1e-3),
                .at(TextField.postprocess, .feature, name: "postprocess_seconds", scale: 1e-3),
            ])
    }

    private static func text(_ grammar: RecordFormat.Grammar, _ fields: [SchemaHints.Field]) -> SchemaHints {
        SchemaHints(format: FormatHints(grammar: grammar, zoneOffset: 0), fields: fields, isComplete: true)
    }
}

// MARK: - Language models

extension Preset {
    /// A chat completion at a place of the record.
    private static func completion(_ base: [String]) -> SchemaHints {
        let at = { (path: String) in (base + [path]).joined(separator: ".") }
        return SchemaHints(
            timestampUnit: .seconds,
            fields: [
                .at(at("id"), .id), .at(at("created"), .timestamp), .at(at("model"), .model),
                .at(at("choices.0.finish_reason"), .prediction, kind: .categorical),
                .at(at("usage.prompt_tokens"), .feature, kind: .numeric),
                .at(at("usage.completion_tokens"), .feature, kind: .numeric),
                .at(at("usage.total_tokens"), .feature, kind: .numeric),
                .at(at("choices.0.message.content"), .feature, name: "answer_length", source: .length),
            ],
            isComplete: true)
    }

    private static var batch: SchemaHints {
        var hints = completion(["response", "body"])
        hints.fields += [.at("response.status_code", .status)]
        hints.fields.insert(.at("custom_id", .id), at: 0)
        return hints
    }

    private static var standardPayload: SchemaHints {
        SchemaHints(
            timestampUnit: .seconds,
            fields: [
                .at("id", .id), .at("endTime", .timestamp), .at("model_group", .model), .at("model", .model),
                .at("model_id", .version), .at("status", .status), .at("response_time", .latency, scale: 1),
                .at("prompt_tokens", .feature, kind: .numeric), .at("completion_tokens", .feature, kind: .numeric),
                .at("total_tokens", .feature, kind: .numeric), .at("response_cost", .feature, kind: .numeric),
                .at("call_type", .feature, kind: .categorical),
                .at("custom_llm_provider", .feature, kind: .categorical),
                .at("cache_hit", .feature, kind: .categorical), .at("stream", .feature, kind: .categorical),
                .at(
                    "completionStartTime", .feature, name: "time_to_first_token", kind: .numeric,
                    source: .since(["startTime"])),
            ],
            isComplete: true)
    }

    /// A span's attributes: in an object of the record, at its top, or in the spans of an OTLP request.
    private static func spans(_ fields: [(String, SchemaHints.Field.Meaning, String?, SignalKind?, SignalSource)])
        -> SchemaHints
    {
        var all: [SchemaHints.Field] = []
        for base in [["resourceSpans"], ["attributes"], []] {
            for (key, meaning, name, kind, source) in fields {
                all.append(
                    SchemaHints.Field(path: base + [key], meaning: meaning, name: name, kind: kind, source: source))
            }
        }
        let spans = "resourceSpans"
        all += [
            SchemaHints.Field(path: [spans, "startTimeUnixNano"], meaning: .timestamp),
            SchemaHints.Field(path: ["start_time"], meaning: .timestamp),
            SchemaHints.Field(path: [spans, "spanId"], meaning: .id),
            SchemaHints.Field(path: ["context", "span_id"], meaning: .id),
            SchemaHints.Field(path: [spans, "status"], meaning: .status),
            SchemaHints.Field(path: ["status", "status_code"], meaning: .status),
            SchemaHints.Field(
                path: [spans, "endTimeUnixNano"], meaning: .latency, scale: 1e-9,
                source: .since([spans, "startTimeUnixNano"])),
            SchemaHints.Field(path: ["end_time"], meaning: .latency, scale: 1, source: .since(["start_time"])),
        ]
        return SchemaHints(timestampUnit: .nanoseconds, fields: all, inputs: [[spans]], isComplete: true)
    }

    private static var genAI: SchemaHints {
        spans([
            ("gen_ai.response.model", .model, nil, nil, .value), ("gen_ai.request.model", .model, nil, nil, .value),
            ("gen_ai.usage.input_tokens", .feature, "input_tokens", .numeric, .value),
            ("gen_ai.usage.output_tokens", .feature, "output_tokens", .numeric, .value),
            ("gen_ai.operation.name", .feature, "operation", .categorical, .value),
            ("gen_ai.provider.name", .feature, "provider", .categorical, .value),
            ("gen_ai.request.temperature", .feature, "temperature", .numeric, .value),
            ("gen_ai.request.max_tokens", .feature, "max_tokens", .numeric, .value),
            ("gen_ai.response.finish_reasons", .prediction, nil, .categorical, .value),
        ])
    }

    private static var openInferenceSpans: SchemaHints {
        spans([
            ("llm.model_name", .model, nil, nil, .value),
            ("llm.token_count.prompt", .feature, "prompt_tokens", .numeric, .value),
            ("llm.token_count.completion", .feature, "completion_tokens", .numeric, .value),
            ("llm.token_count.total", .feature, "total_tokens", .numeric, .value),
            ("openinference.span.kind", .feature, "span_kind", .categorical, .value),
            ("llm.provider", .feature, "provider", .categorical, .value),
            ("input.value", .feature, "input_length", .numeric, .length),
            ("output.value", .feature, "output_length", .numeric, .length),
            ("document.score", .feature, "document_score", .numeric, .value),
        ])
    }
}
