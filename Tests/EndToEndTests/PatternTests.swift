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
                    schema:
                      timestamp: ms
                      timestamp_unit: ms
                      model: model
                      features:
                        seq: numeric
                      prediction: k
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
