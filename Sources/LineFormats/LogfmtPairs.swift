import Events

/// Walks the pairs of one logfmt line; values in quotes are unescaped in place.
struct LogfmtPairs {
    private let bytes: ByteWindow
    private let to: Int
    /// How far it has come.
    var at: Int

    /// One pair.
    struct Pair {
        var keyFrom: Int
        var keyTo: Int
        var from: Int
        var to: Int
        var hasValue: Bool
    }

    init(_ bytes: ByteWindow, _ from: Int, _ to: Int) {
        (self.bytes, at) = (bytes, from)
        self.to = to
    }

    /// The next pair, or `nil` behind the last.
    mutating func next() throws(RejectionReason) -> Pair? {
        guard skipSpaces() else { return nil }
        let key = try key()
        let value = key.hasValue ? try value() : (at, at)
        return Pair(keyFrom: key.from, keyTo: key.to, from: value.0, to: value.1, hasValue: key.hasValue)
    }

    /// Goes to the next pair; `false` behind the last.
    @inline(__always)
    mutating func skipSpaces() -> Bool {
        // One space, as nearly everywhere.
        if at < to, bytes[at] <= Byte.space { at &+= 1 }
        while at < to, bytes[at] <= Byte.space { at &+= 1 }
        return at < to
    }

    /// The name of the pair that begins here, and whether it has a value, which is what follows then.
    @inline(__always)
    mutating func key() throws(RejectionReason) -> (from: Int, to: Int, hasValue: Bool) {
        let from = at
        while at < to, bytes[at] > Byte.space, bytes[at] != Byte.equals { at &+= 1 }
        guard at < to, bytes[at] == Byte.equals else { return (from, at, false) }
        guard at > from else { throw .malformedLine }
        at &+= 1
        return (from, at &- 1, true)
    }

    /// The value that begins here: a word, or a text in quotes.
    @inline(__always)
    mutating func value() throws(RejectionReason) -> (from: Int, to: Int) {
        if bytes[at] == Byte.quote { return try quoted() }
        let from = at
        at = min(bytes.endOfWord(from: at), to)
        return (from, at)
    }

    private mutating func quoted() throws(RejectionReason) -> (from: Int, to: Int) {
        var resolved = 0
        let text = try unsafe withUnsafeMutablePointer(to: &resolved) { (resolved) throws(RejectionReason) in
            try unsafe JSONScanner(bytes, resolved: resolved).string(at &+ 1)
        }
        at = text.end
        guard at <= to, at == to || bytes[at] <= Byte.space else { throw .malformedLine }
        return (text.from, text.to)
    }
}
