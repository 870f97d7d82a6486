import Foundation
import TestKit
import Testing

extension EndToEnd {
    /// Every row of `deploy/docs/sources.md`, with the command that it shows.
    @Suite(.timeLimit(.minutes(3))) struct SourceTests {
        /// A row of a table: a source, and how to point Telltale there.
        struct Row: CustomTestStringConvertible, Sendable {
            var source: String
            var command: [String]
            var testDescription: String { source }

            /// The word behind a flag.
            func value(_ flag: String) -> String? {
                command.firstIndex(of: flag).flatMap { $0 + 1 < command.count ? command[$0 + 1] : nil }
            }
        }

        /// The rows of the document.
        static let rows: [Row] = {
            let here = URL(filePath: #filePath)
            let root = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            let text = try? String(contentsOf: root.appending(path: "deploy/docs/sources.md"), encoding: .utf8)
            return (text ?? "").split(separator: "\n").compactMap { line in
                let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
                guard line.hasPrefix("| "), cells.count >= 3, cells[1].hasPrefix("`telltale run ") else { return nil }
                let command = cells[1].trimmingCharacters(in: CharacterSet(charactersIn: "`"))
                return Row(source: cells[0], command: command.split(separator: " ").dropFirst().map(String.init))
            }
        }()

        /// Logs without a preset.
        static let plain: [String: PresetSample] = [
            "JSON lines": PresetSample(
                preset: "",
                log: #"{"id":"1","model":"m","amount":12.5,"country":"DE","prediction":"approve","latency_ms":8}"#
                    + "\n" + #"{"id":"2","model":"m","amount":7,"country":"FR","prediction":"reject","latency_ms":9}"#,
                events: [
                    "amount=12.5 country=DE prediction=approve latency=0.008", "amount=7 prediction=reject latency=1",
                ]),
            "a compressed file": PresetSample(
                preset: "",
                log: #"{"amount":12.5,"prediction":"approve"}"# + "\n" + #"{"amount":7,"prediction":"reject"}"#,
                events: ["amount=12.5 prediction=approve", "amount=7 prediction=reject"]),
            "CSV": PresetSample(
                preset: "", log: "amount,country,prediction\n12.5,\"D,E\",approve\n7,\"F\nR\",reject",
                events: ["amount=12.5 country=x prediction=approve", "amount=7 country=x prediction=reject"]),
            "tab-separated": PresetSample(
                preset: "", log: "amount\tcountry\tprediction\n12.5\tDE\tapprove\n7\tFR\treject",
                events: ["amount=12.5 country=x prediction=approve", "amount=7 country=x prediction=reject"]),
            "logfmt": PresetSample(
                preset: "", log: "model=m amount=12.5 prediction=approve status=ok\nmodel=m amount=7 status=timeout",
                events: ["amount=12.5 prediction=approve", "amount=7 status:timeout"]),
            "Kubernetes container log": PresetSample(
                preset: "",
                log: #"2016-10-06T00:17:09.669794202Z stdout F {"amount":1,"prediction":"a"}"# + "\n"
                    + "2016-10-06T00:17:09.669794203Z stderr F Loading the model\n"
                    + #"2016-10-06T00:17:09.669794204Z stdout P {"amount":2,"pre"# + "\n"
                    + #"2016-10-06T00:17:09.669794205Z stdout F diction":"b"}"#,
                events: ["amount=1 prediction=a", "amount=2 prediction=b"], ignored: 1),
            "Docker container log": PresetSample(
                preset: "",
                log: #"{"log":"{\"amount\":1,\"prediction\":\"a\"}\n","stream":"stdout","time":"2019-01-01T11:11:11Z"}"#
                    + "\n" + #"{"log":"hello\n","stream":"stderr","time":"2019-01-01T11:11:11Z"}"#,
                events: ["amount=1 prediction=a"], ignored: 1),
        ]

        /// The log for a row; `nil` for a row about sockets.
        static func sample(_ row: Row) -> PresetSample? {
            guard row.value("--tail") != nil else { return nil }
            guard let preset = row.value("--preset") else { return plain[row.source] }
            let same = ["mlserver": "kserve-v2", "triton": "kserve-v2"]
            return PresetSample.all.first { $0.preset == same[preset] ?? preset }
        }

        @Test func theDocumentHasRows() {
            #expect(Self.rows.count >= 30)
            #expect(Self.rows.allSatisfy { $0.value("--tail") == nil || Self.sample($0) != nil })
        }

        @Test(arguments: rows.filter { $0.value("--tail") != nil })
        func file(row: Row) async throws {
            let folder = try TemporaryFolder()
            let sample = try #require(Self.sample(row))
            let path = try #require(row.value("--tail"))
            let log = folder.file(path)
            try FileManager.default.createDirectory(
                at: log.deletingLastPathComponent(), withIntermediateDirectories: true)
            let isCompressed = log.pathExtension == "gz"
            let plain = isCompressed ? log.deletingPathExtension() : log
            try Data((sample.log + "\n").utf8).write(to: plain)
            if isCompressed { try gzip(plain) }
            var arguments = row.command
            arguments[(arguments.firstIndex(of: "--tail") ?? 0) + 1] = log.path
            let daemon = try Daemon(arguments + ["--listen", "127.0.0.1:0"], in: folder)
            let expected = Double(sample.events.count)
            let scrape = try await daemon.scrape(until: "\(expected) events") {
                $0.sum("telltale_events_accepted_total") == expected
            }
            #expect(scrape.isBalanced)
            #expect(scrape.sum("telltale_events_rejected_total") == 0)
            #expect(scrape.sum("telltale_events_ignored_total", ["reason": "other_text"]) == Double(sample.ignored))
            try Self.check(scrape, sample)
        }

        /// The metrics say what the events do.
        private static func check(_ scrape: Scrape, _ sample: PresetSample) throws {
            let roles = ["prediction", "score", "outcome", "latency"]
            var features: Set<Substring> = []
            var (predictions, latencies) = (0.0, 0.0)
            var statuses: [Substring: Double] = [:]
            for event in sample.events {
                // A name may have spaces; a value has none.
                for part in event.matches(of: /([^= ][^=]*?)=[^ ]+/) where !roles.contains(String(part.output.1)) {
                    features.insert(part.output.1)
                }
                if event.contains("latency=") { latencies += 1 }
                let status = event.firstMatch(of: /status:([a-z]+)/)?.output.1 ?? "success"
                statuses[status, default: 0] += 1
                predictions += 1
            }
            if sample.preset != "sagemaker-ground-truth" {
                #expect(scrape.sum("model_predictions_total") == predictions)
                for (status, count) in statuses {
                    #expect(scrape.sum("model_predictions_total", ["status": String(status)]) == count, "\(status)")
                }
            }
            for feature in features {
                let found = scrape.sum("model_feature_observations_total", ["feature": String(feature)])
                #expect(found == predictions, "\(feature)")
            }
            if latencies > 0 { #expect(scrape.sum("model_prediction_latency_seconds_count") == latencies) }
        }

        /// BentoML's own schema log beats what names and types look like.
        @Test func schemaBesideTheLog() async throws {
            let folder = try TemporaryFolder()
            for name in ["monitoring/iris/data", "monitoring/iris/schema"] {
                try FileManager.default.createDirectory(at: folder.file(name), withIntermediateDirectories: true)
            }
            let schema =
                #"{"meta_data": {"bento_name": "iris"}, "columns": [{"name": "label", "role": "feature", "#
                + #""type": "categorical"}, {"name": "species", "role": "prediction", "type": "categorical"}]}"#
            try Data((schema + "\n").utf8).write(to: folder.file("monitoring/iris/schema/schema.1.log"))
            let log = folder.file("monitoring/iris/data/data.1.log")
            let record =
                #"{"label": "x", "species": "setosa", "timestamp": "2022-11-17T12:51:19.5", "request_id": "1"}"#
            try Data((record + "\n").utf8).write(to: log)
            let daemon = try Daemon(
                ["run", "--tail", log.path, "--preset", "bentoml", "--listen", "127.0.0.1:0"], in: folder)
            let scrape = try await daemon.scrape(until: "the event") { $0.sum("telltale_events_accepted_total") == 1 }
            #expect(scrape.sum("model_feature_observations_total", ["feature": "label"]) == 1)
            #expect(scrape.sum("model_prediction_class_total", ["class": "setosa"]) == 1)
        }

        /// What is said in the configuration, and that a change of it asks for a new look while a restart does not.
        @Test func saidFieldByField() async throws {
            let folder = try TemporaryFolder()
            let log = folder.file("log.csv")
            try Data("when,cents,zip,took\n2026-01-01 01:00:00,1250,10115,8\n".utf8).write(to: log)
            try FileManager.default.createDirectory(at: folder.file("state"), withIntermediateDirectories: false)
            let config = folder.file("telltale.yaml")
            func run(_ name: String) async throws -> Scrape {
                let text = """
                    listen: 127.0.0.1:0
                    state_dir: \(folder.file("state").path)
                    sources:
                      - tail: \(log.path)
                        timezone: "+01:00"
                        fields:
                          when: timestamp
                          cents: {name: \(name), scale: 0.01}
                          zip: categorical
                          took: {role: latency, unit: ms}

                    """
                try Data(text.utf8).write(to: config)
                let daemon = try Daemon(["run", "--config", config.path], in: folder)
                let rows = Double(try String(contentsOf: log, encoding: .utf8).split(separator: "\n").count - 1)
                let scrape = try await daemon.scrape(until: "\(rows) events") {
                    $0.sum("telltale_events_accepted_total") == rows
                }
                daemon.send(SIGTERM)
                #expect(try await daemon.exitStatus() == 0)
                return scrape
            }
            func append() throws {
                let handle = try FileHandle(forWritingTo: log)
                try handle.seekToEnd()
                try handle.write(contentsOf: Data("2026-01-01 01:00:01,250,99,9\n".utf8))
                try handle.close()
            }
            let first = try await run("amount")
            #expect(first.sum("model_feature_observations_total", ["feature": "amount"]) == 1)
            #expect(first.sum("model_prediction_latency_seconds_sum") == 8 * 0.001)
            try append()
            let second = try await run("amount")
            #expect(second.sum("model_feature_observations_total", ["feature": "amount"]) == 2)
            try append()
            let third = try await run("price")
            #expect(third.sum("model_feature_observations_total", ["feature": "price"]) == 1)
        }

        // MARK: - Sockets

        private static func started(_ row: Row, in folder: TemporaryFolder) throws -> Daemon {
            let arguments = row.command.map { word in
                word.hasSuffix(".sock")
                    ? folder.file(word).path : word.hasPrefix("127.0.0.1:") ? "127.0.0.1:0" : word
            }
            return try Daemon(arguments + ["--listen", "127.0.0.1:0"], in: folder)
        }

        @Test(
            arguments: rows.filter { row in
                ["--udp", "--tcp", "--unix-datagram", "--unix-stream"].contains { row.value($0) != nil }
            })
        func lines(row: Row) async throws {
            let folder = try TemporaryFolder()
            let daemon = try Self.started(row, in: folder)
            let text =
                "model.feature:12.3:4|h|#model:fraud,feature:amount\nmodel.prediction:yes|s|#model:fraud\nhits:2|c"
            if row.value("--udp") != nil {
                try DatagramSender(port: try await daemon.port(udp: true)).send(text)
            } else if row.value("--tcp") != nil {
                try StreamSender(port: try await daemon.port(of: "tcp:")).send(text + "\n")
            } else if let name = row.value("--unix-datagram") {
                _ = try await daemon.scrape()
                try UnixSender(folder.file(name).path, SOCK_DGRAM).send(text)
            } else if let name = row.value("--unix-stream") {
                _ = try await daemon.scrape()
                let length = unsafe withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { unsafe Array($0) }
                try UnixSender(folder.file(name).path, SOCK_STREAM).send(length + Array(text.utf8))
            }
            let scrape = try await daemon.scrape(until: "three lines") {
                $0.sum("telltale_events_accepted_total") == 3
            }
            #expect(scrape.sum("model_feature_observations_total", ["feature": "amount"]) == 2)
            #expect(scrape.sum("model_prediction_class_total", ["model": "fraud", "class": "yes"]) == 1)
            #expect(scrape.sum("hits_total") == 2)
        }

        /// Records, and the requests and answers that the loggers of KServe and Seldon post.
        @Test(arguments: rows.filter { $0.value("--http") != nil })
        func http(row: Row) async throws {
            let folder = try TemporaryFolder()
            let daemon = try Self.started(row, in: folder)
            let port = try await daemon.port(of: "http:")
            func post(_ path: String, _ body: String, _ headers: [String: String]) async throws -> Int {
                try await HTTP.post(port: port, path, body, headers: headers).status
            }
            if row.source == "HTTP records" {
                let json = ["Content-Type": "application/json"]
                let body = #"[{"model":"m","amount":1},{"model":"m","amount":2}]"#
                #expect(try await post("/v1/events", body, json) == 202)
                let scrape = try await daemon.scrape(until: "two records") {
                    $0.sum("telltale_events_accepted_total") == 2
                }
                #expect(scrape.sum("model_feature_observations_total", ["feature": "amount"]) == 2)
                return
            }
            for (system, path) in [("org.kubeflow.serving", "/"), ("io.seldon.serving", "/v1/cloudevents")] {
                for (kind, second, body) in [
                    ("request", "00", #"{"instances":[[6.8,2.8],[6.0,3.4]]}"#),
                    ("response", "02", #"{"predictions":[1,0]}"#),
                ] {
                    let headers = [
                        "Ce-Specversion": "1.0", "Ce-Id": "id-\(system)", "Ce-Type": "\(system).inference.\(kind)",
                        "Ce-Source": "http://localhost:9081/", "Ce-Time": "2026-08-21T14:00:\(second)Z",
                        "Ce-Inferenceservicename": "iris", "Content-Type": "application/json",
                    ]
                    #expect(try await post(path, body, headers) == 202)
                }
            }
            let scrape = try await daemon.scrape(until: "four instances") {
                $0.sum("telltale_events_accepted_total") == 4
            }
            #expect(scrape.isBalanced)
            #expect(scrape.sum("model_predictions_total", ["model": "iris"]) == 4)
            #expect(scrape.sum("model_prediction_class_total", ["class": "1"]) == 2)
            #expect(scrape.sum("model_feature_observations_total", ["feature": "feature_1"]) == 4)
            #expect(scrape.sum("model_prediction_latency_seconds_sum") == 8)
        }
    }
}
