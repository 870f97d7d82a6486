import Foundation
import Statistics
import TestKit
import Testing

/// The sequential detector against a prototype whose single tests were checked against
/// `scipy.stats.dirichlet_multinomial`.
@Suite struct EvidenceTests {
    struct Single: Decodable, Sendable, CustomStringConvertible {
        let name: String
        let reference: [UInt64]
        let counts: [Double]
        let orderedCount: Int
        let logEvidence: Double

        var description: String { name }
    }

    struct Stream: Decodable, Sendable, CustomStringConvertible {
        let name: String
        let reference: [UInt64]
        let ticks: [[UInt64]]
        let orderedCount: Int
        let half: [Double]
        /// `null` stands for −∞.
        let screened: [Double?]

        var description: String { name }
    }

    struct File: Decodable {
        let tests: [Single]
        let streams: [Stream]
    }

    static let golden = try? Golden.load("evidence", from: .module, as: File.self)

    @Test func goldensAreThere() throws {
        #expect(try #require(Self.golden).tests.count == 5)
        #expect(try #require(Self.golden).streams.count == 2)
    }

    @Test(arguments: golden?.tests ?? [])
    func single(_ example: Single) {
        let test = EvidenceTest(baseline: example.reference.map { Double($0) }, orderedCount: example.orderedCount)
        let found = test.logEvidence(example.counts, total: example.counts.reduce(0, +))
        #expect(found.isClose(to: example.logEvidence, within: 1e-9))
    }

    /// A detector that never fires, so that its evidence goes on as in the prototype.
    static func evidence(_ stream: Stream, screen: Double) -> [Double] {
        var settings = EvidenceSettings()
        settings.screen = screen
        settings.threshold = .infinity
        var detector = EvidenceDetector(
            reference: stream.reference, orderedCount: stream.orderedCount, settings: settings)
        var totals = [UInt64](repeating: 0, count: stream.reference.count)
        return stream.ticks.map { tick in
            for cell in tick.indices { totals[cell] += tick[cell] }
            detector.complete(totals)
            return detector.state.logEvidence
        }
    }

    @Test(arguments: golden?.streams ?? [])
    func stream(_ stream: Stream) {
        for (tick, (found, expected)) in zip(Self.evidence(stream, screen: 0), stream.half).enumerated() {
            #expect(found.isClose(to: expected, within: 1e-9), "tick \(tick)")
        }
        for (tick, (found, expected)) in zip(Self.evidence(stream, screen: 12), stream.screened).enumerated() {
            guard let expected else {
                #expect(found == -.infinity, "tick \(tick)")
                continue
            }
            #expect(found.isClose(to: expected, within: 1e-9), "tick \(tick)")
        }
    }

    // MARK: - Behaviour

    /// Running counts in deciles of a standard normal reference, tick by tick.
    struct Source {
        static let edges = [-1.2816, -0.8416, -0.5244, -0.2533, 0, 0.2533, 0.5244, 0.8416, 1.2816]
        var random: SplitMix64
        var totals = [UInt64](repeating: 0, count: 11)

        /// Seeds are spread: generators of neighbouring ones run through the same numbers, a step apart.
        init(seed: UInt64) { random = SplitMix64(seed: seed &* 0xD134_2543_DE82_EF95) }

        mutating func next(_ events: Int, shift: Double = 0, spread: Double = 1, missing: Double = 0) -> [UInt64] {
            for _ in 0..<events {
                if missing > 0, random.uniform() < missing {
                    totals[10] += 1
                } else {
                    let value = random.normal() * spread + shift
                    totals[Self.edges.count { $0 <= value }] += 1
                }
            }
            return totals
        }

        /// A sample of its own as a reference.
        static func reference(seed: UInt64, events: Int) -> [UInt64] {
            var source = Source(seed: seed)
            return source.next(events)
        }
    }

    /// Ticks of 100 events until the first alarm; `nil` if there is none within the limit.
    private func delay(
        _ detector: inout EvidenceDetector, _ source: inout Source, ticks: Int, shift: Double, spread: Double = 1,
        missing: Double = 0
    ) -> (ticks: Int, onset: Int)? {
        for tick in 1...ticks {
            let counts = source.next(100, shift: shift, spread: spread, missing: missing)
            if case .fired(let onset) = detector.complete(counts) { return (tick, onset) }
        }
        return nil
    }

    /// Median delays after 40 calm ticks, in ticks; the bounds are those of the prototype's table and a little more.
    @Test(
        arguments: [
            (0.25, 1, 0, 10), (0.5, 1, 0, 3), (1, 1, 0, 2), (0, 1.225, 0, 14), (0, 1, 0.05, 3),
        ] as [(Double, Double, Double, Int)])
    func delays(shift: Double, spread: Double, missing: Double, bound: Int) {
        var delays: [Int] = []
        for seed in 0..<7 {
            var detector = EvidenceDetector(
                reference: Source.reference(seed: 1_000 + UInt64(seed), events: 5_000), orderedCount: 10)
            var source = Source(seed: UInt64(seed))
            #expect(delay(&detector, &source, ticks: 40, shift: 0) == nil, "calm, seed \(seed)")
            let found = delay(&detector, &source, ticks: 100, shift: shift, spread: spread, missing: missing)
            delays.append(found?.ticks ?? .max)
            if let found { #expect(found.onset >= 24, "the onset is near tick 40: \(found.onset)") }
        }
        #expect(delays.sorted()[3] <= bound, "\(delays.sorted())")
    }

    /// Without drift: the expectation of the evidence after T ticks is at most T, whatever the reference's size.
    ///
    /// At most T / A of the runs reach A, so at A = 5,000 and 100 ticks at most 2 % do, and 16 runs have 3 with a
    /// probability of less than 0.4 %. `Tests/Benchmarks` has the full form.
    @Test(arguments: [100, 1_000, 20_000])
    func falseAlarms(referenceEvents: Int) {
        var settings = EvidenceSettings()
        settings.threshold = log(5_000.0)
        var alarms = 0
        for seed in 0..<16 {
            var detector = EvidenceDetector(
                reference: Source.reference(seed: 5_000 + UInt64(seed), events: referenceEvents), orderedCount: 10,
                settings: settings)
            var source = Source(seed: 9_000 + UInt64(seed))
            if delay(&detector, &source, ticks: 100, shift: 0) != nil { alarms += 1 }
        }
        #expect(alarms <= 2)
    }

    /// A drift is active as long as it lasts, ends some time after it, and comes as a new one when it comes again.
    @Test func episode() {
        var detector = EvidenceDetector(reference: Source.reference(seed: 7, events: 5_000), orderedCount: 10)
        var source = Source(seed: 8)
        func run(_ ticks: Int, _ shift: Double) -> [EvidenceDetector.Outcome] {
            (0..<ticks).map { _ in detector.complete(source.next(100, shift: shift)) }
        }
        #expect(run(60, 0).allSatisfy { $0 == .quiet })
        let during = run(80, 0.5)
        let first = during.firstIndex { $0 != .quiet } ?? .max
        #expect(first < 6)
        #expect(during.dropFirst(first + 1).allSatisfy { $0 == .active })
        let after = run(60, 0)
        #expect(after.contains(.resolved))
        let resolved = after.firstIndex(of: .resolved) ?? .max
        #expect((15...40).contains(resolved), "\(resolved)")
        #expect(after.dropFirst(resolved + 1).allSatisfy { $0 == .quiet })
        #expect(detector.logEvidenceIsLow)
        // The drift taught the second baseline nothing.
        let again = run(30, 0.5)
        #expect((again.firstIndex { $0 != .quiet } ?? .max) < 6)
    }

    /// A restored detector goes on exactly, and keeps little.
    @Test func restored() throws {
        let reference = Source.reference(seed: 11, events: 2_000)
        var detector = EvidenceDetector(reference: reference, orderedCount: 10)
        var source = Source(seed: 12)
        for tick in 0..<360 {
            detector.complete(source.next(100, shift: tick / 120 == 1 ? 0.4 : 0))
            #expect(detector.state.marks.count <= 20)
            guard tick % 41 == 0 else { continue }
            var twin = try #require(
                EvidenceDetector(reference: reference, orderedCount: 10, restoring: detector.state))
            let counts = source.next(100)
            var original = detector
            #expect(twin.complete(counts) == original.complete(counts))
            #expect(twin.state == original.state)
            detector = original
        }
    }

    /// States that contradict themselves or the reference are refused.
    @Test func hostileStates() {
        let reference = Source.reference(seed: 14, events: 1_000)
        var good = EvidenceDetector(reference: reference, orderedCount: 10)
        var source = Source(seed: 13)
        for _ in 0..<5 { good.complete(source.next(100)) }
        func isTaken(_ change: (inout EvidenceDetector.State) -> Void) -> Bool {
            var state = good.state
            change(&state)
            return EvidenceDetector(reference: reference, orderedCount: 10, restoring: state) != nil
        }
        #expect(isTaken { _ in })
        #expect(!isTaken { $0.marks = [] })
        #expect(!isTaken { $0.tick += 1 })
        #expect(!isTaken { $0.marks[0].counts[0] = .max })
        #expect(!isTaken { $0.marks[1].counts.removeLast() })
        #expect(!isTaken { $0.history.append(1) })
        #expect(!isTaken { $0.origin = -1 })
        #expect(!isTaken { $0.logEvidence = .nan })
        #expect(
            !isTaken {
                $0.episode = .init(
                    onset: $0.marks[$0.marks.count - 1], lastAlarm: 1, lastAlarmEvents: 0, longestGap: 0)
            })
    }

    /// Counts that fall, or are of another layout, change nothing.
    @Test func fallingCounts() {
        var detector = EvidenceDetector(reference: [100, 100, 0], orderedCount: 0)
        detector.complete([50, 50, 0])
        let before = detector.state
        #expect(detector.complete([49, 60, 0]) == .quiet)
        #expect(detector.complete([50, 60]) == .quiet)
        #expect(detector.state == before)
        #expect(detector.complete([.max, .max, .max]) != .resolved)
    }
}

extension EvidenceDetector {
    fileprivate var logEvidenceIsLow: Bool { state.logEvidence < 5 }
}
