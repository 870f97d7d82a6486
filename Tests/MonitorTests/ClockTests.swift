import Events
import Monitor
import TestKit
import Testing

/// Timestamps that are wrong, and time that passes without events.
@Suite struct ClockTests {
    private static func event(_ seconds: Double) -> TestEvent {
        var random = SplitMix64(seed: 1)
        return TestEvent(
            timestamp: TestHistory.epoch + Int64(seconds * 1e9), cells: TestHistory.cells(&random))
    }

    private static func windows(_ monitor: inout Monitor, at now: Instant) -> [UInt64] {
        monitor.cut(at: now).snapshot.models.first?.windows.map(\.events) ?? []
    }

    /// One timestamp a year ahead or from 1970 changes no window, wherever it comes.
    @Test(arguments: [3e7, -1.7e9], [0, 1, 2, 3, 50, 99])
    func oneOutlier(offset: Double, place: Int) throws {
        var monitor = Monitor(settings: testSettings, at: TestHistory.instant(0))
        for i in 0..<100 {
            let event = Self.event(Double(i) + (i == place ? offset : 0))
            monitor.apply(EventBatch.of([event]), at: TestHistory.instant(Double(i)))
        }
        let model = try #require(monitor.cut(at: TestHistory.instant(100)).snapshot.models.first)
        #expect(model.predictions[0] == 100)
        #expect(model.windows.allSatisfy { (96...100).contains($0.events) }, "\(model.windows.map(\.events))")
        #expect(model.lateEvents <= 3)
        let last = try #require(model.lastPrediction)
        #expect(last <= TestHistory.epoch + 500 * 1_000_000_000 || place < 2)
    }

    /// A burst of future timestamps amid honest ones takes no event out of a window, in one batch or in many.
    @Test(arguments: [2, 3, 10, 900], [false, true]) func futureBurst(length: Int, isOneBatch: Bool) throws {
        var monitor = Monitor(settings: testSettings, at: TestHistory.instant(0))
        let events = (0..<length + 200).map { i in
            let isFuture = (100..<100 + length).contains(i)
            return Self.event(isFuture ? 3e7 : Double(i < 100 ? i : i - length) / 4)
        }
        for batch in isOneBatch ? [events] : events.map({ [$0] }) {
            monitor.apply(EventBatch.of(batch), at: TestHistory.instant(50))
        }
        let model = try #require(monitor.cut(at: TestHistory.instant(50)).snapshot.models.first)
        #expect(model.lateEvents == 0)
        #expect(model.predictions[0] == UInt64(length) + 200)
        // Those of the future are in the pane that is as far ahead as one may be.
        #expect(model.windows.allSatisfy { $0.events == 200 }, "\(model.windows.map(\.events))")
    }

    /// Where the events come in at the wrong time first, as from a buffer of hours ago, and this host's clock is behind
    /// too, a thousand that agree are believed; where that was false, sixteen that agree with the clock are.
    @Test func futureThatStays() throws {
        var monitor = Monitor(settings: testSettings, at: TestHistory.instant(0))
        let apply = { (seconds: Double, count: Int) in
            monitor.apply(EventBatch.of((0..<count).map { _ in Self.event(seconds) }), at: TestHistory.instant(0))
            return Self.windows(&monitor, at: TestHistory.instant(0))
        }
        #expect(apply(0, 10) == [10, 10, 10, 10])
        #expect(apply(40_000, 1_000) == [10, 10, 10, 10])
        #expect(apply(40_000, 10).first.map { (1...20).contains($0) } == true)
        #expect(apply(40_000, 100).last == 1_120)
        #expect(apply(0, 17).first.map { $0 > 1_000 } == true)
    }

    /// An idle model's windows run empty by the time that passes, the short ones first.
    @Test func idle() {
        var monitor = Monitor(settings: testSettings, at: TestHistory.instant(0))
        monitor.apply(EventBatch.of((0..<10).map { Self.event(Double($0)) }), at: TestHistory.instant(10))
        #expect(Self.windows(&monitor, at: TestHistory.instant(69)) == [10, 10, 10, 10])
        #expect(Self.windows(&monitor, at: TestHistory.instant(240)) == [10, 10, 10, 10])
        #expect(Self.windows(&monitor, at: TestHistory.instant(400)) == [0, 10, 10, 10])
        #expect(Self.windows(&monitor, at: TestHistory.instant(4_000)) == [0, 0, 10, 10])
        #expect(Self.windows(&monitor, at: TestHistory.instant(90_000)) == [0, 0, 0, 10])
    }

    /// Replayed events of the past keep their windows while they come, whatever the wall clock says.
    @Test func replay() {
        var monitor = Monitor(settings: testSettings, at: TestHistory.instant(1e6))
        for i in 0..<10 {
            let batch = EventBatch.of((0..<60).map { Self.event(Double(i * 60 + $0)) })
            monitor.apply(batch, at: TestHistory.instant(1e6 + Double(i)))
        }
        // Minutes 0 to 9; the watermark is in the last one.
        #expect(Self.windows(&monitor, at: TestHistory.instant(1e6 + 10)) == [300, 600, 600, 600])
    }

    /// After a restart, the time that passed meanwhile counts once no events come.
    @Test func restart() {
        var first = Monitor(settings: testSettings, at: TestHistory.instant(0))
        first.apply(EventBatch.of((0..<10).map { Self.event(Double($0)) }), at: TestHistory.instant(10))
        let state = first.cut(at: TestHistory.instant(20)).state
        // Two hours later; the monotonic clock begins anew.
        let wall = TestHistory.instant(7_200).wall
        var second = Monitor(settings: testSettings, restoring: state, at: Instant(wall: wall, monotonic: 0))
        #expect(Self.windows(&second, at: Instant(wall: wall, monotonic: 30_000_000_000)) == [10, 10, 10, 10])
        #expect(Self.windows(&second, at: Instant(wall: wall, monotonic: 61_000_000_000)) == [0, 0, 10, 10])
    }

    /// Events without a timestamp live by arrival, and a wall clock that steps moves nothing.
    @Test(arguments: [-3_600.0, 3_600.0, -1e9]) func wallClockSteps(step: Double) {
        var monitor = Monitor(settings: testSettings, at: TestHistory.instant(0))
        for i in 0..<100 {
            var event = Self.event(0)
            event.timestamp = EventBatch.noTimestamp
            var now = TestHistory.instant(Double(i))
            if i >= 50 { now.wall += Int64(step * 1e9) }
            monitor.apply(EventBatch.of([event]), at: now)
        }
        var now = TestHistory.instant(100)
        now.wall += Int64(step * 1e9)
        #expect(Self.windows(&monitor, at: now) == [100, 100, 100, 100])
    }

    /// Timestamps at the ends of the integers neither trap nor stop the clock.
    @Test func extremes() throws {
        var monitor = Monitor(settings: testSettings, at: TestHistory.instant(0))
        for i in 0..<60 {
            var event = Self.event(Double(i))
            if i % 4 == 0 { event.timestamp = .max }
            if i % 4 == 2 { event.timestamp = .min + 1 }
            monitor.apply(EventBatch.of([event]), at: TestHistory.instant(Double(i)))
        }
        let model = try #require(monitor.cut(at: TestHistory.instant(60)).snapshot.models.first)
        #expect(model.predictions[0] == 60)
        var late = Instant(wall: .max, monotonic: .max)
        monitor.advance(to: late)
        late.wall = .min
        _ = monitor.cut(at: late)
    }
}
