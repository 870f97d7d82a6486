import Events
import Testing

@testable import Ingest

/// The turns of a tail's thread, taken one by one.
private struct LoopHarness: ~Copyable {
    let files = SimulatedFileSystem()
    let queue = BatchQueue()
    let pool = BatchPool(source: 0)
    var loop: TailLoop
    var ledger = Ledger()
    var events: [SourceEvent] = []
    var now: Int64 = 0

    init(schema: SourceSchema = .infer, resume: [FilePosition] = [], startAt: StartAt = .beginning) {
        queue.register(pool)
        let settings = TailSettings(path: TailHarness.path)
        let logs = TailHarness.logs(settings, files: files, resume: resume, startAt: startAt)
        loop = TailLoop(logs: logs, schema: schema, pool: pool, queue: queue)
    }

    /// Looks, then takes turns until nothing is left to do; `milliseconds` pass before.
    mutating func run(after milliseconds: Int64 = 0) {
        now += milliseconds * 1_000_000
        loop.look(now: now)
        var turns = 0
        repeat {
            turns += 1
            while let batch = queue.next(deadline: 0) {
                ledger.apply(batch)
                queue.recycle(batch)
            }
        } while !loop.step(now: now) && turns < 1_000
        while let batch = queue.next(deadline: 0) {
            ledger.apply(batch)
            queue.recycle(batch)
        }
        events += loop.takeEvents()
    }
}

@Suite("A tail without a schema")
struct InferenceTests {
    @Test("A thousand records are enough at once; fewer wait for a second of quiet", arguments: [1, 999, 1_000, 5_000])
    func quiet(count: Int) {
        var tail = LoopHarness()
        tail.files.append(lines(1...count), to: TailHarness.path)
        tail.run()
        #expect((tail.loop.schema != nil) == (count >= 1_000))
        tail.run(after: 999)
        #expect((tail.loop.schema != nil) == (count >= 1_000))
        tail.run(after: 1)
        #expect(tail.loop.schema?.signals.map(\.name) == ["seq"])
        #expect(tail.ledger.isExact(count))
        #expect(tail.events.count { if case .schemaInferred = $0 { true } else { false } } == 1)
    }

    @Test("A log that trickles is not waited for beyond five seconds")
    func trickle() {
        var tail = LoopHarness()
        for seq in 1...20 {
            tail.files.append(lines(seq...seq), to: TailHarness.path)
            tail.run(after: 500)
            #expect((tail.loop.schema != nil) == (seq >= 11))
        }
        #expect(tail.ledger.isExact(20))
    }

    @Test("A log rotated while its records are gathered is read from its first line")
    func rotated() {
        var tail = LoopHarness()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.run()
        tail.files.rotate(TailHarness.path)
        tail.files.append(lines(11...20), to: TailHarness.path)
        tail.run(after: 100)
        tail.run(after: 1_000)
        #expect(tail.ledger.isExact(20))
    }

    @Test("A log rewritten while its records are gathered is inferred from what it holds then")
    func rewritten() {
        var tail = LoopHarness(startAt: .end)
        tail.files.append(lines(500...600), to: TailHarness.path)
        tail.run()
        tail.files.append(lines(601...610), to: TailHarness.path)
        tail.run(after: 100)
        tail.files.rewrite(TailHarness.path, Array(lines(1...400).utf8))
        for _ in 0..<3 { tail.run(after: 1_000) }
        #expect(tail.ledger.isExact(400))
        #expect(tail.ledger.receipt.truncations == 1)
    }

    @Test("Lines without anything to measure are rejected, they alone, and sampling goes on")
    func nothingToMeasure() {
        var tail = LoopHarness()
        tail.files.append("hello\n\n{}\n", to: TailHarness.path)
        tail.run()
        tail.run(after: 1_000)
        #expect(tail.events.contains(.schemaNotInferred(records: 2)))
        #expect(tail.ledger.receipt.received == 3)
        #expect(tail.ledger.receipt.accepted == 0)
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.run(after: 1_000)
        tail.run(after: 1_000)
        #expect(tail.ledger.isExact(10))
        #expect(tail.ledger.receipt.received == 13)
        #expect(tail.ledger.receipt.isBalanced)
    }

    @Test("A hole or a line beyond all limits at the start does not end it", arguments: [UInt8(0), UInt8(ascii: "x")])
    func unusableStart(byte: UInt8) {
        var tail = LoopHarness()
        tail.files.append([UInt8](repeating: byte, count: 1_500_000), to: TailHarness.path)
        tail.run()
        tail.run(after: 1_000)
        tail.files.append("\n" + lines(1...10), to: TailHarness.path)
        for _ in 0..<4 { tail.run(after: 1_000) }
        #expect(tail.ledger.isExact(10))
        #expect(tail.ledger.receipt.accepted == 10)
    }

    @Test("The position is known before the schema is")
    func position() {
        var tail = LoopHarness(startAt: .end)
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.run()
        #expect(tail.ledger.positions.values.map(\.offset) == [UInt64(lines(1...10).utf8.count)])
    }

    @Test("The lag is what is not read, and for how long")
    func lag() {
        var tail = LoopHarness()
        tail.files.append(lines(1...10), to: TailHarness.path)
        tail.run()
        #expect(tail.loop.unread == UInt64(lines(1...10).utf8.count))
        tail.run(after: 500)
        #expect(tail.loop.lagSeconds == 0.5)
        #expect(tail.loop.activity == (.inferring, ""))
        tail.run(after: 500)
        #expect(tail.loop.unread == 0)
        #expect(tail.loop.lagSeconds == 0)
        #expect(tail.loop.activity == (.reading, ""))
        #expect(tail.loop.openFiles == 1)
    }
}
