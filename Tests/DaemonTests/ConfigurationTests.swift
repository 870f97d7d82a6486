import Events
import Foundation
import Ingest
import LineFormats
import Monitor
import Testing

@testable import Daemon

@Suite struct ConfigurationTests {
    private func decode(_ text: String, file: String = "dir/telltale.yaml") throws -> Configuration {
        try ConfigurationDecoder.decode(Array(text.utf8), file: file)
    }

    private func messages(_ text: String) -> [String] {
        do {
            _ = try decode(text, file: "t.yaml")
            return []
        } catch let errors as ConfigErrors {
            return errors.errors.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    @Test func emptyIsTheDefault() throws {
        let configuration = try decode("")
        #expect(configuration == Configuration())
        #expect(configuration.listen.description == "127.0.0.1:9757")
        #expect(configuration.monitor.windows.map(\.label) == ["5m", "1h", "1d", "7d"])
        #expect(!configuration.enableLifecycle)
        #expect(configuration.stateDirectory == nil)
    }

    @Test func everything() throws {
        let configuration = try decode(
            """
            listen: "[::1]:0"
            state_dir: state
            commit_interval: 250ms
            enable_lifecycle: true
            minimum_events: 10
            log: {level: debug, format: json}
            windows: [1m, 90m0, 24h]
            outcomes: {pending: 7, wait: 90s}
            """.replacingOccurrences(of: "90m0", with: "2h"))
        #expect(configuration.listen == Endpoint(host: "::1", port: 0))
        #expect(configuration.stateDirectory == "dir/state")
        #expect(configuration.commitInterval == 250_000_000)
        #expect(configuration.enableLifecycle)
        #expect(configuration.monitor.minimumEvents == 10)
        #expect(configuration.log == LogConfiguration(level: .debug, format: .json))
        #expect(configuration.monitor.joining.pending == 7 && configuration.monitor.joining.seconds == 90)
        #expect(configuration.monitor.windows.map(\.label) == ["1m", "2h", "1d"])
        #expect(configuration.monitor.windows.map(\.seconds) == [60, 7_200, 86_400])
    }

    @Test func sourcesAndSchema() throws {
        let configuration = try decode(
            """
            sources:
              - tail: log.jsonl
                from: end
                drain: 5s
                model: fraud
                schema:
                  timestamp: meta.ts
                  timestamp_unit: ms
                  version: [meta, "model.version"]
                  feature_object: input
                  features:
                    amount: numeric
                    country: {path: geo.country, type: categorical}
                    cents: {type: numeric, scale: 0.01}
                  prediction: {path: y, type: numeric}
                  latency: {path: took, unit: ms}
                  ignored: [trace, a.b]
              - udp: 127.0.0.1:8125
                receive_buffer: 64KiB
              - unix_datagram: run/statsd.sock
                mode: 0666
              - tcp: "[::1]:9000"
                connections: 7
              - unix_stream: /run/s
                framing: lines
                idle_timeout: 0s
              - http: 127.0.0.1:9758
                token_file: token
            """)
        #expect(
            configuration.sources.map(\.name) == [
                "file:dir/log.jsonl", "udp:127.0.0.1:8125", "unixgram:dir/run/statsd.sock", "tcp:[::1]:9000",
                "unix:/run/s", "http:127.0.0.1:9758",
            ])
        let http = SourceInput.http(Endpoint(host: "127.0.0.1", port: 9_758), tokenFile: "dir/token")
        #expect(configuration.sources[5].input == http)
        let tcp = StreamOptions(framing: .lines, connections: 7)
        #expect(configuration.sources[3].input == .tcp(Endpoint(host: "::1", port: 9_000), tcp))
        let stream = StreamOptions(framing: .lines, idle: 0)
        #expect(configuration.sources[4].input == .unixStream(UnixSocket(path: "/run/s"), stream))
        #expect(
            configuration.sources[2].input
                == .unixDatagram(UnixSocket(path: "dir/run/statsd.sock", mode: 0o666), receiveBuffer: 4 << 20))
        #expect(
            configuration.sources[0].input
                == .tail(path: "dir/log.jsonl", TailOptions(from: .end, drain: 5_000_000_000)))
        #expect(configuration.sources[1].input == .udp(Endpoint(host: "127.0.0.1", port: 8_125), receiveBuffer: 65_536))
        let schema = try #require(configuration.sources[0].schema)
        #expect(schema.defaultModel == "fraud")
        #expect(schema.timestamp == ["meta", "ts"])
        #expect(schema.timestampUnit == .milliseconds)
        #expect(schema.version == ["meta", "model.version"])
        #expect(schema.featureObjects == [["input"]])
        #expect(schema.ignored == [["trace"], ["a", "b"]])
        #expect(
            schema.signals == [
                Signal(name: "amount", role: .feature, kind: .numeric, path: ["input", "amount"]),
                Signal(name: "country", role: .feature, kind: .categorical, path: ["geo", "country"]),
                Signal(name: "cents", role: .feature, kind: .numeric, path: ["input", "cents"], scale: 0.01),
                Signal(name: "prediction", role: .prediction, kind: .numeric, path: ["y"]),
                Signal(name: "latency", role: .latency, kind: .numeric, path: ["took"], scale: 0.001),
            ])
    }

    @Test func statsDAndCustomMetrics() throws {
        let configuration = try decode(
            """
            statsd: {gauge_signs: change, tag_styles: [influxdb, dogstatsd], model_lines: false}
            custom_metrics: {unmapped: ignore, timers: summary, quantiles: [0.5, 1], max_age: 1m, age_buckets: 2,
              ttl: 1h, metrics: 3, series: 4}
            """)
        #expect(
            configuration.statsD
                == StatsDOptions(signsAreChanges: true, tagStyles: .influxDB, readsModelLines: false))
        let custom = configuration.monitor.custom
        var summary = SummarySetting()
        (summary.quantiles, summary.age, summary.parts) = ([0.5, 1], 60_000_000_000, 2)
        #expect(!custom.exposesUnmapped && custom.observer == .summary(summary))
        #expect(custom.timeToLive == 3_600_000_000_000 && custom.metrics == 3 && custom.series == 4)
        #expect(!configuration.monitorSettings.custom.reservedNames.isEmpty)
        let buckets = try decode("custom_metrics: {buckets: [1, 2.5]}").monitor.custom.observer
        #expect(buckets == .histogram(bounds: [1, 2.5]))
    }

    @Test(arguments: [
        ("statsd: {tag_styles: [graphite]}", "t.yaml:1: statsd.tag_styles[0]: \"graphite\": must be one of"),
        ("statsd: {gauge_signs: delta}", "t.yaml:1: statsd.gauge_signs: \"delta\": must be one of value, change"),
        ("custom_metrics: {buckets: [1, 1]}", "t.yaml:1: custom_metrics.buckets: must be 1 to 100 ascending numbers"),
        ("custom_metrics: {buckets: [x]}", "t.yaml:1: custom_metrics.buckets[0]: \"x\": must be a finite number"),
        ("custom_metrics: {quantiles: [2]}", "t.yaml:1: custom_metrics.quantiles: must be 1 to 20 ascending numbers"),
        (
            "custom_metrics: {max_age: 1h}",
            "t.yaml:1: custom_metrics.max_age: \"1h\": has no meaning while timers are histogram"
        ),
        (
            "custom_metrics: {timers: summary, buckets: [1]}",
            "t.yaml:1: custom_metrics.buckets: has no meaning while timers are summary"
        ),
    ])
    func statsDAndCustomMetricsAreChecked(text: String, message: String) {
        #expect(messages(text).contains { $0.hasPrefix(message) }, "\(messages(text))")
    }

    @Test func modelsAndThresholds() throws {
        let configuration = try decode(
            """
            models:
              - name: fraud
                version: 3
                type: classification
                thresholds: {latency_p99_seconds: {critical: 1, warning: 0.5}}
            learn: {events: 0, duration: 1h}
            limits: {models: 2, signals_per_model: 3, categories_per_signal: 4, series: 5000}
            expose_values: [amount]
            """)
        let model = try #require(configuration.monitor.models.first)
        #expect(model.name == "fraud" && model.version == "3" && model.type == "classification")
        #expect(
            model.thresholds == [
                AlertThreshold(signal: "latency_p99_seconds", severity: "warning", value: 0.5),
                AlertThreshold(signal: "latency_p99_seconds", severity: "critical", value: 1),
            ])
        #expect(configuration.monitor.learning.events == 0)
        #expect(configuration.monitor.learning.seconds == 3_600)
        #expect(configuration.monitor.limits.models == 2)
        #expect(configuration.monitor.limits.series == 5_000)
        #expect(configuration.monitor.exposedValues == ["amount"])
    }

    /// A field that has two meanings could only be read as one of them.
    @Test func aFieldHasOneMeaning() {
        let yaml = """
            sources:
              - tail: x
                schema:
                  version: [a, b]
                  features: {a.b: numeric, c: numeric}
                  score: c
            """
        #expect(
            messages(yaml) == [
                "t.yaml:5: sources[0].schema.features: reads the field a.b as version does; a field has one meaning",
                "t.yaml:6: sources[0].schema.score: \"c\": reads the field c as features does; a field has one meaning",
            ])
    }

    /// All errors of a file at once, in its order, each with line, key, value and rule.
    @Test func allErrors() throws {
        let golden = try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
        let text = try String(contentsOf: golden.appendingPathComponent("broken.yaml"), encoding: .utf8)
        let expected = try String(contentsOf: golden.appendingPathComponent("broken.errors"), encoding: .utf8)
        #expect(messages(text).joined(separator: "\n") + "\n" == expected)
    }

    @Test(arguments: [
        "- 1", "listen: [1]", "sources: {}", "sources: [1]", "windows: 5m", "windows: []", "log: 5", "models: [[]]",
        "limits: {series: 1e9}", "limits: {models: .inf}", "commit_interval: -1s", "commit_interval: 1",
        "commit_interval: 99999999999999999999s", "enable_lifecycle: yes", "state_dir: \"\"", "listen: 300.0.0.1:1",
        "sources: [{udp: \"127.0.0.1:1\", drain: 1s}]", "sources: [{tail: a}, {tail: a}]", "minimum_events: 0",
        "sources: [{unix_datagram: a, mode: \"0999\"}]", "sources: [{unix_datagram: a, mode: \"66\"}]",
        "sources: [{unix_datagram: \"\"}]", "sources: [{unix_datagram: a, from: end}]",
        "sources: [{tcp: \"127.0.0.1:1\", framing: frames}]", "sources: [{tcp: \"127.0.0.1:1\", connections: 0}]",
        "sources: [{udp: \"127.0.0.1:1\", framing: lines}]", "sources: [{tcp: \"127.0.0.1:1\", idle_timeout: 2d}]",
        "sources: [{http: nowhere}]", "sources: [{udp: \"127.0.0.1:1\", token_file: a}]",
        "sources: [{tail: a, mode: \"0660\"}]", "sources: [{unix_datagram: a}, {unix_datagram: a}]",
        "sources: [{tail: a, schema: {}}]", "learn: {duration: 400d}", "drift: {effect: -1}",
        "drift: {false_alarm_budget: 1s}", "drift: {effect: nan}", "drift: {effect_statistic: chi2}",
        "drift: {tolerance: -1}", "drift: {quality: 2}", "detectors: [{signal: x}]",
        "detectors: [{detector: cusum}]", "detectors: [{detector: ddm, signal: x}]",
        "detectors: [{detector: adwin, signal: x, run_length: 500}]", "detectors: [{detector: loud, signal: x}]",
        "detectors: [{detector: cusum, signal: x, run_length: 5}]",
        "detectors: [{detector: cusum, signal: x}, {detector: cusum, signal: x, model: a}]", "drift: {wobble: maybe}",
        "models: [{name: \"a\\nb\"}]",
        "outcomes: {pending: -1}", "outcomes: {wait: 400d}",
    ])
    func refused(text: String) { #expect(messages(text).count == 1, "\(messages(text))") }

    @Test func longValuesAreCutAndEscaped() throws {
        let message = try #require(messages("listen: \"\\e[31m" + String(repeating: "x", count: 500) + "\"").first)
        #expect(message.utf8.count < 250)
        #expect(!message.contains("\u{1B}"))
    }

    /// The example that ships is accepted, and its values are the defaults where it says so.
    @Test func shippedExample() throws {
        let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let bytes = Array(try Data(contentsOf: top.appending(path: "deploy/telltale.yaml")))
        var configuration = try ConfigurationDecoder.decode(bytes, file: "telltale.yaml")
        #expect(configuration.sources.count == 11)
        #expect(configuration.monitor.models.count == 1)
        configuration.sources = []
        configuration.monitor.models = []
        #expect(configuration == Configuration())
    }

    @Test func flagsWin() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "listen: 127.0.0.1:1\nlog: {level: error}\nsources: [{tail: a}, {udp: \"127.0.0.1:2\"}]\n", to: "t.yaml")
        let options = RunOptions(
            config: path, tails: ["b", folder.file("a")], udps: ["127.0.0.1:3"], listen: "127.0.0.1:4",
            stateDirectory: "s", model: "m", from: .end, logLevel: .debug)
        let configuration = try options.configuration()
        #expect(configuration.listen.port == 4)
        #expect(configuration.stateDirectory == "s")
        #expect(configuration.log.level == .debug)
        #expect(
            configuration.sources.map(\.name) == [
                "file:" + folder.file("a"), "udp:127.0.0.1:2", "file:b", "udp:127.0.0.1:3",
            ])
        #expect(configuration.sources.allSatisfy { $0.model == "m" })
        #expect(
            configuration.sources[0].input
                == .tail(path: folder.file("a"), TailOptions(from: .end)))
    }

    @Test func flagErrorsNameTheFlag() throws {
        let options = RunOptions(
            tails: [""], udps: ["x"], listen: "nonsense", reference: "/nowhere/ref.json", model: "")
        let errors = try #require(throws: ConfigErrors.self) { try options.configuration() }
        #expect(errors.errors.map(\.key) == ["--listen", "--tail", "--udp", "--model", "--reference"])
        #expect(errors.errors.allSatisfy { $0.file == "command line" && $0.line == 0 })
    }
}
