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
            head += "  \(number(range.lowerBound)) … \(number(range.upperBound))"
        }
        if let mean = signal.mean { head += "  mean \(number(mean))" }
        if let spread = signal.standardDeviation { head += "  std \(number(spread))" }
        if signal.invalid > 0 { head += "  \(signal.invalid) invalid" }
        let total = Double(max(1, signal.counts.reduce(0, &+)))
        let largest = Double(max(1, signal.counts.max() ?? 1))
        let names = labels(signal.layout)
        let width = min(labelWidth, names.map(\.count).max() ?? 0)
        let rows = zip(names, signal.counts).map { name, count in
            let share = Double(count) / total
            let percent = "\(fixed(share * 100, digits: 1)) %"
            return "  \(padded(name, width))  \(padded(percent, 7, right: true))  \(bar(Double(count) / largest))"
        }
        return [head] + rows
    }

    private static func labels(_ layout: BinLayout) -> [String] {
        switch layout {
        case .numeric(let edges):
            guard let first = edges.first, let last = edges.last else { return ["all", "missing"] }
            let inner = zip(edges, edges.dropFirst()).map { "\(number($0)) … \(number($1))" }
            return ["< \(number(first))"] + inner + ["≥ \(number(last))", "missing"]
        case .categorical(let names):
            return names.map { Escaping.printable($0, limit: labelWidth) } + ["other", "missing"]
        }
    }

    /// A bar with eighths of a character, so that small shares show.
    private static func bar(_ part: Double) -> String {
        let eighths = Int((part * Double(barWidth * 8)).rounded().clampedForCount)
        let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + rest[eighths % 8]
    }

    private static func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
        let cut = text.count > width ? String(text.prefix(max(0, width - 1))) + "…" : text
        let space = String(repeating: " ", count: max(0, width - cut.count))
        return right ? space + cut : cut + space
    }

    /// Four significant digits, or an exponent where they say nothing.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        let size = abs(value)
        if size == 0 { return "0" }
        if size >= 1e7 || size < 1e-4 {
            var (scaled, exponent) = (value, 0)
            while abs(scaled) >= 10 { (scaled, exponent) = (scaled / 10, exponent + 1) }
            while abs(scaled) < 1 { (scaled, exponent) = (scaled * 10, exponent - 1) }
            return "\(fixed(scaled, digits: 3))e\(exponent)"
        }
        var digits = 3
        var bound = 10.0
        while digits > 0, size >= bound { (digits, bound) = (digits - 1, bound * 10) }
        if size < 1 { digits = size < 0.01 ? 6 : 4 }
        var text = fixed(value, digits: digits)
        if text.contains(".") {
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
        }
        return text
    }

    /// A number below 1e15 with a fixed number of decimals, at most 6.
    private static func fixed(_ value: Double, digits: Int) -> String {
        var factor = 1.0
        for _ in 0..<digits { factor *= 10 }
        let scaled = UInt64((abs(value) * factor).rounded().clampedForCount)
        let unit = UInt64(factor)
        let fraction = String(scaled % unit)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        if digits == 0 { return "\(sign)\(scaled)" }
        return "\(sign)\(scaled / unit).\(String(repeating: "0", count: digits - fraction.utf8.count))\(fraction)"
    }
}
