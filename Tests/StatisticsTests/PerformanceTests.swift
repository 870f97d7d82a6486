import Statistics
import TestKit
import Testing

@Suite("Performance")
struct PerformanceTests {
    struct Classification: Decodable, Sendable {
        let name: String
        let confusion: [UInt64]
        let classes: Int
        let accuracy: Double
        let precisionMacro: Double
        let recallMacro: Double
        let f1Macro: Double
        let precision: [Double]?
        let recall: [Double]?
        let f1: [Double]?
        let positivePrecision: Double?
        let positiveRecall: Double?
        let positiveF1: Double?
    }

    struct Regression: Decodable, Sendable {
        let name: String
        let count: UInt64
        let absolute: Double
        let squared: Double
        let signed: Double
        let mae: Double
        let rmse: Double
        let bias: Double
        let errorDeviation: Double?
    }

    struct File<Case: Decodable>: Decodable { let cases: [Case] }

    @Test("classification agrees with scikit-learn")
    func classification() throws {
        for golden in try Golden.load("classification", from: .module, as: File<Classification>.self).cases {
            let quality = try #require(
                ClassificationQuality(confusion: golden.confusion, classCount: golden.classes))
            #expect(quality.accuracy.value.isClose(to: golden.accuracy))
            #expect(quality.precisionMacro.isClose(to: golden.precisionMacro), "\(golden.name)")
            #expect(quality.recallMacro.isClose(to: golden.recallMacro), "\(golden.name)")
            #expect(quality.f1Macro.isClose(to: golden.f1Macro), "\(golden.name)")
            // Where scikit-learn divides by zero it counts 0.
            let precision = quality.classes.map { $0.precision?.value ?? 0 }
            let recall = quality.classes.map { $0.recall?.value ?? 0 }
            let f1 = quality.classes.map { $0.f1 ?? 0 }
            let positive = golden.classes - 1
            for (values, expected, expectedPositive) in [
                (precision, golden.precision, golden.positivePrecision),
                (recall, golden.recall, golden.positiveRecall), (f1, golden.f1, golden.positiveF1),
            ] {
                for (value, expected) in zip(values, expected ?? []) { #expect(value.isClose(to: expected)) }
                if let expectedPositive { #expect(values[positive].isClose(to: expectedPositive)) }
            }
        }
    }

    @Test("regression agrees with scikit-learn")
    func regression() throws {
        for golden in try Golden.load("regression", from: .module, as: File<Regression>.self).cases {
            let quality = try #require(
                RegressionQuality(
                    count: golden.count, absolute: golden.absolute, squared: golden.squared, signed: golden.signed))
            #expect(quality.meanAbsoluteError.value.isClose(to: golden.mae))
            #expect(quality.rootMeanSquaredError.value.isClose(to: golden.rmse))
            #expect(quality.bias.value.isClose(to: golden.bias))
            guard let deviation = golden.errorDeviation, let interval = quality.bias.interval else { continue }
            let half = 1.959_963_984_540_054 * deviation / Double(golden.count).squareRoot()
            #expect((interval.upper - interval.value).isClose(to: half, within: 1e-9), "\(golden.name)")
        }
    }

    @Test("a class that neither occurred nor was predicted takes no part in the means")
    func absentClass() throws {
        let two = try #require(ClassificationQuality(confusion: [5, 1, 2, 4], classCount: 2))
        let three = try #require(ClassificationQuality(confusion: [5, 1, 0, 2, 4, 0, 0, 0, 0], classCount: 3))
        #expect(three.f1Macro == two.f1Macro)
        #expect(three.classes[2].f1 == nil)
        #expect(three.classes[2].precision == nil)
    }

    /// Hits, total, and Wilson's bounds, computed with 40 digits.
    @Test(
        "Wilson's interval",
        arguments: [
            (0, 10, 0.0, 0.277_532_799_862_889_3), (10, 10, 0.722_467_200_137_110_7, 1.0),
            (5, 10, 0.236_593_090_511_256_4, 0.763_406_909_488_743_6),
            (90, 100, 0.825_634_338_495_086_5, 0.944_770_862_939_324_9),
        ] as [(UInt64, UInt64, Double, Double)])
    func wilson(hits: UInt64, total: UInt64, lower: Double, upper: Double) throws {
        let interval = try #require(Interval.share(hits, of: total))
        #expect(interval.value == Double(hits) / Double(total))
        #expect(interval.lower.isClose(to: lower, within: 1e-9))
        #expect(interval.upper.isClose(to: upper, within: 1e-9))
    }

    @Test("intervals hold the true value nineteen times in twenty")
    func coverage() throws {
        var random = SplitMix64(seed: 12)
        let runs = 1_500
        var (accuracy, bias, absolute, root) = (0, 0, 0, 0)
        for _ in 0..<runs {
            var hits: UInt64 = 0
            var (sum, magnitude, square) = (0.0, 0.0, 0.0)
            for _ in 0..<120 {
                if random.uniform() < 0.9 { hits += 1 }
                let error = random.normal(mean: 0.5, deviation: 2)
                sum += error
                magnitude += abs(error)
                square += error * error
            }
            let share = try #require(Interval.share(hits, of: 120))
            if share.lower <= 0.9, 0.9 <= share.upper { accuracy += 1 }
            let quality = try #require(
                RegressionQuality(count: 120, absolute: magnitude, squared: square, signed: sum))
            func holds(_ estimate: RegressionQuality.Estimate, _ truth: Double) -> Int {
                guard let interval = estimate.interval else { return 0 }
                return interval.lower <= truth && truth <= interval.upper ? 1 : 0
            }
            bias += holds(quality.bias, 0.5)
            root += holds(quality.rootMeanSquaredError, 4.25.squareRoot())
            // E|X| of N(0.5, 2²).
            absolute += holds(quality.meanAbsoluteError, 1.645_215_684_977_5)
        }
        for hits in [accuracy, bias, absolute, root] {
            // Standard error 0.0056; the normal interval itself is up to a percent short at 120 values.
            #expect(abs(Double(hits) / Double(runs) - 0.95) < 0.03)
        }
    }

    @Test("tables and sums that nothing has are refused")
    func refuse() {
        #expect(ClassificationQuality(confusion: [], classCount: 0) == nil)
        #expect(ClassificationQuality(confusion: [0, 0, 0, 0], classCount: 2) == nil)
        #expect(ClassificationQuality(confusion: [1, 2, 3], classCount: 2) == nil)
        #expect(ClassificationQuality(confusion: [.max, 1, 0, 0], classCount: 2) == nil)
        #expect(ClassificationQuality(confusion: [1], classCount: -1) == nil)
        #expect(ClassificationQuality(confusion: [1], classCount: .max) == nil)
        #expect(RegressionQuality(count: 0, absolute: 0, squared: 0, signed: 0) == nil)
        #expect(RegressionQuality(count: 1, absolute: -1, squared: 0, signed: 0) == nil)
        #expect(RegressionQuality(count: 1, absolute: .nan, squared: 0, signed: 0) == nil)
        #expect(RegressionQuality(count: 1, absolute: 1, squared: .infinity, signed: 1) == nil)
        #expect(RegressionQuality(count: 1, absolute: 1, squared: 1, signed: 1)?.bias.interval == nil)
        #expect(Interval.share(2, of: 1) == nil)
        #expect(Interval.share(0, of: 0) == nil)
    }

    @Test("sums near the largest number give no interval that is not finite")
    func extremes() throws {
        let quality = try #require(
            RegressionQuality(count: 2, absolute: 1e308, squared: 1.7e308, signed: -1e308))
        for estimate in [quality.meanAbsoluteError, quality.rootMeanSquaredError, quality.bias] {
            #expect(estimate.value.isFinite)
            if let interval = estimate.interval { #expect(interval.lower.isFinite && interval.upper.isFinite) }
        }
    }
}
