import Events

/// One half of an inference as a serving system reports it: a request or an answer, in a CloudEvent (version 1.0).
public struct CloudEvent: Sendable, Equatable {
    /// What joins a request and its answer.
    public var id: String
    /// What happened, such as `org.kubeflow.serving.inference.request`.
    public var type: String
    /// When, in RFC 3339; empty if it does not say.
    public var time = ""
    /// The inference service.
    public var service = ""
    /// Which of its revisions answered: `default`, `canary`, or nothing.
    public var endpoint = ""
    /// The payload: JSON.
    public var data: [UInt8] = []

    /// An event by its attributes.
    public init(id: String, type: String) { (self.id, self.type) = (id, type) }

    /// Which half of an inference it is; `nil` for an event of another kind.
    public var isResponse: Bool? {
        if type.hasSuffix(".inference.request") { return false }
        if type.hasSuffix(".inference.response") { return true }
        return nil
    }

    /// Sets an attribute by its name in lower case; what is not needed here is left out.
    public mutating func set(_ name: String, _ value: String) {
        switch name {
        // Seldon numbers each message and names the request apart.
        case "requestid": id = value
        case "id": if id.isEmpty { id = value }
        case "type": type = value
        case "time": time = value
        case "inferenceservicename": service = value
        case "endpoint": endpoint = value
        default: break
        }
    }

    /// Reads an event in structured mode: attributes and data in one JSON object.
    ///
    /// - Returns: `nil` if it is not one.
    public init?(structured body: [UInt8]) {
        self.init(id: "", type: "")
        let found: (members: [(String, String)], data: [UInt8])? = withTerminated(CloudEvent.onOneLine(body)) {
            bytes, count in
            var resolved = 0
            return unsafe withUnsafeMutablePointer(to: &resolved) { resolved in
                try? unsafe Self.members(JSONScanner(bytes, resolved: resolved), count)
            }
        }
        guard let found else { return nil }
        for (name, value) in found.members { set(name, value) }
        data = found.data
        if type.isEmpty || id.isEmpty { return nil }
    }

    private static func members(
        _ scanner: JSONScanner, _ count: Int
    ) throws(RejectionReason) -> (members: [(String, String)], data: [UInt8]) {
        let bytes = scanner.bytes
        var members: [(String, String)] = []
        var data: [UInt8] = []
        var at = bytes.skippingSpaces(0)
        guard bytes[at] == Byte.openBrace else { throw .notAnObject }
        at = bytes.skippingSpaces(at &+ 1)
        while bytes[at] == Byte.quote {
            let key = try scanner.string(at &+ 1)
            let name = bytes.string(key.from, key.to).lowercased()
            let value = try scanner.colon(key.end)
            let end = try scanner.end(value)
            if name == "data" {
                data = Array(value..<end).map { bytes[$0] }
            } else if name == "data_base64" {
                // As a string: what is inside is told by its first byte when it is decoded.
                data = Array(value..<end).map { bytes[$0] }
            } else if bytes[value] == Byte.quote {
                let text = try scanner.string(value &+ 1)
                members.append((name, bytes.string(text.from, text.to)))
            }
            at = bytes.skippingSpaces(end)
            guard bytes[at] == Byte.comma else { break }
            at = bytes.skippingSpaces(at &+ 1)
        }
        guard bytes[at] == Byte.closeBrace, bytes.skippingSpaces(at &+ 1) >= count else { throw .malformedJSON }
        return (members, data)
    }

    /// A JSON text without line breaks, which stand only between its tokens.
    public static func onOneLine(_ text: [UInt8]) -> [UInt8] {
        text.map { $0 == Byte.newline || $0 == Byte.carriageReturn ? Byte.space : $0 }
    }

    /// A text as a JSON string.
    public static func quoted(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [Byte.quote]
        for byte in text {
            switch byte {
            case Byte.quote, Byte.backslash: result += [Byte.backslash, byte]
            case Byte.newline: result += [Byte.backslash, 0x6E]
            case Byte.carriageReturn: result += [Byte.backslash, 0x72]
            case Byte.tab: result += [Byte.backslash, 0x74]
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                result += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: result.append(byte)
            }
        }
        return result + [Byte.quote]
    }

    /// A request and its answer, or one of them, as one record and its newline.
    ///
    /// The times of both give the latency.
    public static func record(request: CloudEvent?, response: CloudEvent?) -> [UInt8] {
        guard let first = request ?? response else { return [] }
        var record = Array("{\"id\":".utf8) + quoted(Array(first.id.utf8))
        func add(_ name: String, _ value: String) {
            guard !value.isEmpty else { return }
            record += Array(",\"\(name)\":".utf8) + quoted(Array(value.utf8))
        }
        add("time", first.time)
        add("model", first.service.isEmpty ? response?.service ?? "" : first.service)
        add("version", first.endpoint.isEmpty ? response?.endpoint ?? "" : first.endpoint)
        if let start = request.flatMap({ TimestampReader.timestamp(in: $0.time) }),
            let end = response.flatMap({ TimestampReader.timestamp(in: $0.time) }), end >= start
        {
            record += Array(",\"latency_ms\":\(Double(end &- start) / 1e6)".utf8)
        }
        if let request, !request.data.isEmpty { record += Array(",\"ce_request\":".utf8) + request.data }
        if let response, !response.data.isEmpty { record += Array(",\"ce_response\":".utf8) + response.data }
        return record + [0x7D, Byte.newline]
    }
}
