import Foundation
import Scenarios
import Testing

extension EndToEnd {
    /// What is published: formats, pages, and statistics that tell a drifted feature from the others.
    @Suite(.timeLimit(.minutes(2))) struct PublicationTests {
        /// A file with records of one scenario.
        static func log(
            _ folder: TemporaryFolder, _ name: String, _ scenario: Scenario, seed: UInt64, records: Int
        ) throws -> String {
            var traffic = try #require(
                Traffic(preset: .fraud, scenario: scenario, schedule: Schedule(at: 0), seed: seed))
            var bytes: [UInt8] = []
            for index in 0..<records {
                traffic.appendRecord(at: 1_767_225_600_000_000_000 + Int64(index) * 1_000_000, elapsed: 1, to: &bytes)
            }
            try Data(bytes).write(to: folder.file(name))
            return folder.file(name).path
        }

        private func daemon(_ folder: TemporaryFolder, records: Int = 6_000) async throws -> Daemon {
            let log = try Self.log(folder, "log.jsonl", .stable, seed: 3, records: records)
            let daemon = try Daemon(["run", "--tail", log, "--listen", "127.0.0.1:0"], in: folder)
            try await daemon.scrape(until: "all records") {
                $0.sum("telltale_events_accepted_total") == Double(records)
            }
            return daemon
        }

        /// A real scrape has nothing that Prometheus' own linter objects to.
        @Test(.enabled(if: Tool.promtool != nil || Tool.isRequired))
        func promtoolIsSilent() async throws {
            let promtool = try #require(Tool.promtool, "\(Tool.advice)")
            let folder = try TemporaryFolder()
            let body = try await daemon(folder).get("/metrics").body
            #expect(body.split(separator: "\n").count > 300)
            let run = try Run(promtool, ["check", "metrics"], input: body)
            #expect(run.status == 0)
            #expect(run.errors + run.output == "")
        }

        /// Prometheus sees a counter at 0 before it has a value, so that `increase` misses nothing; everyone else sees
        /// the value.
        @Test func scrapersSeeTheBeginning() async throws {
            let folder = try TemporaryFolder()
            let daemon = try await daemon(folder, records: 1_000)
            let values = ["model_predictions_total", "telltale_events_accepted_total"]
            let first = try await daemon.scrape(asScraper: true)
            for name in values {
                #expect(first.sum(name) == 0, "\(name)")
                #expect(try await daemon.scrape().sum(name) == 1_000, "\(name)")
            }
            #expect(first.isBalanced)
            let second = try await eventually("the values") {
                let scrape = try await daemon.scrape(asScraper: true)
                return scrape.sum(values[0]) == 0 ? nil : scrape
            }
            for name in values { #expect(second.sum(name) == 1_000, "\(name)") }
            #expect(second.isBalanced)
        }

        /// Both text formats carry the same samples; OpenMetrics ends as it has to.
        @Test func formatsAgree() async throws {
            let folder = try TemporaryFolder()
            let daemon = try await daemon(folder)
            let plain = try await daemon.get("/metrics", accept: "text/plain;version=0.0.4")
            let open = try await daemon.get("/metrics", accept: "application/openmetrics-text;version=1.0.0")
            #expect(plain.type.hasPrefix("text/plain; version=0.0.4"))
            #expect(open.type.hasPrefix("application/openmetrics-text; version=1.0.0"))
            #expect(open.body.hasSuffix("# EOF\n"))
            func models(_ body: String) throws -> [String: Double] {
                let samples = try Scrape(body).samples.filter { $0.name.hasPrefix("model_") }
                return Dictionary(
                    samples.map { ("\($0.name) \($0.labels.sorted { $0.key < $1.key })", $0.value) },
                    uniquingKeysWith: max)
            }
            #expect(try models(plain.body) == models(open.body))
        }

        /// Pages answer what they are for; unknown paths and methods leave no trace in the series.
        @Test func pages() async throws {
            let folder = try TemporaryFolder()
            let daemon = try await daemon(folder, records: 100)
            let home = try await daemon.get("/")
            #expect(home.status == 200 && home.type.hasPrefix("text/html"))
            #expect(home.body.contains("/metrics") && home.body.contains("log.jsonl"))
            let status = try await daemon.get("/api/v1/status")
            #expect(status.status == 200 && status.type.hasPrefix("application/json"))
            #expect(try JSONSerialization.jsonObject(with: Data(status.body.utf8)) is [String: Any])
            #expect(try await daemon.get("/-/ready").status == 200)
            let before = try await daemon.scrape().samples("telltale_http_requests_total").map(\.labels)
            for index in 0..<50 {
                #expect(try await daemon.get("/nothing/\(index)").status == 404)
            }
            #expect(try await daemon.get("/metrics", method: "DELETE").status == 405)
            let after = try await daemon.scrape().samples("telltale_http_requests_total").map(\.labels)
            #expect(after.count <= before.count + 2)
        }

        /// A reference built from a file; then the shifted feature stands out, and no other signal does.
        @Test func driftOfOneFeature() async throws {
            let folder = try TemporaryFolder()
            let reference = folder.file("reference.json").path
            let built = try Run.telltale(
                "reference", "build", "--output", reference,
                try Self.log(folder, "train.jsonl", .stable, seed: 1, records: 20_000))
            #expect(built.status == 0, "\(built.errors)")
            #expect(try Run.telltale("reference", "inspect", reference).output.contains("amount"))
            let log = try Self.log(folder, "log.jsonl", .suddenDrift, seed: 2, records: 10_000)
            let daemon = try Daemon(
                ["run", "--tail", log, "--reference", reference, "--listen", "127.0.0.1:0"], in: folder)
            let scrape = try await daemon.scrape(until: "all records") {
                $0.sum("telltale_events_accepted_total") == 10_000
            }
            for method in ["psi", "psi_excess", "js", "ks", "chi2_z"] {
                let labels = ["model": "fraud", "window": "1h", "method": method]
                let scores = scrape.samples("model_feature_drift_score", labels)
                let drifted = try #require(scores.first { $0.labels["feature"] == "amount" }, "\(method)")
                let calm = scores.filter { $0.labels["feature"] != "amount" }
                #expect(calm.count >= 3, "\(method)")
                for score in calm { #expect(drifted.value > 5 * score.value, "\(method): \(score)") }
            }
            let excess = ["window": "1h", "method": "psi_excess"]
            let alarms = scrape.samples("model_feature_drift_score", excess).filter { $0.value >= 0.1 }
            #expect(alarms.map { $0.labels["feature"] } == ["amount"])
            try await checkMovement(daemon, scrape)
            let gate = try Run.telltale("check", "--reference", reference, "--model", "fraud", log)
            #expect(gate.status == 1)
            let lines = gate.output.split(separator: "\n")
            let row = try #require(lines.firstIndex { $0.hasPrefix("input amount ") && $0.hasSuffix("DRIFTED") })
            #expect(lines[row + 1].contains(" → ") && lines[row + 1].hasSuffix(" %"), "\(gate.output)")
            #expect(lines[row + 2].hasPrefix("    mean ") && lines[row + 2].contains("p50 "), "\(gate.output)")
        }

        /// The series and the document say alike what moved, and of no other feature.
        private func checkMovement(_ daemon: Daemon, _ scrape: Scrape) async throws {
            let parts = scrape.samples("model_feature_drift_contribution")
            #expect(parts.count == 5 && parts.allSatisfy { $0.labels["feature"] == "amount" }, "\(parts)")
            let shifts = scrape.samples("model_feature_drift_shift", ["window": "1h"])
            #expect(Set(shifts.map { $0.labels["statistic"] }) == ["mean", "p25", "p50", "p75"])
            #expect(shifts.allSatisfy { $0.value > 0.1 }, "\(shifts)")
            let answer = try await daemon.get("/api/v1/drift?model=fraud&drifted=true")
            #expect(answer.status == 200 && answer.type == "application/json")
            struct Document: Decodable {
                struct Model: Decodable { var signals: [Signal] }
                struct Signal: Decodable {
                    var feature: String
                    var onset: String?
                    var contributions: [Part]
                }
                struct Part: Decodable {
                    var bin: String
                    var contribution: Double
                }
                var models: [Model]
            }
            let document = try JSONDecoder().decode(Document.self, from: Data(answer.body.utf8))
            let signals = document.models.flatMap(\.signals)
            #expect(signals.map(\.feature) == ["amount"] && signals.first?.onset != nil)
            let said = try #require(signals.first?.contributions)
            #expect(said.map(\.bin) == parts.compactMap { $0.labels["bin"] })
            #expect(said.map(\.contribution) == parts.map(\.value))
            #expect(try await daemon.get("/api/v1/drift?nothing=1").status == 400)
            let page = try await daemon.get("/report?model=fraud")
            #expect(page.status == 200 && page.type == "text/html; charset=utf-8")
            #expect(page.body.contains("input amount") && page.body.contains(">drifted</span>"))
        }

        /// The real Prometheus scrapes us: the target is up, and its counter is ours.
        @Test(.enabled(if: Tool.prometheus != nil || Tool.isRequired))
        func prometheusScrapes() async throws {
            let program = try #require(Tool.prometheus, "\(Tool.advice)")
            let folder = try TemporaryFolder()
            let daemon = try await daemon(folder)
            let port = try await daemon.port()
            let prometheus = try Prometheus(program, target: port, in: folder)
            let expected = 6_000.0
            try await eventually("Prometheus has our counter", describe: { prometheus.logged }) {
                let found = try? await prometheus.query(#"sum(model_predictions_total{model="fraud"})"#)
                return found == expected ? true : nil
            }
            #expect(try await prometheus.query("up") == 1)
            #expect(try await prometheus.query("scrape_samples_scraped") ?? 0 > 300)
        }
    }
}
