import Events
import Sketches

/// Finds the series of samples, makes new ones within the limits, and ends those that have had no samples for long.
struct CustomRegistry {
    /// What is kept and exposed.
    private(set) var state: CustomState
    /// Time series that all series cost together.
    private(set) var cost = 0
    private var cache = SampleCache()
    /// Where mapped samples go; forgotten with the cache.
    private(set) var routes: [CustomRoute] = []
    private let settings: CustomSettings
    /// Metrics by name.
    private var metrics: [String: Int] = [:]
    /// Metrics by every name they occupy.
    private var names: [String: Int] = [:]
    private var series: [SeriesKey: Int] = [:]
    /// Per metric: whether a sample has confirmed it since the settings were made.
    private var isConfirmed: [Bool] = []
    /// No series ends before this instant.
    private var earliestEnd = Int64.max

    /// Rules by name; bounded by `CustomLimits.cachedNames`.
    private var rules: [NameKey: CustomMapping.Match?] = [:]

    private struct NameKey: Hashable {
        var kind: SampleKind
        var name: [UInt8]
    }

    private struct SeriesKey: Hashable {
        var metric: Int
        var labels: [CustomLabel]
    }

    /// Goes on from a state; what has a reserved name by now is forgotten.
    init(state: CustomState = CustomState(), settings: CustomSettings) {
        (self.state, self.settings) = (state, settings)
        let kept = state.metrics.indices.filter { number in
            !state.metrics[number].names.contains(where: settings.reservedNames.contains)
        }
        keep { kept.contains($0.metric) }
        isConfirmed = [Bool](repeating: false, count: self.state.metrics.count)
    }

    // MARK: Samples

    /// What a sample's name and tags mean.
    ///
    /// About 30 ns for known ones.
    ///
    /// - Parameters:
    ///   - now: Time of arrival.
    ///   - limit: Time series that all custom metrics may cost together.
    @inline(__always)
    mutating func target(of sample: MetricSample, in batch: EventBatch, now: Int64, limit: Int) -> SampleTarget {
        guard let name = unsafe batch.text(sample.name) else { return .refused(.unmapped) }
        let tags = unsafe batch.text(sample.tags)
        let kind = sample.kind == .gaugeChange ? SampleKind.gauge : sample.kind
        let code = kind.rawValue &<< 1 | (sample.separator & 1)
        let hash = unsafe SampleCache.hash(kind: code, name: name, tags: tags)
        if let known = unsafe cache.target(hash: hash, kind: code, name: name, tags: tags) { return known }
        if cache.isFull { forget() }
        let target = resolve(
            kind, unsafe Array(name), tags: unsafe tags.map { unsafe Array($0) } ?? [], separator: sample.separator,
            now: now, limit: limit)
        unsafe cache.insert(hash: hash, kind: code, name: name, tags: tags, target: target)
        return target
    }

    /// Adds a sample to a series.
    mutating func add(_ sample: MetricSample, in batch: EventBatch, to number: Int, scale: Double, now: Int64) {
        state.series[number].lastSeen = max(now, state.series[number].lastSeen)
        switch sample.kind {
        case .count: state.series[number].number.add(sample.value * scale * sample.weight)
        case .gaugeChange: state.series[number].number.add(sample.value * scale)
        case .gauge: state.series[number].number = ExactSum(sample.value * scale)
        case .observation, .milliseconds:
            let value = ExactSum((sample.kind == .milliseconds ? sample.value * 0.001 : sample.value) * scale).value
            state.series[number].histogram?.insert(value, weight: sample.weight)
            state.series[number].summary?.insert(value, weight: sample.weight, now: now)
        case .member:
            guard let text = unsafe batch.text(sample.text) else { return }
            let hash = unsafe ByteHash.hash(of: text)
            state.series[number].members?.update(at: now) { $0.insert(hash: hash) }
        }
    }

    // MARK: Meaning

    /// Finds out what a name and its tags mean; makes the metric and the series if need be.
    private mutating func resolve(
        _ kind: SampleKind, _ name: [UInt8], tags: [UInt8], separator: UInt8, now: Int64, limit: Int
    ) -> SampleTarget {
        let labels = CustomTags.labels(tags, separator: separator)
        switch CustomMeaning(kind, name, labels: labels, rule: rule(for: name, kind), settings: settings) {
        case .refused(let refusal): return .refused(refusal)
        case .request(let request): return enter(request, now: now, limit: limit)
        case .route(let route):
            routes.append(route)
            return .route(routes.count - 1)
        }
    }

    /// The rule that a name matches, remembered by name: tags may differ in every line, and rules do not look at them.
    private mutating func rule(for name: [UInt8], _ kind: SampleKind) -> CustomMapping.Match? {
        if settings.mapping.rules.isEmpty { return nil }
        let key = NameKey(kind: kind, name: name)
        if let known = rules[key] { return known }
        if rules.count >= CustomLimits.cachedNames { rules.removeAll(keepingCapacity: true) }
        let found = settings.mapping.match(name, kind)
        rules[key] = .some(found)
        return found
    }

    /// The series that a request asks for, made now if need be.
    private mutating func enter(_ request: CustomRequest, now: Int64, limit: Int) -> SampleTarget {
        do throws(SampleRefusal) {
            let metric = try enter(request.metric)
            return .series(enter(request, metric: metric, now: now, limit: limit), scale: request.scale)
        } catch {
            return .refused(error)
        }
    }

    /// Number of a metric, made now if there is room and its names are free.
    private mutating func enter(_ metric: CustomMetric) throws(SampleRefusal) -> Int {
        if let known = metrics[metric.name] {
            // Of rules that disagree about buckets or help, the one that was met first decides.
            let isSame = isConfirmed[known] ? state.metrics[known].kind == metric.kind : state.metrics[known] == metric
            if isSame {
                isConfirmed[known] = true
                return known
            }
            if isConfirmed[known] { throw .typeConflict }
            // The settings changed since: what they say now begins anew.
            remove(metric: known)
        }
        let wanted = metric.names
        if wanted.contains(where: settings.reservedNames.contains) { throw .nameConflict }
        if wanted.contains(where: { names[$0] != nil }) { throw .typeConflict }
        guard state.metrics.count < settings.metrics, metric.name.utf8.count <= CustomLimits.nameBytes else {
            throw .metricLimit
        }
        let number = state.metrics.count
        state.metrics.append(metric)
        isConfirmed.append(true)
        metrics[metric.name] = number
        for name in wanted { names[name] = number }
        return number
    }

    /// Number of a series, made now if there is room; else that of the metric's overflow series.
    private mutating func enter(_ request: CustomRequest, metric: Int, now: Int64, limit: Int) -> Int {
        var labels = request.labels ?? [CustomSeries.overflowLabel]
        if let known = series[SeriesKey(metric: metric, labels: labels)] { return known }
        let price = state.metrics[metric].cost
        // The overflow series of a metric is beyond the limit: without it, what does not fit would have no place.
        if labels != [CustomSeries.overflowLabel], cost + price > min(limit, settings.series) {
            labels = [CustomSeries.overflowLabel]
            if let known = series[SeriesKey(metric: metric, labels: labels)] { return known }
        }
        let number = state.series.count
        state.series.append(
            CustomSeries(
                metric: metric, of: state.metrics[metric], labels: labels, timeToLive: request.timeToLive, lastSeen: now
            ))
        series[SeriesKey(metric: metric, labels: labels)] = number
        cost += price
        if request.timeToLive > 0 { earliestEnd = min(earliestEnd, now &+ request.timeToLive) }
        return number
    }

    // MARK: End

    /// Everything, with its recent past as of `now`.
    mutating func cut(now: Int64) -> CustomState {
        state.asOf = now
        return state
    }

    /// Ends the series that have had no samples for as long as they may.
    mutating func evict(now: Int64) {
        guard now >= earliestEnd else { return }
        let before = state.series.count
        keep { $0.timeToLive == 0 || now &- $0.lastSeen < $0.timeToLive }
        state.evictions &+= UInt64(before - state.series.count)
    }

    private mutating func remove(metric: Int) { keep { $0.metric != metric } }

    /// Keeps some of the series, and the metrics that have any, and numbers both anew.
    private mutating func keep(_ isKept: (CustomSeries) -> Bool) {
        var numbers: [Int: Int] = [:]
        var (metrics, confirmed, kept): ([CustomMetric], [Bool], [CustomSeries]) = ([], [], [])
        for var one in state.series where isKept(one) {
            guard state.metrics.indices.contains(one.metric) else { continue }
            if numbers[one.metric] == nil {
                numbers[one.metric] = metrics.count
                metrics.append(state.metrics[one.metric])
                confirmed.append(isConfirmed.indices.contains(one.metric) && isConfirmed[one.metric])
            }
            one.metric = numbers[one.metric] ?? 0
            kept.append(one)
        }
        (state.metrics, state.series, isConfirmed) = (metrics, kept, confirmed)
        index()
    }

    private mutating func forget() {
        cache.clear()
        routes.removeAll(keepingCapacity: true)
    }

    /// Makes everything ready again that is found by number.
    private mutating func index() {
        forget()
        metrics = [:]
        names = [:]
        series = [:]
        cost = 0
        earliestEnd = .max
        for (number, metric) in state.metrics.enumerated() {
            metrics[metric.name] = number
            for name in metric.names { names[name] = number }
        }
        for (number, one) in state.series.enumerated() {
            series[SeriesKey(metric: one.metric, labels: one.labels)] = number
            cost += state.metrics[one.metric].cost
            if one.timeToLive > 0 { earliestEnd = min(earliestEnd, one.lastSeen &+ one.timeToLive) }
        }
    }
}
