import Events

/// The spans of an OTLP request in JSON, as OpenTelemetry collectors write them to files.
struct OTLPSpans {
    let survey: PayloadSurvey

    private var bytes: ByteWindow { survey.scanner.bytes }

    /// Goes through the spans that are about a model, from the first resource on.
    func each(
        _ firstResource: Int, _ body: (Int) throws(RejectionReason) -> Void
    ) throws(RejectionReason) {
        try elements(firstResource) { (resource) throws(RejectionReason) in
            guard let scopes = try array(resource, "scopeSpans") else { return }
            try elements(scopes) { (scope) throws(RejectionReason) in
                guard let spans = try array(scope, "spans") else { return }
                try elements(spans) { (span) throws(RejectionReason) in
                    if try isAboutAModel(span) { try body(span) }
                }
            }
        }
    }

    /// Hands on the attributes of a span, and of its own members the times, the status and the identifier.
    func read(
        _ span: Int, _ table: PayloadTable, _ row: Int, into sink: inout some PayloadSink
    ) throws(RejectionReason) {
        var attributes: Int?
        var status: Int?
        try survey.eachMember(span) { (from, to, value) throws(RejectionReason) in
            if survey.is_(from, to, "attributes"), bytes[value] == Byte.openBracket {
                attributes = survey.inside(value)
            } else if survey.is_(from, to, "status"), bytes[value] == Byte.openBrace {
                status = value
            }
        }
        if let status, let code = try survey.member(status, "code") {
            // 2 is an error; 0 and 1 are unset and well.
            let isFailed = try isError(code)
            if isFailed || bytes[code] == 0x32 {
                sink.depends()
                try named("status", span, table, row, code, into: &sink)
            }
        }
        try survey.eachMember(span) { (from, to, value) throws(RejectionReason) in
            let isAsked =
                survey.is_(from, to, "startTimeUnixNano") || survey.is_(from, to, "endTimeUnixNano")
                || survey.is_(from, to, "spanId")
            if isAsked {
                _ = try sink.json(table.payload, .name(from, to), row, value)
            } else if bytes[value] != Byte.openBrace, bytes[value] != Byte.openBracket {
                sink.passed(value, try survey.scanner.end(value))
            }
        }
        // Last, for texts are unescaped in place: what stands in them is no longer JSON.
        if let attributes {
            try elements(attributes) { (attribute) throws(RejectionReason) in
                guard let key = try survey.member(attribute, "key"), bytes[key] == Byte.quote,
                    let value = try scalar(attribute)
                else { return }
                _ = try sink.json(
                    table.payload, .name(key &+ 1, try survey.scanner.end(key) &- 1), row, value)
            }
        }
    }

    /// Hands on a value under the name of a member of the span.
    private func named(
        _ name: StaticString, _ span: Int, _ table: PayloadTable, _ row: Int, _ value: Int,
        into sink: inout some PayloadSink
    ) throws(RejectionReason) {
        try survey.eachMember(span) { (from, to, _) throws(RejectionReason) in
            if survey.is_(from, to, name) { _ = try sink.json(table.payload, .name(from, to), row, value) }
        }
    }

    /// The value of an attribute, of whatever type; of an array the first.
    private func scalar(_ attribute: Int) throws(RejectionReason) -> Int? {
        guard let value = try survey.member(attribute, "value"), bytes[value] == Byte.openBrace else { return nil }
        var found: Int?
        var list: Int?
        try survey.eachMember(value) { (from, to, inner) throws(RejectionReason) in
            if survey.is_(from, to, "arrayValue"), bytes[inner] == Byte.openBrace {
                list = inner
            } else if bytes[inner] != Byte.openBrace, bytes[inner] != Byte.openBracket {
                found = inner
            }
        }
        guard let list, let values = try array(list, "values"), bytes[values] == Byte.openBrace else { return found }
        var first: Int?
        try survey.eachMember(values) { (_, _, inner) throws(RejectionReason) in
            if bytes[inner] != Byte.openBrace, bytes[inner] != Byte.openBracket { first = inner }
        }
        return first
    }

    /// Whether a status code is the name of an error, such as `STATUS_CODE_ERROR`.
    private func isError(_ code: Int) throws(RejectionReason) -> Bool {
        for at in code..<(try survey.scanner.end(code)) where begins(at, "ERROR") { return true }
        return false
    }

    private func isAboutAModel(_ span: Int) throws(RejectionReason) -> Bool {
        guard let attributes = try array(span, "attributes") else { return false }
        var found = false
        try elements(attributes) { (attribute) throws(RejectionReason) in
            guard let key = try survey.member(attribute, "key"), bytes[key] == Byte.quote else { return }
            let from = key &+ 1
            if begins(from, "gen_ai.") || begins(from, "llm.") || begins(from, "openinference.") { found = true }
        }
        return found
    }

    private func begins(_ from: Int, _ name: StaticString) -> Bool {
        for i in 0..<name.utf8CodeUnitCount where unsafe bytes[from &+ i] != name.utf8Start[i] { return false }
        return true
    }

    /// The first element of a member that is an array.
    private func array(_ start: Int, _ name: StaticString) throws(RejectionReason) -> Int? {
        guard let value = try survey.member(start, name), bytes[value] == Byte.openBracket else { return nil }
        return survey.inside(value)
    }

    private func elements(
        _ first: Int, _ body: (Int) throws(RejectionReason) -> Void
    ) throws(RejectionReason) {
        var at = first
        while bytes[at] != Byte.closeBracket {
            let next = try survey.nextElement(try survey.scanner.end(at))
            if bytes[at] == Byte.openBrace { try body(at) }
            at = next
        }
    }
}
