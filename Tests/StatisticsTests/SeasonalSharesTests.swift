import Statistics
import TestKit
import Testing

/// Shares by the hour of the week, and the detector that compares each window with those of its hours.
@Suite struct SeasonalSharesTests {
    /// Ten ordered cells and one for missing values; a level that moves through the day, less so at the weekend.
    private struct Traffic {
        static let cellCount = 11
        var random: SplitMix64
        /// Events per hour.
        var rate = 60

        static func level(ofHour hour: Int32) -> Double {
            let isWeekend = hour / 24 % 7 > 4
            return Double(abs(hour % 24 - 12)) / (isWeekend ? 24 : 8)
        }

        mutating func cell(at level: Double) -> UInt16 {
            UInt16(min(9, max(0, 2 + 1.5 * level + 2 * random.normal())))
        }

        mutating func hours(_ range: Range<Int32>, level: (Int32) -> Double) -> (cells: [UInt16], hours: [Int32]) {
            var (cells, hours): ([UInt16], [Int32]) = ([], [])
            for hour in range {
                for _ in 0..<rate {
                    cells.append(cell(at: level(hour)))
                    hours.append(hour)
                }
            }
            return (cells, hours)
        }
    }

    private func shares(_ sample: (cells: [UInt16], hours: [Int32])) -> SeasonalShares? {
        SeasonalShares(of: sample.cells, hours: sample.hours, cellCount: Traffic.cellCount, orderedCount: 10)
    }

    @Test func daily() throws {
        var traffic = Traffic(random: SplitMix64(seed: 3))
        let sample = traffic.hours(0..<672, level: Traffic.level)
        let found = try #require(shares(sample))
        #expect((16...1_024).contains(found.weight), "\(found.weight)")
        #expect(found.counts.count == 168 * Traffic.cellCount && found.counts.reduce(0, +) == 672 * 60)
        // Four weeks of 60 events an hour and the weight of the whole.
        let worth = try #require(found.effectiveEvents)
        #expect(worth <= found.weight + 240 + 60 && worth >= 150, "\(worth)")
        let pooled = BaselineWobble.effectiveEvents(
            of: sample.cells, cellCount: Traffic.cellCount, orderedCount: 10)
        #expect(try #require(pooled) < worth / 4, "without hours the level itself is wobble")
    }

    /// Hours that are alike are pooled, and so are those whose differences do not come back.
    @Test func pooled() throws {
        var traffic = Traffic(random: SplitMix64(seed: 5))
        #expect(shares(traffic.hours(0..<672) { _ in 1 }) == nil)
        var levels = SplitMix64(seed: 6)
        let random = (0..<672).map { _ in levels.normal() }
        let found = shares(traffic.hours(0..<672) { random[Int($0)] })
        #expect(found.map { $0.weight >= 256 } ?? true, "\(found?.weight ?? 0)")
        // A constant never differs.
        #expect(shares((cells: [UInt16](repeating: 3, count: 672), hours: (0..<672).map { Int32($0) })) == nil)
    }

    /// One week predicts nothing, and events without an hour are left out.
    @Test func tooShort() {
        var traffic = Traffic(random: SplitMix64(seed: 7))
        let week = traffic.hours(0..<168, level: Traffic.level)
        #expect(shares(week) == nil)
        #expect(shares((week.cells, week.hours.map { _ in Int32.min })) == nil)
        #expect(shares(([], [])) == nil)
        #expect(shares(([1], [])) == nil)
        // The ends of the range of hours do no harm.
        #expect(shares(([1, 2], [Int32.min + 1, Int32.max])) == nil)
    }

    /// p(h) = (κ p + n(h)) / (κ + |n(h)|); an hour without events has the shares of the whole.
    @Test func shrinkage() {
        var counts = [UInt64](repeating: 0, count: 336)
        (counts[2], counts[3]) = (30, 10)
        let shares = SeasonalShares.shares(counts: counts, reference: [50, 150], weight: 40)
        #expect(shares.count == 336)
        #expect(shares[0] == 0.25 && shares[1] == 0.75)
        #expect(abs(shares[2] - (10 + 30) / 80.0) < 1e-15 && abs(shares[3] - (30 + 10) / 80.0) < 1e-15)
        #expect(SeasonalShares.shares(counts: counts, reference: [0, 0], weight: 40).isEmpty)
        #expect(SeasonalShares.shares(counts: [1], reference: [1, 1], weight: 40).isEmpty)
    }

    // MARK: The detector

    /// Counts and expectations of a stretch of hours, tick by tick, until an alarm.
    private func alarm(
        _ sample: (cells: [UInt16], hours: [Int32]), reference: SeasonalShares, knowsHours: Bool
    ) -> Int? {
        let cellCount = Traffic.cellCount
        var pooled = [UInt64](repeating: 0, count: cellCount)
        for (place, count) in reference.counts.enumerated() { pooled[place % cellCount] += count }
        let shares = SeasonalShares.shares(counts: reference.counts, reference: pooled, weight: reference.weight)
        var settings = EvidenceSettings()
        settings.limit = reference.effectiveEvents.map { Double($0) } ?? .infinity
        var detector = EvidenceDetector(
            reference: pooled, orderedCount: 10, hasSeasons: knowsHours, settings: settings)
        var counts = [UInt64](repeating: 0, count: cellCount)
        var expected = [Double](repeating: 0, count: cellCount)
        for (place, (cell, hour)) in zip(sample.cells, sample.hours).enumerated() {
            counts[Int(cell)] += 1
            let slot = Int(hour % 168) * cellCount
            for cell in 0..<cellCount { expected[cell] += shares[slot + cell] }
            guard (place + 1) % 100 == 0,
                let tick = detector.tick(counts, expected: knowsHours ? expected : [])
            else { continue }
            if case .fired = detector.complete(tick) { return place + 1 }
        }
        return nil
    }

    /// Days and weeks are no drift to who knows the hours, for weeks on end; a shift of all of them is.
    @Test(arguments: [UInt64(11), 12, 13]) func seasons(seed: UInt64) throws {
        var traffic = Traffic(random: SplitMix64(seed: seed &* 0x9E37_79B9_97F4_A7C1))
        let reference = try #require(shares(traffic.hours(0..<672, level: Traffic.level)))
        let calm = traffic.hours(0..<1_008, level: Traffic.level)
        #expect(alarm(calm, reference: reference, knowsHours: true) == nil)
        #expect(alarm(calm, reference: reference, knowsHours: false) != nil)
        let moved = traffic.hours(0..<168) { Traffic.level(ofHour: $0) + 0.7 }
        let delay = try #require(alarm(moved, reference: reference, knowsHours: true))
        #expect(delay <= 1_500, "\(delay)")
        // A day that comes at the wrong hour is drift, although the day as a whole is as ever.
        let late = traffic.hours(0..<168) { Traffic.level(ofHour: $0 + 6) }
        #expect(alarm(late, reference: reference, knowsHours: true) != nil)
    }

    /// However long it runs, a detector keeps at most 20 marks and three more arrays: 2 KB for eleven cells, 4 KB with
    /// hours.
    @Test(arguments: [false, true]) func memory(hasSeasons: Bool) throws {
        let cellCount = 11
        let reference = [UInt64](repeating: 500, count: cellCount)
        var detector = EvidenceDetector(reference: reference, orderedCount: 10, hasSeasons: hasSeasons)
        var random = SplitMix64(seed: 4)
        var counts = [UInt64](repeating: 0, count: cellCount)
        var largest = 0
        for tick in 1...1_500 {
            for _ in 0..<100 { counts[Int(random.next() % 11)] += 1 }
            let expected = [Double](repeating: Double(tick) * 100 / 11, count: hasSeasons ? cellCount : 0)
            detector.complete(try #require(detector.tick(counts, expected: expected)))
            let state = detector.state
            let marks = state.marks + [state.resumed] + (state.episode.map { [$0.onset] } ?? [])
            let numbers = marks.reduce(state.history.count + state.historyExpected.count) {
                $0 + $1.counts.count + $1.expected.count
            }
            largest = max(largest, numbers * 8)
        }
        #expect(largest <= (hasSeasons ? 2 : 1) * 23 * cellCount * 8, "\(largest) bytes")
    }

    /// What the hours expect is part of what is saved, and checked.
    @Test func restoring() throws {
        func detector() -> EvidenceDetector {
            EvidenceDetector(reference: [50, 30, 20], orderedCount: 3, hasSeasons: true)
        }
        func restored(_ change: (inout EvidenceDetector.State) -> Void) throws -> EvidenceDetector? {
            var detector = detector()
            let tick = try #require(detector.tick([60, 30, 10], expected: [50, 30, 20]))
            detector.complete(tick)
            var state = detector.state
            change(&state)
            return EvidenceDetector(reference: [50, 30, 20], orderedCount: 3, hasSeasons: true, restoring: state)
        }
        #expect(try restored { _ in } != nil)
        #expect(try restored { $0.historyExpected = [] } == nil)
        #expect(try restored { $0.historyExpected[0] = -.infinity } == nil)
        #expect(try restored { $0.marks[1].expected = [] } == nil)
        #expect(try restored { $0.marks[1].expected[0] = -1 } == nil)
        #expect(try restored { $0.marks[0].expected[0] = 51 } == nil)
        #expect(detector().tick([60, 30, 10]) == nil, "a tick has to say what was expected")
    }
}
