import Monitor
import TestKit
import Testing

@testable import Monitor

/// The table of what waits, against a list.
@Suite struct WaitingTableTests {
    private static func prediction(_ id: UInt64, _ arrival: UInt32) -> PendingPrediction {
        PendingPrediction(id: id, time: Int64(arrival), number: Double(id), predicted: -1, arrival: arrival)
    }

    /// Whatever is added and removed, the table holds what a list holds, in the same order.
    @Test(arguments: 0..<UInt64(8)) func againstAList(seed: UInt64) {
        var random = SplitMix64(seed: 1_000_003 * (seed + 1))
        var table = WaitingTable<PendingPrediction>()
        var list: [PendingPrediction] = []
        for step in 0..<4_000 {
            // Few low bits, so that the index has long runs, over its end too.
            let id = (random.next() % 8) << 32 | (seed % 2 == 0 ? random.next() % 61 : 63) + 1
            let known = list.firstIndex { $0.id == id }
            switch random.next() % 5 {
            case 0..<3 where known == nil:
                let element = Self.prediction(id, UInt32(step))
                table.insert(element)
                list.append(element)
            case 3:
                if let place = table.place(of: id) {
                    #expect(table.remove(at: place) == known.map { list.remove(at: $0) })
                }
            case 4 where random.next() % 8 == 0:
                #expect(table.removeOldest() == (list.isEmpty ? nil : list.removeFirst()))
            default: break
            }
            #expect(table.count == list.count)
            #expect((table.place(of: id) == nil) == !list.contains { $0.id == id })
            if step % 100 == 0 { #expect(table.inOrder == list) }
        }
        #expect(table.inOrder == list && table.oldest == list.first)
        while let oldest = table.removeOldest() { #expect(oldest == list.removeFirst()) }
        #expect(list.isEmpty)
    }

    /// Only those are expired that waited longer than they should.
    @Test func expiry() {
        var table = WaitingTable<PendingPrediction>()
        for second in 1...5 { table.insert(Self.prediction(UInt64(second), UInt32(second))) }
        #expect(table.removeOldest(before: 1) == nil)
        #expect(table.removeOldest(before: 3)?.id == 1 && table.removeOldest(before: 3)?.id == 2)
        #expect(table.removeOldest(before: 3) == nil && table.count == 3)
    }

    /// Two of one identifier are told apart by the test.
    @Test func sameIdentifier() {
        var table = WaitingTable<PendingPrediction>()
        table.insert(Self.prediction(7, 1))
        table.insert(Self.prediction(7, 2))
        let second = table.place(of: 7) { $0.arrival == 2 }
        #expect(second.map { table[$0].arrival } == 2)
        #expect(table.place(of: 7) { $0.arrival == 3 } == nil)
    }

    /// A state file cannot make the table hold what could not have been waiting.
    @Test func restoring() {
        let good = [Self.prediction(1, 5), Self.prediction(2, 5), Self.prediction(3, 6)]
        #expect(WaitingTable(pending: good)?.inOrder == good)
        #expect(WaitingTable(pending: good + [Self.prediction(1, 7)]) == nil)
        #expect(WaitingTable(pending: good + [Self.prediction(0, 7)]) == nil)
        #expect(WaitingTable(pending: good + [Self.prediction(4, 5)]) == nil)
        var early = Self.prediction(4, 7)
        early.time = .min
        #expect(WaitingTable(pending: good + [early]) == nil)
    }
}
