/// One sample line of an exposition.
public struct ExposedSample: Sendable, Equatable {
    /// Name of the sample, `_bucket` and the like included.
    public var name: String
    /// Labels in the order they were written, unescaped.
    public var labels: [ExposedLabel]
    /// The value.
    public var value: Double

    /// The value of a label; `nil` if there is none of that name.
    public subscript(label: String) -> String? { labels.first { $0.name == label }?.value }
}

/// One label of a sample.
public struct ExposedLabel: Sendable, Hashable {
    /// Name.
    public var name: String
    /// Value, unescaped.
    public var value: String
}

/// One family of an exposition.
public struct ExposedFamily: Sendable {
    /// Name on the metadata lines.
    public var name: String
    /// Word of the `# TYPE` line.
    public var type = ""
    /// Text of the `# HELP` line as written.
    public var help = ""
    /// Word of the `# UNIT` line.
    public var unit = ""
    /// Samples in order.
    public var samples: [ExposedSample] = []
}

/// What is wrong with an exposition, and where.
public struct ExpositionFault: Error, CustomStringConvertible {
    /// Line, from 1; 0 for the whole.
    public var line: Int
    /// What is wrong.
    public var message: String

    /// Line and message.
    public var description: String { "line \(line): \(message)" }
}

/// A strict reader of what telltale writes: the OpenMetrics 1.0 grammar and semantics without the parts we never write
/// (timestamps, exemplars, `_created`), and text 0.0.4 by the same rules with its own names.
///
/// It refuses what Prometheus lets pass in silence, above all a series that comes twice.
public struct ExpositionChecker {
    private enum Dialect { case text, openMetrics }

    private let dialect: Dialect
    private var line = 0
    private var families: [ExposedFamily] = []
    private var names: Set<String> = []
    private var series: Set<[ExposedLabel]> = []

    private init(_ dialect: Dialect) { self.dialect = dialect }

    /// Reads OpenMetrics 1.0.
    public static func openMetrics(_ bytes: [UInt8]) throws -> [ExposedFamily] {
        guard bytes.suffix(6) == Array("# EOF\n".utf8) else {
            throw ExpositionFault(line: 0, message: "does not end in # EOF")
        }
        var checker = ExpositionChecker(.openMetrics)
        return try checker.read(bytes.dropLast(6))
    }

    /// Reads text 0.0.4.
    public static func text(_ bytes: [UInt8]) throws -> [ExposedFamily] {
        var checker = ExpositionChecker(.text)
        return try checker.read(bytes[...])
    }

    private func fault(_ message: String) -> ExpositionFault { ExpositionFault(line: line, message: message) }

    private mutating func read(_ bytes: ArraySlice<UInt8>) throws -> [ExposedFamily] {
        guard bytes.isEmpty || bytes.last == UInt8(ascii: "\n") else { throw fault("the last line has no end") }
        for raw in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
            line += 1
            guard let text = String(validating: raw, as: UTF8.self) else { throw fault("not UTF-8") }
            if raw.isEmpty { throw fault("empty line") }
            if raw.first == UInt8(ascii: "#") { try metadata(text) } else { try sample(Array(raw)) }
        }
        for family in families { try checkWhole(family) }
        return families
    }

    // MARK: Lines

    private mutating func metadata(_ text: String) throws {
        let words = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard words.count == 4, words[0] == "#", Self.isName(words[2]) else { throw fault("bad metadata: \(text)") }
        let name = words[2]
        if families.last?.name != name {
            guard names.insert(name).inserted else { throw fault("family \(name) comes twice") }
            families.append(ExposedFamily(name: name))
        }
        let last = families.count - 1
        guard families[last].samples.isEmpty else { throw fault("metadata behind samples") }
        switch words[1] {
        case "HELP" where families[last].help.isEmpty: families[last].help = words[3]
        case "TYPE" where families[last].type.isEmpty: families[last].type = words[3]
        case "UNIT" where families[last].unit.isEmpty && dialect == .openMetrics: families[last].unit = words[3]
        default: throw fault("unknown or repeated metadata: \(text)")
        }
        let types = ["counter", "gauge", "histogram", "summary"] + (dialect == .openMetrics ? ["info"] : [])
        if words[1] == "TYPE" && !types.contains(words[3]) { throw fault("unknown type \(words[3])") }
        if words[1] == "UNIT" && !name.hasSuffix("_" + words[3]) { throw fault("\(name) is not in \(words[3])") }
    }

    private mutating func sample(_ bytes: [UInt8]) throws {
        var reader = SampleReader(bytes: bytes)
        guard let sample = reader.read() else { throw fault("bad sample: \(String(decoding: bytes, as: UTF8.self))") }
        guard let family = families.last, Self.sampleNames(of: family, dialect).contains(sample.name) else {
            throw fault("\(sample.name) is not in the family begun last")
        }
        guard Set(sample.labels.map(\.name)).count == sample.labels.count else { throw fault("a label comes twice") }
        for label in sample.labels {
            guard Self.isName(label.name), !label.name.contains(":") else { throw fault("bad label \(label.name)") }
            let isBucket = family.type == "histogram" && sample.name.hasSuffix("_bucket")
            if label.name == "le" && !isBucket { throw fault("le outside of a bucket") }
            if label.name == "quantile" && family.type != "summary" { throw fault("quantile outside of a summary") }
        }
        let key = sample.labels.sorted { $0.name < $1.name } + [ExposedLabel(name: "__name__", value: sample.name)]
        guard series.insert(key).inserted else { throw fault("series \(sample.name) comes twice") }
        if family.type == "counter" && !(sample.value >= 0) { throw fault("a counter below zero or NaN") }
        if sample.name.hasSuffix("_info") && sample.value != 1 { throw fault("an identity that is not 1") }
        families[families.count - 1].samples.append(sample)
    }

    private static func sampleNames(of family: ExposedFamily, _ dialect: Dialect) -> [String] {
        switch family.type {
        case "histogram": ["_bucket", "_sum", "_count"].map { family.name + $0 }
        case "summary": ["", "_sum", "_count"].map { family.name + $0 }
        case "counter" where dialect == .openMetrics: [family.name + "_total"]
        case "info": [family.name + "_info"]
        default: [family.name]
        }
    }

    // MARK: Families

    private func checkWhole(_ family: ExposedFamily) throws {
        func fault(_ message: String) -> ExpositionFault {
            ExpositionFault(line: 0, message: "\(family.name): \(message)")
        }
        if family.type.isEmpty || family.help.isEmpty { throw fault("no type or no help") }
        if family.samples.isEmpty { throw fault("no sample") }
        guard family.type == "histogram" || family.type == "summary" else { return }
        // Samples of one metric follow each other; each metric has all its parts, once and in order.
        var rest = family.samples[...]
        while let first = rest.first {
            let own: Set<String> = ["le", "quantile"]
            let labels = first.labels.filter { !own.contains($0.name) }
            var metric = rest.prefix { $0.labels.filter { !own.contains($0.name) } == labels }
            rest = rest.dropFirst(metric.count)
            let quantiles = metric.prefix { $0["quantile"] != nil }
            guard quantiles.allSatisfy({ $0.name == family.name }) else { throw fault("a quantile of something else") }
            metric = metric.dropFirst(quantiles.count)
            let buckets = metric.filter { $0.name.hasSuffix("_bucket") }
            // A histogram of negative values has neither sum nor count.
            let hasSum = metric.contains { $0.name == family.name + "_sum" }
            let isSummary = family.type == "summary"
            let order =
                buckets.map(\.name) + (hasSum ? [family.name + "_sum"] : [])
                + (hasSum || isSummary ? [family.name + "_count"] : [])
            guard metric.map(\.name) == order, let count = metric.last?.value else { throw fault("parts out of order") }
            if let sum = metric.first(where: { $0.name == family.name + "_sum" }), !(sum.value >= 0) {
                throw fault("a sum below zero or NaN")
            }
            if isSummary { continue }
            let bounds = buckets.map { $0["le"] ?? "" }
            let numbers = bounds.compactMap { $0 == "+Inf" ? Double.infinity : Double($0) }
            guard numbers.count == bounds.count, zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 }),
                bounds.allSatisfy({ $0 == "+Inf" || $0.contains(".") || $0.contains("e") })
            else { throw fault("le is not ascending or not canonical: \(bounds)") }
            let values = buckets.map(\.value)
            guard bounds.last == "+Inf", values.last == count else { throw fault("+Inf is not the count") }
            guard zip(values, values.dropFirst()).allSatisfy({ $0 <= $1 }) else { throw fault("not cumulative") }
        }
    }

    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
        }
    }
}

/// Reads `name{label="value",…} number`.
private struct SampleReader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func read() -> ExposedSample? {
        let name = word { $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: " ") }
        guard ExpositionChecker.isName(name) else { return nil }
        var labels: [ExposedLabel] = []
        if take("{") {
            repeat {
                let label = word { $0 != UInt8(ascii: "=") }
                guard take("="), take("\""), let value = quoted() else { return nil }
                labels.append(ExposedLabel(name: label, value: value))
            } while take(",")
            guard take("}") else { return nil }
        }
        guard take(" "), let value = number(word { _ in true }) else { return nil }
        return ExposedSample(name: name, labels: labels, value: value)
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func word(while isPart: (UInt8) -> Bool) -> String {
        let start = position
        while position < bytes.count && isPart(bytes[position]) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// The rest of a quoted value and its closing quote.
    private mutating func quoted() -> String? {
        var value: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: value, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                value.append(byte)
                continue
            }
            if take("n") {
                value.append(UInt8(ascii: "\n"))
            } else if take("\\") {
                value.append(UInt8(ascii: "\\"))
            } else if take("\"") {
                value.append(UInt8(ascii: "\""))
            } else {
                return nil
            }
        }
        return nil
    }

    /// A number by the OpenMetrics grammar: narrower than what `Double(_:)` takes (no hexadecimal, no `inf`).
    private func number(_ text: String) -> Double? {
        switch text {
        case "+Inf": return .infinity
        case "-Inf": return -.infinity
        case "NaN": return .nan
        default: return text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) } ? Double(text) : nil
        }
    }
}
