import Foundation
import Scenarios
import Testing

/// One record as a JSON reader sees it.
private struct Record {
    var members: [String: Any]
    var features: [String: Any] { members["features"] as? [String: Any] ?? [:] }
    func number(_ feature: String) -> Double? { (features[feature] as? NSNumber)?.doubleValue }
    func text(_ feature: String) -> String? { features[feature] as? String }
}

/// Draws records `rate` to the second from second 0 on, and reads them back.
private func records(
    _ count: Int, _ preset: Preset, _ scenario: Scenario = .stable, schedule: Schedule = Schedule(at: 0),
    seed: UInt64 = 7, feature: String? = nil, rate: Double = 1_000
) throws -> [Record] {
    var traffic = try #require(
        Traffic(preset: preset, scenario: scenario, schedule: schedule, seed: seed, feature: feature))
    var bytes: [UInt8] = []
    for index in 0..<count {
        let elapsed = Double(index) / rate
        traffic.appendRecord(at: 1_767_225_600_000_000_000 + Int64(elapsed * 1e9), elapsed: elapsed, to: &bytes)
    }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    #expect(lines.count == count + 1 && lines.last?.isEmpty == true)
    return try lines.dropLast().map { line in
        Record(members: try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]))
    }
}

private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }

private func deviation(_ values: [Double]) -> Double {
    let center = mean(values)
    return mean(values.map { ($0 - center) * ($0 - center) }).squareRoot()
}

private func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let (meanA, meanB) = (mean(a), mean(b))
    return mean(zip(a, b).map { ($0 - meanA) * ($1 - meanB) }) / (deviation(a) * deviation(b))
}

private func logit(_ score: Double) -> Double { log(score / (1 - score)) }

@Suite struct TrafficTests {
    /// A seed decides every byte, and another seed other ones.
    @Test(arguments: Preset.allCases, Scenario.allCases)
    func seedDecidesTheStream(preset: Preset, scenario: Scenario) throws {
        func draw(seed: UInt64, asLines: Bool) throws -> [UInt8] {
            var traffic = try #require(
                Traffic(preset: preset, scenario: scenario, schedule: Schedule(at: 0.1), seed: seed))
            var bytes: [UInt8] = []
            for index in 0..<300 {
                let elapsed = Double(index) / 1_000
                if asLines {
                    traffic.appendLines(elapsed: elapsed, to: &bytes)
                } else {
                    traffic.appendRecord(at: Int64(index), elapsed: elapsed, to: &bytes)
                }
            }
            return bytes
        }
        for asLines in [false, true] {
            let first = try draw(seed: 1, asLines: asLines)
            #expect(try first == draw(seed: 1, asLines: asLines))
            #expect(try first != draw(seed: 2, asLines: asLines))
        }
    }

    /// The bytes of the first record are pinned: a change of the generator changes every demonstration and benchmark.
    @Test func firstRecordIsPinned() throws {
        var traffic = try #require(Traffic(preset: .fraud, scenario: .stable, seed: 42))
        var bytes: [UInt8] = []
        traffic.appendRecord(at: 1_767_225_600_123_456_789, elapsed: 0, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == Self.pinned)
    }

    private static let pinned = #"""
        {"ts":"2026-01-01T00:00:00.123Z","id":"bdd732262feb6e95","model":"fraud","version":"3","features":{"amount":\#
        270.86,"account_age_days":1768,"transactions_24h":3,"distance_km":11.4,"ip_risk":0.2161,"country":"DE",\#
        "merchant":"travel","device":"android"},"prediction":"approve","score":0.0110,"outcome":"approve",\#
        "latency_ms":12.219,"status":"success"}

        """#

    /// Every record is one JSON object of the simplest shape, whatever happens to it.
    @Test(arguments: Preset.allCases, Scenario.allCases)
    func recordsAreValid(preset: Preset, scenario: Scenario) throws {
        let expected = Set(preset.features)
        let drawn = try records(2_000, preset, scenario)
        for record in drawn {
            #expect(record.members["model"] as? String == preset.rawValue)
            #expect(record.members["version"] as? String == preset.version)
            #expect((record.members["id"] as? String)?.utf8.count == 16)
            #expect((record.members["ts"] as? String)?.hasPrefix("2026-01-01T00:00:0") == true)
            #expect((record.members["latency_ms"] as? NSNumber)?.doubleValue ?? 0 > 0)
            #expect(expected.isSuperset(of: record.features.keys))
        }
        #expect(Set(drawn.compactMap { $0.members["id"] as? String }).count == drawn.count)
        let statuses = Set(drawn.compactMap { $0.members["status"] as? String })
        #expect(statuses.isSuperset(of: ["success", "error"]))
        #expect(Set(["success", "error", "timeout", "rejected"]).isSuperset(of: statuses))
    }

    /// A numeric feature follows its marginal: the log of the amount is normal around log 42 with deviation 1.1.
    @Test func numericMarginals() throws {
        let drawn = try records(20_000, .fraud)
        let logs = drawn.compactMap { $0.number("amount") }.map { log($0) }
        // Four standard errors: 1.1 / sqrt(20,000) = 0.0078, and of the deviation 1.1 / sqrt(40,000) = 0.0055.
        #expect(abs(mean(logs) - log(42)) < 0.031)
        #expect(abs(deviation(logs) - 1.1) < 0.022)
        let risks = drawn.compactMap { $0.number("ip_risk") }
        #expect(risks.allSatisfy { (0...1).contains($0) })
    }

    /// A categorical feature has the shares it declares.
    @Test func categoricalMarginals() throws {
        let drawn = try records(20_000, .churn)
        let contracts = drawn.compactMap { $0.text("contract") }
        for (name, share) in [("monthly", 0.62), ("yearly", 0.3), ("prepaid", 0.08)] {
            let seen = Double(contracts.count { $0 == name }) / Double(contracts.count)
            #expect(abs(seen - share) < 4 * (share * (1 - share) / 20_000).squareRoot(), "\(name)")
        }
    }

    /// Features share a variable: amount (0.3) and ip_risk (0.6) correlate with 0.18 behind their marginals.
    @Test func featuresCorrelate() throws {
        let drawn = try records(20_000, .fraud)
        let amounts = drawn.compactMap { $0.number("amount") }.map { log($0) }
        let risks = drawn.compactMap { $0.number("ip_risk") }.map { logit(min(max($0, 1e-4), 1 - 1e-4)) }
        #expect(abs(correlation(amounts, risks) - 0.18) < 0.03)
    }

    /// The classifier is calibrated: among records with a score near s, a share s has the positive outcome.
    @Test func classifierIsCalibrated() throws {
        let drawn = try records(40_000, .churn).filter { !($0.members["prediction"] is NSNull) }
        for low in [0.1, 0.3, 0.5, 0.7] {
            let near = drawn.filter { record in
                let score = (record.members["score"] as? NSNumber)?.doubleValue ?? -1
                return (low..<low + 0.1).contains(score)
            }
            let positives = Double(near.count { $0.members["outcome"] as? String == "leave" }) / Double(near.count)
            #expect(near.count > 1_000)
            #expect(abs(positives - (low + 0.05)) < 0.06, "scores from \(low)")
        }
    }

    /// The price is a number with an outcome that is 8 % away in the middle.
    @Test func pricesHaveErrors() throws {
        let errors = try records(5_000, .price).compactMap { record -> Double? in
            guard let predicted = record.members["prediction"] as? NSNumber else { return nil }
            guard let actual = record.members["outcome"] as? NSNumber else { return nil }
            return log(actual.doubleValue / predicted.doubleValue)
        }
        #expect(errors.count > 4_900)
        #expect(abs(deviation(errors) - 0.08) < 0.004)
    }

    /// Drift shifts the preset's feature by one standard deviation and leaves every other signal where it was.
    @Test(arguments: Preset.allCases)
    func suddenDriftShiftsOneFeature(preset: Preset) throws {
        let target = preset.driftingFeature
        let before = try records(10_000, preset, seed: 1)
        let after = try records(10_000, preset, .suddenDrift, seed: 2)
        for feature in preset.features {
            guard before[0].features[feature] is NSNumber else {
                let names = Set(before.compactMap { $0.text(feature) })
                for name in names {
                    let shares = [before, after].map { drawn in
                        Double(drawn.count { $0.text(feature) == name }) / Double(drawn.count)
                    }
                    #expect(abs(shares[0] - shares[1]) < 0.03, "\(feature) = \(name)")
                }
                continue
            }
            let logs = [before, after].map { $0.compactMap { $0.number(feature) }.filter { $0 > 0 }.map { log($0) } }
            let shift = (mean(logs[1]) - mean(logs[0])) / deviation(logs[0])
            #expect(abs(shift - (feature == target ? 1 : 0)) < 0.06, "\(feature)")
        }
        let signals = [before, after].map { drawn in
            drawn.compactMap { record -> Double? in
                if preset == .price { return (record.members["prediction"] as? NSNumber).map { log($0.doubleValue) } }
                return (record.members["score"] as? NSNumber).map { logit(min(max($0.doubleValue, 5e-5), 1 - 5e-5)) }
            }
        }
        // 0.06 of the weight and four standard errors of a difference of means of 10,000 values.
        #expect(abs(mean(signals[1]) - mean(signals[0])) < 0.12 * deviation(signals[0]))
    }

    /// A categorical feature drifts by turning 40 % of its values into the rarest category.
    @Test func categoricalDrift() throws {
        let drawn = try records(20_000, .fraud, .suddenDrift, feature: "merchant")
        let rare = Double(drawn.count { $0.text("merchant") == "crypto" }) / Double(drawn.count)
        #expect(abs(rare - (0.05 * 0.6 + 0.4)) < 0.015)
    }

    /// Gradual drift grows along its ramp, and every drift ends when it should.
    @Test func scheduleOfDrift() throws {
        let schedule = Schedule(at: 10, until: 40, ramp: 20)
        let drawn = try records(25_000, .churn, .gradualDrift, schedule: schedule, rate: 500)
        let logs = drawn.map { ($0.number("monthly_charges")).map { log($0) } ?? 0 }
        func shift(from low: Int, to high: Int) -> Double { (mean(Array(logs[low..<high])) - log(39)) / 0.45 }
        #expect(abs(shift(from: 0, to: 5_000)) < 0.06)
        #expect(abs(shift(from: 5_000, to: 15_000) - 0.5) < 0.06)
        #expect(abs(shift(from: 15_000, to: 20_000) - 1) < 0.06)
        #expect(abs(shift(from: 20_000, to: 25_000)) < 0.06)
    }

    /// Broken values come with the declared shares, in the one feature only.
    @Test(arguments: Preset.allCases)
    func dataQuality(preset: Preset) throws {
        let target = preset.driftingFeature
        let drawn = try records(10_000, preset, .dataQuality)
        func share(_ matches: (Record) -> Bool) -> Double { Double(drawn.count(where: matches)) / Double(drawn.count) }
        #expect(abs(share { $0.features[target] is NSNull } - Scenario.brokenShares.null) < 0.015)
        #expect(abs(share { $0.features[target] == nil } - Scenario.brokenShares.lacking) < 0.009)
        #expect(abs(share { $0.text(target) == "n/a" } - Scenario.brokenShares.wrongType) < 0.009)
        #expect(abs(share { $0.number(target).map { $0 < 0 } == true } - Scenario.brokenShares.outOfRange / 2) < 0.007)
        for feature in preset.features where feature != target {
            #expect(drawn.allSatisfy { $0.features[feature] != nil && !($0.features[feature] is NSNull) }, "\(feature)")
        }
    }

    /// Answers get eight times slower in the middle, and a tenth of them time out.
    @Test func latencySpike() throws {
        func medianLatency(_ drawn: [Record]) -> Double {
            let all = drawn.compactMap { ($0.members["latency_ms"] as? NSNumber)?.doubleValue }.sorted()
            return all[all.count / 2]
        }
        let spike = try records(10_000, .fraud, .latencySpike)
        let normal = try records(10_000, .fraud)
        // The late tenth moves the median of the spike by some percent.
        #expect(abs(medianLatency(spike) / medianLatency(normal) / 8 - 1) < 0.15)
        let late = Double(spike.count { $0.members["status"] as? String == "timeout" }) / 10_000
        #expect(abs(late - 0.1) < 0.012)
    }

    /// A feature the preset lacks is refused.
    @Test func unknownFeature() {
        #expect(Traffic(preset: .fraud, scenario: .suddenDrift, feature: "rooms") == nil)
    }

    /// A name cannot break out of the record it stands in.
    @Test func namesAreEscaped() throws {
        var traffic = try #require(
            Traffic(preset: .fraud, scenario: .stable, model: "a\"b\\c\nd", version: "ü,|#"))
        var bytes: [UInt8] = []
        traffic.appendRecord(at: 0, elapsed: 0, to: &bytes)
        let object = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
        #expect(object?["model"] as? String == "a_b_c_d")
        #expect(object?["version"] as? String == "ü___")
    }

    /// Lines are DogStatsD: a name, a value, a type, tags; no null, no value of the wrong kind where nothing is broken.
    @Test(arguments: Preset.allCases)
    func linesAreStatsD(preset: Preset) throws {
        var traffic = try #require(Traffic(preset: preset, scenario: .stable))
        for _ in 0..<200 {
            var bytes: [UInt8] = []
            traffic.appendLines(elapsed: 0, to: &bytes)
            #expect(bytes.count < 1_432)
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            #expect(lines.count { $0.hasPrefix("model.feature:") } == preset.features.count)
            #expect(lines.count { $0.hasPrefix("model.prediction:") } == 1)
            #expect(lines.count { $0.hasPrefix("model.latency:") } == 1)
            for line in lines {
                let parts = line.split(separator: "|")
                #expect(parts.count == 3 && ["g", "s", "c", "ms"].contains(parts[1]))
                #expect(parts[2].hasPrefix("#model:\(preset.rawValue),version:\(preset.version)"))
            }
        }
    }
}
