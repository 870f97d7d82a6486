/// Writes bytes one after the other into a window that is being read further on, a whole word at a time.
///
/// Up to seven bytes wait in a register. So a store never reaches beyond what was read, as long as no more bytes are
/// given than were read behind the place that writing began at; and a load never meets a store that is still on its
/// way.
struct WordWriter {
    private let bytes: ByteWindow
    /// Where the bytes that wait will go.
    private var place: Int
    /// The bytes that wait, the first of them lowest, and zeros.
    private var waiting: UInt64 = 0
    private var count = 0

    init(_ bytes: ByteWindow, at place: Int) { (self.bytes, self.place) = (bytes, place) }

    /// The low `count` bytes of a word, of 0 to 7.
    @inline(__always)
    static func low(_ word: UInt64, _ count: Int) -> UInt64 {
        word & (1 &<< UInt64(truncatingIfNeeded: 8 &* count) &- 1)
    }

    /// Takes 0 to 8 bytes; all others of the word are zeros.
    @inline(__always)
    mutating func append(_ word: UInt64, _ added: Int) {
        let shift = UInt64(truncatingIfNeeded: 8 &* count)
        waiting |= word &<< shift
        count &+= added
        if count >= 8 {
            bytes.set(place, waiting)
            place &+= 8
            count &-= 8
            // What found no room; all of it would be a shift by 64, which is done in two.
            waiting = (word &>> (56 &- shift)) &>> 8
        }
    }

    /// Takes a scalar value as UTF-8.
    mutating func append(scalar: UInt32) {
        if scalar < 0x80 { return append(UInt64(scalar), 1) }
        place = UTF8Sequence.write(scalar, to: bytes, end())
        (waiting, count) = (0, 0)
    }

    /// Writes what waits, and returns the offset behind it.
    func end() -> Int {
        bytes.set(place, waiting | bytes.word(place) & ~Self.low(.max, count))
        return place &+ count
    }
}
