import Events

/// Takes apart the lines that model servers write for people.
///
/// Made once per decoder: it knows where the fields are, and the texts that tell what a line is.
struct TextLine: Sendable {
    typealias Word = TextWords.Word

    let fields: TextFieldIndices
    private let grammar: RecordFormat.Grammar
    private let accessLog = TextMarker("ACCESS_LOG - ", rareOffset: 6)
    private let predictions = TextMarker("/predictions/")
    private let modelsV1 = TextMarker("/v1/models/")
    private let modelsV2 = TextMarker("/v2/models/")
    private let post = TextMarker(" - \"POST ", rareOffset: 3)
    private let requestID = TextMarker("requestId: ", rareOffset: 2)
    private let predictTime = TextMarker("predict_ms:")
    private let preprocessTime = TextMarker("preprocess_ms:")
    private let explainTime = TextMarker("explain_ms:")
    private let postprocessTime = TextMarker("postprocess_ms:")

    init(_ grammar: RecordFormat.Grammar, _ fields: TextFieldIndices) {
        (self.grammar, self.fields) = (grammar, fields)
    }

    /// Reads one line into cells; `false` if it is none of those that say how a request went.
    func read(
        _ bytes: ByteWindow, _ from: Int, _ to: Int, _ cells: inout KeyedCells
    ) throws(RejectionReason) -> Bool {
        let words = TextWords(bytes, from, to)
        switch grammar {
        case .torchServe: return try torchServe(words, &cells)
        case .rayServe: return try rayServe(words, &cells)
        case .vllm: return try vllm(words, &cells)
        case .kserveTimes: return try kserveTimes(words, &cells)
        case .json, .csv, .tsv, .logfmt: return false
        }
    }

    /// `2018-10-15 13:56:18,976 [INFO ] BackendWorker-9000 ACCESS_LOG - /127.0.0.1:64003 "POST /predictions/m HTTP/1.1"
    /// 200 118`; requests for anything but a model's answer are no records.
    private func torchServe(_ line: TextWords, _ cells: inout KeyedCells) throws(RejectionReason) -> Bool {
        var words = line
        guard words.skip(to: accessLog), words.next() != nil, words.next() != nil,
            let path = words.next(), let model = model(words, path)
        else { return false }
        _ = words.next()
        guard let status = words.next(), let latency = words.next() else { return false }
        try cells.set(fields.time, timeAhead(line))
        try cells.set(fields.model, model.name)
        try cells.set(fields.version, model.version)
        try cells.set(fields.status, status)
        try cells.set(fields.latency, latency)
        return true
    }

    /// The model that a path asks: `/predictions/NAME/VERSION`, `/v1/models/NAME:predict`, `/v2/models/NAME/infer`.
    private func model(_ words: TextWords, _ path: Word) -> (name: Word, version: Word?)? {
        let bytes = words.bytes
        func part(_ from: Int) -> Word? {
            var end = from
            while end < path.to, bytes[end] != 0x2F, bytes[end] != Byte.colon, bytes[end] != 0x3F { end &+= 1 }
            return end > from ? Word(from: from, to: end) : nil
        }
        if words.has(predictions, at: path.from) {
            guard let name = part(path.from &+ predictions.count) else { return nil }
            return (name, bytes[name.to] == 0x2F && name.to < path.to ? part(name.to &+ 1) : nil)
        }
        guard words.has(modelsV1, at: path.from) || words.has(modelsV2, at: path.from),
            let name = part(path.from &+ modelsV1.count), name.to < path.to
        else { return nil }
        let isAsked = words.has(":predict", at: name.to) || words.has("/infer", at: name.to)
        return isAsked ? (name, nil) : nil
    }

    /// A date and a time at the start, or one word of both.
    private func timeAhead(_ line: TextWords) -> Word? {
        var words = line
        guard let date = words.next(), Byte.isDigit(words.bytes[date.from]) else { return nil }
        if date.to &- date.from > 10 { return date }
        guard let time = words.next() else { return nil }
        return Word(from: date.from, to: time.to)
    }

    /// `INFO:     127.0.0.1:54321 - "POST /v1/completions HTTP/1.1" 200 OK`, as vLLM's server logs requests.
    private func vllm(_ line: TextWords, _ cells: inout KeyedCells) throws(RejectionReason) -> Bool {
        var words = line
        guard words.skip(to: post), let path = words.next(), words.has("/v1/", at: path.from),
            words.next() != nil, let status = words.next()
        else { return false }
        try cells.set(fields.status, status)
        try cells.set(fields.route, path)
        return true
    }

    /// `requestId: ID, preprocess_ms: 0.02, explain_ms: 0, predict_ms: 1.3, postprocess_ms: 0.01` of KServe's server.
    private func kserveTimes(_ line: TextWords, _ cells: inout KeyedCells) throws(RejectionReason) -> Bool {
        var words = line
        guard words.skip(to: requestID), let identifier = words.next() else { return false }
        var hasTimes = false
        while let key = words.next(), let value = words.next() {
            if words.has(predictTime, at: key.from) {
                hasTimes = true
                try cells.set(fields.latency, withoutComma(value, words))
            } else if words.has(preprocessTime, at: key.from) {
                try cells.set(fields.preprocess, withoutComma(value, words))
            } else if words.has(explainTime, at: key.from) {
                try cells.set(fields.explain, withoutComma(value, words))
            } else if words.has(postprocessTime, at: key.from) {
                try cells.set(fields.postprocess, withoutComma(value, words))
            }
        }
        guard hasTimes else { return false }
        try cells.set(fields.time, timeAhead(line))
        try cells.set(fields.identifier, withoutComma(identifier, words))
        return true
    }

    @inline(__always)
    private func withoutComma(_ word: Word, _ words: TextWords) -> Word {
        Word(from: word.from, to: words.bytes[word.to &- 1] == Byte.comma ? word.to &- 1 : word.to)
    }
}
