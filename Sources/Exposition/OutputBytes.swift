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
        let target = unsafe room(for: digits)
        var (rest, position) = (number, digits)
        while position >= 2 {
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            position -= 2
            unsafe target[position] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: pair / 10)
            unsafe target[position + 1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: pair % 10)
            rest = quotient
        }
        if position == 1 { unsafe target[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10) }
        count += digits
    }

    /// The last byte; `nil` when empty.
    var last: UInt8? { count > 0 ? unsafe base[count - 1] : nil }

    /// The last byte becomes `byte`; nothing happens when empty.
    mutating func replaceLast(with byte: UInt8) { if count > 0 { unsafe base[count - 1] = byte } }

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
    var (digits, bound) = (1, UInt64(10))
    while number >= bound {
        digits += 1
        let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
        if overflow { break }
        bound = next
    }
    return digits
}
