/// The names of the fields that lines of text are taken apart into.
public enum TextField {
    /// When the line was written, or the request arrived.
    public static let time = "time"
    /// The model that answered.
    public static let model = "model"
    /// Its version.
    public static let version = "version"
    /// An HTTP code, or a word.
    public static let status = "status"
    /// Milliseconds.
    public static let latency = "latency_ms"
    /// Path of the request.
    public static let route = "route"
    /// Identifier of the request.
    public static let identifier = "request_id"
    /// Milliseconds before the model.
    public static let preprocess = "preprocess_ms"
    /// Milliseconds of explanations.
    public static let explain = "explain_ms"
    /// Milliseconds behind the model.
    public static let postprocess = "postprocess_ms"
}

/// Where the fields of lines of text are among those of a schema: looked up once instead of for every value.
struct TextFieldIndices: Sendable {
    /// Index of a field that the schema lacks.
    static let none = -1

    let time: Int
    let model: Int
    let version: Int
    let status: Int
    let latency: Int
    let route: Int
    let identifier: Int
    let preprocess: Int
    let explain: Int
    let postprocess: Int

    init(_ fields: borrowing FieldTable) {
        time = fields.find(TextField.time) ?? Self.none
        model = fields.find(TextField.model) ?? Self.none
        version = fields.find(TextField.version) ?? Self.none
        status = fields.find(TextField.status) ?? Self.none
        latency = fields.find(TextField.latency) ?? Self.none
        route = fields.find(TextField.route) ?? Self.none
        identifier = fields.find(TextField.identifier) ?? Self.none
        preprocess = fields.find(TextField.preprocess) ?? Self.none
        explain = fields.find(TextField.explain) ?? Self.none
        postprocess = fields.find(TextField.postprocess) ?? Self.none
    }
}
