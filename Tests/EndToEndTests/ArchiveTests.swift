import Foundation
import Testing

/// Compresses a file in place, as `gzip` does.
func gzip(_ file: URL) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gzip", "-f", file.path]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
}

extension EndToEnd {
    /// gzip files, read once, and what was compressed while the daemon was down.
    @Suite(.timeLimit(.minutes(3))) struct ArchiveTests {
        private func configuration(_ folder: TemporaryFolder, tail: String) throws -> String {
            try FileManager.default.createDirectory(at: folder.file("state"), withIntermediateDirectories: true)
            return try folder.write(
                """
                listen: 127.0.0.1:0
                state_dir: \(folder.file("state").path)
                commit_interval: 100ms
                expose_values: [seq]
                sources:
                  - tail: \(folder.file(tail).path)
                    schema: \(SequenceWriter.schema)
                """, to: "telltale.yaml")
        }

        private func expectExact(_ scrape: Scrape, _ writer: SequenceWriter) {
            #expect(scrape.sum("telltale_events_received_total") == Double(writer.written))
            #expect(scrape.sum("telltale_events_accepted_total") == Double(writer.written))
            #expect(scrape.sum("model_feature_value_sum", ["feature": "seq"]) == Double(writer.sum))
            for k in 0..<SequenceWriter.classes {
                let count = scrape.sum("model_prediction_class_total", ["class": "c\(k)"])
                #expect(count == Double(writer.count(ofClass: k)), "class c\(k)")
            }
            #expect(scrape.isBalanced)
        }

        /// T18, P1: killed again and again in the middle of compressed files, each line is counted once.
        @Test func killedInTheMiddle() async throws {
            let folder = try TemporaryFolder()
            var writer = try SequenceWriter(folder.file("seq"))
            for number in 1...3 {
                try writer.write(100_000)
                try writer.rotate()
                try gzip(folder.file("seq.\(number)"))
                try FileManager.default.moveItem(
                    at: folder.file("seq.\(number).gz"), to: folder.file("old-\(number).jsonl.gz"))
            }
            let arguments = ["run", "--config", try configuration(folder, tail: "old-*.jsonl.gz")]
            var daemon = try Daemon(arguments, in: folder)
            var read = 0.0
            for life in 1...4 {
                let before = read
                let scrape = try await daemon.scrape(until: "more lines") {
                    $0.sum("telltale_events_accepted_total") ?? 0 >= min(before + 10_000 * Double(life), 290_000)
                }
                read = try #require(scrape.sum("telltale_events_accepted_total"))
                daemon.send(SIGKILL)
                #expect(try await daemon.exitStatus() == 128 + SIGKILL)
                daemon = try Daemon(arguments, in: folder)
            }
            let complete = ["result": "complete"]
            let scrape = try await daemon.scrape(until: "all files", within: .seconds(60)) {
                $0.sum("telltale_tail_archives_total", complete) == 3
            }
            expectExact(scrape, writer)
            #expect(scrape.sum("telltale_tail_lag_bytes") == 0)
            #expect(scrape.sum("telltale_lost_bytes_total") == 0)
            daemon.send(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
            // Another start reads none of them again, under whatever name.
            try FileManager.default.moveItem(
                at: folder.file("old-1.jsonl.gz"), to: folder.file("old-9.jsonl.gz"))
            try writer.write(10)
            try writer.rotate()
            try gzip(folder.file("seq.4"))
            try FileManager.default.moveItem(at: folder.file("seq.4.gz"), to: folder.file("old-4.jsonl.gz"))
            let again = try Daemon(arguments, in: folder)
            expectExact(
                try await again.scrape(until: "the new file") { $0.sum("telltale_tail_archives_total", complete) == 4 },
                writer)
        }

        /// Cut, damaged, and no gzip at all: counted by result, and nothing else suffers.
        @Test func damaged() async throws {
            let folder = try TemporaryFolder()
            var writer = try SequenceWriter(folder.file("seq"))
            try writer.write(20_000)
            try writer.rotate()
            try gzip(folder.file("seq.1"))
            let whole = try Data(contentsOf: folder.file("seq.1.gz"))
            var bad = whole
            for place in whole.count / 2..<whole.count / 2 + 64 { bad[place] ^= 0x55 }
            try FileManager.default.createDirectory(at: folder.file("in"), withIntermediateDirectories: true)
            try bad.write(to: folder.file("in/bad.gz"))
            try whole.prefix(whole.count / 2).write(to: folder.file("in/cut.gz"))
            try Data("no gzip".utf8).write(to: folder.file("in/plain.gz"))
            try whole.write(to: folder.file("in/whole.gz"))
            let daemon = try Daemon(["run", "--config", try configuration(folder, tail: "in/*.gz")], in: folder)
            let scrape = try await daemon.scrape(until: "the whole one, too") {
                $0.sum("telltale_tail_archives_total", ["result": "complete"]) == 1
            }
            #expect(scrape.sum("telltale_tail_archives_total", ["result": "corrupt"]) == 1)
            #expect(scrape.sum("telltale_tail_archives_total", ["result": "not_gzip"]) == 1)
            // What is cut off may be being written.
            #expect(scrape.sum("telltale_tail_archives_total", ["result": "truncated"]) == 0)
            #expect(try #require(scrape.sum("telltale_lost_bytes_total", ["reason": "corrupt"])) > 7)
            #expect(try #require(scrape.sum("telltale_events_accepted_total")) > 30_000)
            #expect(scrape.isBalanced)
            #expect(daemon.logged.contains("corrupt"))
        }

        /// While it is down, the log is rotated and compressed, more than once: the rest is found by its content.
        @Test func compressedWhileDown() async throws {
            let folder = try TemporaryFolder()
            var writer = try SequenceWriter(folder.file("log.jsonl"))
            let arguments = ["run", "--config", try configuration(folder, tail: "log.jsonl")]
            try writer.write(5_000)
            let first = try Daemon(arguments, in: folder)
            _ = try await first.scrape(until: "the first lines") {
                $0.sum("telltale_events_accepted_total") == 5_000
            }
            first.send(SIGKILL)
            #expect(try await first.exitStatus() == 128 + SIGKILL)
            let log = folder.file("log.jsonl").path
            for round in 1...3 {
                try writer.write(1_000 * UInt64(round))
                try writer.rotate()
                try gzip(URL(filePath: "\(log).\(round)"))
                // `log.jsonl.1.gz` is the youngest, as logrotate has it; the writer counts the other way.
                try FileManager.default.moveItem(atPath: "\(log).\(round).gz", toPath: "\(log).\(10 - round).gz")
            }
            try writer.write(500)
            for _ in 1...2 {
                let daemon = try Daemon(arguments, in: folder)
                let expected = Double(writer.written)
                let scrape = try await daemon.scrape(until: "\(expected) lines") {
                    $0.sum("telltale_events_accepted_total") ?? 0 >= expected
                }
                expectExact(scrape, writer)
                #expect(scrape.sum("telltale_lost_bytes_total") == 0)
                daemon.send(SIGKILL)
                _ = try await daemon.exitStatus()
            }
        }
    }
}
