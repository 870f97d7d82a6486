import Foundation
import Testing

extension EndToEnd {
    /// A pattern of paths: files that come, go, are rotated and linked to, through kills.
    @Suite(.timeLimit(.minutes(3))) struct PatternTests {
        private func folder(_ name: String, in folder: TemporaryFolder) throws -> URL {
            let url = folder.file(name)
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            return url
        }

        // T16, P1, P11: the layout of a node, with links, rotations and kills.
        @Test func podLogs() async throws {
            let folder = try TemporaryFolder()
            let state = try self.folder("state", in: folder)
            let containers = try self.folder("containers", in: folder)
            _ = try folder.write(
                """
                listen: 127.0.0.1:0
                state_dir: \(state.path)
                commit_interval: 100ms
                expose_values: [seq]
                sources:
                  - tail: containers/*.log
                    links_into: [pods]
                    exclude: ["*debug*"]
                    open_files: 32
                    schema: \(SequenceWriter.schema)
                """, to: "telltale.yaml")
            var writers: [SequenceWriter] = []
            func begin(_ pod: Int) throws {
                let place = try self.folder("pods/p\(pod)/model", in: folder)
                writers.append(try SequenceWriter(place.appending(path: "0.log")))
                try FileManager.default.createSymbolicLink(
                    at: containers.appending(path: "p\(pod).log"),
                    withDestinationURL: place.appending(path: "0.log"))
            }
            try begin(0)
            // Led out of the directories, and excluded: neither is read.
            _ = try folder.write("secret\n", to: "secret")
            try FileManager.default.createSymbolicLink(
                at: containers.appending(path: "evil.log"), withDestinationURL: folder.file("secret"))
            _ = try folder.write("noise\n", to: "containers/debug.log")
            let arguments = ["run", "--config", folder.file("telltale.yaml").path]
            var daemon = try Daemon(arguments, in: folder)
            _ = try await daemon.port()
            for round in 1...60 {
                if round % 3 == 0, writers.count < 20 { try begin(writers.count) }
                for place in writers.indices {
                    try writers[place].write(UInt64(50 + 13 * place), holding: round % 40)
                    if (round + place) % 5 == 0 { try writers[place].rotate() }
                }
                if round % 12 == 0 {
                    daemon.send(SIGKILL)
                    #expect(try await daemon.exitStatus() == 128 + SIGKILL)
                    daemon = try Daemon(arguments, in: folder)
                    _ = try await daemon.port()
                }
            }
            for place in writers.indices { try writers[place].write(0) }
            let expected = Double(writers.reduce(0) { $0 + $1.written })
            let sum = Double(writers.reduce(0) { $0 + $1.sum })
            let scrape = try await daemon.scrape(until: "\(expected) lines", within: .seconds(90)) {
                $0.sum("telltale_events_accepted_total") ?? 0 >= expected
            }
            #expect(scrape.sum("telltale_events_received_total") == expected)
            #expect(scrape.sum("model_feature_value_sum", ["feature": "seq"]) == sum)
            #expect(scrape.sum("telltale_lost_bytes_total") == 0)
            for k in 0..<SequenceWriter.classes {
                let count = writers.reduce(0) { $0 + $1.count(ofClass: k) }
                #expect(scrape.sum("model_prediction_class_total", ["class": "c\(k)"]) == Double(count), "class c\(k)")
            }
            #expect(scrape.isBalanced)
            #expect(try #require(scrape.sum("telltale_tail_files", ["state": "open"])) <= 32)
            #expect(daemon.logged.contains("links may lead into"))
        }

        static let idle = 2_000

        // T21, P16: two thousand idle files, and one with a backlog; the lines of a live one are there at once.
        @Test func manyFiles() async throws {
            let folder = try TemporaryFolder()
            _ = try self.folder("logs", in: folder)
            for place in 0..<Self.idle {
                _ = try folder.write("{\"seq\":1,\"k\":\"idle\"}\n", to: "logs/idle\(place).log")
            }
            let line = "{\"seq\":2,\"k\":\"backlog\",\"pad\":\"\(String(repeating: "x", count: 400))\"}\n"
            let lines = 60_000
            _ = try folder.write("", to: "logs/backlog.log")
            let backlog = try FileHandle(forWritingTo: folder.file("logs/backlog.log"))
            for _ in 0..<lines / 1_000 {
                try backlog.write(contentsOf: Data(String(repeating: line, count: 1_000).utf8))
            }
            _ = try folder.write(
                """
                listen: 127.0.0.1:0
                sources:
                  - tail: logs/*.log
                    open_files: 64
                    schema: { features: { seq: numeric }, prediction: k, ignored: [pad] }
                """, to: "telltale.yaml")
            let daemon = try Daemon(["run", "--config", folder.file("telltale.yaml").path], in: folder)
            _ = try await daemon.port()
            _ = try await daemon.scrape(until: "the first lines") {
                $0.sum("model_prediction_class_total", ["class": "backlog"]) ?? 0 > 0
            }
            _ = try folder.write("{\"seq\":3,\"k\":\"live\"}\n", to: "logs/live.log")
            let clock = ContinuousClock()
            let begin = clock.now
            let scrape = try await daemon.scrape(until: "the live line") {
                $0.sum("model_prediction_class_total", ["class": "live"]) == 1
            }
            let read = try #require(scrape.sum("model_prediction_class_total", ["class": "backlog"]))
            // It waits for a turn of each, not for the backlog: at once, or long before that is read.
            let waited = clock.now - begin
            #expect(waited < .seconds(2) || read < Double(lines) / 2, "\(waited), \(read) lines")
            #expect(try #require(scrape.sum("process_open_fds")) <= 64 + 40)
            let last = try await daemon.scrape(until: "all lines", within: .seconds(120)) {
                $0.sum("telltale_events_accepted_total") ?? 0 >= Double(lines + Self.idle + 1)
            }
            #expect(last.sum("telltale_events_received_total") == Double(lines + Self.idle + 1))
            #expect(try #require(last.sum("telltale_tail_files", ["state": "suspended"])) >= Double(Self.idle - 64))
            #expect(last.sum("telltale_tail_files", ["state": "refused"]) == 0)
        }

        static let strace = URL(filePath: "/usr/bin/strace")

        // T20: the kernel refuses watches, or notifications altogether.
        @Test(
            .enabled(if: FileManager.default.isExecutableFile(atPath: strace.path), "needs strace"),
            arguments: ["inotify_add_watch:error=ENOSPC", "inotify_init1:error=EMFILE"])
        func withoutNotifications(fault: String) async throws {
            let folder = try TemporaryFolder()
            var writer = try SequenceWriter(folder.file("log.jsonl"))
            let call = String(fault.prefix { $0 != ":" })
            let tracer = [
                Self.strace.path, "-D", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
                "inject=\(fault)",
            ]
            let daemon = try Daemon(
                ["run", "--tail", folder.file("log.jsonl").path, "--listen", "127.0.0.1:0"], under: tracer, in: folder)
            _ = try await daemon.port()
            for round in 1...20 {
                try writer.write(500, holding: round % 30)
                if round % 4 == 0 { try writer.rotate() }
                try await Task.sleep(for: .milliseconds(20))
            }
            try writer.write(0)
            let expected = Double(writer.written)
            let scrape = try await daemon.scrape(until: "\(expected) lines") {
                $0.sum("telltale_events_accepted_total") ?? 0 >= expected
            }
            #expect(scrape.sum("telltale_events_received_total") == expected)
            #expect(scrape.sum("telltale_tail_notified") == 0)
        }

        // T08: a file that nobody told of is counted within two seconds.
        @Test func appears() async throws {
            let folder = try TemporaryFolder()
            let pattern = folder.file("deep").path + "/*/x/*.log"
            _ = try self.folder("deep", in: folder)
            let daemon = try Daemon(["run", "--tail", pattern, "--listen", "127.0.0.1:0"], in: folder)
            _ = try await daemon.scrape()
            _ = try self.folder("deep/a/x", in: folder)
            _ = try folder.write("{\"seq\":1,\"prediction\":\"yes\"}\n", to: "deep/a/x/1.log")
            try await daemon.scrape(until: "the line", within: .seconds(10)) {
                $0.sum("telltale_events_accepted_total") == 1
            }
        }

        @Test func patternIsChecked() throws {
            let run = try Run.telltale("run", "--tail", "/var/log/**/x.log")
            #expect(run.status == 2)
            #expect(run.errors.contains("**"))
        }
    }
}
