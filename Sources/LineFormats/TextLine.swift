import Events

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

/// Takes apart the lines that model servers write for people.
enum TextLine {
    /// Reads one line into cells; `false` if it is none of those that say how a request went.
    static func read(
        _ grammar: RecordFormat.Grammar, _ bytes: ByteWindow, _ from: Int, _ to: Int, _ fields: borrowing FieldTable,
        _ cells: inout KeyedCells
    ) throws(RejectionReason) -> Bool {
        var words = Words(bytes, from, to)
        switch grammar {
        case .torchServe: return try torchServe(&words, fields, &cells)
        case .rayServe: return try rayServe(&words, fields, &cells)
        case .vllm: return try vllm(&words, fields, &cells)
        case .kserveTimes: return try kserveTimes(&words, fields, &cells)
        case .json, .csv, .tsv, .logfmt: return false
        }
    }

    /// Words at the end of a message of Ray Serve that are looked at.
    private static let ending = 6

    /// A line as words between spaces.
    struct Words {
        let bytes: ByteWindow
        let from: Int
        let to: Int
        var at: Int

        /// A word.
        struct Word {
            var from: Int
            var to: Int
        }

        init(_ bytes: ByteWindow, _ from: Int, _ to: Int) {
            (self.bytes, self.from, at) = (bytes, from, from)
            self.to = to > from && bytes[to &- 1] == Byte.carriageReturn ? to &- 1 : to
        }

        mutating func next() -> Word? {
            while at < to, bytes[at] <= Byte.space { at &+= 1 }
            guard at < to else { return nil }
            let start = at
            while at < to, bytes[at] > Byte.space { at &+= 1 }
            return Word(from: start, to: at)
        }

        /// Goes behind the next place where `text` stands; `false` if there is none.
        mutating func skip(to text: StaticString) -> Bool {
            let count = text.utf8CodeUnitCount
            var place = at
            while place &+ count <= to {
                if has(text, at: place) {
                    at = place &+ count
                    return true
                }
                place &+= 1
            }
            return false
        }

        func has(_ text: StaticString, at place: Int) -> Bool {
            let count = text.utf8CodeUnitCount
            guard place &+ count <= to else { return false }
            for i in 0..<count where unsafe bytes[place &+ i] != text.utf8Start[i] { return false }
            return true
        }
    }

    private static func set(
        _ name: String, _ word: Words.Word?, _ fields: borrowing FieldTable, _ cells: inout KeyedCells
    ) throws(RejectionReason) {
        guard let word, let index = fields.find(name) else { return }
        try cells.set(index, word.from, word.to)
    }

    /// `2018-10-15 13:56:18,976 [INFO ] BackendWorker-9000 ACCESS_LOG - /127.0.0.1:64003 "POST /predictions/m HTTP/1.1"
    /// 200 118`; requests for anything but a model's answer are no records.
    private static func torchServe(
        _ words: inout Words, _ fields: borrowing FieldTable, _ cells: inout KeyedCells
    ) throws(RejectionReason) -> Bool {
        let time = timeAhead(words)
        guard words.skip(to: "ACCESS_LOG - "), words.next() != nil, words.next() != nil,
            let path = words.next(), let model = model(words, path)
        else { return false }
        _ = words.next()
        guard let status = words.next(), let latency = words.next() else { return false }
        try set(TextField.time, time, fields, &cells)
        try set(TextField.model, model.name, fields, &cells)
        try set(TextField.version, model.version, fields, &cells)
        try set(TextField.status, status, fields, &cells)
        try set(TextField.latency, latency, fields, &cells)
        return true
    }

    /// The model that a path asks: `/predictions/NAME/VERSION`, `/v1/models/NAME:predict`, `/v2/models/NAME/infer`.
    private static func model(
        _ words: Words, _ path: Words.Word
    ) -> (name: Words.Word, version: Words.Word?)? {
        let bytes = words.bytes
        func part(_ from: Int) -> Words.Word? {
            var end = from
            while end < path.to, bytes[end] != 0x2F, bytes[end] != Byte.colon, bytes[end] != 0x3F { end &+= 1 }
            return end > from ? Words.Word(from: from, to: end) : nil
        }
        if words.has("/predictions/", at: path.from) {
            guard let name = part(path.from &+ 13) else { return nil }
            return (name, bytes[name.to] == 0x2F && name.to < path.to ? part(name.to &+ 1) : nil)
        }
        guard words.has("/v1/models/", at: path.from) || words.has("/v2/models/", at: path.from),
            let name = part(path.from &+ 11), name.to < path.to
        else { return nil }
        let isAsked = words.has(":predict", at: name.to) || words.has("/infer", at: name.to)
        return isAsked ? (name, nil) : nil
    }

    /// A date and a time at the start, or one word of both.
    private static func timeAhead(_ words: Words) -> Words.Word? {
        var words = words
        guard let date = words.next(), Byte.isDigit(words.bytes[date.from]) else { return nil }
        if date.to &- date.from > 10 { return date }
        guard let time = words.next() else { return nil }
        return Words.Word(from: date.from, to: time.to)
    }

    /// `INFO 2022-08-02 16:17:02,502 … - GET / 200 3.5ms`, `… -- __CALL__ OK 8.7ms`; in JSON the same in `message`.
    private static func rayServe(
        _ words: inout Words, _ fields: borrowing FieldTable, _ cells: inout KeyedCells
    ) throws(RejectionReason) -> Bool {
        if words.bytes[words.from] == Byte.openBrace { return try rayServeJSON(words, fields, &cells) }
        guard words.next() != nil, let date = words.next(), let time = words.next() else { return false }
        let (name, identifier) = (words.next(), words.next())
        var last: [Words.Word] = []
        while let word = words.next() {
            last.append(word)
            if last.count > ending { last.removeFirst() }
        }
        guard try rayServeEnd(words, last, fields, &cells) else { return false }
        try set(TextField.time, Words.Word(from: date.from, to: time.to), fields, &cells)
        // A replica names its deployment where the proxy says that it is the proxy.
        if let name, !words.has("http_proxy", at: name.from), !words.has("proxy", at: name.from) {
            try set(TextField.model, name, fields, &cells)
            try set(TextField.identifier, identifier, fields, &cells)
        }
        return true
    }

    /// `GET / 200 3.5ms` or `CALL / OK 3.5ms` at the end of a message.
    private static func rayServeEnd(
        _ words: Words, _ last: [Words.Word], _ fields: borrowing FieldTable, _ cells: inout KeyedCells
    ) throws(RejectionReason) -> Bool {
        let bytes = words.bytes
        guard last.count >= 3, let latency = last.last, latency.to &- latency.from > 2,
            bytes[latency.to &- 2] == 0x6D, bytes[latency.to &- 1] == 0x73, Byte.isDigit(bytes[latency.from])
        else { return false }
        try set(TextField.status, last[last.count - 2], fields, &cells)
        try set(TextField.latency, Words.Word(from: latency.from, to: latency.to &- 2), fields, &cells)
        let route = last.last { bytes[$0.from] == 0x2F }
        try set(TextField.route, route, fields, &cells)
        return true
    }

    private static func rayServeJSON(
        _ words: Words, _ fields: borrowing FieldTable, _ cells: inout KeyedCells
    ) throws(RejectionReason) -> Bool {
        var resolved = 0
        let bytes = words.bytes
        var texts: [(key: Words.Word, value: Words.Word)] = []
        try unsafe withUnsafeMutablePointer(to: &resolved) { (resolved) throws(RejectionReason) in
            let scanner = unsafe JSONScanner(bytes, resolved: resolved)
            var at = bytes.skippingSpaces(words.from &+ 1)
            while bytes[at] == Byte.quote {
                let key = try scanner.string(at &+ 1)
                let value = try scanner.colon(key.end)
                if bytes[value] == Byte.quote {
                    let text = try scanner.string(value &+ 1)
                    texts.append((Words.Word(from: key.from, to: key.to), Words.Word(from: text.from, to: text.to)))
                    at = text.end
                } else {
                    at = try scanner.end(value)
                }
                at = bytes.skippingSpaces(at)
                if bytes[at] == Byte.comma { at = bytes.skippingSpaces(at &+ 1) }
            }
            guard bytes[at] == Byte.closeBrace else { throw .malformedJSON }
        }
        var isRecord = false
        for (key, value) in texts {
            if bytes.isWord(key.from, key.to, "message") {
                var message = Words(bytes, value.from, value.to)
                var last: [Words.Word] = []
                while let word = message.next() {
                    last.append(word)
                    if last.count > ending { last.removeFirst() }
                }
                isRecord = try rayServeEnd(message, last, fields, &cells)
            }
        }
        guard isRecord else { return false }
        for (key, value) in texts {
            if bytes.isWord(key.from, key.to, "asctime") { try set(TextField.time, value, fields, &cells) }
            if bytes.isWord(key.from, key.to, "deployment") { try set(TextField.model, value, fields, &cells) }
            if bytes.isWord(key.from, key.to, "route") { try set(TextField.route, value, fields, &cells) }
            if bytes.isWord(key.from, key.to, "request_id") { try set(TextField.identifier, value, fields, &cells) }
        }
        return true
    }

    /// `INFO:     127.0.0.1:54321 - "POST /v1/completions HTTP/1.1" 200 OK`, as vLLM's server logs requests.
    private static func vllm(
        _ words: inout Words, _ fields: borrowing FieldTable, _ cells: inout KeyedCells
    ) throws(RejectionReason) -> Bool {
        guard words.skip(to: " - \"POST "), let path = words.next(), words.has("/v1/", at: path.from),
            words.next() != nil, let status = words.next()
        else { return false }
        try set(TextField.status, status, fields, &cells)
        try set(TextField.route, path, fields, &cells)
        return true
    }

    /// `requestId: ID, preprocess_ms: 0.02, explain_ms: 0, predict_ms: 1.3, postprocess_ms: 0.01` of KServe's server.
    private static func kserveTimes(
        _ words: inout Words, _ fields: borrowing FieldTable, _ cells: inout KeyedCells
    ) throws(RejectionReason) -> Bool {
        let time = timeAhead(words)
        guard words.skip(to: "requestId: "), var identifier = words.next() else { return false }
        if words.bytes[identifier.to &- 1] == Byte.comma { identifier.to &-= 1 }
        var hasTimes = false
        while let key = words.next(), var value = words.next() {
            if words.bytes[value.to &- 1] == Byte.comma { value.to &-= 1 }
            if words.has("predict_ms:", at: key.from) {
                hasTimes = true
                try set(TextField.latency, value, fields, &cells)
            } else if words.has("preprocess_ms:", at: key.from) {
                try set(TextField.preprocess, value, fields, &cells)
            } else if words.has("explain_ms:", at: key.from) {
                try set(TextField.explain, value, fields, &cells)
            } else if words.has("postprocess_ms:", at: key.from) {
                try set(TextField.postprocess, value, fields, &cells)
            }
        }
        guard hasTimes else { return false }
        try set(TextField.time, time, fields, &cells)
        try set(TextField.identifier, identifier, fields, &cells)
        return true
    }
}
