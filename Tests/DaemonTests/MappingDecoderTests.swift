import Events
import Foundation
import Monitor
import Patterns
import Testing

@testable import Daemon

/// Mapping files of statsd_exporter, and what is said about those that cannot be honoured.
@Suite struct MappingDecoderTests {
    /// Everything that statsd_exporter documents, in one file.
    static let whole = """
        defaults:
          observer_type: histogram
          histogram_options:
            native_histogram_bucket_factor: 1.1
            native_histogram_max_buckets: 160
            buckets: [.005, .01, 2.5 ]
          summary_options:
            quantiles:
              - quantile: 0.99
                error: 0.001
              - {quantile: 0.5, error: 0.005}
            max_age: 5m
            age_buckets: 2
            buf_cap: 1000
          match_type: glob
          glob_disable_ordering: true
          ttl: 0
        mappings:
        - match: "test.timing.*.*.*"
          name: "my_timer"
          help: "Latency of the application"
          labels:
            provider: "$2"
            job: "${1}_server"
        - match: "consistent_app.timing.*"
          name: "my_consistent_timer"
          histogram_options:
            native_histogram_bucket_factor: 1.005
            buckets: [0.01, 0.02]
        - match: "other.distribution.*.*.*"
          observer_type: summary
          name: "other_$1"
          ttl: 1h30m
          scale: 0.001
          honor_labels: true
          match_metric_type: observer
        - match: 'client\\.(?P<who>.*)'
          match_type: regex
          name: "client"
          labels: {who: "$who"}
        - match: .
          match_type: regex
          action: drop
          name: "dropped"
        """

    private func errors(_ text: String, files: [String: String] = [:]) throws -> [String] {
        let folder = try TemporaryFolder()
        for (name, text) in files { _ = try folder.write(text, to: name) }
        do {
            _ = try ConfigurationDecoder.decode(Array(text.utf8), file: folder.file("t.yaml"))
            return []
        } catch {
            return error.errors.map(\.description).map {
                $0.replacingOccurrences(of: folder.path + "/", with: "")
            }
        }
    }

    @Test func loadsWholeFiles() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(Self.whole, to: "map.yaml")
        let bytes = Array("custom_metrics: {ttl: 1d}\nmapping: map.yaml\n".utf8)
        let custom = try ConfigurationDecoder.decode(bytes, file: folder.file("t.yaml")).monitor.custom
        #expect(custom.observer == .histogram(bounds: [0.005, 0.01, 2.5]) && custom.timeToLive == 0)
        #expect(!custom.mapping.isOrdered && custom.mapping.rules.count == 5)
        var timer = ExposureRule(name: NameTemplate("my_timer"), observer: custom.observer)
        timer.help = "Latency of the application"
        timer.labels = [
            LabelTemplate(name: "provider", value: NameTemplate("$2")),
            LabelTemplate(name: "job", value: NameTemplate("${1}_server")),
        ]
        #expect(custom.mapping.rules[0].action == .expose(timer))
        let consistent = ExposureRule(
            name: NameTemplate("my_consistent_timer"), observer: .histogram(bounds: [0.01, 0.02]))
        #expect(custom.mapping.rules[1].action == .expose(consistent))
        var summary = SummarySetting()
        (summary.quantiles, summary.age, summary.parts) = ([0.5, 0.99], 300_000_000_000, 2)
        var other = ExposureRule(name: NameTemplate("other_$1"), observer: .summary(summary))
        (other.timeToLive, other.scale, other.honorsTags) = (5_400_000_000_000, 0.001, true)
        #expect(custom.mapping.rules[2].action == .expose(other))
        #expect(custom.mapping.rules[2].pattern == (try NamePattern(glob: "other.distribution.*.*.*", type: .observer)))
        #expect(custom.mapping.rules[3].pattern.isRegex && custom.mapping.rules[4].action == .drop)
    }

    /// Without a word about it, what is observed becomes a summary, as in statsd_exporter.
    @Test func defaultsAreThoseOfStatsDExporter() throws {
        let bytes = Array("mapping: {mappings: [{match: a, name: b}]}".utf8)
        let custom = try ConfigurationDecoder.decode(bytes, file: "t.yaml").monitor.custom
        #expect(custom.observer == .summary(SummarySetting()))
        let rule = ExposureRule(name: NameTemplate("b"), observer: .summary(SummarySetting()))
        #expect(custom.mapping.rules.map(\.action) == [.expose(rule)])
    }

    @Test func rulesMayNameModels() throws {
        let bytes = Array(
            """
            mapping:
              mappings:
                - {match: "ml.*.*", model: "$1", feature: "$2", version: "3", scale: 2}
                - {match: "ml.*.took", match_metric_type: observer, model: "$1", role: latency}
                - {match: "ml.*.fail", model: "$1", role: prediction, class: no, status: error}
            """.utf8)
        let rules = try ConfigurationDecoder.decode(bytes, file: "t.yaml").monitor.custom.mapping.rules
        var feature = ModelRule(model: NameTemplate("$1"), role: .feature)
        (feature.feature, feature.version, feature.scale) = (NameTemplate("$2"), NameTemplate("3"), 2)
        var failure = ModelRule(model: NameTemplate("$1"), role: .prediction)
        (failure.category, failure.status) = (NameTemplate("no"), .error)
        let latency = ModelRule(model: NameTemplate("$1"), role: .latency)
        #expect(rules.map(\.action) == [.model(feature), .model(latency), .model(failure)])
    }

    @Test(arguments: [
        ("{name: x}", "mappings[0].match: is required"), ("{match: a}", "mappings[0].name: is required"),
        ("{match: 'a.b*', name: x}", "mappings[0].match: \"a.b*\": must be fields of letters"),
        (
            "{match: '(a', match_type: regex, name: x}",
            "mappings[0].match: \"(a\": has a ( without a )"
        ),
        (
            "{match: '\\p{L}', match_type: regex, name: x}",
            "mappings[0].match: \"\\\\p{L}\": has an escape that is not supported: \\p"
        ),
        ("{match: a, name: 'x y'}", "mappings[0].name: \"x y\": must be letters, digits and _"),
        ("{match: a, name: '9x'}", "mappings[0].name: \"9x\": must be letters"),
        ("{match: a, name: x, labels: {le: b}}", "mappings[0].labels.le: \"b\": must be named by letters"),
        ("{match: a, name: x, labels: {x: [b]}}", "mappings[0].labels.x: must be a single value"),
        (
            "{match: a, name: x, match_metric_type: set}",
            "mappings[0].match_metric_type: \"set\": must be one of counter"
        ),
        ("{match: a, name: x, action: keep}", "mappings[0].action: \"keep\": must be one of map, drop"),
        ("{match: a, name: x, ttl: 5}", ""), ("{match: a, name: x, summary_options: {quantiles: []}}", ""),
        ("{match: a, name: x, observer_type: histogram, histogram_options: {buckets: []}}", ""),
        ("{match: a, name: x, ttl: 5 s}", "mappings[0].ttl: \"5 s\": must be a duration"),
        ("{match: a, name: x, ttl: -5s}", "mappings[0].ttl: \"-5s\": must be a duration"),
        ("{match: a, name: x, timer_type: histogram}", "mappings[0].timer_type: is not a known key"),
        (
            "{match: a, name: x, observer_type: summary, histogram_options: {buckets: [1]}}",
            "mappings[0].histogram_options: has no meaning for a summary"
        ),
        (
            "{match: a, name: x, observer_type: histogram, histogram_options: {buckets: [2, 1]}}",
            "mappings[0].histogram_options.buckets: must be 1 to 100 ascending numbers"
        ),
        (
            "{match: a, name: x, summary_options: {quantiles: [{error: 0.1}]}}",
            "mappings[0].summary_options.quantiles[0].quantile: is required"
        ),
        (
            "{match: a, name: x, summary_options: {max_age: 1ms}}",
            "mappings[0].summary_options.max_age: \"1ms\": must be"
        ),
        ("{match: a, model: m}", "mappings[0].role: is required beside model"),
        ("{match: a, model: m, role: bias}", "mappings[0].role: \"bias\": must be one of feature, prediction"),
        ("{match: a, model: m, role: score, feature: f}", "mappings[0].feature: \"f\": has no meaning for a score"),
        ("{match: a, model: m, role: score, name: x}", "mappings[0].name: \"x\": has no meaning beside model"),
        ("{match: a, name: x, scale: big}", "mappings[0].scale: \"big\": must be a finite number"),
    ])
    func errorsNameFileLineAndKey(rule: String, message: String) throws {
        let found = try errors("mapping: map.yaml\n", files: ["map.yaml": "# rules\nmappings:\n- \(rule)\n"])
        if message.isEmpty {
            #expect(found == [])
        } else {
            #expect(found.count == 1 && found[0].hasPrefix("map.yaml:3: " + message), "\(found)")
        }
    }

    @Test func filesThatCannotBeReadAreNamed() throws {
        let unread = try errors("\nmapping: no.yaml\n")
        #expect(unread.count == 1 && unread[0].hasPrefix("t.yaml:2: mapping: \"no.yaml\": cannot be read: "))
        let twice = try errors("mapping: m.yaml", files: ["m.yaml": "mappings: []\nmappings: []\n"])
        #expect(twice == ["m.yaml:2: mappings: is given twice in one mapping, first on line 1"])
        #expect(try errors("mapping: m.yaml", files: ["m.yaml": "a: [\n"])[0].hasPrefix("m.yaml:2: is not valid YAML"))
        #expect(try errors("mapping: m.yaml", files: ["m.yaml": ""]) == [])
        #expect(
            try errors("mapping: {}\ncustom_metrics:\n  timers: summary\n")
                == [
                    "t.yaml:3: custom_metrics.timers: \"summary\": has no meaning beside mapping, whose defaults decide"
                ])
    }

    @Test(
        arguments: [
            ("0", 0), ("5s", 5_000_000_000), ("1h30m", 5_400_000_000_000), ("1.5s", 1_500_000_000),
            ("10ms", 10_000_000),
            ("2us", 2_000), ("2µs", 2_000), ("7", 7), ("", nil), ("s", nil), ("5", 5), ("5x", nil), ("1h 30m", nil),
            ("-1s", nil),
            ("-1", nil), ("1e3s", nil), ("9999999999999h", nil),
        ] as [(String, Int64?)])
    func goDurations(text: String, nanoseconds: Int64?) { #expect(GoText.duration(text) == nanoseconds) }
}
