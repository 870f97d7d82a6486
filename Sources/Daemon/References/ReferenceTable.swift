internal import Monitor

/// A reference as a table with small bars, for a terminal.
enum ReferenceTable {
    /// Widest bar, in characters.
    private static let barWidth = 30
    /// Widest label, in characters; longer ones are cut.
    private static let labelWidth = 28

    /// The text, several lines.
    static func text(_ reference: Reference) -> String {
        var lines = [
            "reference \(reference.hash)  \(reference.source.label)  created \(Timestamps.text(reference.created))",
            "model \(reference.model ?? "any")  version \(reference.version ?? "any")  \(reference.events) events  "
                + "\(reference.signals.count) signals",
        ]
        for signal in reference.signals {
            lines.append("")
            lines.append(contentsOf: text(signal))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func text(_ signal: SignalReference) -> [String] {
        var head = "\(signal.kind.label) \(Escaping.printable(signal.name))"
        if let range = signal.range {
            head += "  \(TableText.number(range.lowerBound)) … \(TableText.number(range.upperBound))"
        }
        if let mean = signal.mean { head += "  mean \(TableText.number(mean))" }
        if let spread = signal.standardDeviation { head += "  std \(TableText.number(spread))" }
        if let events = signal.effectiveEvents { head += "  worth \(events) events" }
        if let hours = signal.hours { head += "  by hour of the week, shrunk by \(hours.weight) events" }
        if signal.invalid > 0 { head += "  \(signal.invalid) invalid" }
        let total = Double(max(1, signal.counts.reduce(0, &+)))
        let largest = Double(max(1, signal.counts.max() ?? 1))
        let names = (0..<signal.layout.cellCount).map { TableText.cell($0, of: signal.layout, limit: labelWidth) }
        let width = min(labelWidth, names.map(\.count).max() ?? 0)
        let rows = zip(names, signal.counts).map { name, count in
            let share = Double(count) / total
            let percent = "\(TableText.fixed(share * 100, digits: 1)) %"
            let cells = [TableText.padded(name, width), TableText.padded(percent, 7, right: true)]
            return "  " + cells.joined(separator: "  ") + "  " + bar(Double(count) / largest)
        }
        return [head] + rows
    }

    /// A bar with eighths of a character, so that small shares show.
    private static func bar(_ part: Double) -> String {
        let eighths = Int((part * Double(barWidth * 8)).rounded().clampedForCount)
        let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + rest[eighths % 8]
    }
}
