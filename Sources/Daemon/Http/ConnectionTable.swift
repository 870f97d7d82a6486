/// The open connections of one event loop, and who has to go when there are too many.
///
/// A new client never waits for slow ones: at the limit the connection that has been waiting longest for a request, or
/// for the rest of one, gives up its place. A connection that is being answered keeps it.
final class ConnectionTable {
    private let limit: Int
    private var open: [ObjectIdentifier: ConnectionDeadline] = [:]

    init(limit: Int) { self.limit = limit }

    /// Number of open connections.
    var count: Int { open.count }

    /// Takes a place; `false` if all are taken by connections that are being answered.
    func enter(_ connection: ConnectionDeadline) -> Bool {
        if open.count >= limit {
            let waiting = open.values.filter(\.isWaiting)
            guard let longest = waiting.min(by: { $0.phaseBegan < $1.phaseBegan }) else { return false }
            open[ObjectIdentifier(longest)] = nil
            longest.giveWay()
        }
        open[ObjectIdentifier(connection)] = connection
        return true
    }

    /// Gives a place back.
    func leave(_ connection: ConnectionDeadline) { open[ObjectIdentifier(connection)] = nil }
}
