import Catalog
import Events
import Exposition
import Foundation
import LineFormats
import Monitor
import TestKit
import Testing

@testable import Daemon

/// The examples of `deploy/docs/statsd.md` are true.
@Suite struct StatsDDocumentTests {
    /// One fenced block.
    struct Block: CustomStringConvertible {
        var language: String
        var lines: [String]
        /// Line of the document it begins on.
        var line: Int
        /// The configuration block before it, if it follows one at once.
        var configuration = ""
        var description: String { "line \(line)" }
    }

    static let text: String = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return (try? String(contentsOf: root.appending(path: "deploy/docs/statsd.md"), encoding: .utf8)) ?? ""
    }()

    static let blocks: [Block] = {
        var blocks: [Block] = []
        var open: Block?
        var configuration = ""
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard line.hasPrefix("```") else {
                open?.lines.append(String(line))
                continue
            }
            guard let block = open else {
                open = Block(language: String(line.dropFirst(3)), lines: [], line: number + 1)
                continue
            }
            open = nil
            if block.language == "yaml" { configuration = block.lines.joined(separator: "\n") }
            guard block.language == "statsd" else { continue }
            blocks.append(block)
            blocks[blocks.count - 1].configuration = configuration
            configuration = ""
        }
        return blocks
    }()

    /// Sends lines to a monitor with a configuration and reads the exposition back.
    static func samples(of lines: [String], _ configuration: String) throws -> [ExposedSample] {
        let decoded = try ConfigurationDecoder.decode(Array(configuration.utf8), file: "statsd.yaml")
        var settings = decoded.monitorSettings
        settings.sources = ["test"]
        var monitor = Monitor(settings: settings, at: TestHistory.instant(0))
        let bytes = Array(lines.joined(separator: "\n").utf8)
        let batch = EventBatch(source: 0, schema: Schema(signals: []), byteCapacity: max(1, bytes.count))
        for i in bytes.indices { unsafe batch.bytes.storeBytes(of: bytes[i], toByteOffset: i, as: UInt8.self) }
        var decoder = StatsDDecoder(options: decoded.statsD)
        var records = RecordDecoder(schema: Schema(signals: []))
        #expect(decoder.decodeLines(in: batch, from: 0, to: bytes.count, records: &records) == bytes.count)
        monitor.apply(batch, at: TestHistory.instant(1))
        var writer = ExpositionWriter(format: .text)
        Catalog.render(monitor.cut(at: TestHistory.instant(2)).snapshot, daemon: DaemonStatus(), into: &writer)
        return try ExpositionChecker.text(writer.bytes).flatMap(\.samples)
    }

    @Test func thereAreExamples() {
        #expect(Self.blocks.count >= 9 && Self.blocks.contains { $0.configuration.contains("mapping:") })
    }

    @Test(arguments: blocks)
    func examplesAreTrue(block: Block) throws {
        let isExpected = { (line: String) in line.hasPrefix("→ ") }
        let found = try Self.samples(of: block.lines.filter { !isExpected($0) }, block.configuration)
        let expected = block.lines.filter(isExpected).map { $0.dropFirst(2) }
        #expect(!expected.isEmpty)
        for line in expected {
            // A sample in text is an exposition but for its metadata.
            let space = try #require(line.lastIndex(of: " "))
            let value = try #require(Double(line[line.index(after: space)...]))
            let sample = found.first { Self.series($0) == line[..<space] }
            #expect(sample?.value == value, "\(line)")
        }
        let rejected = found.filter { $0.name.hasSuffix("_rejected_total") }
        #expect(!rejected.isEmpty && rejected.allSatisfy { $0.value == 0 })
    }

    private static func series(_ sample: ExposedSample) -> String {
        let labels = sample.labels.map { "\($0.name)=\"\($0.value)\"" }.joined(separator: ",")
        return labels.isEmpty ? sample.name : "\(sample.name){\(labels)}"
    }

    /// Every row of the table of names is a line that is taken, and every role has a row.
    @Test func tableOfNamesIsTrue() throws {
        let rows = Self.text.split(separator: "\n").filter { $0.hasPrefix("| `model.") }
        #expect(rows.count == Role.allCases.count)
        for row in rows {
            let example = try #require(row.split(separator: "`").dropLast().last)
            let line = String(example).replacing("\\|", with: "|")
            let name = try #require(row.split(separator: "`").dropFirst().first)
            #expect(line.hasPrefix(name), "\(line)")
            let samples = try Self.samples(of: [line], "")
            #expect(samples.contains { $0.name == "telltale_events_accepted_total" && $0.value == 1 }, "\(line)")
            #expect(samples.contains { $0.name == "telltale_custom_metrics" && $0.value == 0 }, "\(line)")
        }
    }

    /// Every reason that the page names is one, and no reason of a StatsD line is left out.
    @Test func reasonsAreNamed() {
        let named = Set(
            Self.text.split(separator: "\n").filter { line in
                ["| rejected", "| dropped", "| ignored"].contains { line.hasPrefix($0) }
            }.flatMap { row in
                row.split(separator: "|").dropFirst().first.map { cell in
                    cell.split(separator: "`").filter { !$0.allSatisfy { " ,".contains($0) } }.map(String.init)
                } ?? []
            })
        let known = Set(
            RejectionReason.allCases.map(\.label) + DropReason.allCases.map(\.label)
                + IgnoreReason.allCases.map(\.label))
        #expect(!named.isEmpty && named.isSubset(of: known), "\(named.subtracting(known))")
        for reason in ["mixed_tags", "negative_count", "type_conflict", "metric_limit", "mapping_rule"] {
            #expect(named.contains(reason))
        }
    }
}
