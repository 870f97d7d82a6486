import Foundation
import TestKit
import Testing

@testable import Sketches

/// A million values each, with quantiles and sums that numpy took from all of them.
@Suite("Sketches of a million values")
struct StreamTruthTests {
    struct Truth: Decodable {
        struct Quantiles: Decodable {
            let name: String
            let n: Int
            let first: [Double]
            let q: [Double]
            let quantiles: [Double]
            let sum: Double
            let mean: Double
            let variance: Double
            let minimum: Double
            let maximum: Double
            let distinct: Int
        }
        struct Keys: Decodable {
            let name: String
            let first: [String]
            let distinctAfter: [String: Int]
        }
        let quantileSets: [Quantiles]
        let keySets: [Keys]
    }

    @Test(
        "numbers",
        arguments: [
            "uniform", "normal_box_muller", "lognormal_latency_ms_rounded", "integer_geometric_ties",
        ])
    func numbers(name: String) throws {
        let truth = try #require(
            Golden.load("streams", from: .module, as: Truth.self).quantileSets.first { $0.name == name })
        let next = try #require(StreamTruthTests.generator(name))
        var (sketch, moments, distinct) = (QuantileSketch(), Moments(), DistinctCounter())
        var batch: [Double] = []
        batch.reserveCapacity(10_000)
        var isFirst = true
        for _ in 0..<(truth.n / 10_000) {
            batch.removeAll(keepingCapacity: true)
            for _ in 0..<10_000 { batch.append(next()) }
            if isFirst {
                for (value, expected) in zip(batch, truth.first) {
                    #expect(abs(value - expected) <= 1e-12 * abs(expected))
                }
                isFirst = false
            }
            unsafe withValues(batch) { values in
                unsafe sketch.insert(contentsOf: values)
                unsafe moments.insert(contentsOf: values)
                unsafe distinct.insert(contentsOf: values)
            }
        }
        for (q, exact) in zip(truth.q, truth.quantiles) {
            let estimate = try #require(sketch.quantile(q))
            #expect(abs(estimate - exact) <= sketch.relativeAccuracy * abs(exact) * (1 + 1e-9), "q \(q)")
        }
        #expect(abs(moments.sum - truth.sum) <= 1e-13 * 1e6 * max(abs(truth.minimum), abs(truth.maximum)))
        #expect(abs(moments.mean - truth.mean) <= 1e-12 * max(abs(truth.minimum), abs(truth.maximum)))
        #expect(abs(try #require(moments.variance) - truth.variance) <= 1e-10 * truth.variance)
        // Values through libm may differ by an ulp from numpy's.
        #expect(abs(moments.minimum - truth.minimum) <= 1e-12 * abs(truth.minimum))
        #expect(abs(moments.maximum - truth.maximum) <= 1e-12 * abs(truth.maximum))
        #expect(abs(distinct.estimate / Double(truth.distinct) - 1) <= 4 * 0.023)
    }

    @Test("keys", arguments: ["keys_uniform_2^20", "keys_all_distinct", "keys_few_37", "keys_dyadic_zipf"])
    func keys(name: String) throws {
        let truth = try #require(
            Golden.load("streams", from: .module, as: Truth.self).keySets.first { $0.name == name })
        let next = try #require(StreamTruthTests.keyGenerator(name))
        var counter = DistinctCounter()
        for index in 0..<100_000 {
            let key = next()
            if index < truth.first.count { #expect(String(key) == truth.first[index]) }
            counter.insert(hash: ByteHash.hash(of: "k-\(key)"))
            guard let distinct = truth.distinctAfter[String(index + 1)] else { continue }
            if distinct <= SketchLimits.exactDistinct {
                #expect(counter.estimate == Double(distinct))
            } else {
                #expect(abs(counter.estimate / Double(distinct) - 1) <= 4 * 0.023, "after \(index + 1)")
            }
        }
    }

    private static func generator(_ name: String) -> (() -> Double)? {
        func seeded(_ seed: UInt64, _ body: @escaping (inout SplitMix64) -> Double) -> () -> Double {
            var random = SplitMix64(seed: seed)
            return { body(&random) }
        }
        switch name {
        case "uniform": return seeded(1) { $0.uniform() }
        case "normal_box_muller": return seeded(2) { $0.normal() }
        case "lognormal_latency_ms_rounded":
            return seeded(4) { floor(exp(2.5 + 0.6 * $0.normal()) * 1_000 + 0.5) / 1_000 }
        case "integer_geometric_ties": return seeded(5) { Double($0.next().trailingZeroBitCount) }
        default: return nil
        }
    }

    private static func keyGenerator(_ name: String) -> (() -> UInt64)? {
        func seeded(_ seed: UInt64, _ body: @escaping (UInt64) -> UInt64) -> () -> UInt64 {
            var random = SplitMix64(seed: seed)
            return { body(random.next()) }
        }
        switch name {
        case "keys_uniform_2^20": return seeded(11) { $0 & (1 << 20 - 1) }
        case "keys_all_distinct": return seeded(12) { $0 }
        case "keys_few_37": return seeded(13) { $0 % 37 }
        case "keys_dyadic_zipf": return seeded(14) { (1 << ($0 >> 60)) + ($0 & (1 << ($0 >> 60) - 1)) }
        default: return nil
        }
    }
}
