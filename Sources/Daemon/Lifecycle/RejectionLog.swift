internal import Events
internal import Logging
internal import Synchronization

/// Says what was rejected and dropped, at most once per interval and source, by reason and count.
///
/// Raw content is never logged: it is the model's data.
final class RejectionLog: Sendable {
    /// Between two reports, in nanoseconds.
    static let interval: Int64 = 10_000_000_000

    private struct State {
        var counts: [String: [String: UInt64]] = [:]
        var lastReport: Int64 = 0
    }

    private let log: Logger
    private let sources: [String]
    private let state = Mutex(State())

    init(log: Logger, sources: [String]) { (self.log, self.sources) = (log, sources) }

    /// Notes what a batch's receipt rejects and drops.
    func note(_ batch: EventBatch) {
        let receipt = batch.receipt
        guard receipt.accepted != receipt.received else { return }
        let name = sources.indices.contains(batch.source) ? sources[batch.source] : ""
        state.withLock { state in
            for reason in RejectionReason.allCases {
                let count = receipt.rejected[Int(reason.rawValue)]
                if count > 0 { state.counts[name, default: [:]][reason.label, default: 0] &+= count }
            }
            for reason in DropReason.allCases {
                let count = receipt.dropped[Int(reason.rawValue)]
                if count > 0 { state.counts[name, default: [:]][reason.label, default: 0] &+= count }
            }
        }
    }

    /// Reports if the interval has passed.
    func flushIfDue(at now: Int64) {
        let isDue = state.withLock { state in
            guard !state.counts.isEmpty, state.lastReport == 0 || now &- state.lastReport >= Self.interval else {
                return false
            }
            state.lastReport = now
            return true
        }
        if isDue { flush() }
    }

    /// Reports now.
    func flush() {
        let counts = state.withLock { state in
            defer { state.counts.removeAll() }
            return state.counts
        }
        for (source, reasons) in counts.sorted(by: { $0.key < $1.key }) {
            var metadata: Logger.Metadata = ["source": "\(source)"]
            for (reason, count) in reasons { metadata[reason] = "\(count)" }
            log.warning("lines not taken", metadata: metadata)
        }
    }
}
