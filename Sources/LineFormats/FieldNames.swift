/// The names under which prediction logs carry what we look for, most telling first, in snake case.
enum FieldNames {
    static let timestamp = [
        "ts", "timestamp", "@timestamp", "time", "event_time", "event_timestamp", "datetime", "date_time",
        "created_at", "request_time", "prediction_time", "inference_time", "occurred_at", "timestamp_ms", "ts_ms",
        "start_time",
    ]
    static let identifier = [
        "id", "request_id", "prediction_id", "event_id", "inference_id", "transaction_id", "correlation_id",
        "trace_id", "uuid",
    ]
    static let model = ["model", "model_name", "model.name", "model_id"]
    static let version = ["version", "model_version", "model.version", "model_revision"]
    static let status = [
        "status", "status_code", "http_status", "response_code", "response_status", "success", "ok", "error",
        "is_error", "failed", "exception",
    ]
    static let prediction = [
        "prediction", "predicted", "pred", "y_pred", "y_hat", "output", "predicted_class", "predicted_label",
        "predicted_value", "prediction.class", "prediction.label", "prediction.value", "decision",
    ]
    static let score = [
        "score", "probability", "confidence", "proba", "prob", "y_score", "y_proba", "y_pred_proba",
        "predicted_probability", "predicted_proba", "prediction_score", "prediction_probability", "prediction.score",
        "prediction.probability",
        "prediction.confidence",
    ]
    /// Names of answers in tables that came out of a model.
    static let answer = ["predict", "predictions", "class", "label", "class_label", "result", "value"]
    /// Names of scores in tables that came out of a model.
    static let answeredScore = score + ["predict_proba", "probabilities", "scores"]
    static let outcome = [
        "outcome", "label", "target", "ground_truth", "actual", "y_true", "truth", "true_label", "actual_label",
    ]
    static let featureObjects = ["features", "inputs", "input"]

    private static let latency = [
        "latency", "duration", "response_time", "processing_time", "inference_time", "execution_time", "predict_time",
        "elapsed", "elapsed_time",
    ]
    private static let units: [(suffix: String, scale: Double)] = [
        ("_milliseconds", 1e-3), ("_millis", 1e-3), ("_ms", 1e-3), ("_microseconds", 1e-6), ("_micros", 1e-6),
        ("_us", 1e-6), ("_nanoseconds", 1e-9), ("_nanos", 1e-9), ("_ns", 1e-9), ("_seconds", 1), ("_secs", 1),
        ("_sec", 1), ("_s", 1),
    ]

    /// The factor to seconds if the name is one of a latency, and whether the name says so itself.
    static func latencyScale(_ name: String) -> (hasUnit: Bool, scale: Double)? {
        if latency.contains(name) { return (false, 1) }
        for unit in units where name.hasSuffix(unit.suffix) {
            return latency.contains(String(name.dropLast(unit.suffix.count))) ? (true, unit.scale) : nil
        }
        return nil
    }

    /// Whether a name says that its values are identifiers.
    static func isIdentifier(_ name: String) -> Bool { identifier.contains(name) || name.hasSuffix("_id") }

    /// A path in snake case, keys joined by dots: `modelName`, `Model-Name` and `model name` are `model_name`.
    static func normalised(_ path: [String]) -> String {
        path.map { key in
            var result: [UInt8] = []
            var wasLower = false
            for byte in key.utf8 {
                let isUpper = byte &- 0x41 < 26
                if isUpper && wasLower { result.append(0x5F) }
                wasLower = byte &- 0x61 < 26 || Byte.isDigit(byte)
                let isJoint = byte == Byte.minus || byte == Byte.space
                result.append(isUpper ? byte | 0x20 : isJoint ? 0x5F : byte)
            }
            return String(decoding: result, as: UTF8.self)
        }.joined(separator: ".")
    }
}
