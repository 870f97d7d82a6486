import Events

extension Monitor {
    /// Applies the samples of a batch, one by one.
    mutating func applySamples(_ batch: EventBatch, arrival: Int64) {
        let limit = settings.limits.series - slots.reduce(0) { $0 &+ $1.series }
        for i in 0..<batch.sampleCount {
            let sample = unsafe batch.samples[i]
            switch custom.target(of: sample, in: batch, now: arrival, limit: limit) {
            case .series(let number):
                custom.add(sample, in: batch, to: number, now: arrival)
                if custom.state.series[number].isOverflow {
                    overflows[Int(MonitorLimit.customSeries.rawValue)] &+= 1
                }
            case .refused(let refusal):
                // All samples of a line have one name and one type, so they share what becomes of it.
                if sample.isFirst { sources[batch.source].receipt.revoke(refusal) }
            }
        }
    }
}

extension Receipt {
    fileprivate mutating func revoke(_ refusal: SampleRefusal) {
        switch refusal {
        case .typeConflict: revoke(RejectionReason.typeConflict)
        case .nameConflict: revoke(RejectionReason.nameConflict)
        case .metricLimit: revoke(DropReason.metricLimit)
        case .unmapped: revoke(IgnoreReason.unmapped)
        }
    }
}
