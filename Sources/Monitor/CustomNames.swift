/// Turns the names of StatsD into names of Prometheus.
enum CustomNames {
    /// The name of a metric: letters, digits and `_` stay, every other character becomes `_`, and a leading digit gets
    /// one before it.
    ///
    /// A second of two dashes is left out, as statsd_exporter does it.
    static func metric(_ name: some Collection<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(name.count + 1)
        if let first = name.first, isDigit(first) { out.append(underscore) }
        var previous: UInt8 = 0
        for byte in name {
            if isWord(byte) {
                out.append(byte)
            } else if byte & 0xC0 == 0x80 {
                // The rest of a character whose first byte is replaced already.
            } else if byte == dash, previous == dash {
                // Nothing for the second dash.
            } else {
                out.append(underscore)
            }
            previous = byte
        }
        return out
    }

    /// The name of a label: as `metric`, and kept off the names that Prometheus and the formats use themselves.
    static func label(_ name: some Collection<UInt8>) -> String {
        let text = String(decoding: metric(name), as: UTF8.self)
        let isTaken = text == "le" || text == "quantile" || text.hasPrefix("__")
        return isTaken ? "tag_" + text : text
    }

    /// Whether a text is the name of a metric already.
    static func isMetric(_ name: String) -> Bool { metric(name.utf8).elementsEqual(name.utf8) }

    /// Whether a text is the name of a label already.
    static func isLabel(_ name: String) -> Bool { !name.isEmpty && label(name.utf8) == name }

    private static let underscore: UInt8 = 0x5F
    private static let dash: UInt8 = 0x2D

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    private static func isWord(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || isDigit(byte) || byte == underscore
    }
}

/// Turns the tags of a line into labels.
enum CustomTags {
    /// The labels, sorted by name.
    ///
    /// Of several tags with one name the last counts. A tag without a value means `true`, one with an empty value
    /// nothing.
    ///
    /// - Returns: `nil` if there are too many or one is too long.
    static func labels(_ tags: [UInt8], separator: UInt8) -> [CustomLabel]? {
        var labels: [CustomLabel] = []
        for tag in tags.split(separator: 0x2C) {
            let mark = tag.firstIndex(of: separator)
            let key = mark.map { tag[..<$0] } ?? tag
            guard !key.isEmpty else { continue }
            let value = mark.map { String(decoding: tag[($0 + 1)...], as: UTF8.self) } ?? "true"
            guard value.utf8.count <= CustomLimits.valueBytes, key.count <= CustomLimits.nameBytes else { return nil }
            set(CustomNames.label(key), value, in: &labels)
            guard labels.count <= CustomLimits.labels else { return nil }
        }
        return labels.sorted { $0.name < $1.name }
    }

    /// Gives a label a value; an empty one takes the label away.
    static func set(_ name: String, _ value: String, in labels: inout [CustomLabel]) {
        labels.removeAll { $0.name == name }
        if !value.isEmpty { labels.append(CustomLabel(name: name, value: value)) }
    }
}
