/// The buckets of a Prometheus native histogram, which are also those of a DDSketch: the accuracy of `QuantileSketch`
/// comes from here and nowhere else.
///
/// At schema `s` bucket `i` holds the magnitudes in (γ^(i−1), γ^i] with γ = 2^(2^−s). A *key* is `i − 1`, so that a
/// coarser schema is an arithmetic shift to the right, in every schema and for negative keys too.
///
/// - Source: Prometheus native histograms; Masson, Rim, Lee: "DDSketch", PVLDB 12(12), 2019,
///   doi:10.14778/3352063.3352135.
public enum ExponentialBuckets {
    /// The finest schema: 32 buckets for each doubling.
    public static let finestSchema = 5
    /// The coarsest schema: one bucket for 16 doublings.
    public static let coarsestSchema = -4
    /// Magnitudes up to here count as zero: 2⁻¹²⁸, as in the Prometheus client libraries.
    public static let zeroThreshold = 0x1p-128

    /// Smallest key at the finest schema, just above `zeroThreshold`.
    static let firstKey = -128 << finestSchema
    /// Largest key at the finest schema, that of the largest finite number.
    static let lastKey = 1024 << finestSchema - 1
    /// `magnitudeBits` of the first magnitude that is not finite.
    static let infinityBits = magnitudeBits(.infinity)

    /// γ − 1 over γ + 1: how far the middle of a bucket may be from a magnitude in it, relative to that magnitude.
    static func relativeAccuracy(schema: Int) -> Double {
        let gamma = schema < 0 ? power(key: 1 << -schema, schema: 0) : power(key: 1, schema: schema)
        return (gamma - 1) / (gamma + 1)
    }

    /// Added to keys where they have to be positive: a multiple of the widest bucket.
    static let keyBias = 1024 << finestSchema

    /// Bits of a number without its sign, moved up by one: they order magnitudes.
    @inline(__always)
    static func magnitudeBits(_ value: Double) -> UInt64 { value.bitPattern &<< 1 }

    /// Key at the finest schema, plus `keyBias`, from `magnitudeBits` of a finite number.
    ///
    /// Magnitudes up to `zeroThreshold` have smaller keys than `firstKey`; that of 0 wraps round to the smallest ones.
    @inline(__always)
    static func biasedKey(ofMagnitudeBits bits: UInt64, steps: UnsafePointer<UInt64>) -> Int {
        // One less: a bucket holds its upper bound, the arithmetic below would put it into the next one.
        let below = bits &- 1
        let cell = Int(truncatingIfNeeded: (below &>> 46) & 127)
        return unsafe Int(truncatingIfNeeded: (below &+ steps[cell]) &>> 48)
    }

    /// Key of a positive number at the finest schema.
    static func key(of magnitude: Double) -> Int {
        unsafe steps.withUnsafeBufferPointer { steps in
            guard let steps = steps.baseAddress else { return 0 }
            return unsafe biasedKey(ofMagnitudeBits: magnitudeBits(magnitude), steps: steps) - keyBias
        }
    }

    /// Lower bound of a key's bucket: 2^(key · 2^−schema).
    static func power(key: Int, schema: Int) -> Double {
        if schema <= 0 { return Double(sign: .plus, exponent: key << -schema, significand: 1) }
        let within = key & ((1 << schema) - 1)
        let significand = significands[within << (finestSchema - schema)]
        return Double(sign: .plus, exponent: key >> schema, significand: Double(bitPattern: oneBits | significand))
    }

    /// The value that answers for a key's bucket: the harmonic middle 2lu/(l + u), which halves the worst relative
    /// error.
    static func middle(key: Int, schema: Int, relativeAccuracy: Double) -> Double {
        power(key: key, schema: schema) * (1 + relativeAccuracy)
    }

    /// Per cell of 1/128 of an octave: what to add to `magnitudeBits` so that their first 16 bits are the biased key.
    ///
    /// Without it those bits would grow linearly within an octave: 32 equal steps where the buckets need 32 equal
    /// ratios. Bounds of buckets are more than a cell apart. In a cell with a bound, the sum reaches the next key at
    /// the bound; in one without, it stays within the key.
    static let steps: [UInt64] = (0..<128).map { cell in
        let (start, end) = (UInt64(cell) << 45, UInt64(cell + 1) << 45)
        let passed = significands.lastIndex { $0 <= start } ?? 0
        let bound = significands.first { $0 > start && $0 < end }
        let key = UInt64(passed + (1 << finestSchema))
        if let bound { return (key + 1) << 48 &- bound << 1 }
        return key << 48 &- start << 1
    }

    private static let oneBits = 1.0.bitPattern

    /// Fraction bits of 2^(k/32), rounded to nearest: the bounds of the finest schema.
    private static let significands: [UInt64] = [
        0x0000000000000, 0x059b0d3158574, 0x0b5586cf9890f, 0x11301d0125b51,
        0x172b83c7d517b, 0x1d4873168b9aa, 0x2387a6e756238, 0x29e9df51fdee1,
        0x306fe0a31b715, 0x371a7373aa9cb, 0x3dea64c123422, 0x44e086061892d,
        0x4bfdad5362a27, 0x5342b569d4f82, 0x5ab07dd485429, 0x6247eb03a5585,
        0x6a09e667f3bcd, 0x71f75e8ec5f74, 0x7a11473eb0187, 0x82589994cce13,
        0x8ace5422aa0db, 0x93737b0cdc5e5, 0x9c49182a3f090, 0xa5503b23e255d,
        0xae89f995ad3ad, 0xb7f76f2fb5e47, 0xc199bdd85529c, 0xcb720dcef9069,
        0xd5818dcfba487, 0xdfc97337b9b5f, 0xea4afa2a490da, 0xf50765b6e4540,
    ]
}
