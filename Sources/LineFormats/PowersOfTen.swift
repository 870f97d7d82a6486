/// Tables for reading decimals, computed once per process (about a millisecond) and never freed.
///
/// They are not written to after that, which is what makes `@unchecked Sendable` true.
///
/// The 128-bit significands of powers of five are those of Lemire, "Number Parsing at a Gigabyte per Second" (2021):
/// for q ≥ 0 the leading 128 bits of 5^q; for q < 0 those of 2^b / 5^-q, rounded up where the quotient fits 128 bits
/// well enough for that to matter (q ≥ -27) and down below.
@safe
struct PowersOfTen: @unchecked Sendable {
    /// Smallest power of ten with which a 64-bit integer can round to anything but zero.
    static let smallest = -342
    /// Largest power of ten with which a positive integer can be finite.
    static let largest = 308
    /// Largest power of ten that a `Double` holds exactly.
    static let exact = 22

    static let shared = PowersOfTen()

    /// High and low word of the significand of each power from `smallest` to `largest`, one after the other.
    private let significands: UnsafeMutablePointer<UInt64>
    private let doubles: UnsafeMutablePointer<Double>
    private let integers: UnsafeMutablePointer<UInt64>

    private init() {
        let count = Self.largest - Self.smallest + 1
        unsafe significands = .allocate(capacity: 2 * count)
        unsafe doubles = .allocate(capacity: Self.exact + 1)
        unsafe integers = .allocate(capacity: 20)
        var power = LongInteger(1)
        for q in 0...(-Self.smallest) {
            if q <= Self.largest { store(power.leadingBits, at: q) }
            if q > 0 { store(power.reciprocal(roundingUp: q <= 27), at: -q) }
            power.multiply(by: 5)
        }
        var integer: UInt64 = 1
        for n in 0..<20 {
            unsafe integers[n] = integer
            integer &*= 10
        }
        var double = 1.0
        for n in 0...Self.exact {
            unsafe doubles[n] = double
            double *= 10
        }
    }

    private func store(_ bits: (high: UInt64, low: UInt64), at power: Int) {
        unsafe significands[2 * (power - Self.smallest)] = bits.high
        unsafe significands[2 * (power - Self.smallest) + 1] = bits.low
    }

    /// 10^n as a `Double`; `n` is in 0...`exact`.
    @inline(__always)
    func double(_ n: Int) -> Double { unsafe doubles[n] }

    /// 10^n as an integer; `n` is in 0...19.
    @inline(__always)
    func integer(_ n: Int) -> UInt64 { unsafe integers[n] }

    /// The leading 128 bits of 5^power; `power` is in `smallest`...`largest`.
    @inline(__always)
    func significand(_ power: Int) -> (high: UInt64, low: UInt64) {
        let index = 2 &* (power &- Self.smallest)
        return unsafe (significands[index], significands[index &+ 1])
    }
}

/// A natural number of up to 832 bits, enough for 5^342; the lowest limb first.
private struct LongInteger {
    private var limbs = [UInt64](repeating: 0, count: 13)

    init(_ value: UInt64) { limbs[0] = value }

    var bitCount: Int {
        for i in limbs.indices.reversed() where limbs[i] != 0 { return 64 * i + 64 - limbs[i].leadingZeroBitCount }
        return 0
    }

    mutating func multiply(by factor: UInt64) {
        var carry: UInt64 = 0
        for i in limbs.indices {
            let product = limbs[i].multipliedFullWidth(by: factor)
            let (low, overflow) = product.low.addingReportingOverflow(carry)
            limbs[i] = low
            carry = product.high &+ (overflow ? 1 : 0)
        }
    }

    private func bit(_ index: Int) -> UInt64 { index < 0 ? 0 : limbs[index >> 6] >> UInt64(index & 63) & 1 }

    /// The highest 128 bits, the first of them set.
    var leadingBits: (high: UInt64, low: UInt64) {
        let top = bitCount - 1
        var (high, low): (UInt64, UInt64) = (0, 0)
        for i in 0..<64 {
            high = high << 1 | bit(top - i)
            low = low << 1 | bit(top - 64 - i)
        }
        return (high, low)
    }

    private func isAtLeast(_ other: LongInteger) -> Bool {
        for i in limbs.indices.reversed() where limbs[i] != other.limbs[i] { return limbs[i] > other.limbs[i] }
        return true
    }

    private mutating func double() {
        for i in limbs.indices.reversed() { limbs[i] = limbs[i] << 1 | (i == 0 ? 0 : limbs[i - 1] >> 63) }
    }

    private mutating func subtract(_ other: LongInteger) {
        var borrow: UInt64 = 0
        for i in limbs.indices {
            let (first, one) = limbs[i].subtractingReportingOverflow(other.limbs[i])
            let (second, two) = first.subtractingReportingOverflow(borrow)
            limbs[i] = second
            borrow = one || two ? 1 : 0
        }
    }

    /// The highest 128 bits of 1 / self, by long division; self is above 1 and no power of two.
    func reciprocal(roundingUp: Bool) -> (high: UInt64, low: UInt64) {
        var remainder = LongInteger(0)
        let top = bitCount - 1
        remainder.limbs[top >> 6] = 1 << UInt64(top & 63)
        var (high, low): (UInt64, UInt64) = (0, 0)
        for _ in 0..<128 {
            remainder.double()
            high = high << 1 | low >> 63
            low <<= 1
            if remainder.isAtLeast(self) {
                remainder.subtract(self)
                low |= 1
            }
        }
        guard roundingUp else { return (high, low) }
        let (sum, overflow) = low.addingReportingOverflow(1)
        return (overflow ? high &+ 1 : high, sum)
    }
}
