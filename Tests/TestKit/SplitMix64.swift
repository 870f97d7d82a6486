internal import Foundation

/// A small, fast generator with a known sequence for each seed: the randomness of all tests.
///
/// - Source: Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Creates a generator that gives the same numbers for the same seed, on every machine.
    public init(seed: UInt64) { state = seed }

    /// 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number in [0, 1).
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number in (0, 1): never 0, so its logarithm is finite.
    public mutating func openUniform() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }

    /// A normal number, by Box and Muller: two draws a value.
    public mutating func normal(mean: Double = 0, deviation: Double = 1) -> Double {
        let (radius, angle) = (openUniform(), openUniform())
        return mean + deviation * ((-2 * log(radius)).squareRoot() * cos(2 * .pi * angle))
    }

    /// An exponential number.
    public mutating func exponential(mean: Double = 1) -> Double { -mean * log(openUniform()) }

    /// A whole number in `0..<count`, `0` the most frequent, with shares near `1 / (k + 1)`.
    public mutating func zipf(_ count: Int) -> Int {
        min(count - 1, Int(pow(Double(count) + 1, uniform())) - 1)
    }

    /// An index drawn from shares that sum to 1.
    public mutating func index(from shares: [Double]) -> Int {
        var left = uniform()
        for (index, share) in shares.enumerated() {
            left -= share
            if left < 0 { return index }
        }
        return shares.count - 1
    }
}
