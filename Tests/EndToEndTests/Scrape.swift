import Foundation
import Testing

/// One exposition in text 0.0.4, read back sample by sample.
struct Scrape {
    /// One sample.
    struct Sample {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    private(set) var samples: [Sample] = []

    /// Reads an exposition.
    ///
    /// Fails on a line that is no sample and on a series that appears twice.
    init(_ text: String) throws {
        var seen: Set<Substring> = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let space = try #require(line.lastIndex(of: " "), "no value: \(line)")
            let series = line[..<space]
            let value = try #require(Self.number(line[line.index(after: space)...]), "no number: \(line)")
            #expect(seen.insert(series).inserted, "twice: \(series)")
            let brace = series.firstIndex(of: "{")
            let labels = brace.map { Self.labels(series[series.index(after: $0)...]) } ?? [:]
            samples.append(Sample(name: String(series[..<(brace ?? series.endIndex)]), labels: labels, value: value))
        }
    }

    /// Samples of a name whose labels contain `labels`.
    func samples(_ name: String, _ labels: [String: String] = [:]) -> [Sample] {
        samples.filter { sample in
            sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
        }
    }

    /// Sum over the samples of a name whose labels contain `labels`; `nil` if there is none.
    func sum(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        let found = samples(name, labels)
        return found.isEmpty ? nil : found.reduce(0) { $0 + $1.value }
    }

    /// Everything that must never fall: counters, and the series of histograms and summaries.
    var accumulated: [String: Double] {
        let endings = ["_total", "_bucket", "_sum", "_count"]
        let kept = samples.filter { sample in
            // The process starts anew with every start; its own counters do so rightly.
            endings.contains { sample.name.hasSuffix($0) } && Self.survivesRestart(sample.name)
        }
        return Dictionary(
            kept.map { sample in
                let labels = sample.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                return (sample.name + labels.joined(separator: ","), sample.value)
            }, uniquingKeysWith: max)
    }

    /// The conservation law of one source, or of all.
    var isBalanced: Bool {
        let terms = ["accepted", "rejected", "dropped", "ignored"].map { sum("telltale_events_\($0)_total") ?? 0 }
        return sum("telltale_events_received_total") == terms.reduce(0, +)
    }

    private static func survivesRestart(_ name: String) -> Bool {
        let ofProcess = ["process_", "telltale_http_", "telltale_scrape_", "telltale_commit_", "telltale_connections_"]
        return !ofProcess.contains { name.hasPrefix($0) }
    }

    private static func number(_ text: Substring) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: Double(text)
        }
    }

    private static func labels(_ text: Substring) -> [String: String] {
        var labels: [String: String] = [:]
        var rest = text
        while let equals = rest.firstIndex(of: "="), rest.first != "}" {
            let name = String(rest[..<equals])
            rest = rest[rest.index(equals, offsetBy: 2)...]
            var value = ""
            while let character = rest.popFirst(), character != "\"" {
                guard character == "\\" else {
                    value.append(character)
                    continue
                }
                guard let escaped = rest.popFirst() else { break }
                value.append(escaped == "n" ? "\n" : escaped)
            }
            #expect(labels.updateValue(value, forKey: name) == nil, "label twice: \(name)")
            if rest.first == "," { rest.removeFirst() }
        }
        return labels
    }
}
