import Events

/// Lines of Ray Serve, for people and in JSON.
extension TextLine {
    /// Words at the end of a message among which the route is looked for.
    private static let ending = 6

    /// `INFO 2022-08-02 16:17:02,502 … - GET / 200 3.5ms`, `… -- __CALL__ OK 8.7ms`; in JSON the same in `message`.
    func rayServe(_ line: TextWords, _ cells: inout KeyedCells) throws(RejectionReason) -> Bool {
        if line.bytes[line.from] == Byte.openBrace { return try rayServeJSON(line, &cells) }
        var words = line
        guard words.next() != nil, let date = words.next(), let time = words.next() else { return false }
        let (name, identifier) = (words.next(), words.next())
        guard try message(words, &cells) else { return false }
        try cells.set(fields.time, Word(from: date.from, to: time.to))
        // A replica names its deployment where the proxy says that it is the proxy.
        if let name, !words.has("http_proxy", at: name.from), !words.has("proxy", at: name.from) {
            try cells.set(fields.model, name)
            try cells.set(fields.identifier, identifier)
        }
        return true
    }

    /// `GET / 200 3.5ms` or `CALL / OK 3.5ms` at the end of a message.
    private func message(_ message: TextWords, _ cells: inout KeyedCells) throws(RejectionReason) -> Bool {
        var words = message
        let bytes = words.bytes
        var (count, status, latency) = (0, nil as Word?, nil as Word?)
        var (route, routeNumber) = (nil as Word?, 0)
        while let word = words.next() {
            count &+= 1
            (status, latency) = (latency, word)
            if bytes[word.from] == 0x2F { (route, routeNumber) = (word, count) }
        }
        guard count >= 3, let latency, latency.to &- latency.from > 2,
            bytes[latency.to &- 2] == 0x6D, bytes[latency.to &- 1] == 0x73, Byte.isDigit(bytes[latency.from])
        else { return false }
        try cells.set(fields.status, status)
        try cells.set(fields.latency, Word(from: latency.from, to: latency.to &- 2))
        if routeNumber > count &- Self.ending { try cells.set(fields.route, route) }
        return true
    }

    /// The members of a record of Ray Serve that say something; of a key given twice the last.
    private struct Members {
        var message: Word?
        var time: Word?
        var model: Word?
        var route: Word?
        var identifier: Word?

        mutating func set(_ bytes: ByteWindow, _ key: JSONScanner.Text, _ text: JSONScanner.Text) {
            let value = Word(from: text.from, to: text.to)
            switch key.to &- key.from {
            case 5: if bytes.isWord(key.from, key.to, "route") { route = value }
            case 7:
                if bytes.isWord(key.from, key.to, "message") { message = value }
                if bytes.isWord(key.from, key.to, "asctime") { time = value }
            case 10:
                if bytes.isWord(key.from, key.to, "deployment") { model = value }
                if bytes.isWord(key.from, key.to, "request_id") { identifier = value }
            default: break
            }
        }
    }

    private func rayServeJSON(_ line: TextWords, _ cells: inout KeyedCells) throws(RejectionReason) -> Bool {
        let members = try members(line)
        guard let text = members.message,
            try message(TextWords(line.bytes, text.from, text.to), &cells)
        else { return false }
        try cells.set(fields.time, members.time)
        try cells.set(fields.model, members.model)
        try cells.set(fields.route, members.route)
        try cells.set(fields.identifier, members.identifier)
        return true
    }

    private func members(_ line: TextWords) throws(RejectionReason) -> Members {
        var (resolved, members) = (0, Members())
        let bytes = line.bytes
        try unsafe withUnsafeMutablePointer(to: &resolved) { (resolved) throws(RejectionReason) in
            let scanner = unsafe JSONScanner(bytes, resolved: resolved)
            var at = bytes.skippingSpaces(line.from &+ 1)
            while bytes[at] == Byte.quote {
                let key = try scanner.string(at &+ 1)
                let value = try scanner.colon(key.end)
                if bytes[value] == Byte.quote {
                    let text = try scanner.string(value &+ 1)
                    members.set(bytes, key, text)
                    at = text.end
                } else {
                    at = try scanner.end(value)
                }
                at = bytes.skippingSpaces(at)
                if bytes[at] == Byte.comma { at = bytes.skippingSpaces(at &+ 1) }
            }
            guard bytes[at] == Byte.closeBrace else { throw .malformedJSON }
        }
        return members
    }
}
