import Foundation
import Scenarios
import Testing

extension EndToEnd {
    /// Whatever comes in is counted exactly once, understood or not.
    @Suite(.timeLimit(.minutes(2))) struct InputTests {
        /// A file and nothing else: `telltale run --tail FILE` finds the schema, and every number is exact.
        @Test(arguments: Preset.allCases)
        func tailWithoutConfiguration(preset: Preset) async throws {
            let folder = try TemporaryFolder()
            let records = 3_000
            var traffic = try #require(Traffic(preset: preset, scenario: .stable))
            var bytes: [UInt8] = []
            for index in 0..<records {
                let time = 1_767_225_600_000_000_000 + Int64(index) * 10_000_000
                traffic.appendRecord(at: time, elapsed: Double(index) / 100, to: &bytes)
            }
            let file = folder.file("predictions.jsonl")
            try Data(bytes).write(to: file)
            let daemon = try Daemon(["run", "--tail", file.path, "--listen", "127.0.0.1:0"], in: folder)
            let expected = Double(records)
            let scrape = try await daemon.scrape(until: "all records counted") {
                $0.sum("telltale_events_accepted_total") == expected
            }
            #expect(scrape.isBalanced)
            let model = ["model": preset.rawValue, "version": preset.version]
            #expect(scrape.sum("telltale_events_received_total") == expected)
            #expect(scrape.sum("telltale_bytes_read_total") == Double(bytes.count))
            #expect(scrape.sum("model_predictions_total", model) == expected)
            for (status, count) in Self.values(of: "status", in: bytes) {
                let labels = model.merging(["status": status]) { $1 }
                #expect(scrape.sum("model_predictions_total", labels) == Double(count), "\(status)")
            }
            for feature in preset.features {
                let labels = model.merging(["feature": feature]) { $1 }
                #expect(scrape.sum("model_feature_observations_total", labels) == expected, "\(feature)")
            }
            if preset != .price {
                for (name, count) in Self.values(of: "prediction", in: bytes) {
                    let labels = model.merging(["class": name]) { $1 }
                    #expect(scrape.sum("model_prediction_class_total", labels) == Double(count), "\(name)")
                }
                let outcomes = Double(Self.values(of: "outcome", in: bytes).values.reduce(0, +))
                #expect(scrape.sum("model_confusion_total", model) == outcomes)
            }
            #expect(scrape.sum("model_window_events", model.merging(["window": "1h"]) { $1 }) == expected)
        }

        /// Text values of one member, counted.
        private static func values(of member: String, in bytes: [UInt8]) -> [String: Int] {
            bytes.split(separator: UInt8(ascii: "\n")).reduce(into: [:]) { counts, line in
                let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
                if let value = object?[member] as? String { counts[value, default: 0] += 1 }
            }
        }

        /// Times that are none are rejected, those of long ago are late, and a record without one counts when it comes
        /// (K05).
        @Test func strangeTimes() async throws {
            let folder = try TemporaryFolder()
            let refused = ["-1", #""1601-01-01T00:00:00Z""#, "9223372036854775808", "1e400", "true", #""yesterday""#]
            let late = ["0", "1", #""1970-01-01T00:00:00Z""#]
            let arriving = ["null", #""""#]
            let rounds = 500
            var text = ""
            for round in 0..<rounds {
                text += #"{"x":\#(round),"prediction":"a"}"# + "\n"
                for time in refused + late + arriving {
                    text += #"{"x":\#(round),"prediction":"a","ts":\#(time)}"# + "\n"
                }
            }
            _ = try folder.write(text, to: "log.jsonl")
            let config = try folder.write(
                """
                listen: 127.0.0.1:0
                sources:
                  - tail: log.jsonl
                    schema: { timestamp: ts, timestamp_unit: s, features: { x: numeric }, prediction: prediction }
                """, to: "telltale.yaml")
            let daemon = try Daemon(["run", "--config", config], in: folder)
            let lines = Double(rounds * (1 + refused.count + late.count + arriving.count))
            let scrape = try await daemon.scrape(until: "\(lines) lines") {
                $0.sum("telltale_events_received_total") == lines
            }
            #expect(scrape.isBalanced)
            let bad = Double(rounds * refused.count)
            #expect(scrape.sum("telltale_events_rejected_total", ["reason": "invalid_timestamp"]) == bad)
            #expect(scrape.sum("telltale_events_rejected_total") == bad)
            // The first records set the clock of the model; what is late or not is known from then on.
            let isExpected = { (value: Double?, count: Int) in
                value.map { $0 <= Double(rounds * count) && $0 >= Double((rounds - 1) * count) } ?? false
            }
            #expect(isExpected(scrape.sum("model_late_events_total"), late.count))
            for window in ["5m", "7d"] {
                #expect(isExpected(scrape.sum("model_window_events", ["window": window]), 1 + arriving.count))
            }
        }

        /// A file that does not exist yet is waited for; lines that come later are counted too.
        @Test func fileAppearsLater() async throws {
            let folder = try TemporaryFolder()
            let file = folder.file("later.jsonl")
            let daemon = try Daemon(["run", "--tail", file.path, "--listen", "127.0.0.1:0"], in: folder)
            _ = try await daemon.scrape()
            var writer = try SequenceWriter(file)
            for round in 1...3 {
                try writer.write(100)
                let expected = Double(round) * 100
                try await daemon.scrape(until: "\(expected) lines") {
                    $0.sum("telltale_events_accepted_total") == expected
                }
            }
        }

        /// From the end: what a file held before the start is not counted.
        @Test func fromTheEnd() async throws {
            let folder = try TemporaryFolder()
            var writer = try SequenceWriter(folder.file("log.jsonl"))
            try writer.write(1_000)
            let daemon = try Daemon(
                ["run", "--tail", folder.file("log.jsonl").path, "--from", "end", "--listen", "127.0.0.1:0"],
                in: folder)
            try await eventually("the daemon is ready", describe: { daemon.logged }) {
                try await daemon.get("/-/ready").status == 200 ? true : nil
            }
            try writer.write(10)
            let scrape = try await daemon.scrape(until: "the new lines") {
                $0.sum("telltale_events_accepted_total") ?? 0 >= 10
            }
            #expect(scrape.sum("telltale_events_received_total") == 10)
        }

        /// DogStatsD lines and JSON records over UDP, several to a datagram.
        @Test func udp() async throws {
            let folder = try TemporaryFolder()
            let daemon = try Daemon(["run", "--udp", "127.0.0.1:0", "--listen", "127.0.0.1:0"], in: folder)
            let port = try await daemon.port(udp: true)
            let sender = try DatagramSender(port: port)
            for index in 0..<500 {
                sender.send(
                    "model.feature:\(index)|g|#model:m,version:1,feature:a\nmodel.latency:8|ms|#model:m,version:1")
                sender.send("model.prediction:\(index % 5 == 0 ? "no" : "yes")|s|#model:m,version:1")
            }
            sender.send("garbage\nmodel.feature:x|q|#model:m,feature:a\nother.metric:1|c")
            let scrape = try await daemon.scrape(until: "all lines counted") {
                $0.sum("telltale_events_received_total") ?? 0 >= 1_503
            }
            #expect(scrape.isBalanced)
            #expect(scrape.sum("telltale_kernel_drops_total") == 0)
            #expect(scrape.sum("telltale_events_accepted_total") == 1_501)
            #expect(scrape.sum("telltale_events_rejected_total") == 2)
            #expect(scrape.sum("other_metric_total") == 1)
            #expect(scrape.sum("model_predictions_total", ["model": "m", "version": "1"]) == 500)
            #expect(scrape.sum("model_prediction_class_total", ["class": "no"]) == 100)
            #expect(scrape.sum("model_prediction_class_total", ["class": "yes"]) == 400)
            #expect(scrape.sum("model_feature_observations_total", ["model": "m", "feature": "a"]) == 500)
            let latency = scrape.sum("model_prediction_latency_seconds_sum", ["model": "m"]) ?? 0
            #expect(abs(latency - 4) < 1e-9)
        }

        /// The same over a Unix socket, whose file comes and goes with the daemon.
        @Test func unixDatagrams() async throws {
            let folder = try TemporaryFolder()
            let path = folder.file("statsd.sock").path
            let daemon = try Daemon(["run", "--unix-datagram", path, "--listen", "127.0.0.1:0"], in: folder)
            _ = try await daemon.scrape()
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o660)
            let sender = try UnixSender(path, SOCK_DGRAM)
            for index in 0..<2_000 {
                try sender.send("model.feature:\(index)|g|#model:m,feature:a\nmodel.prediction:yes|s|#model:m\n")
            }
            let scrape = try await daemon.scrape(until: "all lines counted") {
                $0.sum("telltale_events_received_total", ["source": "unixgram:" + path]) ?? 0 >= 4_000
            }
            #expect(scrape.isBalanced)
            #expect(scrape.sum("telltale_events_accepted_total") == 4_000)
            #expect(scrape.sum("model_predictions_total", ["model": "m"]) == 2_000)
            // A second daemon does not take the socket away from the first.
            let second = try Run.telltale("run", "--unix-datagram", path, "--listen", "127.0.0.1:0")
            #expect(second.status == 2)
            #expect(second.errors.contains("in use"))
            daemon.send(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
            #expect(!FileManager.default.fileExists(atPath: path))
        }

        /// TCP takes lines and a Unix stream takes frames; one that sends half a line disturbs nobody.
        @Test func streams() async throws {
            let folder = try TemporaryFolder()
            let path = folder.file("stream.sock").path
            let daemon = try Daemon(
                ["run", "--tcp", "127.0.0.1:0", "--unix-stream", path, "--listen", "127.0.0.1:0"], in: folder)
            let port = try await daemon.port(of: "tcp:")
            let (tcp, half) = (try StreamSender(port: port), try StreamSender(port: port))
            let frames = try UnixSender(path, SOCK_STREAM)
            try half.send("model.feature:1|g|#model:m,feature:a")
            for index in 0..<2_000 {
                let lines = "model.feature:\(index)|g|#model:m,feature:a\nmodel.prediction:yes|s|#model:m"
                try tcp.send(lines + "\n")
                let length = (0..<4).map { UInt8(truncatingIfNeeded: lines.utf8.count >> (8 * $0)) }
                try frames.send(length + Array(lines.utf8))
            }
            half.close()
            let scrape = try await daemon.scrape(until: "all lines counted") {
                $0.sum("telltale_events_received_total") ?? 0 >= 8_001
            }
            #expect(scrape.isBalanced)
            #expect(scrape.sum("telltale_events_accepted_total", ["source": "unix:" + path]) == 4_000)
            #expect(scrape.sum("telltale_events_rejected_total", ["reason": "partial_line"]) == 1)
            #expect(scrape.sum("model_predictions_total", ["model": "m"]) == 4_000)
            let source = ["source": "tcp:127.0.0.1:0"]
            #expect(scrape.sum("telltale_connections_opened_total", source) == 2)
            try await daemon.scrape(until: "the connection closed") {
                $0.sum("telltale_connections_closed_total", source.merging(["reason": "closed"]) { $1 }) == 1
                    && $0.sum("telltale_connections", source) == 1
            }
            daemon.send(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
        }

        /// Records over HTTP are answered at once, and counted as answered.
        @Test func http() async throws {
            let folder = try TemporaryFolder()
            let config = try folder.write(
                """
                listen: 127.0.0.1:0
                sources:
                  - http: 127.0.0.1:0
                    schema: {features: {amount: numeric}, prediction: answer, model: model}
                """, to: "telltale.yaml")
            let daemon = try Daemon(["run", "--config", config], in: folder)
            let port = try await daemon.port(of: "http:")
            _ = try await daemon.scrape()
            let records = (0..<500).map { "{\"model\":\"m\",\"amount\":\($0),\"answer\":\"yes\"}" }
            let single = try await HTTP.post(port: port, "/v1/events", records[0])
            #expect(single.status == 200)
            #expect(single.body == "{\"accepted\":1,\"rejected\":{}}\n")
            let array = try await HTTP.post(port: port, "/v1/events", "[" + records.joined(separator: ",") + "]")
            #expect(array.body == "{\"accepted\":500,\"rejected\":{}}\n")
            let broken = try await HTTP.post(port: port, "/v1/events", "[{}")
            #expect(broken.status == 400)
            let scrape = try await daemon.scrape(until: "all records counted") {
                $0.sum("telltale_events_received_total") == 502
            }
            #expect(scrape.isBalanced)
            #expect(scrape.sum("model_predictions_total", ["model": "m"]) == 501)
            #expect(scrape.sum("telltale_events_rejected_total", ["reason": "malformed_json"]) == 1)
            #expect(scrape.sum("telltale_http_requests_total", ["path": "/v1/events", "code": "200"]) == 2)
            daemon.send(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
        }

        /// JSON records over UDP are understood like lines of a file.
        @Test func recordsOverUDP() async throws {
            let folder = try TemporaryFolder()
            let daemon = try Daemon(["run", "--udp", "127.0.0.1:0", "--listen", "127.0.0.1:0"], in: folder)
            let sender = try DatagramSender(port: try await daemon.port(udp: true))
            var traffic = try #require(Traffic(preset: .churn, scenario: .stable))
            for _ in 0..<300 {
                var bytes: [UInt8] = []
                for _ in 0..<2 { traffic.appendRecord(at: 1_767_225_600_000_000_000, elapsed: 0, to: &bytes) }
                sender.send(String(decoding: bytes, as: UTF8.self))
            }
            let scrape = try await daemon.scrape(until: "all records counted") {
                $0.sum("telltale_events_accepted_total") ?? 0 >= 600
            }
            #expect(scrape.isBalanced)
            #expect(scrape.sum("model_predictions_total", ["model": "churn"]) == 600)
        }

        /// Bad input is counted by reason, hurts nobody, and the good lines between it all arrive.
        @Test func badInput() async throws {
            let folder = try TemporaryFolder()
            let file = folder.file("bad.jsonl")
            let good = #"{"ts":"2026-01-01T00:00:00Z","model":"m","features":{"a":1.5,"b":"x"},"prediction":"yes"}"#
            let bad: [[UInt8]] = [
                Array("{".utf8), Array("[1,2]".utf8), Array("null".utf8), Array(#"{"model":"m""#.utf8),
                Array(#"{"ts":"yesterday","model":"m","features":{"a":1},"prediction":"yes"}"#.utf8),
                Array(#"{"model":"\ud800","features":{"a":1},"prediction":"yes"}"#.utf8),
                [0x7B, 0x22, 0xFF, 0xFE, 0x22, 0x3A, 0x31, 0x7D],
                Array(String(repeating: "[", count: 10_000).utf8), [0, 0, 0, 0x31],
                (0..<256).map(UInt8.init).filter { $0 != 0x0A },
            ]
            var bytes: [UInt8] = []
            for index in 0..<1_500 {
                bytes += Array(good.utf8) + [0x0A]
                if index >= 1_200 { bytes += bad[index % bad.count] + [0x0A] }
            }
            // One line longer than any limit.
            bytes += Array("{\"a\":\"".utf8) + [UInt8](repeating: 0x78, count: 3 << 20) + Array("\"}\n".utf8)
            // Odd values: the records are accepted and the values counted as issues, but for one that overflows.
            bytes += Array(
                """
                {"ts":"2026-01-01T00:00:00Z","model":"m","features":{"a":NaN,"b":"x"},"prediction":"yes"}
                {"ts":"2026-01-01T00:00:00Z","model":"m","features":{"a":-Infinity,"b":"x"},"prediction":"yes"}
                {"ts":"2026-01-01T00:00:00Z","model":"m","features":{"a":1e999,"b":"x"},"prediction":"yes"}
                {"ts":"2026-01-01T00:00:00Z","model":"m","features":{"a":"text","b":null},"prediction":"yes"}
                {"ts":"2026-01-01T00:00:00Z","model":"m","features":{"a":{"deep":[1]}},"prediction":"yes"}


                """.utf8)
            try Data(bytes).write(to: file)
            let daemon = try Daemon(["run", "--tail", file.path, "--listen", "127.0.0.1:0"], in: folder)
            let scrape = try await daemon.scrape(until: "the whole file") {
                $0.sum("telltale_bytes_read_total") == Double(bytes.count)
                    && $0.sum("telltale_events_ignored_total", ["reason": "blank_line"]) == 1
            }
            #expect(daemon.isRunning)
            #expect(scrape.isBalanced)
            #expect(scrape.sum("telltale_events_accepted_total") == 1_504)
            // 300 between the good lines, the long one, and the number that no `Double` holds.
            #expect(scrape.sum("telltale_events_rejected_total") == 302)
            for reason in ["line_too_long", "nonfinite"] {
                #expect(scrape.sum("telltale_events_rejected_total", ["reason": reason]) == 1, "\(reason)")
            }
            let a = ["model": "m", "feature": "a"]
            #expect(scrape.sum("model_feature_observations_total", a) == 1_504)
            #expect(scrape.sum("model_feature_issues_total", a.merging(["issue": "invalid"]) { $1 }) == 4)
            #expect(scrape.sum("model_feature_mean", a.merging(["window": "1h"]) { $1 }) == 1.5)
            // The log tells about it without repeating it.
            #expect(daemon.logged.utf8.count < 64 << 10)
        }
    }
}
