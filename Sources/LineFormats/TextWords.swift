/// A line as words between spaces.
///
/// Whatever is no more than a space parts words: tabs, and a carriage return at the end.
struct TextWords {
    let bytes: ByteWindow
    let from: Int
    let to: Int
    private(set) var at: Int

    /// A word, or several with what is between them.
    struct Word {
        var from: Int
        var to: Int
    }

    @inline(__always)
    init(_ bytes: ByteWindow, _ from: Int, _ to: Int) {
        (self.bytes, self.from, self.to, at) = (bytes, from, to, from)
    }

    /// The next word, or `nil` behind the last.
    @inline(__always)
    mutating func next() -> Word? {
        var start = at
        // One space, as nearly everywhere.
        if start < to, bytes[start] <= Byte.space { start &+= 1 }
        while start < to, bytes[start] <= Byte.space { start &+= 1 }
        guard start < to else { return nil }
        // A text inside of another ends where that goes on.
        at = min(bytes.endOfWord(from: start), to)
        return Word(from: start, to: at)
    }

    /// Goes behind the next place where a text stands; `false` if there is none.
    @inline(__always)
    mutating func skip(to marker: TextMarker) -> Bool {
        guard let place = marker.find(bytes, at, to) else { return false }
        at = place &+ marker.count
        return true
    }

    /// Whether a text stands at a place.
    @inline(__always)
    func has(_ text: StaticString, at place: Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard place &+ count <= to else { return false }
        for i in 0..<count where unsafe bytes[place &+ i] != text.utf8Start[i] { return false }
        return true
    }

    /// Whether a text stands at a place.
    @inline(__always)
    func has(_ marker: TextMarker, at place: Int) -> Bool { marker.stands(bytes, place, to) }
}

/// A text of at least eight and at most sixteen bytes that tells what a line is, compared as two words.
struct TextMarker: Sendable {
    let count: Int
    private let first: UInt64
    private let last: UInt64
    /// The byte that lines have least often, eight times, and where it is in the text.
    private let rare: UInt64
    private let rareOffset: Int

    /// - Parameter rareOffset: Where the byte is in the text that lines have least often.
    init(_ text: StaticString, rareOffset: Int = 0) {
        let bytes = text.withUTF8Buffer { unsafe Array($0) }
        precondition(bytes.count >= 8 && bytes.count <= 16)
        func word(_ from: Int) -> UInt64 { bytes[from..<(from + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        count = bytes.count
        (first, last) = (word(0), word(bytes.count - 8))
        self.rareOffset = rareOffset
        rare = UInt64(bytes[rareOffset]) * ByteWindow.ones
    }

    /// Whether the text stands at `place`, and ends before `to`.
    @inline(__always)
    func stands(_ bytes: ByteWindow, _ place: Int, _ to: Int) -> Bool {
        bytes.word(place) == first && place &+ count <= to && bytes.word(place &+ count &- 8) == last
    }

    /// The first place in `from..<to` where the text stands, or `nil`.
    @inline(__always)
    func find(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Int? {
        var at = from &+ rareOffset
        while at < to {
            let found = ByteWindow.zeroBytes(bytes.word(at) ^ rare)
            if found == 0 {
                at &+= 8
                continue
            }
            at &+= found.trailingZeroBitCount &>> 3
            if stands(bytes, at &- rareOffset, to) { return at &- rareOffset }
            at &+= 1
        }
        return nil
    }
}
