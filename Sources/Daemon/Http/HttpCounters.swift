internal import Synchronization

/// Counts requests and connections.
///
/// Paths are the known ones and `other`, so that no client can make a series.
final class HttpCounters: Sendable {
    /// A label pair.
    struct Key: Hashable, Sendable {
        var path: String
        var code: Int
    }

    /// Paths that are told apart.
    static let knownPaths = [
        "/", "/-/healthy", "/-/ready", "/-/reload", "/api/v1/drift", "/api/v1/status", "/metrics", "/report",
        EventRoutes.eventsPath, EventRoutes.outcomesPath,
    ]

    private let requests = Mutex<[Key: UInt64]>([:])
    private let open = Atomic<Int>(0)

    /// Counts a response.
    func count(path: String, code: Int) {
        let key = Key(path: Self.knownPaths.contains(path) ? path : "other", code: code)
        requests.withLock { $0[key, default: 0] &+= 1 }
    }

    /// Responses so far, by path and code.
    var totals: [(key: Key, count: UInt64)] {
        requests.withLock { $0.map { ($0.key, $0.value) } }.sorted { ($0.0.path, $0.0.code) < ($1.0.path, $1.0.code) }
    }

    /// Connections open now.
    var connections: Int { open.load(ordering: .relaxed) }

    /// Counts a connection in.
    func enter() { open.wrappingAdd(1, ordering: .relaxed) }

    /// Counts a connection out.
    func leave() { open.wrappingSubtract(1, ordering: .relaxed) }
}
