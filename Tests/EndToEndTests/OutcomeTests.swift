import Foundation
import Testing

extension EndToEnd {
    /// Ground truth that comes in records of its own.
    @Suite(.timeLimit(.minutes(3))) struct OutcomeTests {
        /// Predictions and outcomes in two logs, outcomes before and after, the daemon killed in between: every pair
        /// meets exactly once.
        @Test func killedBetweenPredictionAndOutcome() async throws {
            let folder = try TemporaryFolder()
            try FileManager.default.createDirectory(at: folder.file("state"), withIntermediateDirectories: true)
            var history = try OutcomeHistory(folder)
            let configuration = try folder.write(
                """
                listen: 127.0.0.1:0
                state_dir: \(folder.file("state").path)
                commit_interval: 100ms
                sources:
                  - tail: \(history.predictions.path)
                  - tail: \(history.outcomes.path)
                """, to: "telltale.yaml")
            let arguments = ["run", "--config", configuration]
            var daemon = try Daemon(arguments, in: folder)
            _ = try await daemon.port()
            var highest: [String: Double] = [:]
            for chunk in 0..<OutcomeHistory.chunks {
                try history.write(chunk)
                if let scrape = try? await daemon.scrape() { Self.check(scrape, against: &highest) }
                guard chunk % 3 == 2 else { continue }
                daemon.send(SIGKILL)
                #expect(try await daemon.exitStatus() == 128 + SIGKILL)
                daemon = try Daemon(arguments, in: folder)
            }
            let lines = Double(history.lines)
            let last = try await daemon.scrape(until: "\(lines) lines", within: .seconds(60)) {
                Self.check($0, against: &highest)
                return $0.sum("telltale_events_accepted_total") ?? 0 >= lines
            }
            #expect(last.isBalanced && last.sum("telltale_events_accepted_total") == lines)
            let results = ["joined": history.joined, "duplicate": history.repeated, "orphan": 0, "evicted": 0]
            for (result, count) in results {
                #expect(last.sum("model_outcomes_total", ["model": "churn", "result": result]) == Double(count))
            }
            #expect(last.sum("model_outcome_delay_seconds_count") == Double(history.joined))
            #expect(last.sum("model_pending_outcomes") == Double(history.count - history.joined))
            #expect(last.sum("model_predictions_total") == Double(history.count))
            for (pair, count) in history.confusion {
                #expect(last.sum("model_confusion_total", ["actual": pair[0], "predicted": pair[1]]) == Double(count))
            }
            let coverage = last.sum("model_outcome_coverage_ratio", ["window": "7d"]) ?? 0
            #expect(abs(coverage - Double(history.joined) / Double(history.count)) < 1e-9)
        }

        private static func check(_ scrape: Scrape, against highest: inout [String: Double]) {
            for (series, value) in scrape.accumulated {
                if let before = highest[series] { #expect(value >= before, "\(series) fell") }
                highest[series] = value
            }
        }

        /// Predictions of a log, outcomes over HTTP: each is answered, and meets its prediction.
        @Test func posted() async throws {
            let folder = try TemporaryFolder()
            let log = (0..<50).map { n in
                let answer = n % 2 == 0 ? "stay" : "leave"
                return #"{"id":"p\#(n)","model":"churn","tenure":\#(n % 9),"prediction":"\#(answer)"}"# + "\n"
            }
            let path = try folder.write(log.joined(), to: "log.jsonl")
            let arguments = ["run", "--tail", path, "--http", "127.0.0.1:0", "--listen", "127.0.0.1:0"]
            let daemon = try Daemon(arguments, in: folder)
            let port = try await daemon.port(of: "http:")
            try await daemon.scrape(until: "all predictions") { $0.sum("model_pending_outcomes") == 50 }
            let outcomes = (0..<40).map { n in #"{"id":"p\#(n)","outcome":"stay"}"# }
            let all = try await HTTP.post(port: port, "/v1/outcomes", "[" + outcomes.joined(separator: ",") + "]")
            #expect(all.status == 200 && all.body == "{\"accepted\":40,\"rejected\":{}}\n")
            let none = try await HTTP.post(port: port, "/v1/outcomes", #"{"outcome":"stay"}"#)
            #expect(none.status == 400 && none.body == "{\"accepted\":0,\"rejected\":{\"no_identifier\":1}}\n")
            let scrape = try await daemon.scrape(until: "all outcomes") {
                $0.sum("model_outcomes_total", ["model": "churn", "result": "joined"]) == 40
            }
            #expect(scrape.isBalanced && scrape.sum("model_pending_outcomes") == 10)
            let source = ["source": "http:127.0.0.1:0/v1/outcomes"]
            #expect(scrape.sum("telltale_events_accepted_total", source) == 40)
            #expect(scrape.sum("telltale_events_received_total", source) == 41)
            #expect(scrape.sum("model_confusion_total", ["actual": "stay", "predicted": "leave"]) == 20)
            #expect(scrape.sum("telltale_http_requests_total", ["path": "/v1/outcomes", "code": "200"]) == 1)
            daemon.send(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
        }

        /// Tables with a header: predictions in one, outcomes in the other.
        @Test func tables() async throws {
            let folder = try TemporaryFolder()
            let predictions = (0..<80).map { "p\($0),2026-01-01T00:00:00Z,\($0 % 5),\(Double($0) + 0.25)\n" }
            let outcomes = (0..<70).map { "p\($0),2026-01-01T00:00:30Z,\($0)\n" }
            let files = [
                try folder.write("request_id,ts,rooms,prediction\n" + predictions.joined(), to: "predictions.csv"),
                try folder.write("request_id,ts,actual\n" + outcomes.joined(), to: "outcomes.csv"),
            ]
            let arguments = ["run", "--tail", files[0], "--tail", files[1], "--listen", "127.0.0.1:0"]
            let daemon = try Daemon(arguments, in: folder)
            let scrape = try await daemon.scrape(until: "all outcomes") {
                $0.sum("model_outcomes_total", ["result": "joined"]) == 70
            }
            #expect(scrape.isBalanced && scrape.sum("model_pending_outcomes") == 10)
            #expect(scrape.sum("model_absolute_error_sum") == 70 * 0.25)
            #expect(scrape.sum("model_outcome_delay_seconds_sum") == 2_100.0)
            #expect(scrape.sum("model_info") == 1)
        }

        /// Outcomes at the end of the log of their predictions, and no configuration.
        @Test func oneLog() async throws {
            let folder = try TemporaryFolder()
            var log = ""
            for n in 0..<100 {
                log += #"{"ts":"2026-01-01T00:00:00Z","id":\#(n),"model":"price","#
                log += #""x":\#(n % 7),"prediction":\#(n).5}"# + "\n"
            }
            let path = try folder.write(log, to: "log.jsonl")
            let daemon = try Daemon(["run", "--tail", path, "--listen", "127.0.0.1:0"], in: folder)
            try await daemon.scrape(until: "all predictions") { $0.sum("model_pending_outcomes") == 100 }
            let file = try FileHandle(forWritingTo: folder.file("log.jsonl"))
            try file.seekToEnd()
            for n in 0..<60 {
                let line = #"{"id":"\#(n)","outcome":\#(n),"ts":"2026-01-01T01:00:00Z"}"# + "\n"
                try file.write(contentsOf: Data(line.utf8))
            }
            let scrape = try await daemon.scrape(until: "all outcomes") {
                $0.sum("telltale_events_accepted_total") == 160
            }
            #expect(scrape.isBalanced && scrape.sum("model_predictions_total") == 100)
            #expect(scrape.sum("model_absolute_error_sum", ["model": "price"]) == 30)
            #expect(scrape.sum("model_outcomes_total", ["result": "joined"]) == 60)
            #expect(scrape.sum("model_outcome_delay_seconds_sum") == 216_000.0)
            #expect(scrape.sum("model_outcome_coverage_ratio", ["window": "1h"]) == 0.6)
        }
    }
}

/// Predictions and their outcomes in two logs: some outcomes come before, some never, some twice.
private struct OutcomeHistory {
    static let chunks = 24
    private static let perChunk = 1_500

    let predictions: URL
    let outcomes: URL
    let count = (chunks - 6) * perChunk
    private(set) var joined = 0
    private(set) var repeated = 0
    private(set) var lines = 0
    /// By actual and predicted class.
    private(set) var confusion: [[String]: Int] = [:]
    private var outcomesByChunk = [[Int]](repeating: [], count: chunks)

    init(_ folder: TemporaryFolder) throws {
        predictions = folder.file("predictions.jsonl")
        outcomes = folder.file("outcomes.jsonl")
        for file in [predictions, outcomes] { try Data().write(to: file) }
        for n in 0..<count where n % 20 != 13 {
            joined += 1
            confusion[[Self.actual(n), Self.predicted(n)], default: 0] += 1
            // A chunk earlier, at the same time, or up to three later.
            let chunk = max(0, n / Self.perChunk + n * 7_919 % 5 - 1)
            outcomesByChunk[chunk].append(n)
            if n % 50 == 7 {
                repeated += 1
                outcomesByChunk[chunk + 1 + n % 2].append(n)
            }
        }
    }

    private static func predicted(_ n: Int) -> String { "c\(n % 3)" }
    private static func actual(_ n: Int) -> String { "c\(n % 7 == 0 ? (n + 1) % 3 : n % 3)" }

    /// Appends what the chunk has to both logs.
    mutating func write(_ chunk: Int) throws {
        var (left, right) = ("", "")
        let end = min(count, (chunk + 1) * Self.perChunk)
        for n in min(count, chunk * Self.perChunk)..<end {
            left += #"{"ts":\#(1_767_225_600_000 + n),"id":"p\#(n)","model":"churn","tenure":\#(n % 60),"#
            left += #""prediction":"\#(Self.predicted(n))","outcome":null}"# + "\n"
            lines += 1
        }
        for n in outcomesByChunk[chunk] {
            right += #"{"id":"p\#(n)","outcome":"\#(Self.actual(n))","ts":\#(1_767_225_700 + n / 1_000)}"# + "\n"
            lines += 1
        }
        for (file, text) in [(predictions, left), (outcomes, right)] {
            let handle = try FileHandle(forWritingTo: file)
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(text.utf8))
            try handle.close()
        }
    }
}
