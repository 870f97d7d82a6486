import Events
import Foundation
import LineFormats
import Testing

@testable import Daemon

/// What a source may say about its records, and what becomes of it.
@Suite struct HintsDecoderTests {
    private func source(_ text: String) throws -> SourceConfiguration {
        let indented = text.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
        let whole = "sources:\n  - tail: /x/log\n\(indented)\n"
        return try #require(try ConfigurationDecoder.decode(Array(whole.utf8), file: "t.yaml").sources.first)
    }

    private func messages(_ text: String, input: String = "tail: /x/log") -> [String] {
        let indented = text.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
        do throws(ConfigErrors) {
            _ = try ConfigurationDecoder.decode(Array("sources:\n  - \(input)\n\(indented)\n".utf8), file: "t.yaml")
            return []
        } catch {
            return error.errors.map(\.description)
        }
    }

    @Test func everything() throws {
        let hints = try source(
            """
            format: csv
            wrapper: docker
            columns: [age, income]
            timezone: "-03:30"
            mixed: false
            inputs: [request.body]
            outputs: [response]
            fields:
              cents: {name: amount, scale: 0.01}
              zip: categorical
              verdict: prediction
              took: {role: latency, unit: ms}
              prompt: {length: true}
              end: {since: start}
              choices.0.reason: {role: feature, type: categorical}
            """
        ).hints
        #expect(
            hints.format
                == FormatHints(
                    wrapper: .docker, grammar: .csv, columns: ["age", "income"], zoneOffset: -12_600, isMixed: false))
        #expect(hints.inputs == [["request", "body"]] && hints.outputs == [["response"]])
        #expect(
            hints.fields == [
                SchemaHints.Field(path: ["cents"], name: "amount", scale: 0.01),
                SchemaHints.Field(path: ["zip"], kind: .categorical),
                SchemaHints.Field(path: ["verdict"], meaning: .prediction),
                SchemaHints.Field(path: ["took"], meaning: .latency, scale: 1e-3),
                SchemaHints.Field(path: ["prompt"], source: .length),
                SchemaHints.Field(path: ["end"], source: .since(["start"])),
                SchemaHints.Field(path: ["choices", "0", "reason"], meaning: .feature, kind: .categorical),
            ])
    }

    /// The preset is the ground, and what is said beside it wins.
    @Test func presets() throws {
        let source = try source("preset: bentoml\ntimezone: \"+01:00\"\nfields: {request_id: id}")
        #expect(source.preset == .bentoML && source.hints.format.zoneOffset == 3_600)
        #expect(source.hints.fields.filter { $0.path == ["request_id"] }.map(\.meaning) == [.id])
        #expect(source.hints.fields.contains { $0.path == ["trace_id"] && $0.meaning == .ignore })
        #expect(source.hints.fingerprint != Preset.bentoML.hints.fingerprint)
        #expect(SchemaHints().fingerprint == 0)
    }

    @Test func formatOfASchema() throws {
        let text = "format: tsv\ncolumns: [a, b]\nschema:\n  features: {a: numeric}"
        let schema = try #require(try source(text).schema)
        #expect(schema.format == RecordFormat(grammar: .tsv, columns: ["a", "b"]))
    }

    @Test(
        arguments: [
            ("preset: bentonl", "did you mean bentoml"), ("format: xml", "format"), ("wrapper: rkt", "wrapper"),
            ("timezone: Berlin", "must be UTC or an offset"), ("timezone: \"+25:00\"", "must be UTC or an offset"),
            ("timezone: \"+1:00\"", "must be UTC or an offset"), ("fields: {a: color}", "must be one of"),
            ("fields: {a: {rle: id}}", "did you mean role"), ("fields: {a: {scale: 0}}", "other than 0"),
            ("fields: {a..b: id}", "path of a field"), ("fields: 5", "must be a mapping"),
            ("columns: 5", "must be a list"),
            ("preset: mlflow\nschema: {features: {a: numeric}}", "has no meaning beside schema"),
        ])
    func refusals(text: String, rule: String) {
        let found = messages(text)
        #expect(found.contains { $0.contains(rule) }, "\(found)")
    }

    @Test func linesOnSocketsHaveNoFormat() {
        #expect(messages("preset: mlflow", input: "udp: 127.0.0.1:0").contains { $0.contains("lines on a socket") })
        #expect(messages("preset: kserve-v1", input: "http: 127.0.0.1:0").isEmpty)
    }

    /// `check-config --record` shows the schema, the events and the account.
    @Test func recordsAreExplained() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("capture.csv")
        try Data("id,amount,label\n1,12.5,a\n2,x\n".utf8).write(to: URL(filePath: path))
        let options = RunOptions(tails: [path])
        let source = try #require(try options.configuration().sources.first)
        let text = try RecordExplanation.text(path: path, source: source)
        for line in [
            "feature amount, numeric", "event 1", "  feature amount: 12.5", "  outcome: a", "  id: there",
            "  rejected, column_count: 1",
        ] { #expect(text.contains(line + "\n"), "\(line) in \(text)") }
        #expect(!text.contains("event 2"))
    }
}
