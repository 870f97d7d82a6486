import Statistics
import TestKit
import Testing

/// What repeats leave of a sample's worth.
@Suite struct SampleWorthTests {
    /// n² / Σ g², whatever the order in which the groups come.
    @Test func worth() {
        var random = SplitMix64(seed: 7)
        var groups = [UInt64](repeating: 0, count: 40)
        var sample = SampleWorth()
        #expect(sample.ratio == 1)
        for _ in 0..<500 {
            let group = Int(random.next() % 40)
            sample.insert(earlier: groups[group])
            groups[group] += 1
        }
        let squares = groups.reduce(0) { $0 + Double($1 * $1) }
        #expect(sample.events == 500 && sample.repeats == 460)
        #expect(sample.ratio.isClose(to: 500 / squares, within: 1e-15))
        // Doubled throughout: half.
        var doubled = SampleWorth()
        for i in 0..<100 { doubled.insert(earlier: UInt64(i % 2)) }
        #expect(doubled.ratio == 0.5)
        var both = sample
        both.merge(doubled)
        #expect(both.since(sample) == doubled && sample.isBelow(both) && !both.isBelow(sample))
    }

    /// Rounding loses nothing over many small counts, and a sample without repeats stays as it is.
    @Test func deflated() {
        var sample = SampleWorth()
        for i in 0..<300 { sample.insert(earlier: UInt64(i % 3)) }
        #expect(sample.ratio.isClose(to: 1.0 / 3, within: 1e-15))
        var carried = 0.0
        var sums = [UInt64](repeating: 0, count: 3)
        for _ in 0..<1_000 {
            for (cell, count) in sample.deflated([1, 4, 5], carrying: &carried).enumerated() { sums[cell] += count }
        }
        #expect(sums.reduce(0, +) == 3_333 && carried >= 0 && carried < 1)
        for (sum, count) in zip(sums, [1_000.0, 4_000, 5_000]) { #expect(abs(Double(sum) - count / 3) < 1_000) }
        var calm = SampleWorth()
        calm.events = 10
        #expect(calm.deflated([1, 4, 5], carrying: &carried) == [1, 4, 5])
        // Nothing that a damaged state may hold is a trap.
        carried = .nan
        #expect(sample.deflated([.max, 0], carrying: &carried).count == 2)
    }

    /// The chi-square test on traffic that was all sent twice: wrong nearly half of the time as it comes, and at its
    /// level once the counts are brought down to what they are worth.
    @Test func doubledTraffic() throws {
        let null = CalibrationTests.Null("even", weights: CalibrationTests.even, reference: 1_000, window: 300)
        var random = SplitMix64(seed: 12)
        var alarms = (raw: 0, deflated: 0)
        var sample = SampleWorth()
        for i in 0..<600 { sample.insert(earlier: UInt64(i % 2)) }
        let runs = 2_000
        for _ in 0..<runs {
            let reference = null.draw(null.reference, &random)
            let doubled = null.draw(null.window, &random).map { 2 * $0 }
            var carried = 0.5
            let deflated = sample.deflated(doubled, carrying: &carried)
            let (raw, fair) = (
                try #require(TwoSampleCounts(reference: reference, current: doubled)),
                try #require(TwoSampleCounts(reference: reference, current: deflated))
            )
            // χ² of 9 degrees of freedom passes 16.92 in 5 % of samples.
            if ChiSquare(raw).statistic > 16.92 { alarms.raw += 1 }
            if ChiSquare(fair).statistic > 16.92 { alarms.deflated += 1 }
        }
        #expect((0.3...0.5).contains(Double(alarms.raw) / Double(runs)), "\(alarms)")
        #expect((0.035...0.065).contains(Double(alarms.deflated) / Double(runs)), "\(alarms)")
    }
}
