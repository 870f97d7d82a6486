internal import Monitor
internal import Synchronization

/// Who scrapes, and of which counters they have seen the beginning (`ShownSeries`).
///
/// A scraper is a client that says so, with the header `X-Prometheus-Scrape-Timeout-Seconds`, and known by its address.
/// It gets counters that came up as 0, and the values with the first commit after every scraper had that 0: the commit
/// makes both durable at once. Anyone else gets values as they are, and delays nothing.
final class Scrapers: Sendable {
    /// Most scrapers that are waited for; further ones are served like the others and not waited for.
    static let limit = 16
    /// Nanoseconds without a scrape after which a scraper is not waited for any more.
    static let patience: Int64 = 180_000_000_000

    private struct State {
        /// By address: the newest commit it was given, and when.
        var clients: [String: (generation: UInt64, at: Int64)] = [:]
        /// Series given as 0, and the commit they were first given with.
        var begun: [UInt64: UInt64] = [:]
        /// Series there were in the newest exposition.
        var present: [UInt64] = []
        var presentGeneration: UInt64 = 0
        /// Series shown before that were not in an exposition, and the commit of that one.
        var missing: Set<UInt64> = []
        var missingGeneration: UInt64 = 0
        var shown: ShownSeries

        /// Series shown before that are not in the newest exposition, but may be in the next one.
        ///
        /// One that is missing is forgotten with the second exposition, of another commit, that it is missing from: a
        /// counter of the process counts nothing before the first scrape, and the commit after that one may already be
        /// on its way, and show its value.
        mutating func stillExpected() -> [UInt64] {
            let present = Set(present)
            let missing = shown.set.filter { !present.contains($0) }
            guard missingGeneration < presentGeneration else { return Array(missing) }
            defer { (self.missing, missingGeneration) = (missing, presentGeneration) }
            return missing.filter { !self.missing.contains($0) }
        }
    }

    private let state: Mutex<State>

    /// Scrapers that have seen the beginning of these.
    init(shown: ShownSeries) { state = Mutex(State(shown: shown)) }

    /// Notes which series an exposition had, and which of them as 0.
    func rendered(generation: UInt64, cumulative: [UInt64], begun: [UInt64]) {
        state.withLock { state in
            guard generation >= state.presentGeneration else { return }
            (state.present, state.presentGeneration) = (cumulative, generation)
            for series in begun where state.begun[series] == nil { state.begun[series] = generation }
        }
    }

    /// Notes that a scraper was given the exposition of a commit.
    func served(_ client: String, generation: UInt64, at now: Int64) {
        state.withLock { state in
            state.clients = state.clients.filter { now &- $0.value.at < Self.patience }
            if state.clients[client] == nil, state.clients.count >= Self.limit { return }
            state.clients[client] = (generation, now)
        }
    }

    /// The series that the next commit may show with their values.
    ///
    /// The same object as long as nothing changes.
    func settle(at now: Int64) -> ShownSeries {
        state.withLock { state in
            let waited = state.clients.values.filter { now &- $0.at < Self.patience }
            guard let seen = waited.map(\.generation).min() else { return state.shown }
            let old = state.shown.set
            var kept = state.present.filter { old.contains($0) || state.begun[$0].map { $0 <= seen } ?? false }
            if kept.count(where: old.contains) < old.count {
                kept += state.stillExpected()
            } else {
                state.missing.removeAll()
            }
            // Equal in number and with nothing new among them, they are the same.
            guard kept.count != old.count || !kept.allSatisfy(old.contains) else { return state.shown }
            let shown = ShownSeries(kept)
            state.shown = shown
            state.begun = state.begun.filter { !shown.set.contains($0.key) }
            return shown
        }
    }
}
