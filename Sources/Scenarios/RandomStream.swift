/// A deterministic stream of random numbers (SplitMix64, Steele, Lea and Flood 2014), the same on every machine.
struct RandomStream: Sendable {
    private var state: UInt64
    private var spare: Double?

    init(seed: UInt64) { (state, spare) = (seed, nil) }

    /// 64 independent bits.
    mutating func bits() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number in the open interval (0, 1): never 0, so that its logarithm is finite.
    mutating func uniform() -> Double { (Double(bits() >> 11) + 0.5) * 0x1p-53 }

    /// A standard normal number (Box-Muller; the second of each pair is kept for the next call).
    mutating func normal() -> Double {
        if let kept = spare {
            spare = nil
            return kept
        }
        let radius = (-2 * Libm.log(uniform())).squareRoot()
        let angle = 2 * Double.pi * uniform()
        spare = radius * Libm.sine(angle)
        return radius * Libm.cosine(angle)
    }
}
