import Events

extension Monitor {
    /// Applies the samples of a batch, one by one.
    mutating func applySamples(_ batch: EventBatch, arrival: Int64, now: Instant) {
        let limit = settings.limits.series - slots.reduce(0) { $0 &+ $1.series }
        var target = SampleTarget.refused(.unmapped)
        for i in 0..<batch.sampleCount {
            let sample = unsafe batch.samples[i]
            // All samples of a line have one name and one type, so they share what they mean and what becomes of them.
            if sample.isFirst { target = custom.target(of: sample, in: batch, now: arrival, limit: limit) }
            switch target {
            case .series(let number, let scale):
                custom.add(sample, in: batch, to: number, scale: scale, now: arrival)
                if custom.state.series[number].isOverflow {
                    overflows[Int(MonitorLimit.customSeries.rawValue)] &+= 1
                }
            case .route(let route):
                applyRouted(sample, of: batch, route: custom.routes[route], arrival: arrival, now: now)
            case .refused(let refusal):
                if sample.isFirst { sources[batch.source].receipt.revoke(refusal) }
            }
        }
    }

    /// Applies a sample that a rule makes a signal of a model.
    private mutating func applyRouted(
        _ sample: MetricSample, of batch: EventBatch, route: CustomRoute, arrival: Int64, now: Instant
    ) {
        guard let binding = bindings[batch.source] else { return }
        do throws(RejectionReason) {
            if let observation = try route.observation(of: sample, in: batch, into: routed) {
                apply(observation, of: routed, binding: binding, arrival: arrival, now: now)
            } else if sample.isFirst {
                sources[batch.source].receipt.revoke(IgnoreReason.unmapped)
            }
        } catch {
            if sample.isFirst { sources[batch.source].receipt.revoke(error) }
        }
    }
}

extension Receipt {
    fileprivate mutating func revoke(_ refusal: SampleRefusal) {
        switch refusal {
        case .typeConflict: revoke(RejectionReason.typeConflict)
        case .nameConflict: revoke(RejectionReason.nameConflict)
        case .negativeCount: revoke(RejectionReason.negativeCount)
        case .noSignal: revoke(RejectionReason.noSignal)
        case .metricLimit: revoke(DropReason.metricLimit)
        case .unmapped: revoke(IgnoreReason.unmapped)
        case .mappingRule: revoke(IgnoreReason.mappingRule)
        }
    }
}
