import ArgumentParser
import Events
import Foundation
import Logging
import Monitor
import Synchronization
import Testing

@testable import Daemon

@Suite struct CommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ arguments: String...) throws {
        var command = try Telltale.parseAsRoot(arguments)
        try command.run()
    }

    private func simulate(_ name: String, _ more: String...) throws -> [UInt8] {
        var command = try Telltale.parseAsRoot(
            [
                "simulate", "sudden-drift", "--fast", "--rate", "1000", "--duration", "2", "--start", "1767225600",
                "--at", "1", "--output", folder.file(name),
            ] + more)
        try command.run()
        return try #require(folder.bytes(name))
    }

    /// Equal arguments give equal files; another seed another one; a second run appends.
    @Test func simulationIsReproducible() throws {
        let first = try simulate("a", "--seed", "5")
        #expect(first.count { $0 == UInt8(ascii: "\n") } == 2_000)
        #expect(first.starts(with: Array(#"{"ts":"2026-01-01T00:00:00.000Z""#.utf8)))
        #expect(try simulate("b", "--seed", "5") == first)
        #expect(try simulate("c", "--seed", "6") != first)
        #expect(try simulate("a", "--seed", "5") == first + first)
    }

    @Test(arguments: [
        ["--rate", "0"], ["--rate", "nan"], ["--duration=-1"], ["--fast"],
        ["--output", "x", "--udp", "127.0.0.1:1"],
        ["--format", "statsd"], ["--feature", "none"], ["--at", "inf"],
    ])
    func simulationRefuses(arguments: [String]) throws {
        var command = try Telltale.parseAsRoot(["simulate", "stable"] + arguments)
        let failure = try #require(throws: Failure.self) { try command.run() }
        #expect(failure.status == 2)
    }

    @Test func referenceOfSeveralModels() throws {
        let lines = (0..<200).map { #"{"model":"m\#($0 % 2)","features":{"x":\#($0)},"prediction":"p"}"# + "\n" }
        let log = try folder.write(lines.joined(), to: "log.jsonl")
        let output = folder.file("ref.json")
        let failure = try #require(throws: Failure.self) { try run("reference", "build", "--output", output, log) }
        #expect(failure.status == 2 && failure.message.contains("m0, m1") && failure.message.contains("--model"))
        #expect(folder.bytes("ref.json") == nil)
        try run("reference", "build", "--output", output, "--model", "m1", log)
        let reference = try ReferenceFile.load(path: output)
        #expect(reference.model == "m1" && reference.events == 100)
        let none = try #require(throws: Failure.self) {
            try run("reference", "build", "--output", output, "--model", "m2", log)
        }
        #expect(none.message.contains("no record is of the model m2"))
    }

    @Test func unknownArgumentsAreUsageErrors() {
        #expect(throws: (any Error).self) { try Telltale.parseAsRoot(["run", "--frobnicate"]) }
        #expect(throws: (any Error).self) { try Telltale.parseAsRoot(["run", "--log-level", "loud"]) }
    }

    /// Every command explains itself with an example.
    @Test func helpTeaches() {
        for command in [
            RunCommand.helpMessage(), CheckConfigCommand.helpMessage(), ReferenceCommand.Build.helpMessage(),
            ReferenceCommand.Inspect.helpMessage(), SimulateCommand.helpMessage(), Telltale.helpMessage(),
        ] { #expect(command.contains("  telltale "), "\(command)") }
    }

    /// Rejections are one line per source and interval, by reason and count.
    @Test func rejectionsAreSummedUp() {
        let lines = Mutex([String]())
        let (log, _) = Log.make(
            LogConfiguration(), sink: { line in lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } })
        let rejections = RejectionLog(log: log, sources: ["file:a"])
        let batch = EventBatch(source: 0, schema: Schema(signals: []), rowCapacity: 1, byteCapacity: 1)
        rejections.note(batch)
        rejections.flushIfDue(at: 1)
        for _ in 0..<1_000 { batch.receipt.reject(.malformedJSON) }
        batch.receipt.drop(.queueFull)
        for _ in 0..<3 { rejections.note(batch) }
        rejections.flushIfDue(at: 2)
        rejections.note(batch)
        rejections.flushIfDue(at: 3)
        #expect(lines.withLock { $0.count } == 1)
        #expect(lines.withLock { $0.first?.contains("malformed_json=3000 queue_full=3 source=file:a") } == true)
        rejections.flushIfDue(at: 2 + RejectionLog.interval)
        #expect(lines.withLock { $0.count } == 2)
    }
}
