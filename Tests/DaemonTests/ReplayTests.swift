import ArgumentParser
import Catalog
import Events
import Exposition
import Foundation
import Monitor
import TestKit
import Testing

@testable import Daemon

/// `telltale replay`: the past through the same code.
@Suite struct ReplayTests {
    private let folder: TemporaryFolder
    private static let second: Int64 = 1_000_000_000

    init() throws { folder = try TemporaryFolder() }

    // MARK: The clock

    @Test func clock() {
        func times(_ stamps: [Int64]) -> [Int64] {
            let first = stamps.prefix(ReplayClock.firstRecords).map { $0 * Self.second }
            guard var clock = ReplayClock(first: first) else { return [] }
            return stamps.indices.map { place in
                let next = place + 1 < stamps.count ? stamps[place + 1] * Self.second : nil
                return clock.advance(to: stamps[place] * Self.second, next: next) / Self.second
            }
        }
        #expect(times([]) == [])
        // In order: each at its own time. Late ones turn nothing back.
        #expect(times([5, 6, 90, 91, 92]) == [5, 6, 90, 91, 92])
        #expect(times([5, 6, 90, 91, 80, 92, 93]) == [5, 6, 90, 90, 91, 92, 93])
        // A single stray, near or far, moves nothing; neither does one at the very beginning or the end.
        #expect(times([5, 6, 4_000_000_000, 7, 8]) == [5, 6, 7, 8, 8])
        #expect(times([5, 6, 0, 7, 8]) == [5, 5, 6, 7, 8])
        #expect(times([0, 1_700_000_000, 1_700_000_001, 1_700_000_002]).first == 1_700_000_000)
        #expect(times([5, 6, 1_000]) == [5, 6, 6])
        // A leap is believed once enough records say so.
        let leap = times([Int64](repeating: 5, count: 20) + [Int64](repeating: 1_000_000, count: 20))
        #expect(leap[34] == 5 && leap[35] == 1_000_000, "\(leap)")
        #expect(times([.min / Self.second, .max / Self.second]).count == 2)
    }

    // MARK: The same as live

    private static let schema = Schema(
        signals: [
            Signal(name: "x", role: .feature, kind: .numeric), Signal(name: "k", role: .feature, kind: .categorical),
        ], timestamp: ["ts"])

    /// A second of traffic; `x` is shifted in the middle.
    private static func events(second number: Int, _ random: inout SplitMix64) -> [TestEvent] {
        let begin = TestHistory.epoch + Int64(number) * second
        let shift = (60..<100).contains(number) ? 0.6 : 0
        return (1...200).map { i in
            let x = random.normal() + shift
            return TestEvent(
                timestamp: begin + Int64(i) * 5_000_000,
                cells: [.number(x), .text(random.uniform() < 0.3 ? "a" : "b")])
        }
    }

    private static func line(_ event: TestEvent) -> String {
        let x = event.cells[0].number ?? 0
        return
            #"{"ts":"\#(Timestamps.text(event.timestamp))","features":{"x":\#(x),"k":"\#(event.cells[1].text ?? "")"}}"#
            + "\n"
    }

    private func replay(_ paths: [String], history: HistoryFile? = nil) throws -> Replay.Outcome {
        let sources = try ReplayFiles(files: paths, outcomes: [], preset: nil, model: nil).sources(Configuration())
        var replay = Replay(
            sources: sources, settings: MonitorSettings(), interval: Self.second, step: 10 * Self.second,
            history: history, progress: nil)
        return try replay.run()
    }

    /// A monitor that was fed and cut every second raises the same alarms at the same moments, with the same effect.
    @Test func alarmsAreThoseOfLiveTraffic() throws {
        var random = SplitMix64(seed: 77)
        var settings = MonitorSettings()
        settings.sources = ["live"]
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        var (lines, raised, over): (String, [Int], [Int]) = ("", [], [])
        var effect: DriftEffect?
        for number in 0..<160 {
            let events = Self.events(second: number, &random)
            lines += events.map(Self.line).joined()
            let now = TestHistory.instant(Double(number + 1))
            monitor.apply(EventBatch.of(events, schema: Self.schema), at: now)
            let signals = monitor.cut(at: now).snapshot.models.first?.signals ?? []
            let drifted = signals.contains { $0.evidence?.isDrifted == true }
            if drifted, raised.count == over.count {
                raised.append(number + 1)
                effect = signals.first { $0.name == "x" }?.evidence?.effect
            }
            if !drifted, raised.count > over.count { over.append(number + 1) }
        }
        let outcome = try replay([try folder.write(lines, to: "log.jsonl")])
        #expect(raised.count == 1 && over.count == 1, "\(raised) \(over)")
        let alarm = try #require(outcome.alarms.first)
        #expect(outcome.alarms.count == 1 && alarm.raised.name == "x")
        // The time of a verdict is that of the newest record but one, 5 ms before the tick.
        func tick(_ time: Int64) -> Double { (Double(time - TestHistory.epoch) / 1e9).rounded(.up) }
        #expect(tick(alarm.raised.time) == Double(raised[0]))
        #expect(alarm.end.map(tick) == Double(over[0]))
        #expect(alarm.raised.effect == effect)
        let onset = try #require(alarm.raised.onset)
        #expect(abs((onset - TestHistory.epoch) / Self.second - 60) <= 2)
        #expect(outcome.rows == 32_000 && outcome.predictions == 32_000)
    }

    /// Rotated and compressed parts, in any order on the command line, are one log.
    @Test func partsAreOneLog() throws {
        var random = SplitMix64(seed: 78)
        let seconds = (0..<80).map { Self.events(second: $0, &random).map(Self.line).joined() }
        let whole = try folder.write(seconds.joined(), to: "log.jsonl")
        let old = folder.file("log.jsonl.2.gz")
        let compressed = try #require(Gzip.compress(Array(seconds[..<30].joined().utf8)))
        try Data(compressed).write(to: URL(fileURLWithPath: old))
        let middle = try folder.write(seconds[30..<55].joined(), to: "log.jsonl.1")
        let new = try folder.write(seconds[55...].joined(), to: "log.jsonl.0")
        let expected = try replay([whole])
        #expect(expected.alarms.count == 1)
        let found = try replay([middle, new, old])
        #expect(found.alarms == expected.alarms && found.rows == expected.rows && found.begin == expected.begin)
    }

    // MARK: The history

    private func history(_ name: String, recordLimit: Int) throws -> HistoryFile {
        try HistoryFile(
            path: folder.file(name), families: Catalog.historyFamilies, stepSeconds: 10, recordLimit: recordLimit)
    }

    /// Value of a series by its time in seconds since the epoch of the test.
    private static func series(_ name: String, _ labels: String, in text: String) -> [Int64: Double] {
        var values: [Int64: Double] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix(name + "{") && line.contains(labels) {
            let words = line.split(separator: " ")
            if words.count >= 3, let time = Int64(words[words.count - 1]), let value = Double(words[words.count - 2]) {
                values[time - TestHistory.epoch / second] = value
            }
        }
        return values
    }

    /// However little memory there is, the file is the same; steps show exactly what had come by then.
    @Test func historyIsExact() throws {
        var random = SplitMix64(seed: 79)
        let lines = (0..<80).map { Self.events(second: $0, &random).map(Self.line).joined() }.joined()
        let log = try folder.write(lines, to: "log.jsonl")
        let large = try history("large.om", recordLimit: HistoryFile.recordLimit)
        _ = try replay([log], history: large)
        try large.finish()
        let small = try history("small.om", recordLimit: 500)
        _ = try replay([log], history: small)
        try small.finish()
        let bytes = try #require(folder.bytes("large.om"))
        #expect(folder.bytes("small.om") == bytes)
        #expect(folder.names == ["log.jsonl", "large.om", "small.om"], "nothing is left behind")
        #expect(large.steps == 8 && large.bytes == UInt64(bytes.count))
        let text = String(decoding: bytes, as: UTF8.self)
        let predictions = Self.series("model_predictions_total", #"status="success""#, in: text)
        let wanted = (0...8).map { (step: Int64) in (step * 10, Double(step) * 2_000) }
        #expect(predictions == Dictionary(uniqueKeysWithValues: wanted))
        let drifted = Self.series("model_feature_drifted", #"feature="x""#, in: text)
        #expect(drifted[60] == 0 && drifted[70] == 1 && drifted[80] == 1, "\(drifted)")
        let lines2 = text.split(separator: "\n")
        #expect(lines2.count { $0.hasPrefix("# EOF") } == 1 && lines2.last == "# EOF")
        let families = lines2.filter { $0.hasPrefix("# TYPE ") }
        #expect(Set(families).count == families.count)
    }

    /// A pause is time in which nothing comes: samples go on, and windows run empty.
    @Test func pauses() throws {
        var random = SplitMix64(seed: 80)
        let begin = Self.events(second: 0, &random).map(Self.line).joined()
        let end = Self.events(second: 3_600, &random).map(Self.line).joined()
        let file = try history("h.om", recordLimit: 10_000)
        _ = try replay([try folder.write(begin + end, to: "log.jsonl")], history: file)
        try file.finish()
        #expect(file.steps == 361)
        let text = String(decoding: try #require(folder.bytes("h.om")), as: UTF8.self)
        let window = Self.series("model_window_events", #"window="5m""#, in: text)
        #expect(window[10] == 200 && window[290] == 200 && window[400] == 0 && window[3_600] == 0)
        #expect(window[3_610] == 200)
    }

    // MARK: Outcomes

    /// Outcomes of another file meet their predictions when they came, not before.
    @Test func outcomesComeLater() throws {
        let predictions = (0..<600).map { i in
            let time = Timestamps.text(TestHistory.epoch + Int64(i) * 100_000_000)
            return #"{"ts":"\#(time)","id":"\#(i)","features":{"x":\#(i)},"prediction":"a"}"# + "\n"
        }
        let outcomes = (0..<600).map { i in
            let time = Timestamps.text(TestHistory.epoch + Int64(i) * 100_000_000 + 30 * Self.second)
            return #"{"ts":"\#(time)","id":"\#(i)","outcome":"\#(i % 4 == 0 ? "b" : "a")"}"# + "\n"
        }
        let log = try folder.write(predictions.joined(), to: "log.jsonl")
        let truth = try folder.write(outcomes.joined(), to: "outcomes.jsonl")
        let output = folder.file("h.om")
        var command = try Telltale.parseAsRoot([
            "replay", "--outcomes", truth, "--output", output, "--step", "10s", "--label", "job=telltale", log,
        ])
        try command.run()
        let text = String(decoding: try #require(folder.bytes("h.om")), as: UTF8.self)
        let joined = Self.series("model_outcomes_total", #"result="joined""#, in: text)
        #expect(joined[20] == 0 && joined[30] == 1 && joined[40] == 101 && joined[90] == 600, "\(joined)")
        #expect(text.contains(#"model_outcome_delay_seconds_sum{job="telltale",model="default",version=""} 18000 "#))
        let accuracy = Self.series("model_performance", #"metric="accuracy",window="5m""#, in: text)
        #expect(accuracy[90] == 0.75)
    }

    // MARK: Refusals

    @Test(arguments: [
        ["--step", "0s"], ["--step", "1500ms"], ["--step", "2d"], ["--step", "x"], ["--label", "job=x"],
        ["--output", "-"], ["--output", "/nowhere/h.om"], ["--preset", "none"], ["--reference", "/nowhere"],
        ["--config", "/nowhere"], ["--outcomes", "/nowhere"],
    ])
    func refuses(arguments: [String]) throws {
        let log = try folder.write(#"{"ts":"2026-01-01T00:00:00Z","features":{"x":1}}"# + "\n", to: "log.jsonl")
        var command = try Telltale.parseAsRoot(["replay", log] + arguments)
        let failure = try #require(throws: Failure.self) { try command.run() }
        #expect(failure.status == (arguments == ["--output", "/nowhere/h.om"] ? 1 : 2))
    }

    @Test(arguments: ["model=a", "le=a", "job", "1a=b", "__x=y", "a-b=c", "=x"])
    func refusesLabels(label: String) throws {
        let log = try folder.write(#"{"ts":"2026-01-01T00:00:00Z","features":{"x":1}}"# + "\n", to: "log.jsonl")
        var command = try Telltale.parseAsRoot(["replay", "--output", folder.file("h"), "--label", label, log])
        let failure = try #require(throws: Failure.self) { try command.run() }
        #expect(failure.status == 2 && failure.message.contains("--label"))
        #expect(folder.names == ["log.jsonl"])
    }

    /// What has no time cannot be replayed, and the sentence says what is missing.
    @Test func needsTimes() throws {
        let log = try folder.write(#"{"features":{"x":1},"prediction":"a"}"# + "\n", to: "log.jsonl")
        let failure = try #require(throws: Failure.self) { try replay([log]) }
        #expect(failure.status == 2 && failure.message.contains("\"ts\"") && failure.message.contains(log))
        #expect(throws: Failure.self) { try replay([log, log]) }
        #expect(throws: Failure.self) { try replay([try folder.write("", to: "empty")]) }
    }

    /// Times that reach over millennia are a mistake, and are told before disks are full.
    @Test func tooManySteps() throws {
        let lines = [0, 4_000_000_000 as Int64].flatMap { base in
            (0..<20).map { (i: Int64) -> String in
                #"{"ts":"\#(Timestamps.text((base + i) * Self.second))","features":{"x":1}}"#
            }
        }
        let log = try folder.write(lines.joined(separator: "\n"), to: "log.jsonl")
        let file = try history("h.om", recordLimit: 1_000)
        let failure = try #require(throws: Failure.self) { try replay([log], history: file) }
        #expect(failure.status == 2 && failure.message.contains("1970") && failure.message.contains("--step"))
    }

    // MARK: Progress

    @Test func progressBar() {
        let half = ReplayProgress.line(rows: 1_000, elapsed: 2, [(50, 100), (25, 50)])
        #expect(half == "[###############...............] 50 %  1000 records, 500/s, 2 s left")
        #expect(ReplayProgress.line(rows: 10, elapsed: 1, [(50, nil)]) == "10 records, 10/s")
        #expect(ReplayProgress.line(rows: 0, elapsed: 0, [(0, 0)]) == "0 records, 0/s")
        #expect(
            ReplayProgress.line(rows: 5, elapsed: 1, [(200, 100)]).hasPrefix("[##############################] 100 %"))
    }
}
