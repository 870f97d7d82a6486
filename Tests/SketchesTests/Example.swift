import Foundation
import TestKit

/// A shape of data that a sketch has to get right, the bad years included.
struct Example: Sendable, CustomStringConvertible {
    let name: String
    let value: @Sendable (_ index: Int, _ random: inout SplitMix64) -> Double

    var description: String { name }

    func values(_ count: Int, seed: UInt64 = 42) -> [Double] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { value($0, &random) }
    }

    static let all = [
        Example(name: "uniform") { _, random in random.uniform() },
        Example(name: "normal") { _, random in random.normal() },
        Example(name: "far from zero") { _, random in 1e9 + random.normal() },
        Example(name: "lognormal") { _, random in exp(random.normal(mean: 2, deviation: 1.5)) },
        Example(name: "negative exponential") { _, random in -random.exponential(mean: 1e-3) },
        Example(name: "heavy tail") { _, random in pow(random.openUniform(), -2) },
        Example(name: "Cauchy") { _, random in tan(Double.pi * (random.openUniform() - 0.5)) },
        Example(name: "constant") { _, _ in 0.1 },
        Example(name: "zero") { _, _ in 0 },
        Example(name: "two values") { index, _ in index.isMultiple(of: 3) ? -1 : 1 },
        Example(name: "mostly zero") { _, random in random.uniform() < 0.9 ? 0 : random.exponential(mean: 1e4) },
        Example(name: "small integers") { _, random in Double(random.zipf(20)) },
        Example(name: "ascending") { index, _ in Double(index) - 500 },
        Example(name: "alternating magnitudes") { index, _ in index.isMultiple(of: 2) ? 1e-12 : 1e12 },
        Example(name: "powers of two") { index, _ in Double(sign: .plus, exponent: index % 40 - 20, significand: 1) },
        Example(name: "first value an outlier") { index, random in index == 0 ? 1e12 : random.normal() },
        Example(name: "scores") { _, random in 1 / (1 + exp(-random.normal(mean: -3, deviation: 2))) },
    ]
}

/// Calls a batch method with an array's values.
func withValues<Result>(_ values: [Double], _ body: (UnsafeBufferPointer<Double>) -> Result) -> Result {
    unsafe values.withUnsafeBufferPointer { buffer in unsafe body(buffer) }
}
