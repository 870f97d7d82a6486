import Sketches
import Testing

@testable import Monitor

/// The recent past, part by part.
@Suite struct AgedRingTests {
    static func count(_ ring: AgedRing<DistinctCounter>, at now: Int64) -> Double { ring.recent(at: now).estimate }

    @Test func partsAreForgottenOneByOne() {
        var ring = AgedRing<DistinctCounter>(age: 50, parts: 5)
        for i in 0..<5 { ring.update(at: Int64(i) * 10) { $0.insert(hash: UInt64(i + 1) << 32 | 7) } }
        #expect(Self.count(ring, at: 40) == 5)
        #expect((0..<6).map { Self.count(ring, at: 49 + 10 * $0) } == [5, 4, 3, 2, 1, 0])
        // What was forgotten is gone when the ring goes on.
        ring.update(at: 75) { $0.insert(hash: 99 << 32 | 7) }
        #expect(Self.count(ring, at: 75) == 3)
        ring.update(at: 10_000) { $0.insert(hash: 98 << 32 | 7) }
        #expect(Self.count(ring, at: 10_000) == 1)
    }

    /// A clock that goes back changes the newest part.
    @Test func timeMayGoBack() {
        var ring = AgedRing<DistinctCounter>(age: 20, parts: 2)
        ring.update(at: 1_000) { $0.insert(hash: 1 << 32 | 7) }
        ring.update(at: 0) { $0.insert(hash: 2 << 32 | 7) }
        #expect(Self.count(ring, at: 0) == 2 && Self.count(ring, at: 1_000) == 2)
    }

    /// Whatever a state says, time is only compared.
    @Test(arguments: [Int64.min, Int64.min + 1, -7_500_000_000_000_000_000, -1, 0, Int64.max])
    func anyInstantIsTaken(since: Int64) throws {
        for now in [Int64.min, -1, 0, 1_767_225_600_000_000_000, Int64.max] {
            var ring = try #require(
                AgedRing<DistinctCounter>(parts: [.empty, .empty, .empty], head: 1, since: since, length: 1))
            _ = Self.count(ring, at: now)
            ring.update(at: now) { $0.insert(hash: 1 << 32 | 7) }
            #expect(ring.parts.indices.contains(ring.head))
        }
        #expect(AgedRing<DistinctCounter>(parts: [], head: 0, since: nil, length: 1) == nil)
        #expect(AgedRing<DistinctCounter>(parts: [.empty], head: 1, since: nil, length: 1) == nil)
        #expect(AgedRing<DistinctCounter>(parts: [.empty], head: 0, since: nil, length: 0) == nil)
    }
}
