extension CustomState {
    /// Whether all names are valid and no two series are the same: what may not come out of a state file.
    public var isConsistent: Bool {
        var names: Set<String> = []
        for metric in metrics {
            guard metric.isValid else { return false }
            for name in metric.names where !names.insert(name).inserted { return false }
        }
        var keys: [Set<[CustomLabel]>] = Array(repeating: [], count: metrics.count)
        return series.allSatisfy { series in
            keys.indices.contains(series.metric) && keys[series.metric].insert(series.labels).inserted
        }
    }
}

extension CustomMetric {
    /// Whether both formats allow it.
    fileprivate var isValid: Bool {
        let isNamed = !name.isEmpty && name.utf8.count <= CustomLimits.nameBytes && CustomNames.isMetric(name)
        let isAscending = zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }
        return isNamed && (kind != .counter || (name.hasSuffix("_total") && name != "_total")) && isAscending
            && summary.quantiles.allSatisfy { $0 >= 0 && $0 <= 1 } && summary.age > 0
            && (1...CustomLimits.parts).contains(summary.parts)
    }
}

extension CustomSeries {
    /// Whether it is a possible series of a metric.
    public func fits(_ setting: CustomMetric) -> Bool {
        let isLabelled =
            labels.count <= CustomLimits.labels
            && labels.allSatisfy { CustomNames.isLabel($0.name) && !$0.value.isEmpty }
            && zip(labels, labels.dropFirst()).allSatisfy { $0.name < $1.name }
        let fresh = CustomSeries(metric: 0, of: setting, labels: [], timeToLive: 0, lastSeen: 0)
        return isLabelled && timeToLive >= 0
            && histogram?.bounds == fresh.histogram?.bounds
            && summary?.recent.parts.count == fresh.summary?.recent.parts.count
            && summary?.recent.length == fresh.summary?.recent.length
            && members?.parts.count == fresh.members?.parts.count && members?.length == fresh.members?.length
    }
}
