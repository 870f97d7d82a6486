import Events
import LineFormats
import Monitor
import Patterns

/// What has to hold for any bytes: run by the fuzzers of `Tests/Fuzzing`, and by `swift test` over what they found.
enum FuzzChecks {
    /// StatsD lines, decoded and applied; the first byte chooses the options.
    ///
    /// - Returns: What is wrong; `nil` if nothing is.
    static func statsD(_ input: [UInt8]) -> String? {
        let choice = input.first ?? 0
        let bytes = Array(input.dropFirst())
        let options = StatsDOptions(
            signsAreChanges: choice & 1 != 0, tagStyles: StatsDTagStyles(rawValue: choice >> 1 & 7),
            readsModelLines: choice & 16 == 0)
        let schema = Schema(signals: [Signal(name: "n", role: .feature, kind: .numeric)])
        // As small as can be, so that a sanitizer sees every byte beyond, and small enough to be full now and then.
        let batch = EventBatch(
            source: 0, schema: schema, rowCapacity: 4, observationCapacity: 6, byteCapacity: max(1, bytes.count))
        for i in bytes.indices { unsafe batch.bytes.storeBytes(of: bytes[i], toByteOffset: i, as: UInt8.self) }
        batch.byteCount = bytes.count
        var monitor = monitor()
        var decoder = StatsDDecoder(options: options)
        var records = RecordDecoder(schema: schema)
        var at = 0
        var received: UInt64 = 0
        while at < bytes.count {
            batch.clear()
            let used = decoder.decodeLines(in: batch, from: at, to: bytes.count, records: &records)
            guard used > 0, at + used <= bytes.count else { return "no progress at \(at)" }
            if let fault = fault(in: batch) { return fault }
            received &+= batch.receipt.received
            monitor.apply(batch, at: Instant(wall: 1_767_225_600_000_000_000, monotonic: Int64(at)))
            at += used
        }
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).count - (bytes.last == 0x0A ? 1 : 0)
        guard bytes.isEmpty || received == UInt64(lines) else { return "\(received) of \(lines) lines are counted" }
        let snapshot = monitor.cut(at: Instant(wall: 1_767_225_601_000_000_000, monotonic: 1_000_000_000)).snapshot
        guard snapshot.sources[0].receipt.isBalanced else { return "lines are lost" }
        guard snapshot.custom.isConsistent else { return "two metrics share a name, or one has no valid name" }
        for series in snapshot.custom.series {
            let metric = snapshot.custom.metrics[series.metric]
            guard series.fits(metric), series.number.value.isFinite else { return "a series of \(metric.name) is bad" }
            if metric.kind == .counter, series.number.value < 0 { return "\(metric.name) is negative" }
        }
        return remembering(bytes, options: options)
    }

    /// An expression, a newline, a template, a newline, and a name.
    static func pattern(_ input: [UInt8]) -> String? {
        let parts = input.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false).map(Array.init)
        guard parts.count == 3 else { return nil }
        let text = String(decoding: parts[0], as: UTF8.self)
        let template = NameTemplate(String(decoding: parts[1], as: UTF8.self))
        var patterns: [NamePattern] = []
        if let glob = try? NamePattern(glob: text) { patterns.append(glob) }
        if let regex = try? NamePattern(regex: text) { patterns.append(regex) }
        for isOrdered in [true, false] {
            let set = PatternSet(patterns, isOrdered: isOrdered)
            guard let match = set.match(parts[2], type: .counter) else { continue }
            for capture in match.captures where capture.count > parts[2].count { return "a capture beyond the name" }
            // Each byte that is no UTF-8 comes out as three: names of lines have none, those of a fuzzer do.
            let longest = 3 * parts[1].count * (1 + parts[2].count)
            if template.text(for: match).utf8.count > longest { return "a template grows" }
        }
        return nil
    }

    private static func fault(in batch: EventBatch) -> String? {
        func isInside(_ range: ByteRange) -> Bool {
            !range.isPresent || Int(range.offset) + Int(range.length) <= batch.byteCapacity
        }
        guard batch.receipt.isBalanced else { return "a line is counted twice or not at all" }
        for i in 0..<batch.observationCount {
            let one = unsafe batch.observations[i]
            guard [one.model, one.version, one.name, one.text].allSatisfy(isInside) else { return "a range outside" }
            guard one.weight.isFinite, one.weight >= 1 else { return "a weight of \(one.weight)" }
            guard one.number.isFinite || one.number.isNaN else { return "a number that is infinite" }
        }
        for i in 0..<batch.sampleCount {
            let one = unsafe batch.samples[i]
            guard [one.name, one.tags, one.text].allSatisfy(isInside) else { return "a range outside" }
            guard one.name.isPresent, one.name.length > 0 else { return "a metric without a name" }
            guard one.weight.isFinite, one.weight >= 1, one.value.isFinite else { return "a value or weight of no use" }
            guard one.kind != .count || one.value >= 0 else { return "a count below zero" }
        }
        return nil
    }

    /// A monitor with narrow limits and a rule of each kind.
    private static func monitor() -> Monitor {
        var settings = MonitorSettings()
        settings.sources = ["fuzz"]
        settings.limits.models = 3
        settings.custom.series = 40
        settings.custom.metrics = 8
        settings.custom.timeToLive = 1_000
        settings.custom.reservedNames = ["model_info", "a"]
        settings.custom.mapping = mapping
        return Monitor(settings: settings, at: Instant(wall: 1_767_225_600_000_000_000, monotonic: 0))
    }

    private static let mapping: CustomMapping = {
        var exposure = ExposureRule(name: NameTemplate("m_$1"), observer: .summary(SummarySetting()))
        exposure.labels = [LabelTemplate(name: "x", value: NameTemplate("$2$1"))]
        exposure.scale = -2
        var feature = ModelRule(model: NameTemplate("$1"), role: .feature)
        feature.feature = NameTemplate("$2")
        let rules = [
            (try? NamePattern(glob: "e.*.*")).map { MappingRule(pattern: $0, action: .expose(exposure)) },
            (try? NamePattern(glob: "f.*.*")).map { MappingRule(pattern: $0, action: .model(feature)) },
            (try? NamePattern(regex: "^p\\.(\\w+)$")).map {
                MappingRule(pattern: $0, action: .model(ModelRule(model: NameTemplate("$1"), role: .prediction)))
            },
            (try? NamePattern(regex: "drop")).map { MappingRule(pattern: $0, action: .drop) },
        ]
        return CustomMapping(rules: rules.compactMap(\.self))
    }()
}
