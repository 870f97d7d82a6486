import Events

/// Bytes that a decoder walks by offset, ended by a sentinel.
///
/// The rule that makes the unchecked loads right, and the one place to audit: whoever makes a window writes a newline
/// at its end, at least `EventBatch.padding` readable bytes follow it, and no scanner steps over a newline. So a
/// scanner never passes the end, and a load of 8 bytes at any offset up to the end stays inside the allocation.
@safe
struct ByteWindow {
    /// First byte of the allocation that offsets count from.
    let base: UnsafeMutableRawPointer

    @inline(__always)
    init(_ base: UnsafeMutableRawPointer) { unsafe self.base = base }

    /// One byte.
    @inline(__always)
    subscript(at: Int) -> UInt8 {
        get { unsafe base.load(fromByteOffset: at, as: UInt8.self) }
        nonmutating set { unsafe base.storeBytes(of: newValue, toByteOffset: at, as: UInt8.self) }
    }

    /// Eight bytes, the first of them lowest.
    @inline(__always)
    func word(_ at: Int) -> UInt64 {
        UInt64(littleEndian: unsafe base.loadUnaligned(fromByteOffset: at, as: UInt64.self))
    }

    /// Writes eight bytes, the first of them lowest.
    @inline(__always)
    func set(_ at: Int, _ word: UInt64) {
        unsafe base.storeBytes(of: word.littleEndian, toByteOffset: at, as: UInt64.self)
    }

    /// Four bytes, the first of them lowest.
    @inline(__always)
    func half(_ at: Int) -> UInt32 {
        UInt32(littleEndian: unsafe base.loadUnaligned(fromByteOffset: at, as: UInt32.self))
    }

    /// Copies bytes to another place, which may overlap.
    @inline(__always)
    func move(_ from: Int, _ count: Int, to place: Int) {
        unsafe (base + place).copyMemory(from: base + from, byteCount: count)
    }

    /// Offset of the first newline at or after `at`.
    ///
    /// The sentinel is one.
    func newline(from at: Int) -> Int {
        var at = at
        while true {
            let found = Self.zeroBytes(word(at) ^ (0x0A &* Self.ones))
            if found != 0 { return at &+ found.trailingZeroBitCount &>> 3 }
            at &+= 8
        }
    }

    /// Offset of the first newline at or after `at`, and whether all bytes before it are ASCII.
    @inline(__always)
    func line(from at: Int) -> (end: Int, isASCII: Bool) {
        var (at, others) = (at, 0 as UInt64)
        while true {
            let word = word(at)
            let found = Self.zeroBytes(word ^ (0x0A &* Self.ones))
            if found != 0 {
                // The bits below the lowest one: those of the bytes before the newline.
                others |= word & ~found & (found &- 1)
                return (at &+ found.trailingZeroBitCount &>> 3, others & Self.highs == 0)
            }
            others |= word
            at &+= 8
        }
    }

    /// Offset of the first byte at or after `at` that is a space or less: a tab, a carriage return, a newline.
    @inline(__always)
    func endOfWord(from at: Int) -> Int {
        var at = at
        while true {
            let word = word(at)
            // A borrow only ever comes from a byte that is found itself.
            let found = (word &- 0x21 &* Self.ones) & ~word & Self.highs
            if found != 0 { return at &+ found.trailingZeroBitCount &>> 3 }
            at &+= 8
        }
    }

    /// Offset after the last newline in `from..<to`, or `from` if there is none.
    func endOfLastLine(from: Int, to: Int) -> Int {
        var end = to
        while end > from, self[end &- 1] != Byte.newline { end &-= 1 }
        return end
    }

    /// Offset of the first byte at or after `at` that is neither space, tab nor carriage return.
    @inline(__always)
    func skippingSpaces(_ at: Int) -> Int {
        if self[at] > Byte.space { return at }
        // One space, as `json.dumps` writes it.
        if self[at] == Byte.space && self[at &+ 1] > Byte.space { return at &+ 1 }
        return skippingSpacesSlowly(at)
    }

    @inline(never)
    private func skippingSpacesSlowly(_ at: Int) -> Int {
        var at = at
        while true {
            let byte = self[at]
            guard byte == Byte.space || byte == Byte.tab || byte == Byte.carriageReturn else { return at }
            at &+= 1
        }
    }

    /// The byte 0x01, eight times.
    static let ones: UInt64 = 0x0101_0101_0101_0101
    /// The byte 0x80, eight times.
    static let highs: UInt64 = 0x8080_8080_8080_8080

    /// High bits of the zero bytes of a word; exact up to and including the first.
    @inline(__always)
    static func zeroBytes(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }

    /// Whether `from..<to` is a word, given in lower case with `_` between its parts: in any case, `-` and space are
    /// `_`.
    func isWord(_ from: Int, _ to: Int, _ word: StaticString) -> Bool {
        guard to &- from == word.utf8CodeUnitCount else { return false }
        for i in 0..<(to &- from) {
            let byte = self[from &+ i]
            let isJoint = byte == Byte.minus || byte == Byte.space
            let lower = byte &- 0x41 < 26 ? byte | 0x20 : isJoint ? Byte.underscore : byte
            if unsafe lower != word.utf8Start[i] { return false }
        }
        return true
    }

    /// Writes a whole number that is not negative at `at`, and returns where its digits are.
    func writeDigits(_ number: Int, at place: Int) -> ByteRange {
        var (rest, count) = (number, 0)
        repeat {
            count &+= 1
            rest /= 10
        } while rest > 0
        rest = number
        for i in 0..<count {
            self[place &+ count &- 1 &- i] = Byte.zero &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        return LineFormats.range(place, place &+ count)
    }

    /// The bytes of a stretch as text, for explanations and names (allocates).
    func string(_ from: Int, _ to: Int) -> String {
        unsafe String(decoding: UnsafeRawBufferPointer(start: base + from, count: max(0, to &- from)), as: UTF8.self)
    }
}

/// ASCII by name.
enum Byte {
    static let newline: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let tab: UInt8 = 0x09
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let hash: UInt8 = 0x23
    static let plus: UInt8 = 0x2B
    static let comma: UInt8 = 0x2C
    static let minus: UInt8 = 0x2D
    static let dot: UInt8 = 0x2E
    static let zero: UInt8 = 0x30
    static let nine: UInt8 = 0x39
    static let colon: UInt8 = 0x3A
    static let equals: UInt8 = 0x3D
    static let at: UInt8 = 0x40
    static let openBracket: UInt8 = 0x5B
    static let backslash: UInt8 = 0x5C
    static let closeBracket: UInt8 = 0x5D
    static let openBrace: UInt8 = 0x7B
    static let underscore: UInt8 = 0x5F
    static let pipe: UInt8 = 0x7C
    static let closeBrace: UInt8 = 0x7D

    /// Whether a byte is `0` to `9`.
    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- zero < 10 }
}

/// A stretch of bytes, as events refer to it.
@inline(__always)
func range(_ from: Int, _ to: Int) -> ByteRange {
    ByteRange(offset: UInt32(truncatingIfNeeded: from), length: UInt32(truncatingIfNeeded: to &- from))
}
