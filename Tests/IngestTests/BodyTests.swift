import Events
import TestKit
import Testing

@testable import Ingest

/// An intake of bodies and the queue behind it.
private struct BodyHarness {
    let queue = BatchQueue()
    let pool = BatchPool(source: 0)
    let intake: BodyIntake
    var receipt = Receipt()
    var rows = 0
    var unexpected: UInt64 = 0

    init(_ schema: SourceSchema = .fixed(TailHarness.schema)) {
        queue.register(pool)
        intake = BodyIntake(schema: schema, settings: BodySettings(name: "test"), pool: pool, queue: queue)
        intake.isOpen = true
    }

    func take(_ text: String, now: Int64 = 0) -> BodyAnswer {
        let lines = Array(text.utf8)
        return intake.take(lines, records: lines.count { $0 == 0x0A }, now: now)
    }

    mutating func apply(recycling: Bool = true) {
        while let batch = queue.next(deadline: 0) {
            receipt.add(batch.receipt)
            rows += batch.rowCount
            unexpected += batch.unexpectedFields
            if recycling { queue.recycle(batch) }
        }
    }
}

private func counts(_ answer: BodyAnswer) -> Receipt {
    if case .taken(let receipt) = answer { return receipt }
    Issue.record("\(answer)")
    return Receipt()
}

@Suite("Bodies become batches")
struct BodyTests {
    @Test("Each body is told what became of its own records, and batches gather many bodies")
    func answered() {
        var harness = BodyHarness()
        for _ in 0..<10 {
            let answer = counts(harness.take("{\"seq\":1}\n{\"seq\":2,\"more\":1}\n\n{broken\n[]\n"))
            #expect(answer.accepted == 2)
            #expect(answer.received == 5)
            #expect(answer.rejected[Int(RejectionReason.malformedJSON.rawValue)] == 1)
            #expect(answer.rejected[Int(RejectionReason.notAnObject.rawValue)] == 1)
            #expect(answer.isBalanced)
        }
        #expect(harness.queue.count == 0)
        _ = harness.intake.tick(now: 100_000_000)
        #expect(harness.queue.count == 1)
        harness.apply()
        #expect(harness.rows == 20)
        #expect(harness.unexpected == 10)
        #expect(harness.receipt.received == 50)
        #expect(harness.receipt.isBalanced)
    }

    @Test("A body of many records fills many batches", arguments: [999, 1_000, 1_001, 10_000])
    func large(records: Int) {
        var harness = BodyHarness()
        #expect(counts(harness.take("{\"seq\":0}\n")).accepted == 1)
        let body = (1...records).map { "{\"seq\":\($0)}\n" }.joined()
        #expect(counts(harness.take(body)).accepted == UInt64(records))
        harness.intake.finish(now: 0)
        harness.apply()
        #expect(harness.rows == records + 1)
        #expect(harness.receipt.accepted == UInt64(records) + 1)
        #expect(harness.receipt.bytesRead == UInt64(body.utf8.count) + 10)
    }

    @Test("The largest body there may be finds room in empty batches")
    func largest() {
        var harness = BodyHarness()
        let line = "{\"seq\":1,\"text\":\"" + String(repeating: "x", count: 130_000) + "\"}\n"
        let body = String(repeating: line, count: IngestLimits.bodyBytes / line.utf8.count)
        let small = String(repeating: "{\"seq\":1}\n", count: 9_000)
        #expect(counts(harness.take(body)).accepted == UInt64(IngestLimits.bodyBytes / line.utf8.count))
        harness.apply()
        #expect(counts(harness.take(small)).accepted == 9_000)
    }

    @Test("A body that does not find room is dropped whole, and what came before it stays")
    func full() {
        var harness = BodyHarness()
        let body = String(repeating: "{\"seq\":1,\"more\":2}\n", count: 9_500)
        var taken = 0
        while case .taken(let answer) = harness.take(body) { taken += Int(answer.accepted) }
        #expect(taken == 3 * 9_500)
        #expect(harness.take(body) == .full(records: 9_500))
        // What is small still finds room.
        #expect(counts(harness.take("{\"seq\":1}\n")).accepted == 1)
        harness.intake.finish(now: 0)
        harness.apply()
        #expect(harness.rows == taken + 1)
        #expect(harness.unexpected == UInt64(taken))
        #expect(harness.receipt.accepted == UInt64(taken) + 1)
        #expect(harness.receipt.dropped[Int(DropReason.queueFull.rawValue)] == 2 * 9_500)
        #expect(harness.receipt.isBalanced)
        // And once the monitor is done, the same body is taken.
        harness.intake.isOpen = true
        #expect(counts(harness.take(body)).accepted == 9_500)
    }

    @Test("A line that no batch holds is rejected, and the ones around it are not")
    func overlong() {
        var harness = BodyHarness()
        let long = "{\"seq\":1,\"text\":\"" + String(repeating: "x", count: EventLimits.batchBytes) + "\"}\n"
        let answer = counts(harness.take("{\"seq\":1}\n" + long + "{\"seq\":2}\n"))
        #expect(answer.accepted == 2)
        #expect(answer.rejected[Int(RejectionReason.lineTooLong.rawValue)] == 1)
        harness.intake.finish(now: 0)
        harness.apply()
        #expect(harness.rows == 2)
        #expect(harness.receipt.isBalanced)
    }

    @Test("Records are held until their schema is known, and none is lost")
    func inferring() {
        var harness = BodyHarness(.infer)
        for index in 1...20 { #expect(harness.take("{\"seq\":\(index).5}\n", now: Int64(index)) == .held(records: 1)) }
        #expect(harness.intake.isInferring)
        #expect(harness.intake.tick(now: 2_000_000_000))
        #expect(harness.intake.schema?.signals.map(\.name) == ["seq"])
        #expect(counts(harness.take("{\"seq\":1}\n")).accepted == 1)
        harness.intake.finish(now: 0)
        harness.apply()
        #expect(harness.rows == 21)
        #expect(harness.receipt.received == 21)
    }

    @Test("Records without anything to measure are rejected, and the next ones are looked at")
    func notInferred() {
        var harness = BodyHarness(.infer)
        #expect(harness.take("{}\n{}\n", now: 1) == .held(records: 2))
        _ = harness.intake.tick(now: 2_000_000_000)
        harness.apply()
        #expect(harness.receipt.rejected[Int(RejectionReason.noSignal.rawValue)] == 2)
        #expect(harness.take("{\"seq\":1}\n", now: 3_000_000_000) == .held(records: 1))
        harness.intake.finish(now: 4_000_000_000)
        harness.apply()
        #expect(harness.rows == 1)
        #expect(harness.take("{\"seq\":1}\n") == .stopped)
    }
}
