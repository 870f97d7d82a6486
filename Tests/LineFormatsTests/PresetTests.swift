import Events
import LineFormats
import TestKit
import Testing

/// Records shaped exactly as their sources write them, and the events they become.
@Suite struct PresetTests {
    @Test(arguments: PresetSample.all)
    func becomes(sample: PresetSample) throws {
        let preset = try #require(Preset(rawValue: sample.preset))
        let log = DecodedEvents(sample.log + "\n", hints: preset.hints)
        let text = log.events.map { $0.split(separator: " ").sorted().joined(separator: " ") }
        let wanted = sample.events.map { $0.split(separator: " ").sorted().joined(separator: " ") }
        #expect(text == wanted, "\(log.explanation.joined(separator: "\n"))")
        #expect(log.ignored(.otherText) == sample.ignored && log.receipt.isBalanced)
        #expect(log.receipt.rejected.allSatisfy { $0 == 0 })
    }

    @Test func everyPresetHasASample() {
        let missing = Set(Preset.allCases.map(\.rawValue)).subtracting(PresetSample.all.map(\.preset))
        // Both serve the protocol of `kserve-v2`, and have its hints.
        #expect(missing == ["mlserver", "triton"])
        #expect(Preset.mlserver.hints == Preset.kserveV2.hints && Preset.triton.hints == Preset.kserveV2.hints)
    }

    @Test func bentoSchema() throws {
        let column = { (name: String, role: String, type: String) in
            #"{"name": "\#(name)", "role": "\#(role)", "type": "\#(type)"}"#
        }
        let columns = [
            column("sepal length", "feature", "numerical"), column("zip", "feature", "categorical"),
            column("v", "feature", "numerical_sequence"), column("pred", "prediction", "categorical"),
            column("truth", "target", "categorical"),
        ]
        let log =
            #"{"columns": [\#(column("old", "feature", "numerical"))]}"# + "\n"
            + #"{"meta_data": {"bento_name": "iris"}, "columns": [\#(columns.joined(separator: ", "))]}"#
            + "\nhalf a line"
        let hints = try #require(SchemaHints.bentoML(schemaLog: Array(log.utf8)))
        let record =
            #"{"sepal length": 4.9, "zip": 1, "v": [1], "pred": 2, "truth": 2, "#
            + #""timestamp": "2022-11-17T12:51:19"}"#
        let events = DecodedEvents(record + "\n", hints: Preset.bentoML.hints.overridden(by: hints)).events
        #expect(events == ["sepal length=4.9 zip=1 prediction=2 outcome=2 time:1668689479000000000"])
    }
}
