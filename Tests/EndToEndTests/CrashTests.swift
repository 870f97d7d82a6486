import Foundation
import Testing

extension EndToEnd {
    /// Commit before expose (invariant I1): the daemon is killed again and again while a million rotated lines come in.
    @Suite(.timeLimit(.minutes(5))) struct CrashTests {
        static let lines: UInt64 = 1_000_000
        static let linesPerChunk: UInt64 = 10_000
        static let chunksPerFile: UInt64 = 7
        static let chunksPerLife: UInt64 = 11

        private func configuration(_ folder: TemporaryFolder, interval: String = "100ms") throws -> String {
            try folder.write(
                """
                listen: 127.0.0.1:0
                state_dir: \(folder.file("state").path)
                commit_interval: \(interval)
                expose_values: [seq]
                sources:
                  - tail: \(folder.file("sequence.jsonl").path)
                    schema: \(SequenceWriter.schema)
                """, to: "telltale.\(interval).yaml")
        }

        /// Count, sum and all residue classes are exact, and no counter is ever lower than one scraped before.
        @Test
        func killedInTheMiddle() async throws {
            let folder = try TemporaryFolder()
            try FileManager.default.createDirectory(at: folder.file("state"), withIntermediateDirectories: true)
            var writer = try SequenceWriter(folder.file("sequence.jsonl"))
            let arguments = ["run", "--config", try configuration(folder)]
            var daemon = try Daemon(arguments, in: folder)
            var highest: [String: Double] = [:]
            var chunk: UInt64 = 0
            var lives = 1
            // A file is the daemon's business once it listens; before, a new start knows only the live one.
            _ = try await daemon.port()
            while writer.written < Self.lines {
                chunk += 1
                try writer.write(Self.linesPerChunk, holding: Int(chunk % 50))
                if chunk % Self.chunksPerFile == 0 { try writer.rotate() }
                // Only what was scraped is promised; a life that was too short for a scrape promised nothing.
                if let scrape = try? await daemon.scrape() { Self.check(scrape, against: &highest) }
                if chunk % Self.chunksPerLife == 0 {
                    daemon.send(SIGKILL)
                    #expect(try await daemon.exitStatus() == 128 + SIGKILL)
                    daemon = try Daemon(arguments, in: folder)
                    lives += 1
                }
            }
            try writer.write(0)
            #expect(lives > 5)
            let expected = Double(writer.written)
            var accepted = -1.0
            let last = try await eventually(
                "\(expected) lines", within: .seconds(120), describe: { "\(accepted) lines\n\(daemon.logged)" }
            ) {
                guard let scrape = try? await daemon.scrape() else { return Scrape?.none }
                Self.check(scrape, against: &highest)
                accepted = scrape.sum("telltale_events_accepted_total") ?? 0
                return accepted >= expected ? scrape : nil
            }
            #expect(last.isBalanced)
            #expect(last.sum("telltale_events_accepted_total") == expected)
            #expect(last.sum("telltale_events_received_total") == expected)
            #expect(last.sum("model_predictions_total", ["model": "sequence"]) == expected)
            #expect(last.sum("model_feature_value_count", ["feature": "seq"]) == expected)
            #expect(last.sum("model_feature_value_sum", ["feature": "seq"]) == Double(writer.sum))
            for k in 0..<SequenceWriter.classes {
                let count = last.sum("model_prediction_class_total", ["class": "c\(k)"])
                #expect(count == Double(writer.count(ofClass: k)), "class c\(k)")
            }
        }

        /// The first commit comes before the first line: files that are rotated before the second are not forgotten.
        @Test func killedBeforeTheSecondCommit() async throws {
            let folder = try TemporaryFolder()
            try FileManager.default.createDirectory(at: folder.file("state"), withIntermediateDirectories: true)
            var writer = try SequenceWriter(folder.file("sequence.jsonl"))
            try writer.write(100)
            let first = try Daemon(["run", "--config", try configuration(folder, interval: "1m")], in: folder)
            _ = try await first.port()
            for _ in 0..<2 {
                try writer.write(1_000)
                try writer.rotate()
            }
            try writer.write(10)
            first.send(SIGKILL)
            #expect(try await first.exitStatus() == 128 + SIGKILL)
            let second = try Daemon(["run", "--config", try configuration(folder)], in: folder)
            let scrape = try await second.scrape(until: "all lines") {
                $0.sum("telltale_events_accepted_total") ?? 0 >= 2_110
            }
            #expect(scrape.sum("telltale_events_accepted_total") == 2_110)
            #expect(scrape.sum("model_feature_value_sum", ["feature": "seq"]) == Double(writer.sum))
        }

        private static func check(_ scrape: Scrape, against highest: inout [String: Double]) {
            for (series, value) in scrape.accumulated {
                if let before = highest[series] { #expect(value >= before, "\(series) fell") }
                highest[series] = value
            }
        }

        /// A clean stop commits: the next start continues at the same numbers without reading anything twice.
        @Test func stoppedAndStarted() async throws {
            let folder = try TemporaryFolder()
            try FileManager.default.createDirectory(at: folder.file("state"), withIntermediateDirectories: true)
            var writer = try SequenceWriter(folder.file("sequence.jsonl"))
            let arguments = ["run", "--config", try configuration(folder)]
            for life in 1...3 {
                let daemon = try Daemon(arguments, in: folder)
                try writer.write(1_000)
                let expected = Double(life) * 1_000
                let scrape = try await daemon.scrape(until: "\(expected) lines") {
                    $0.sum("telltale_events_accepted_total") ?? 0 >= expected
                }
                #expect(scrape.sum("telltale_events_accepted_total") == expected)
                daemon.send(life == 2 ? SIGINT : SIGTERM)
                #expect(try await daemon.exitStatus(within: .seconds(5)) == 0)
            }
        }

        /// Two daemons never share a state: the second one says so and stops.
        @Test func stateIsLocked() async throws {
            let folder = try TemporaryFolder()
            try FileManager.default.createDirectory(at: folder.file("state"), withIntermediateDirectories: true)
            _ = try SequenceWriter(folder.file("sequence.jsonl"))
            let arguments = ["run", "--config", try configuration(folder)]
            let first = try Daemon(arguments, in: folder)
            _ = try await first.port()
            let second = try Daemon(arguments, in: folder)
            #expect(try await second.exitStatus() == 2)
            #expect(second.logged.contains(folder.file("state").path))
            #expect(first.isRunning)
        }
    }
}
