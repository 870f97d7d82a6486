import Foundation
import Testing

extension EndToEnd {
    /// StatsD lines about anything, through the real binary.
    @Suite(.timeLimit(.minutes(2))) struct CustomMetricTests {
        private static func configuration(_ folder: TemporaryFolder, _ text: String) throws -> [String] {
            let file = try folder.write(
                "listen: 127.0.0.1:0\nstate_dir: \(folder.file("state").path)\ncommit_interval: 100ms\n"
                    + "sources:\n  - udp: 127.0.0.1:0\n" + text, to: "telltale.yaml")
            return ["run", "--config", file]
        }

        /// What is sent is scraped under its own name, exactly, in formats that promtool accepts.
        @Test func everyTypeIsExposed() async throws {
            let folder = try TemporaryFolder()
            try FileManager.default.createDirectory(at: folder.file("state"), withIntermediateDirectories: true)
            let arguments = try Self.configuration(
                folder, "statsd: {gauge_signs: change}\ncustom_metrics: {buckets: [0.1, 1]}\n")
            let daemon = try Daemon(arguments, in: folder)
            let sender = try DatagramSender(port: try await daemon.port(udp: true))
            for _ in 0..<100 {
                sender.send(
                    """
                    page.views:1|c|@0.3|#page:home,canary
                    page.views,page=cart:2:3|c
                    queue.depth:10|g
                    queue.depth:-4|g
                    request.time:50:500|ms|@0.5|c:ci-1|e:it-false,cn-x|card:low
                    users:a|s
                    users:b|s
                    _e{5,4}:title|text
                    _sc|app|0
                    telltale.build.info:1|g
                    page.views:1|h
                    """)
            }
            let scrape = try await daemon.scrape(until: "all lines") {
                $0.sum("telltale_events_received_total") == 1_100
            }
            #expect(scrape.isBalanced)
            #expect(scrape.sum("page_views_total", ["page": "home", "canary": "true"]) == 100 * (1 / 0.3))
            #expect(scrape.sum("page_views_total", ["page": "cart"]) == 500)
            #expect(scrape.sum("queue_depth") == 6)
            #expect(scrape.sum("request_time_bucket", ["le": "0.1"]) == 200)
            #expect(scrape.sum("request_time_count") == 400)
            #expect(abs((scrape.sum("request_time_sum") ?? 0) - 110) < 1e-9)
            #expect(scrape.sum("users") == 2)
            #expect(scrape.sum("telltale_events_rejected_total", ["reason": "name_conflict"]) == 100)
            #expect(scrape.sum("telltale_events_rejected_total", ["reason": "type_conflict"]) == 100)
            #expect(scrape.sum("telltale_events_ignored_total", ["reason": "event"]) == 100)
            #expect(scrape.sum("telltale_custom_series") == 5)
            // Counters go on after a crash; a gauge shows its last value again.
            daemon.send(SIGKILL)
            _ = try await daemon.exitStatus()
            let second = try Daemon(arguments, in: folder)
            let after = try await second.scrape(until: "the first commit") { $0.sum("queue_depth") != nil }
            #expect(after.sum("queue_depth") == 6 && after.sum("users") == 2)
            #expect(after.sum("page_views_total") == scrape.sum("page_views_total"))
            #expect(after.sum("request_time_count") == 400)
        }

        /// A mapping file of statsd_exporter gives names and labels, feeds models, and is checked beforehand.
        @Test func mappingFilesAreUsed() async throws {
            let folder = try TemporaryFolder()
            try FileManager.default.createDirectory(at: folder.file("state"), withIntermediateDirectories: true)
            let rules = """
                defaults: {observer_type: histogram, histogram_options: {buckets: [1]}}
                mappings:
                - match: api.*.*.time
                  name: api_request_duration_seconds
                  labels: {route: "$1", method: "$2"}
                - match: 'ml\\.(?P<model>\\w+)\\.took'
                  match_type: regex
                  model: ${model}
                  role: latency
                - {match: "debug.*", action: drop, name: none}
                """
            _ = try folder.write(rules, to: "mapping.yaml")
            let arguments = try Self.configuration(folder, "mapping: mapping.yaml\n")
            let daemon = try Daemon(arguments, in: folder)
            let sender = try DatagramSender(port: try await daemon.port(udp: true))
            sender.send(
                "api.users.get.time:250|ms\napi.users.put.time:2000:4000|ms\nml.fraud.took:8|ms\ndebug.x:1|c\nfree:1|c")
            let scrape = try await daemon.scrape(until: "all lines") {
                $0.sum("telltale_events_received_total") == 5
            }
            let get = ["route": "users", "method": "get"]
            #expect(scrape.sum("api_request_duration_seconds_count", get) == 1)
            #expect(scrape.sum("api_request_duration_seconds_sum", ["method": "put"]) == 6)
            #expect(scrape.sum("api_request_duration_seconds_bucket", ["le": "1.0"]) == 1)
            #expect(scrape.sum("model_prediction_latency_seconds_sum", ["model": "fraud"]) == 0.008)
            #expect(scrape.sum("telltale_events_ignored_total", ["reason": "mapping_rule"]) == 1)
            #expect(scrape.sum("free_total") == 1 && scrape.isBalanced)
            _ = try folder.write(rules + "\n- {match: \"a.b*\", name: x}\n", to: "mapping.yaml")
            let check = try Run.telltale("check-config", folder.file("telltale.yaml").path)
            #expect(check.status == 2)
            #expect(
                check.errors.contains("mapping.yaml:11: mappings[3].match: \"a.b*\": must be fields"), "\(check.errors)"
            )
        }

        /// Ten thousand label values cost as many series as the limit allows, and no count.
        @Test func totalsStayRightBeyondTheLimit() async throws {
            let folder = try TemporaryFolder()
            try FileManager.default.createDirectory(at: folder.file("state"), withIntermediateDirectories: true)
            let daemon = try Daemon(
                try Self.configuration(folder, "custom_metrics: {series: 100, ttl: 1h}\n"), in: folder)
            let sender = try DatagramSender(port: try await daemon.port(udp: true))
            for batch in 0..<200 {
                sender.send((0..<50).map { "hits:1|c|#user:\(batch * 50 + $0)" }.joined(separator: "\n"))
                if batch % 20 == 19 {
                    try await daemon.scrape(until: "what was sent") {
                        $0.sum("telltale_events_received_total") == Double((batch + 1) * 50)
                    }
                }
            }
            let scrape = try await daemon.scrape()
            #expect(scrape.sum("hits_total") == 10_000)
            #expect(scrape.samples("hits_total").count == 101)
            #expect(scrape.sum("hits_total", ["otel_metric_overflow": "true"]) == 9_900)
            #expect(scrape.sum("telltale_limit_reached_total", ["limit": "custom_series"]) == 9_900)
        }
    }
}
