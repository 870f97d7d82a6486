/// Powers of ten as 128-bit significands, rounded up: `10^k = significand * 2^e` with the top bit of the significand
/// set.
///
/// Computed exactly on first use by long multiplication and division of powers of five (some 50 µs) rather than pasted
/// in as 617 constants that nobody can check by reading.
enum PowersOfTen {
    /// Smallest and largest exponent that printing a `Double` needs.
    static let range = -292...324

    /// High and low half of each significand, in the order of `range`.
    static let significands: [(high: UInt64, low: UInt64)] = {
        // 5^k for k >= 0, little-endian words. 5^324 has 753 bits.
        var power = [UInt64](repeating: 0, count: 12)
        power[0] = 1
        var rising: [(UInt64, UInt64)] = []
        for _ in 0...range.upperBound {
            rising.append(top128(of: power, isExact: true))
            var carry: UInt64 = 0
            for i in power.indices {
                let product = power[i].multipliedFullWidth(by: 5)
                let (sum, overflow) = product.low.addingReportingOverflow(carry)
                power[i] = sum
                carry = product.high &+ (overflow ? 1 : 0)
            }
        }
        // 2^831 / 5^m for m >= 1: rounding down at each step rounds down once, and the quotient is never exact.
        var quotient = [UInt64](repeating: 0, count: 13)
        quotient[12] = 1 << 63
        var falling: [(UInt64, UInt64)] = []
        for _ in 1...(-range.lowerBound) {
            var remainder: UInt64 = 0
            for i in quotient.indices.reversed() {
                let step = UInt64(5).dividingFullWidth((remainder, quotient[i]))
                (quotient[i], remainder) = (step.quotient, step.remainder)
            }
            falling.append(top128(of: quotient, isExact: false))
        }
        return falling.reversed() + rising
    }()

    /// The top 128 bits of a number, rounded up if lower bits are set or `isExact` is false.
    private static func top128(of words: [UInt64], isExact: Bool) -> (UInt64, UInt64) {
        func word(_ i: Int) -> UInt64 { words.indices.contains(i) ? words[i] : 0 }
        guard let highest = words.lastIndex(where: { $0 != 0 }) else { return (0, 0) }
        let shift = UInt64(words[highest].leadingZeroBitCount)
        func shifted(_ i: Int) -> UInt64 { word(i) << shift | (shift == 0 ? 0 : word(i - 1) >> (64 - shift)) }
        let isRounded = !isExact || shifted(highest - 2) != 0 || words.prefix(max(highest - 2, 0)).contains { $0 != 0 }
        let low = shifted(highest - 1).addingReportingOverflow(isRounded ? 1 : 0)
        return (shifted(highest) &+ (low.overflow ? 1 : 0), low.partialValue)
    }
}
