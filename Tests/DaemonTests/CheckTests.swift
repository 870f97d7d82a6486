import ArgumentParser
import Foundation
import Monitor
import Statistics
import TestKit
import Testing

@testable import Daemon

/// `telltale check`: one look at files against a reference.
@Suite struct CheckTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Records whose `amount` is moved by `shift` standard deviations.
    private func log(
        _ name: String, seed: UInt64, count: Int = 2_000, shift: Double = 0, model: String = "m",
        edit: (Int, String) -> String = { $1 }
    ) throws -> String {
        var random = SplitMix64(seed: seed)
        let lines = (0..<count).map { i -> String in
            let amount = random.normal() + shift
            let country = random.uniform() < 0.3 ? "DE" : "FR"
            let fields = #""features":{"amount":\#(amount),"country":"\#(country)"},"prediction":"p\#(i % 3)""#
            return edit(i, #"{"model":"\#(model)","version":"\#(i % 2)",\#(fields)}"#) + "\n"
        }
        return try folder.write(lines.joined(), to: name)
    }

    private func reference() throws -> String {
        let output = folder.file("ref.json")
        var command = try Telltale.parseAsRoot([
            "reference", "build", "--output", output, try log("before.jsonl", seed: 1, count: 5_000),
        ])
        try command.run()
        return output
    }

    private func status(_ arguments: [String]) throws -> Int32 {
        var command = try Telltale.parseAsRoot(["check"] + arguments)
        do {
            try command.run()
            return 0
        } catch let code as ExitCode {
            return code.rawValue
        } catch let failure as Failure {
            return failure.status
        }
    }

    private func findings(_ path: String) throws -> [String: ReferenceCheck.Finding] {
        let reference = try ReferenceFile.load(path: try self.reference())
        let check = ReferenceCheck(reference, gates: .init())
        try RecordFile(path: path, schema: nil, reference: reference, accept: check.add).read()
        return Dictionary(uniqueKeysWithValues: check.findings().findings.map { ($0.name, $0) })
    }

    @Test func exitStatus() throws {
        let reference = try reference()
        let same = try log("same.jsonl", seed: 2)
        let moved = try log("moved.jsonl", seed: 3, shift: 0.5)
        #expect(try status(["--reference", reference, same]) == 0)
        #expect(try status(["--reference", reference, same, "--format", "json"]) == 0)
        #expect(try status(["--reference", reference, moved]) == 1)
        #expect(try status(["--reference", reference, moved, "--format", "json"]) == 1)
        #expect(try status(["--reference", reference, moved, "--effect", "10"]) == 0)
        #expect(try status(["--reference", reference, same, moved, "--effect", "0.02"]) == 1)
    }

    @Test(arguments: [
        ["--false-alarms", "0"], ["--false-alarms", "1"], ["--effect", "nan"], ["--minimum-events", "0"],
        ["--reference", "/nowhere/ref.json"],
    ])
    func refuses(arguments: [String]) throws {
        let all = (arguments.contains("--reference") ? [] : ["--reference", try reference()]) + arguments
        let file = try log("same.jsonl", seed: 2)
        #expect(try status(all + [file]) == 2)
    }

    /// Hours of the week: a day of nights is drift, a day is none, although both differ from the whole.
    @Test func hours() throws {
        var random = SplitMix64(seed: 9)
        func log(_ name: String, _ hours: Range<Int>, movedBy move: Int = 0) throws -> String {
            let lines = hours.flatMap { hour in
                (0..<40).map { i in
                    let time = Timestamps.text(Int64(1_767_571_200 + (hour + move) * 3_600 + i) * 1_000_000_000)
                    let amount = random.normal() + (hour % 24 < 12 ? 0 : 2)
                    return #"{"ts":"\#(time)","model":"m","features":{"amount":\#(amount)},"prediction":"p"}"# + "\n"
                }
            }
            return try folder.write(lines.joined(), to: name)
        }
        let weeks = try log("weeks.jsonl", 0..<336)
        func build(_ arguments: String...) throws {
            var command = try Telltale.parseAsRoot(
                ["reference", "build", "--output", folder.file("ref.json")] + arguments)
            try command.run()
        }
        try build("--hour-of-week", "--utc-offset", "+01:00", weeks)
        let reference = try ReferenceFile.load(path: folder.file("ref.json"))
        #expect(reference.utcOffset == 3_600 && reference.signals.first { $0.name == "amount" }?.hours != nil)
        let morning = try log("morning.jsonl", 600..<608)
        let night = try log("night.jsonl", 600..<608, movedBy: 12)
        #expect(try status(["--reference", folder.file("ref.json"), morning]) == 0)
        #expect(try status(["--reference", folder.file("ref.json"), night]) == 1)
        try build(weeks)
        #expect(try status(["--reference", folder.file("ref.json"), morning]) == 1, "nights are lacking")
        // Less than two weeks, no times, no zone.
        for arguments in [
            [try log("week.jsonl", 0..<300)], [try self.log("x.jsonl", seed: 1)], ["--utc-offset", "CET", weeks],
        ] {
            var command = try Telltale.parseAsRoot(
                ["reference", "build", "--hour-of-week", "--output", folder.file("no.json")] + arguments)
            let failure = try #require(throws: Failure.self) { try command.run() }
            #expect(failure.status == 2)
            #expect(folder.bytes("no.json") == nil)
        }
    }

    @Test func oneSignalDrifts() throws {
        let found = try findings(try log("moved.jsonl", seed: 3, shift: 0.5))
        #expect(found["amount"]?.verdict == .drifted)
        #expect(found["country"]?.verdict == .stable && found["prediction"]?.verdict == .stable)
        #expect(found["amount"]?.values == 2_000, "versions count together")
        let wasserstein = try #require(found["amount"]?.drift?.wasserstein)
        #expect(abs(wasserstein - 0.5) < 0.1)
        #expect(found["country"]?.moved == [])
        let moved = try #require(found["amount"]?.moved.first)
        #expect(moved.cell == 9 && moved.part > 0 && abs(moved.currentShare - 0.2) < 0.04, "\(moved)")
        let shift = try #require(found["amount"]?.shift)
        #expect(abs((shift.mean?.difference ?? 0) - 0.5) < 0.1 && shift.quantiles.count == 3)
    }

    @Test func significantAndSmall() throws {
        let found = try findings(try log("moved.jsonl", seed: 4, count: 40_000, shift: 0.15))
        #expect(found["amount"]?.verdict == .small)
    }

    @Test func aFeatureIsGone() throws {
        let path = try log("gone.jsonl", seed: 5) { $1.replacingOccurrences(of: #","country":"#, with: #","land":"#) }
        let country = try #require(try findings(path)["country"])
        #expect(country.verdict == .drifted && country.missing == 2_000)
    }

    @Test func aFeatureHasAnotherType() throws {
        let path = try log("typed.jsonl", seed: 6) { i, line in
            i % 10 == 0 ? line.replacingOccurrences(of: #""amount":"#, with: #""amount":"n/a","was":"#) : line
        }
        let amount = try #require(try findings(path)["amount"])
        #expect(amount.verdict == .invalid && amount.invalid == 200)
    }

    @Test func tooFewAndOtherModels() throws {
        let reference = try reference()
        #expect(try status(["--reference", reference, try log("few.jsonl", seed: 7, count: 40)]) == 2)
        #expect(try status(["--reference", reference, try log("other.jsonl", seed: 7, model: "n")]) == 2)
    }

    /// Records without drift fail the check as rarely as promised: at most 1 in 100.
    @Test func falseAlarms() throws {
        let reference = try ReferenceFile.load(path: try reference())
        var gates = ReferenceCheck.Gates()
        gates.effect = 0
        var alarms = 0
        for seed in 0..<100 {
            let path = try log("calm.jsonl", seed: 100 + UInt64(seed), count: 400)
            let check = ReferenceCheck(reference, gates: gates)
            try RecordFile(path: path, schema: nil, reference: reference, accept: check.add).read()
            if check.findings().findings.contains(where: { $0.verdict == .drifted }) { alarms += 1 }
        }
        // More than 5 has a probability below 0.1 % at a rate of 1 %.
        #expect(alarms <= 5)
    }
}
