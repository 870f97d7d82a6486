/// Bytes that are likely to stand at a place, such as the key that followed the last one before: compared as words.
///
/// They stand in a window of their own and hold no newline, so bytes that match are inside the window they are looked
/// for in, and the next load stays inside its padding.
struct ExpectedBytes: BitwiseCopyable {
    /// The first eight of them, and which of those count.
    let word: UInt64
    let mask: UInt64
    /// Number of them.
    let length: Int32
    /// Offset of the first one in the window that holds them.
    let from: Int32

    /// No bytes, which stand everywhere.
    static let none = ExpectedBytes(word: 0, mask: 0)
    /// What stands nowhere: no word and no mask give 1.
    static let never = ExpectedBytes(word: 1, mask: 0)

    private init(word: UInt64, mask: UInt64) { (self.word, self.mask, length, from) = (word, mask, 0, 0) }

    /// The bytes `from..<to` of a window.
    init(_ text: ByteWindow, _ from: Int, _ to: Int) {
        let length = to &- from
        mask = length >= 8 ? .max : WordWriter.low(.max, length)
        word = text.word(from) & mask
        self.length = Int32(truncatingIfNeeded: length)
        self.from = Int32(truncatingIfNeeded: from)
    }

    /// Whether they stand at `at`.
    ///
    /// - Parameter text: The window that holds them.
    @inline(__always)
    func stand(_ bytes: ByteWindow, _ at: Int, in text: ByteWindow) -> Bool {
        guard bytes.word(at) & mask == word else { return false }
        let length = Int(length)
        if length <= 8 { return true }
        let from = Int(from)
        var i = 8
        while i &+ 8 < length {
            if bytes.word(at &+ i) != text.word(from &+ i) { return false }
            i &+= 8
        }
        // The last eight, some of which may have been compared already.
        return bytes.word(at &+ length &- 8) == text.word(from &+ length &- 8)
    }
}
