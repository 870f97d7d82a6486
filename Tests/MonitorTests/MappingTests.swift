import Events
import LineFormats
import Patterns
import TestKit
import Testing

@testable import Monitor

/// Names that a team already has, as rules turn them into metrics and signals.
@Suite struct MappingTests {
    static let histogram = CustomObserver.histogram(bounds: [1])

    static func expose(_ match: String, _ name: String, _ change: (inout ExposureRule) -> Void = { _ in }) throws
        -> MappingRule
    {
        var rule = ExposureRule(name: NameTemplate(name), observer: histogram)
        change(&rule)
        return MappingRule(pattern: try NamePattern(glob: match), action: .expose(rule))
    }

    static func model(_ match: String, _ model: String, _ role: Role, _ change: (inout ModelRule) -> Void = { _ in })
        throws -> MappingRule
    {
        var rule = ModelRule(model: NameTemplate(model), role: role)
        change(&rule)
        return MappingRule(pattern: try NamePattern(glob: match), action: .model(rule))
    }

    static func bench(_ rules: [MappingRule], _ change: (inout CustomSettings) -> Void = { _ in }) -> CustomTests.Bench
    {
        var settings = CustomSettings()
        settings.mapping = CustomMapping(rules: rules)
        change(&settings)
        return CustomTests.Bench(settings)
    }

    @Test func rulesNameAndLabel() throws {
        let label = { (name: String, value: String) in LabelTemplate(name: name, value: NameTemplate(value)) }
        var bench = Self.bench([
            try Self.expose("api.*.*", "api_requests") { $0.labels = [label("route", "$1"), label("code", "c$2")] },
            try Self.expose("keep.*", "kept_$1") {
                $0.labels = [label("env", "rule"), label("none", "$2")]
                $0.honorsTags = true
            },
        ])
        bench.send("api.users.200:1|c\napi.users.500:2|c|#code:tag,x:y\nkeep.a:1|g|#env:tag\nkeep.b:1|g\nother.a.b:1|c")
        #expect(
            CustomTests.names(bench.snapshot().custom) == [
                "api_requests_total{code=c200,route=users}", "api_requests_total{code=c500,route=users,x=y}",
                "kept_a{env=tag}", "kept_b{env=rule}", "other_a_b_total{}",
            ])
    }

    @Test func rulesDropAndScale() throws {
        var bench = Self.bench([
            MappingRule(pattern: try NamePattern(regex: "^debug\\."), action: .drop),
            try Self.expose("size.*", "size_bytes") { $0.scale = 1_024 },
            try Self.expose("minus", "minus") { $0.scale = -1 },
        ])
        bench.send("debug.a:1:2|h\nsize.a:2|h\nsize.b:3|g\nminus:4|g\nminus:4|c\nsize.a:1|ms")
        let snapshot = bench.snapshot()
        #expect(CustomTests.names(snapshot.custom) == ["size_bytes{}", "minus{}"])
        #expect(snapshot.custom.series[0].histogram?.sum.value == 2 * 1_024 + 1.024)
        #expect(snapshot.custom.series[1].number.value == -4)
        let receipt = snapshot.sources[0].receipt
        #expect(receipt.ignored[Int(IgnoreReason.mappingRule.rawValue)] == 1 && receipt.isBalanced)
        #expect(receipt.rejected[Int(RejectionReason.typeConflict.rawValue)] == 1)
        #expect(receipt.rejected[Int(RejectionReason.negativeCount.rawValue)] == 1)
    }

    @Test func rulesDecideTypeAndAge() throws {
        var bench = Self.bench([
            try Self.expose("a", "a") { $0.observer = .summary(SummarySetting()) },
            try Self.expose("b", "b") { $0.timeToLive = 5_000_000_000 },
            try Self.expose("c", "b"),
        ])
        bench.send("a:1|ms\nb:1|ms\nd:1|ms\nc:1|ms|#x:y", at: 0)
        let custom = bench.snapshot(at: 1).custom
        #expect(custom.metrics.map(\.kind) == [.summary, .histogram, .histogram])
        #expect(custom.metrics[1].bounds == [1] && custom.metrics[2].bounds == CustomSettings.defaultBounds)
        #expect(CustomTests.names(bench.snapshot(at: 6).custom) == ["a{}", "d{}", "b{x=y}"])
    }

    /// A rule can make any name a signal of a model, whatever the type of the line.
    @Test func rulesFeedModels() throws {
        var bench = Self.bench([
            try Self.model("ml.*.in.*", "$1", .feature) { $0.feature = NameTemplate("$2") },
            try Self.model("ml.*.took", "$1", .latency),
            try Self.model("ml.*.answer", "$1", .prediction) { $0.version = NameTemplate("7") },
            try Self.model("ml.*.errors", "$1", .prediction) { $0.status = .error },
            try Self.model("tagged", "t", .feature),
        ])
        bench.send(
            """
            ml.fraud.in.amount:12:13|h|@0.5
            ml.fraud.in.country:DE|s
            ml.fraud.took:250|ms
            ml.fraud.answer:yes|s
            ml.fraud.answer:3|c|#class:no
            ml.fraud.errors:2|c|#version:7
            tagged:5|g|#feature:f,version:1
            tagged:5|g
            ml.fraud.in.amount:4|c
            ml.fraud.took:0|c|#class:x
            ml.fraud.answer:0.5|c
            """)
        let snapshot = bench.snapshot()
        #expect(snapshot.custom.series.isEmpty)
        #expect(snapshot.models.map { "\($0.model) \($0.version)" } == ["fraud 1", "fraud 7", "t 1"])
        let first = snapshot.models[0]
        #expect(first.signals.map(\.name) == ["amount", "country", "latency"])
        #expect(first.signals[0].observations == 4 && first.latency?.sum == 0.25)
        let second = snapshot.models[1]
        #expect(second.predictions[Int(Status.success.rawValue)] == 4)
        #expect(second.predictions[Int(Status.error.rawValue)] == 2)
        #expect(second.classes.map(\.name) == ["yes", "no"] && second.classes.map(\.count) == [1, 3])
        #expect(snapshot.models[2].signals.map(\.name) == ["f"])
        let receipt = snapshot.sources[0].receipt
        #expect(receipt.isBalanced && receipt.received == 11 && receipt.accepted == 7)
        #expect(receipt.rejected[Int(RejectionReason.noSignal.rawValue)] == 2)
        #expect(receipt.ignored[Int(IgnoreReason.unmapped.rawValue)] == 1)
        #expect(receipt.rejected[Int(RejectionReason.malformedValue.rawValue)] == 1)
    }

    /// A name that captures make too long goes where long names go.
    @Test func longNamesAreBounded() throws {
        var bench = Self.bench([
            try Self.model("m.*", "$1$1$1$1", .score), try Self.expose("e.*", "e_$1$1") { $0.labels = [] },
        ])
        let long = String(repeating: "x", count: 200)
        bench.send("m.\(long):1|g\ne.\(long):1|g")
        let snapshot = bench.snapshot()
        #expect(snapshot.models.map(\.model) == ["__other__"])
        #expect(snapshot.sources[0].receipt.dropped[Int(DropReason.metricLimit.rawValue)] == 1)
    }

    /// A factor that leads beyond the finite numbers leads to the largest one, which a restart can go on from.
    @Test func hugeFactorsStayFinite() throws {
        var bench = Self.bench([
            try Self.expose("g", "g") { $0.scale = 1e300 }, try Self.expose("h", "h") { $0.scale = -1e300 },
            try Self.expose("c", "c") { $0.scale = 1e300 },
        ])
        bench.send("g:1e300|g\nh:1e300|h\nh:1e300|h\nc:1e12|c|@1e-6\nc:1e12|c|@1e-6")
        let custom = bench.snapshot().custom
        #expect(custom.series[0].number.value == .greatestFiniteMagnitude && custom.series.count == 3)
        #expect(custom.series.allSatisfy { $0.number.value.isFinite })
        #expect(custom.series[1].histogram?.sum.value == -.greatestFiniteMagnitude)
        #expect(custom.series[1].histogram?.counts == [2, 0] && custom.isConsistent)
    }

    /// Rules are found by name once, however many tags the lines of that name have.
    @Test func tagsDoNotHideRules() throws {
        var bench = Self.bench([MappingRule(pattern: try NamePattern(regex: "^a\\.(\\w+)$"), action: .drop)])
        for i in 0..<100 { bench.send("a.b:1|c|#x:\(i)\na.b.c:1|c|#x:1") }
        let snapshot = bench.snapshot()
        #expect(CustomTests.names(snapshot.custom) == ["a_b_c_total{x=1}"])
        #expect(snapshot.sources[0].receipt.ignored[Int(IgnoreReason.mappingRule.rawValue)] == 100)
    }

    /// New rules hold from the next line on, for names that are known already.
    @Test func rulesCanChange() throws {
        var bench = Self.bench([try Self.expose("a", "first")])
        bench.send("a:1|c")
        var settings = CustomSettings()
        settings.mapping = CustomMapping(rules: [try Self.expose("a", "second")])
        bench.reconfigure(settings, at: 2)
        bench.send("a:1|c", at: 3)
        #expect(CustomTests.names(bench.snapshot(at: 4).custom) == ["first_total{}", "second_total{}"])
    }
}
