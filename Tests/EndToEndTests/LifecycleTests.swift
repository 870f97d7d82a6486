import Foundation
import Testing

extension EndToEnd {
    /// Starting, reloading and stopping, and what the daemon says when it cannot.
    @Suite(.timeLimit(.minutes(2))) struct LifecycleTests {
        /// Both stop signals end the daemon with success within five seconds.
        @Test(arguments: [SIGTERM, SIGINT])
        func stops(signal: Int32) async throws {
            let folder = try TemporaryFolder()
            let daemon = try Daemon(["run", "--udp", "127.0.0.1:0", "--listen", "127.0.0.1:0"], in: folder)
            #expect(try await daemon.get("/-/healthy").status == 200)
            daemon.send(signal)
            #expect(try await daemon.exitStatus(within: .seconds(5)) == 0)
        }

        /// An unusable configuration is an exit code 2 and a sentence with file, line, key, value and rule.
        @Test func invalidConfiguration() throws {
            let folder = try TemporaryFolder()
            let path = try folder.write(
                """
                listen: 127.0.0.1:0
                commit_interval: soon
                sources:
                  - tail: log.jsonl
                    fro: end
                """, to: "telltale.yaml")
            for command in [["run", "--config", path], ["check-config", path]] {
                let run = try Run(Daemon.binary, command)
                #expect(run.status == 2)
                let said = run.errors + run.output
                #expect(said.contains("\(path):2") && said.contains("commit_interval") && said.contains("soon"))
                #expect(said.contains("\(path):5") && said.contains("fro"))
            }
        }

        /// A valid configuration passes, and says nothing on standard error.
        @Test func validConfiguration() throws {
            let folder = try TemporaryFolder()
            let path = try folder.write("sources:\n  - tail: log.jsonl\n", to: "telltale.yaml")
            let run = try Run.telltale("check-config", path)
            #expect(run.status == 0)
            #expect(run.errors.isEmpty)
        }

        /// Arguments and surroundings that cannot work are one clear sentence and exit code 2.
        @Test func unusableSurroundings() async throws {
            let folder = try TemporaryFolder()
            let log = folder.file("log.jsonl").path
            let cases: [(arguments: [String], mentions: String)] = [
                (["run", "--tail", log, "--listen", "nonsense"], "nonsense"),
                (["run", "--tail", folder.file("none/log.jsonl").path, "--listen", "127.0.0.1:0"], "none"),
                (["run", "--tail", log, "--state-dir", folder.file("gone").path, "--listen", "127.0.0.1:0"], "gone"),
                (["run", "--tail", log, "--reference", folder.file("ref.json").path], "ref.json"),
                (["run", "--config", folder.file("no.yaml").path], "no.yaml"),
                (["run", "--frobnicate"], "frobnicate"),
            ]
            for (arguments, mentions) in cases {
                let daemon = try Daemon(arguments, in: folder)
                #expect(try await daemon.exitStatus() == 2, "\(arguments)")
                #expect(daemon.logged.contains(mentions), "\(arguments): \(daemon.logged)")
            }
        }

        /// A port that is taken is named, and the one who has it is not disturbed.
        @Test func portInUse() async throws {
            let folder = try TemporaryFolder()
            let first = try Daemon(["run", "--udp", "127.0.0.1:0", "--listen", "127.0.0.1:0"], in: folder)
            let (http, udp) = (try await first.port(), try await first.port(udp: true))
            for arguments in [
                ["run", "--udp", "127.0.0.1:0", "--listen", "127.0.0.1:\(http)"],
                ["run", "--udp", "127.0.0.1:\(udp)", "--listen", "127.0.0.1:0"],
            ] {
                let second = try Daemon(arguments, in: folder)
                #expect(try await second.exitStatus() == 2, "\(arguments)")
                #expect(
                    second.logged.contains("127.0.0.1:\(arguments.contains { $0.hasSuffix(":\(http)") } ? http : udp)"))
            }
            #expect(try await first.get("/-/healthy").status == 200)
        }

        /// A reload takes a valid configuration, refuses an invalid one and says so in a metric; counters stay.
        @Test(arguments: [true, false])
        func reload(bySignal: Bool) async throws {
            let folder = try TemporaryFolder()
            var writer = try SequenceWriter(folder.file("log.jsonl"))
            try writer.write(1_000)
            func configuration(windows: String) -> String {
                """
                listen: 127.0.0.1:0
                enable_lifecycle: true
                windows: \(windows)
                sources:
                  - tail: log.jsonl
                """
            }
            let path = try folder.write(configuration(windows: "[5m, 1h]"), to: "telltale.yaml")
            let daemon = try Daemon(["run", "--config", path], in: folder)
            try await daemon.scrape(until: "all lines") { $0.sum("telltale_events_accepted_total") == 1_000 }
            func reload(_ text: String, until what: String, _ condition: (Scrape) -> Bool) async throws -> Scrape {
                _ = try folder.write(text, to: "telltale.yaml")
                if bySignal {
                    daemon.send(SIGHUP)
                } else {
                    _ = try await daemon.get("/-/reload", method: "POST")
                }
                return try await daemon.scrape(until: what, condition)
            }
            let refused = try await reload(configuration(windows: "[soon]"), until: "the refusal") {
                $0.sum("telltale_config_last_reload_successful") == 0
            }
            #expect(refused.samples("model_window_events", ["window": "1h"]).isEmpty == false)
            #expect(daemon.logged.contains("soon"))
            let taken = try await reload(configuration(windows: "[10m, 1h]"), until: "the new window") {
                !$0.samples("model_window_events", ["window": "10m"]).isEmpty
            }
            #expect(taken.sum("telltale_config_last_reload_successful") == 1)
            #expect(taken.sum("telltale_events_accepted_total") == 1_000)
            #expect(taken.sum("telltale_state_resets_total", ["reason": "windows_changed"]) == 1)
            #expect(taken.sum("telltale_state_resets_total") == 1)
            try writer.write(500)
            try await daemon.scrape(until: "the new lines") { $0.sum("telltale_events_accepted_total") == 1_500 }
        }

        /// Reloading over HTTP is off unless asked for, and never by GET.
        @Test func reloadIsOffByDefault() async throws {
            let folder = try TemporaryFolder()
            let daemon = try Daemon(["run", "--udp", "127.0.0.1:0", "--listen", "127.0.0.1:0"], in: folder)
            let answers = [
                try await daemon.get("/-/reload", method: "POST").status, try await daemon.get("/-/reload").status,
            ]
            #expect(answers.allSatisfy { (400..<500).contains($0) })
        }

        /// The version goes to standard output, one line.
        @Test func version() throws {
            let run = try Run.telltale("version")
            #expect(run.status == 0 && run.errors.isEmpty)
            #expect(run.output.hasPrefix("telltale ") && run.output.split(separator: "\n").count >= 1)
        }
    }
}
