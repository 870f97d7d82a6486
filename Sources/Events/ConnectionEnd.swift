/// Why a connection of a source came to its end.
///
/// The name is the `reason` label. Append-only.
public enum ConnectionEnd: UInt8, Sendable, CaseIterable {
    /// The client closed it.
    case closed = 0
    /// It broke.
    case failed = 1
    /// Nothing came for too long.
    case idle = 2
    /// A line or frame took too long.
    case slow = 3
    /// A frame was announced that is larger than any may be: what follows cannot be told apart.
    case frameTooLong = 4
    /// It made room for a new one, having sent no whole line, or none for the longest time.
    case gaveWay = 5
    /// The daemon stopped.
    case stopped = 6

    /// The `reason` label value.
    public var label: String {
        switch self {
        case .closed: "closed"
        case .failed: "failed"
        case .idle: "idle"
        case .slow: "slow"
        case .frameTooLong: "frame_too_long"
        case .gaveWay: "gave_way"
        case .stopped: "stopped"
        }
    }
}

/// Connections of one source since the process began.
public struct ConnectionTotals: Sendable, Equatable {
    /// Open now.
    public var open = 0
    /// Accepted so far.
    public var opened: UInt64 = 0
    /// Ended so far, by `ConnectionEnd.rawValue`.
    public var ended = [UInt64](repeating: 0, count: ConnectionEnd.allCases.count)

    /// No connection yet.
    public init() {}

    /// Counts one in.
    public mutating func begin() {
        open += 1
        opened &+= 1
    }

    /// Counts one out.
    public mutating func end(_ reason: ConnectionEnd) {
        open -= 1
        ended[Int(reason.rawValue)] &+= 1
    }
}
