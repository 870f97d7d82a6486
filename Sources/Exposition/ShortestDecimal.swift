/// The shortest decimal that reads back as the same `Double`, and of those the nearest one.
///
/// Raffaello Giulietti's Schubfach (2020): three products with a 128-bit power of ten decide every case, without loops.
/// `Double.description` yields the same digits but makes a `String` on the heap for most values.
struct ShortestDecimal: Equatable {
    /// Digits without trailing zeros, at most 17; 0 only for zero.
    var digits: UInt64
    /// Power of ten of the last digit.
    var exponent: Int

    /// The decimal of `magnitude`.
    ///
    /// - Parameter magnitude: Finite, not negative; the sign is the caller's.
    init(_ magnitude: Double) {
        (digits, exponent) = Self.schubfach(magnitude.bitPattern)
        while digits != 0 {
            let (quotient, remainder) = digits.quotientAndRemainder(dividingBy: 10)
            if remainder != 0 { break }
            digits = quotient
            exponent += 1
        }
    }

    private static func schubfach(_ bits: UInt64) -> (UInt64, Int) {
        let fraction = bits & 0xF_FFFF_FFFF_FFFF
        let biased = Int(truncatingIfNeeded: bits >> 52 & 0x7FF)
        if fraction == 0 && biased == 0 { return (0, 0) }
        // value = c * 2^q
        let c = biased == 0 ? fraction : fraction | 1 << 52
        let q = max(biased, 1) - 1075
        // The neighbour below a power of two is only half as far away.
        let isLowerCloser = fraction == 0 && biased > 1
        let closer: UInt64 = isLowerCloser ? 1 : 0
        let isEven: UInt64 = c & 1 == 0 ? 0 : 1
        let k = (q * 1_262_611 - (isLowerCloser ? 524_031 : 0)) >> 22
        let h = q + ((-k * 1_741_647) >> 19) + 1
        let power = PowersOfTen.significands[-k - PowersOfTen.range.lowerBound]
        let lower = roundToOdd(power, (4 * c - 2 + closer) << UInt64(truncatingIfNeeded: h)) + isEven
        let middle = roundToOdd(power, (4 * c) << UInt64(truncatingIfNeeded: h))
        let upper = roundToOdd(power, (4 * c + 2) << UInt64(truncatingIfNeeded: h)) - isEven
        let s = middle / 4
        if s >= 10 {
            // One digit less, if exactly one of its two candidates lies in the interval.
            let shorter = s / 10
            let isDownInside = lower <= 40 * shorter
            let isUpInside = 40 * shorter + 40 <= upper
            if isDownInside != isUpInside { return (shorter + (isUpInside ? 1 : 0), k + 1) }
        }
        let isDownInside = lower <= 4 * s
        let isUpInside = 4 * s + 4 <= upper
        if isDownInside != isUpInside { return (s + (isUpInside ? 1 : 0), k) }
        let half = 4 * s + 2
        return (s + (middle > half || (middle == half && s & 1 != 0) ? 1 : 0), k)
    }

    /// High word of the product, with its last bit set if anything below it is lost.
    @inline(__always)
    private static func roundToOdd(_ power: (high: UInt64, low: UInt64), _ factor: UInt64) -> UInt64 {
        let below = power.low.multipliedFullWidth(by: factor).high
        let product = power.high.multipliedFullWidth(by: factor)
        let (middle, carry) = product.low.addingReportingOverflow(below)
        return (product.high &+ (carry ? 1 : 0)) | (middle > 1 ? 1 : 0)
    }
}
