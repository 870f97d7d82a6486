/// What kind of numbers a metric family holds.
public enum FamilyType: Sendable, Hashable, CaseIterable {
    /// Never falls while the state lives; the name ends in `_total`.
    case counter
    /// Any value at any time.
    case gauge
    /// Cumulative buckets, sum and count.
    case histogram
    /// Sum and count, and quantiles where a client asked for them: those cannot be aggregated.
    case summary
    /// Identity: labels with the value 1; the name ends in `_info`.
    case info

    /// The word of the `# TYPE` line.
    public func keyword(in format: ExpositionFormat) -> String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        case .summary: "summary"
        case .info: format == .openMetrics ? "info" : "gauge"
        }
    }

    /// Whether sums over pods and `rate` over time are right: true for everything that only accumulates.
    public var isMergeable: Bool {
        switch self {
        case .counter, .histogram, .summary: true
        case .gauge, .info: false
        }
    }
}

/// What a user may rely on.
public enum Stability: String, Sendable, Hashable, CaseIterable {
    /// Name, type, unit and labels change only in a major version.
    case stable
    /// May change in a minor version.
    case experimental
}

/// One metric family: everything about it but its samples.
///
/// Made once, used by every scrape.
///
/// Names, help and labels are program text, and `isWellFormed` is what a test checks them with; only the names of
/// custom metrics are input, made valid before they come here.
public struct FamilyDescriptor: Sendable, Hashable {
    /// Name of the family as `/metrics` in text 0.0.4 spells it: counters with `_total`, identities with `_info`.
    public let name: String
    /// Type.
    public let type: FamilyType
    /// Unit, the last word of the name (before `_total`), or empty.
    public let unit: String
    /// Label names in the order they are written, without `le`.
    public let labels: [String]
    /// One sentence for the reader of `/metrics`.
    public let help: String
    /// What a user may rely on.
    public let stability: Stability
    /// `# HELP`, `# TYPE` and `# UNIT` lines of text 0.0.4 and OpenMetrics, ready to copy.
    let headers: (text: [UInt8], openMetrics: [UInt8])
    /// `name` and `{`, ready to copy.
    let opening: [UInt8]

    /// Describes a family.
    public init(
        _ name: String, _ type: FamilyType, unit: String = "", labels: [String] = [],
        stability: Stability = .stable, help: String
    ) {
        (self.name, self.type, self.unit, self.labels, self.help) = (name, type, unit, labels, help)
        self.stability = stability
        opening = Array(name.utf8) + [UInt8(ascii: "{")]
        headers = (
            Self.header(.text, name, type, unit, help), Self.header(.openMetrics, name, type, unit, help)
        )
    }

    /// The name on the `# TYPE` line: OpenMetrics leaves `_total` and `_info` to the samples.
    public func familyName(in format: ExpositionFormat) -> String { Self.familyName(name, type, format) }

    /// Whether name, unit and labels obey both formats and the conventions that promtool checks.
    public var isWellFormed: Bool {
        let base = familyName(in: .openMetrics)
        func isName(_ text: String) -> Bool {
            var previous = UInt8(ascii: "_")
            for byte in text.utf8 {
                let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                let isSeparator = byte == UInt8(ascii: "_") && previous != byte
                guard isLetter || isSeparator || (isDigit && previous != UInt8(ascii: "_")) else { return false }
                previous = byte
            }
            return previous != UInt8(ascii: "_")
        }
        let suffix =
            switch type {
            case .counter: name.hasSuffix("_total")
            case .info: name.hasSuffix("_info")
            case .gauge, .histogram, .summary:
                !["_total", "_info", "_count", "_sum", "_bucket", "_created"].contains { name.hasSuffix($0) }
            }
        return suffix && isName(name) && labels.allSatisfy { isName($0) && $0 != "le" && $0 != "quantile" }
            && Set(labels).count == labels.count && (unit.isEmpty || base.hasSuffix("_" + unit)) && !help.isEmpty
    }

    /// Two descriptors of one name are one family.
    public static func == (left: FamilyDescriptor, right: FamilyDescriptor) -> Bool { left.name == right.name }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    private static func familyName(_ name: String, _ type: FamilyType, _ format: ExpositionFormat) -> String {
        guard format == .openMetrics else { return name }
        switch type {
        case .counter: return String(name.dropLast("_total".utf8.count))
        case .info: return String(name.dropLast("_info".utf8.count))
        case .gauge, .histogram, .summary: return name
        }
    }

    private static func header(
        _ format: ExpositionFormat, _ name: String, _ type: FamilyType, _ unit: String, _ help: String
    ) -> [UInt8] {
        let family = familyName(name, type, format)
        var text = Array("# HELP \(family) ".utf8)
        for byte in help.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): text += Array("\\\\".utf8)
            case UInt8(ascii: "\n"): text += Array("\\n".utf8)
            case UInt8(ascii: "\"") where format == .openMetrics: text += Array("\\\"".utf8)
            default: text.append(byte)
            }
        }
        text += Array("\n# TYPE \(family) \(type.keyword(in: format))\n".utf8)
        if format == .openMetrics && !unit.isEmpty { text += Array("# UNIT \(family) \(unit)\n".utf8) }
        return text
    }
}
