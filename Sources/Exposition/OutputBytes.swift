internal import Sketches

/// A growing stretch of bytes with one owner.
///
/// Storage is kept when it is cleared, so that the next scrape allocates nothing.
@safe
struct OutputBytes: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// Number of bytes.
    private(set) var count = 0

    /// Allocates room for `capacity` bytes, at least one.
    init(capacity: Int) {
        self.capacity = max(capacity, 1)
        unsafe base = .allocate(capacity: self.capacity)
    }

    deinit { unsafe base.deallocate() }

    /// Forgets the bytes from `count` on; `count` above the present one changes nothing.
    mutating func truncate(to count: Int = 0) { self.count = min(self.count, max(count, 0)) }

    /// Makes room for `extra` more bytes and returns where they begin.
    ///
    /// `advance` says how many were written.
    @inline(__always)
    private mutating func room(for extra: Int) -> UnsafeMutablePointer<UInt8> {
        if count + extra > capacity { grow(by: extra) }
        return unsafe base + count
    }

    @inline(never)
    private mutating func grow(by extra: Int) {
        let larger = max(capacity * 2, count + extra)
        let new = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        unsafe new.update(from: base, count: count)
        unsafe base.deallocate()
        unsafe base = new
        capacity = larger
    }

    /// Appends one byte.
    @inline(__always)
    mutating func append(_ byte: UInt8) {
        unsafe room(for: 1).pointee = byte
        count += 1
    }

    /// Appends bytes.
    @inline(__always)
    mutating func append(_ bytes: Span<UInt8>) {
        let size = bytes.count
        let target = unsafe room(for: size)
        unsafe bytes.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { unsafe target.update(from: start, count: size) }
        }
        count += size
    }

    /// Appends program text.
    @inline(__always)
    mutating func append(_ text: StaticString) {
        let size = text.utf8CodeUnitCount
        unsafe room(for: size).update(from: text.utf8Start, count: size)
        count += size
    }

    /// Appends part of another stretch.
    ///
    /// What lies outside of it is left out.
    @inline(__always)
    mutating func append(_ other: borrowing OutputBytes, from start: Int, count size: Int) {
        guard start >= 0, size >= 0, start <= other.count, size <= other.count - start else { return }
        unsafe room(for: size).update(from: other.base + start, count: size)
        count += size
    }

    /// Appends a stretch of itself.
    ///
    /// What lies outside of it is left out.
    mutating func appendCopy(from start: Int, count size: Int) {
        guard start >= 0, size >= 0, start <= count, size <= count - start else { return }
        let target = unsafe room(for: size)
        unsafe target.update(from: base + start, count: size)
        count += size
    }

    /// Appends a label value: backslash, quote and line feed are escaped, everything else stands for itself.
    mutating func append(escaping text: String) {
        let source = text.utf8Span.span
        let target = unsafe room(for: source.count * 2)
        var written = 0
        for i in 0..<source.count {
            var byte = source[i]
            if byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n") {
                unsafe target[written] = UInt8(ascii: "\\")
                written += 1
                if byte == UInt8(ascii: "\n") { byte = UInt8(ascii: "n") }
            }
            unsafe target[written] = byte
            written += 1
        }
        count += written
    }

    /// Appends a whole number in decimal, with zeros in front up to `width` digits (at most 20).
    @inline(__always)
    mutating func append(decimal number: UInt64, width: Int = 1) {
        let digits = min(max(decimalDigits(number), width), 20)
        // Groups of eight digits are stored whole; the first one may reach past the number, into bytes not used yet.
        let target = unsafe UnsafeMutableRawPointer(room(for: digits + 8))
        let (high, low) = number.quotientAndRemainder(dividingBy: 100_000_000)
        if digits <= 8 {
            unsafe store(eightDigits(low), leading: digits, at: target)
        } else {
            let (top, middle) = high.quotientAndRemainder(dividingBy: 100_000_000)
            if digits <= 16 {
                unsafe store(eightDigits(middle), leading: digits - 8, at: target)
            } else {
                unsafe store(eightDigits(top), leading: digits - 16, at: target)
                unsafe store(eightDigits(middle), leading: 8, at: target + (digits - 16))
            }
            unsafe store(eightDigits(low), leading: 8, at: target + (digits - 8))
        }
        count += digits
    }

    /// Stores the last `leading` of eight digits, 1 to 8, and whatever follows them.
    @inline(__always)
    private func store(_ digits: UInt64, leading: Int, at target: UnsafeMutableRawPointer) {
        unsafe target.storeBytes(of: (digits >> UInt64(64 - 8 * leading)).littleEndian, as: UInt64.self)
    }

    /// Puts a byte in front of the last `distance` bytes, or of all if there are fewer.
    @inline(__always)
    mutating func insert(_ byte: UInt8, beforeLast distance: Int) {
        let distance = min(max(distance, 0), count)
        let tail = unsafe room(for: 1) - distance
        unsafe (tail + 1).update(from: tail, count: distance)
        unsafe tail.pointee = byte
        count += 1
    }

    /// The last byte; `nil` when empty.
    var last: UInt8? { count > 0 ? unsafe base[count - 1] : nil }

    /// The last byte becomes `byte`; nothing happens when empty.
    mutating func replaceLast(with byte: UInt8) { if count > 0 { unsafe base[count - 1] = byte } }

    /// Hash of the bytes from `start` on.
    func hash(from start: Int) -> UInt64 {
        guard start >= 0, start <= count else { return 0 }
        return unsafe ByteHash.hash(of: UnsafeRawBufferPointer(start: base + start, count: count - start))
    }

    /// A copy of the bytes from `start` on.
    func copy(from start: Int = 0) -> [UInt8] {
        guard start >= 0, start <= count else { return [] }
        return unsafe [UInt8](UnsafeBufferPointer(start: base + start, count: count - start))
    }

    /// Calls `body` with the bytes, which it must not keep.
    func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try unsafe body(UnsafeRawBufferPointer(start: base, count: count))
    }
}

// `@unchecked Sendable` is true: the storage has exactly one owner, which cannot be copied, and moves with it.
extension OutputBytes: @unchecked Sendable {}

/// Number of decimal digits of `number`; 1 for 0.
@inline(__always)
func decimalDigits(_ number: UInt64) -> Int {
    // log10(2) is a little more than 1,233 / 4,096: the estimate is right or one too small.
    let bits = UInt64.bitWidth - (number | 1).leadingZeroBitCount
    let estimate = (bits * 1_233) >> 12
    return estimate + (number >= wholePowersOfTen[estimate] ? 1 : 0)
}

/// The eight decimal digits of a number below 100,000,000 as ASCII, the first one in the lowest byte.
///
/// Halves, quarters and eighths are split in parallel within one word: division by 10,000 is a true one, those by 100
/// and by 10 are multiplications that are exact for numbers this small.
@inline(__always)
func eightDigits(_ number: UInt64) -> UInt64 {
    let (high, low) = number.quotientAndRemainder(dividingBy: 10_000)
    let halves = high | (low << 32)
    let hundreds = ((halves &* 10_486) >> 20) & 0x0000_007F_0000_007F
    let quarters = ((halves &- 100 &* hundreds) << 16) | hundreds
    let tens = ((quarters &* 103) >> 10) & 0x000F_000F_000F_000F
    let eighths = ((quarters &- 10 &* tens) << 8) | tens
    return eighths | 0x3030_3030_3030_3030
}

/// 10^0 to 10^19, with 0 in place of 1 so that 0 has one digit as well.
private let wholePowersOfTen: [UInt64] = [
    0, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
    100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
    10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
]
