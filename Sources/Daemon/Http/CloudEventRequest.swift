internal import LineFormats
internal import NIOHTTP1

/// CloudEvents (version 1.0) in an HTTP request: in binary mode, in structured mode, or several in a batch.
enum CloudEventRequest {
    /// Where they are taken; a logger that is given only an address posts to its root.
    static let paths = ["/", "/v1/cloudevents"]
    /// What is taken, for whoever sends something else.
    static let rule =
        "This takes CloudEvents: with Content-Type application/cloudevents+json or application/cloudevents-batch+json, "
        + "or with Ce- header fields and a body of JSON or text."

    private static let structured = "application/cloudevents+json"
    private static let batch = "application/cloudevents-batch+json"

    /// Whether a request can hold events.
    static func isTaken(_ request: HttpRequest, type: String) -> Bool {
        if type == structured || type == batch { return true }
        let isData = type.isEmpty || type == "application/json" || type.hasPrefix("text/")
        return isData && request.headers.first(name: "Ce-Type") != nil && request.headers.first(name: "Ce-Id") != nil
    }

    /// The events; `nil` if the body is none.
    static func events(_ request: HttpRequest, type: String, body: [UInt8]) -> [CloudEvent]? {
        switch type {
        case structured: return CloudEvent(structured: body).map { [$0] }
        case batch:
            guard let lines = RecordLines.lines(ofJSON: body) else { return nil }
            let events = lines.bytes.split(separator: UInt8(ascii: "\n")).map { CloudEvent(structured: Array($0)) }
            return events.contains { $0 == nil } ? nil : events.compactMap { $0 }
        default:
            var event = CloudEvent(id: "", type: "")
            for (name, value) in request.headers where name.lowercased().hasPrefix("ce-") {
                event.set(String(name.lowercased().dropFirst(3)), value)
            }
            event.data = type.hasPrefix("text/") ? CloudEvent.quoted(body) : CloudEvent.onOneLine(body)
            return [event]
        }
    }
}
