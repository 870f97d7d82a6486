import Events

/// Which files the logs of one source have to do with, so that two paths to one file never mean reading it twice.
final class FileRegistry {
    private var owners: [FileIdentity: Int] = [:]
    private var past: [FilePosition] = []
    private let limit: Int
    /// Files held open.
    private(set) var descriptors = 0
    /// Whether a log waits for others to hold fewer files open.
    var isShort = false

    /// An empty registry that remembers up to `limit` closed files.
    init(limit: Int) { self.limit = limit }

    /// The log that reads a file, whether it holds it open right now or not.
    func owner(of identity: FileIdentity) -> Int? { owners[identity] }

    /// Takes note of a file that was opened.
    func open(_ identity: FileIdentity, by log: Int) {
        owners[identity] = log
        descriptors += 1
    }

    /// Takes note of a file that was closed.
    func close(_ identity: FileIdentity) {
        owners[identity] = nil
        descriptors -= 1
    }

    /// Reserves a file that its log will read on, though it is not open now.
    func reserve(_ identity: FileIdentity, for log: Int) { owners[identity] = log }

    /// Gives a reserved file free.
    func free(_ identity: FileIdentity) { owners[identity] = nil }

    /// Positions of closed files: a path may lead back to one, and a rotated one must not be taken for unread.
    var closed: [FilePosition] { past }

    /// Whether a file is closed and remembered.
    func remembers(_ identity: FileIdentity) -> Bool { past.contains { $0.identity == identity } }

    /// Remembers a closed file; the oldest is forgotten at the limit.
    func remember(_ position: FilePosition) {
        past.append(position)
        if past.count > limit { past.removeFirst() }
    }

    /// Takes back what is remembered of a file.
    func recall(_ identity: FileIdentity) -> FilePosition? {
        past.firstIndex { $0.identity == identity }.map { past.remove(at: $0) }
    }
}
