internal import Synchronization

/// Bounds the bytes of request bodies that a server keeps at one time, whatever the number of connections.
final class BodyBudget: Sendable {
    private let limit: Int
    private let taken = Atomic<Int>(0)

    init(limit: Int) { self.limit = limit }

    /// Takes bytes of it; `false` if there are not so many left.
    func take(_ bytes: Int) -> Bool {
        if taken.wrappingAdd(bytes, ordering: .relaxed).newValue <= limit { return true }
        give(bytes)
        return false
    }

    /// Gives bytes back.
    func give(_ bytes: Int) { taken.wrappingSubtract(bytes, ordering: .relaxed) }
}
