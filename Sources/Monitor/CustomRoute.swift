import Events
import Patterns

/// Where the samples of one raw name go when a rule makes them a signal of a model.
struct CustomRoute {
    let role: Role
    let model: [UInt8]
    /// `nil` for the source's version.
    let version: [UInt8]?
    /// Empty for roles other than features.
    let feature: [UInt8]
    /// What a count counts; `nil` without one.
    let category: [UInt8]?
    let status: Status
    let scale: Double

    /// The route of a match; `nil` if it lacks a model or a feature.
    init?(_ rule: ModelRule, _ match: NameMatch, labels: [CustomLabel]) {
        func value(_ template: NameTemplate?, tags: String...) -> [UInt8]? {
            let text = template?.text(for: match) ?? labels.first { tags.contains($0.name) }?.value ?? ""
            // One byte more than a name may have says that it is too long.
            return text.isEmpty ? nil : Array(text.utf8.prefix(EventLimits.nameBytes + 1))
        }
        guard let model = value(rule.model) else { return nil }
        let feature = rule.role == .feature ? value(rule.feature, tags: "feature") : []
        guard let feature else { return nil }
        role = rule.role
        self.model = model
        version = value(rule.version, tags: "version")
        self.feature = feature
        category = value(rule.category, tags: "class", "value")
        let named = labels.first { $0.name == "status" }?.value
        status = rule.status ?? Status.allCases.first { $0.label == named } ?? (named == nil ? .success : .error)
        scale = rule.scale
    }

    /// What a sample observes, its names written to `batch`, which holds nothing else.
    ///
    /// `nil` for a count of nothing.
    func observation(
        of sample: MetricSample, in source: EventBatch, into batch: EventBatch
    ) throws(RejectionReason) -> Observation? {
        batch.byteCount = 0
        var observation = Observation(
            timestamp: sample.timestamp, model: batch.write(model),
            version: batch.write(version ?? Array(source.schema.defaultVersion.utf8)), role: role,
            name: role == .feature ? batch.write(feature) : .missing, number: NumberMark.missing, text: .missing,
            weight: sample.weight, isPrediction: role == .prediction, status: status)
        switch sample.kind {
        case .member:
            guard let text = unsafe source.text(sample.text) else { throw .malformedValue }
            observation.text = batch.write(unsafe Array(text.prefix(EventLimits.nameBytes + 1)))
        case .count:
            guard role == .prediction || category != nil else { throw .noSignal }
            if let category { observation.text = batch.write(category) }
            let count = sample.value * scale
            if count == 0 { return nil }
            guard count >= 1, count.isFinite else { throw .malformedValue }
            observation.weight = count * sample.weight
        case .gauge, .gaugeChange, .observation, .milliseconds:
            // A change of a gauge is a number with a sign here: an observation has nothing to change.
            let unit = role == .latency && sample.kind == .milliseconds ? 0.001 : 1
            observation.number = sample.value * unit * scale
            guard observation.number.isFinite else { throw .malformedValue }
        }
        return observation
    }

    /// A batch to write the names of one observation to.
    static func scratch() -> EventBatch {
        EventBatch(
            source: 0, schema: Schema(signals: []), rowCapacity: 1, observationCapacity: 0,
            byteCapacity: 8 * (EventLimits.nameBytes + 1))
    }
}

extension EventBatch {
    /// Copies a name behind what was written before; `.invalid` if it does not fit.
    fileprivate func write(_ name: [UInt8]) -> ByteRange {
        guard name.count <= byteCapacity - byteCount else { return .invalid }
        let range = ByteRange(
            offset: UInt32(truncatingIfNeeded: byteCount), length: UInt32(truncatingIfNeeded: name.count))
        unsafe (bytes + byteCount).copyMemory(from: name, byteCount: name.count)
        byteCount += name.count
        return range
    }
}
