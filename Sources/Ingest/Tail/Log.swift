import Events

/// One of the logs of a source: read by a tailer, or suspended, which holds no file open.
///
/// Belongs to one `LogSet`.
final class Log {
    /// Its path, links and all.
    let path: String
    /// Paths of logs that it may be a rotated file of, by its name.
    let origins: [String]
    /// Its number among the logs that the source ever had.
    let id: Int
    /// What reads it; `nil` while it is suspended.
    var tailer: FileTailer?
    /// Where to go on after it was suspended.
    var positions: [FilePosition] = []
    /// Size of its file when it was suspended.
    var size: UInt64 = 0
    /// Whether something may be there to read.
    var isReady = false
    /// Whether it is suspended and has something to read.
    var isWaiting = false
    /// Whether it was read since it was last resumed: then it may give way to another.
    var hasHadTurn = false
    /// When something of it was last read, or it was resumed, monotonic nanoseconds.
    var lastTurn: Int64 = 0
    /// Since when nothing is at its path; `nil` while something is.
    var missingSince: Int64?
    /// Since when something of it is not read; `nil` if nothing is.
    var behindSince: Int64?
    /// Directory of what its path leads to, if that is another than its own, and the name there.
    var target: PathParts?

    /// A log of which nothing is known yet.
    init(path: String, origins: [String], id: Int) { (self.path, self.origins, self.id) = (path, origins, id) }

    /// Bytes that are not read, as far as known.
    var unread: UInt64 {
        tailer?.unread ?? unreadWhenSuspended
    }

    private var unreadWhenSuspended: UInt64 {
        let done = positions.last?.offset ?? 0
        return size > done ? size - done : 0
    }

    /// Takes note of whether something is not read.
    func keepTime(now: Int64) { behindSince = unread == 0 ? nil : behindSince ?? now }

    /// Whether nothing of it is open or will be, unless a file appears at its path.
    var isAbsent: Bool { missingSince != nil && (tailer?.open.isEmpty ?? true) }
}
