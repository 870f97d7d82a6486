import Foundation
import Statistics
import TestKit
import Testing

/// The classical detectors against river, value by value.
@Suite struct ClassicalDetectorTests {
    struct Probe: Decodable, Sendable {
        let index: Int
        let numbers: [Double]
    }

    struct Expected: Decodable, Sendable {
        let detector: String
        let driftAt: [Int]
        let probes: [Probe]
    }

    struct Stream: Decodable, Sendable, CustomStringConvertible {
        let name: String
        let digits: String?
        let values: [Double]?
        let expected: [Expected]

        var description: String { name }
        var numbers: [Double] { values ?? (digits ?? "").utf8.map { Double($0) - 48 } }
    }

    struct File: Decodable {
        let source: String
        let streams: [Stream]
    }

    static let golden = try? Golden.load("detectors", from: .module, as: File.self)

    static func detector(_ name: String) -> (any ClassicalDetector)? {
        switch name {
        case "ADWIN": AdaptiveWindow()
        case "PageHinkley": PageHinkley()
        case "DDM": ErrorRate()
        case "EDDM": ErrorDistance()
        case "HDDM_A": HoeffdingMean()
        case "HDDM_W": HoeffdingWeighted()
        default: nil
        }
    }

    /// What river shows of its state, as places in ours.
    static func shown(_ name: String, _ state: [Double]) -> [Double] {
        switch name {
        case "ADWIN": Array(state[0..<3])
        case "PageHinkley": Array(state[1..<6])
        case "DDM": Array(state[1..<4])
        default: []
        }
    }

    @Test func goldensAreThere() throws { #expect(try #require(Self.golden).streams.count == 6) }

    /// Alarms come at the very values, and the numbers behind them agree; a restart anywhere changes nothing.
    @Test(arguments: golden?.streams ?? [])
    func river(_ stream: Stream) throws {
        let numbers = stream.numbers
        for expected in stream.expected {
            var detector = try #require(Self.detector(expected.detector))
            var found: [Int] = []
            var probes = expected.probes[...]
            for (index, value) in numbers.enumerated() {
                if detector.insert(value) { found.append(index) }
                if let probe = probes.first, probe.index == index {
                    probes.removeFirst()
                    for (mine, theirs) in zip(Self.shown(expected.detector, detector.state), probe.numbers) {
                        #expect(mine.isClose(to: theirs, within: 1e-9), "\(expected.detector) \(index)")
                    }
                }
                if index % 997 == 500 {
                    var twin = try #require(Self.detector(expected.detector))
                    let isRestored = twin.restore(detector.state)
                    #expect(isRestored, "\(expected.detector) \(index)")
                    #expect(twin.state == detector.state && twin.score == detector.score)
                    detector = twin
                }
                #expect(detector.score >= 0)
            }
            #expect(probes.isEmpty && found == expected.driftAt, "\(expected.detector)")
        }
    }

    /// KSWIN of river draws with Python's generator; ours agrees in the test and in how often it is wrong.
    @Test func kolmogorov() {
        // scipy.stats.ks_2samp of two samples of 30 with distances of 13, 14 and 15 in 30.
        #expect(KolmogorovWindow.probability(14).isClose(to: 0.002_530_062_236_269_84, within: 1e-12))
        #expect(KolmogorovWindow.probability(15).isClose(to: 0.000_899_577_684_017_68, within: 1e-12))
        #expect(KolmogorovWindow.probability(16).isClose(to: 0.000_293_340_549_136_206, within: 1e-12))
        #expect(KolmogorovWindow.probability(0) == 1 && KolmogorovWindow.probability(31) == 0)
        var detector = KolmogorovWindow()
        var random = SplitMix64(seed: 3)
        var alarms = 0
        for _ in 0..<40_000 where detector.insert(random.normal()) { alarms += 1 }
        #expect((25...90).contains(alarms), "\(alarms)")
        var delay = 0
        for _ in 0..<100 {
            delay += 1
            if detector.insert(random.normal() + 2) { break }
        }
        #expect(delay <= 30)
        var constant = KolmogorovWindow()
        for _ in 0..<500 where constant.insert(7) { Issue.record("an alarm about nothing") }
    }

    private func alarms(_ detector: inout some ClassicalDetector, _ values: [Double]) -> [Int] {
        var alarms: [Int] = []
        for (index, value) in values.enumerated() where detector.insert(value) { alarms.append(index) }
        return alarms
    }

    /// Known values of the charts by hand.
    @Test func charts() {
        var sum = CumulativeSum(allowance: 0.5, threshold: 2)
        let found1 = alarms(&sum, [1, 1, 1.5])
        #expect(found1 == [])
        #expect(sum.score == 2)
        let found2 = alarms(&sum, [0.75, -1])
        #expect(found2 == [0])
        #expect(sum.score == 0.5)
        var average = MovingAverage(weight: 0.5, threshold: 1.2)
        let found3 = alarms(&average, [1])
        #expect(found3 == [])
        #expect(average.score.isClose(to: 1, within: 1e-12))
        // Z = 1.25, σ = √(1/3 (1 − 1/16)).
        let found4 = alarms(&average, [2])
        #expect(found4 == [0])
        #expect(average.score.isClose(to: 1.25 / 0.559_016_994_374_947_5, within: 1e-12))
        let found5 = alarms(&average, [0])
        #expect(found5 == [])
    }

    /// States that no detector gave change nothing, and what comes later traps nowhere.
    @Test func hostileStates() throws {
        var random = SplitMix64(seed: 6)
        let fresh: [any ClassicalDetector] = [
            CumulativeSum(threshold: 5), PageHinkley(), MovingAverage(threshold: 3), AdaptiveWindow(),
            KolmogorovWindow(), ErrorRate(), ErrorDistance(), HoeffdingMean(), HoeffdingWeighted(),
        ]
        for original in fresh {
            var worn = original
            for i in 0..<300 { _ = worn.insert(i % 7 == 0 ? 1 : 0) }
            for _ in 0..<400 {
                var state = worn.state
                let place = Int(random.next() % UInt64(state.count))
                state[place] = [.nan, .infinity, -1, 0, 1e300, 0.5, 3, -.infinity][Int(random.next() % 8)]
                if random.next() % 5 == 0 { state.removeLast() }
                if random.next() % 9 == 0 { state.append(1) }
                var victim = original
                if !victim.restore(state) { #expect(victim.state == original.state) }
                for i in 0..<80 { _ = victim.insert(i % 3 == 0 ? 1 : 0) }
                _ = victim.score
            }
        }
    }

    /// Thresholds from a run length: known values, and the runs that come of them.
    @Test func runLengths() {
        // The measured mean run of a two-sided CUSUM with k = 0.5 and h = 5 is about 465.
        #expect(RunLength.cumulativeSum(allowance: 0.5, runLength: 465).isClose(to: 5, within: 0.01))
        #expect(RunLength.cumulativeSum(allowance: 0, runLength: 1_000) > 10)
        // Lucas and Saccucci 1990: w = 0.1 and L = 2.814 run 500 values on average.
        #expect(abs(RunLength.movingAverage(weight: 0.1, runLength: 500) - 2.814) < 0.01)
        var random = SplitMix64(seed: 21)
        func run(_ detector: some ClassicalDetector) -> Double {
            var (detector, alarms) = (detector, 0)
            for _ in 0..<150_000 where detector.insert(random.normal()) { alarms += 1 }
            return 150_000 / Double(max(1, alarms))
        }
        let wanted = 1_000.0
        for found in [
            run(CumulativeSum(threshold: RunLength.cumulativeSum(allowance: 0.5, runLength: wanted))),
            run(MovingAverage(threshold: RunLength.movingAverage(weight: 0.1, runLength: wanted))),
            run(
                PageHinkley(
                    allowance: 0.1, threshold: RunLength.cumulativeSum(allowance: 0.1, runLength: wanted), memory: 1)),
        ] { #expect((700...1_900).contains(found), "\(found)") }
    }
}
