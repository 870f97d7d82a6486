import Foundation
import Scenarios
import Testing

extension EndToEnd {
    /// The past through the real binary.
    @Suite(.timeLimit(.minutes(2))) struct ReplayTests {
        /// What a history says at its last step, without the timestamps.
        private static func end(of path: String) throws -> Scrape {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.hasSuffix("\n# EOF\n"))
            var last: [Substring: Substring] = [:]
            for line in text.split(separator: "\n") where !line.hasPrefix("#") {
                let time = try #require(line.lastIndex(of: " "))
                let sample = line[..<time]
                last[sample[..<(try #require(sample.lastIndex(of: " ")))]] = sample
            }
            return try Scrape(last.values.joined(separator: "\n"))
        }

        /// `run` and `replay` come to the same counts, bin by bin, for the same log and reference.
        @Test func countsAreThoseOfRun() async throws {
            let folder = try TemporaryFolder()
            let train = try PublicationTests.log(folder, "train.jsonl", .stable, seed: 1, records: 5_000)
            let reference = folder.file("reference.json").path
            #expect(try Run.telltale("reference", "build", "--output", reference, train).status == 0)
            let log = try PublicationTests.log(folder, "log.jsonl", .suddenDrift, seed: 2, records: 5_000)
            let history = folder.file("history.om").path
            let run = try Run.telltale("replay", "--reference", reference, "--output", history, "--json", log)
            #expect(run.status == 0 && run.errors == "", "\(run.errors)")
            #expect(run.output.contains(#""predictions" : 5000"#), "\(run.output)")
            let daemon = try Daemon(
                ["run", "--tail", log, "--reference", reference, "--listen", "127.0.0.1:0"], in: folder)
            let scrape = try await daemon.scrape(until: "all records") {
                $0.sum("telltale_events_accepted_total") == 5_000
            }
            // How often a verdict turned depends on when commits came.
            func counts(_ scrape: Scrape) -> [String: Double] {
                scrape.accumulated.filter { series, _ in
                    series.hasPrefix("model_") && !series.hasPrefix("model_drift_alarms_total")
                }
            }
            let (live, past) = (counts(scrape), counts(try Self.end(of: history)))
            #expect(live.count > 150 && Set(live.keys) == Set(past.keys))
            for (series, value) in live {
                let replayed = past[series] ?? .nan
                // Sums of fractions depend on the batches that they came in, by their last digits.
                let isEqual = series.contains("_sum") ? abs(replayed - value) <= 1e-9 * value : replayed == value
                if !isEqual { Issue.record("\(series): \(value) live, \(replayed) replayed") }
            }
        }

        /// Standard input, compressed, and exit codes.
        @Test func inputsAndStatus() throws {
            let folder = try TemporaryFolder()
            let log = try PublicationTests.log(folder, "log.jsonl", .stable, seed: 3, records: 1_000)
            let text = try String(contentsOfFile: log, encoding: .utf8)
            let piped = try Run(Daemon.binary, ["replay", "-"], input: text)
            #expect(piped.status == 0 && piped.output.hasPrefix("0 alarms; 1000 predictions in 1000 records from 2026"))
            let untimed = try Run(Daemon.binary, ["replay", "-"], input: #"{"amount":1,"prediction":"a"}"# + "\n")
            #expect(untimed.status == 2 && untimed.output == "")
            #expect(untimed.errors.contains("none of its first 1 records says when it was"), "\(untimed.errors)")
            #expect(try Run.telltale("replay", "--output", "/dev/full/h.om", log).status == 1)
            #expect(try Run.telltale("replay").status == 2)
        }
    }
}
