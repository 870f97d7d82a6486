/// Spellings of statsd_exporter's mapping files.
enum GoText {
    /// What `isMetricName` demands.
    static let nameRule = "must be letters, digits and _, not a digit first, with $1 or ${1} for captures"

    /// A duration of a section, in nanoseconds; `nil` if it is not given or wrong.
    static func duration(_ name: String, of section: ConfigSection) -> Int64? {
        section.value(name, default: nil, rule: "must be a duration such as 30s, 5m or 1h30m") { text in
            duration(text).map { .some(.some($0)) } ?? .none
        }
    }

    /// A duration as Go writes it: `1h30m`, `1.5s`, `0`; a plain number is nanoseconds.
    static func duration(_ text: String) -> Int64? {
        if let nanoseconds = Int64(text) { return nanoseconds >= 0 ? nanoseconds : nil }
        let units: [(String, Double)] = [
            ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3_600e9),
        ]
        var rest = Array(text.utf8)[...]
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0 &- 0x30 < 10 || $0 == UInt8(ascii: ".") }
            rest = rest.dropFirst(digits.count)
            // The longest unit that fits: `ms` is no `m`.
            let unit = units.filter { rest.starts(with: $0.0.utf8) }.max { $0.0.utf8.count < $1.0.utf8.count }
            guard let value = Double(String(decoding: digits, as: UTF8.self)), let unit else { return nil }
            total += value * unit.1
            rest = rest.dropFirst(unit.0.utf8.count)
        }
        return text.isEmpty ? nil : Int64(exactly: total.rounded())
    }

    /// Whether a text is a metric's name, with places for captures.
    static func isMetricName(_ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        var isFirst = true
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "$") {
                let isBraced = bytes.first == UInt8(ascii: "{")
                if isBraced { bytes = bytes.dropFirst() }
                let digits = bytes.prefix { $0 &- 0x30 < 10 }
                bytes = bytes.dropFirst(digits.count)
                guard !digits.isEmpty, !isBraced || bytes.popFirst() == UInt8(ascii: "}") else { return false }
            } else {
                guard isWord(byte), !isFirst || byte &- 0x30 >= 10 else { return false }
            }
            isFirst = false
        }
        return !isFirst
    }

    /// Whether a text can be the name of a label.
    static func isLabelName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first &- 0x30 >= 10, text.utf8.count <= ConfigLimits.nameBytes,
            text.utf8.allSatisfy(isWord)
        else { return false }
        return text != "le" && text != "quantile" && !text.hasPrefix("__")
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == UInt8(ascii: "_")
    }
}
