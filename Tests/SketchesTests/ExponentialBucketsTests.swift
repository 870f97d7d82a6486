import Foundation
import Testing

@testable import Sketches

@Suite("Exponential buckets")
struct ExponentialBucketsTests {
    @Test("a bucket holds its upper bound, and nothing beyond it", arguments: [-127, -1, 0, 1, 52, 1_022])
    func bounds(exponent: Int) {
        for step in 0..<32 {
            let key = exponent * 32 + step
            let bound = ExponentialBuckets.power(key: key, schema: 5)
            let exact = exp2(Double(step) / 32) * exp2(Double(exponent))
            #expect(abs(bound - exact) <= exact.ulp, "key \(key)")
            // The bucket of key k is (2^(k/32), 2^((k+1)/32)].
            #expect(ExponentialBuckets.key(of: bound) == key - 1)
            #expect(ExponentialBuckets.key(of: bound.nextUp) == key)
        }
    }

    @Test("keys follow the logarithm at every magnitude")
    func logarithm() {
        var value = ExponentialBuckets.zeroThreshold.nextUp
        #expect(ExponentialBuckets.key(of: value) == ExponentialBuckets.firstKey)
        while value.isFinite {
            let key = ExponentialBuckets.key(of: value)
            let log = log2(value) * 32
            #expect(Double(key) < log + 1e-9 && log <= Double(key + 1) + 1e-9, "\(value)")
            value *= 1.000_37 + 1e-3 * (value.significand - 1)
        }
        #expect(ExponentialBuckets.key(of: .greatestFiniteMagnitude) == ExponentialBuckets.lastKey)
    }

    @Test("zero has a key below all others")
    func zero() {
        #expect(ExponentialBuckets.key(of: 0) < ExponentialBuckets.firstKey)
        #expect(ExponentialBuckets.key(of: .leastNonzeroMagnitude) < ExponentialBuckets.firstKey)
        #expect(ExponentialBuckets.key(of: ExponentialBuckets.zeroThreshold) < ExponentialBuckets.firstKey)
    }

    @Test("a coarser schema merges neighbours", arguments: -4...5)
    func schemas(schema: Int) {
        let gamma = exp2(exp2(-Double(schema)))
        #expect(abs(ExponentialBuckets.relativeAccuracy(schema: schema) - (gamma - 1) / (gamma + 1)) < 1e-12)
        for fine in [-4_096, -33, -1, 0, 1, 31, 32, 1_000] {
            let key = fine >> (5 - schema)
            let lower = ExponentialBuckets.power(key: key, schema: schema)
            #expect(lower <= ExponentialBuckets.power(key: fine, schema: 5))
            #expect(abs(lower / exp2(Double(key) * exp2(-Double(schema))) - 1) < 1e-12)
        }
    }
}
