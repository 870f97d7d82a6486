public import Events

/// What a source is doing right now, for people and gauges.
///
/// Nothing durable depends on it.
public struct SourceStatus: Sendable, Equatable {
    /// What kind of source it is.
    public enum Kind: String, Sendable {
        /// A tailed log file.
        case tail
        /// A UDP socket.
        case udp
        /// A Unix socket of datagrams.
        case unixDatagram = "unixgram"
        /// A TCP listener.
        case tcp
        /// A Unix socket of streams.
        case unixStream = "unix"
        /// Bodies that came over HTTP.
        case http
    }

    /// What the source is doing.
    public enum Activity: String, Sendable, CaseIterable {
        /// The thread has not looked yet.
        case starting
        /// The file does not exist yet, or no longer.
        case waiting
        /// The file exists and cannot be read; it is tried again.
        case blocked
        /// Records are gathered to infer a schema from.
        case inferring
        /// Input is being taken.
        case reading
        /// The thread has ended.
        case stopped
    }

    /// What kind of source it is.
    public var kind: Kind
    /// Path or address, as configured; with port 0 the port that was given.
    public var name: String
    /// What it is doing.
    public var activity = Activity.starting
    /// The reason of `waiting` or `blocked` in words; empty else.
    public var detail = ""
    /// Bytes that exist in its files and are not yet read.
    public var lagBytes: UInt64 = 0
    /// Seconds since everything was read; 0 when everything is.
    public var lagSeconds: Double = 0
    /// Files held open: the live one and rotated ones not yet quiet.
    public var openFiles = 0
    /// Logs that are followed and hold no file open, to keep the number of open files in bounds.
    public var suspendedLogs = 0
    /// Logs that were found and are not followed, because there are too many.
    public var refusedLogs = 0
    /// Logs of a pattern that are furthest behind, a bounded number.
    public var laggards: [FileLag] = []
    /// Whether kernel notifications help; without them new bytes are found by polling.
    public var isNotified = false
    /// Receive buffer the kernel granted, in bytes; 0 for files.
    public var receiveBufferBytes = 0
    /// Connections, of sources that have any.
    public var connections: ConnectionTotals?
    /// The schema in use; `nil` while it is not yet inferred.
    public var schema: Schema?

    /// A source that has not started.
    init(kind: Kind, name: String) { (self.kind, self.name) = (kind, name) }
}

/// How far one file is behind.
public struct FileLag: Sendable, Equatable {
    /// Path of the log.
    public var path: String
    /// Bytes that are not read.
    public var bytes: UInt64
    /// Seconds since everything of it was read.
    public var seconds: Double

    /// Creates a lag.
    public init(path: String, bytes: UInt64, seconds: Double) {
        (self.path, self.bytes, self.seconds) = (path, bytes, seconds)
    }
}

/// Something worth one line of log.
///
/// Told on the source's own thread.
public enum SourceEvent: Sendable, Equatable {
    /// A schema was inferred; the lines explain each decision.
    case schemaInferred(Schema, explanation: [String])
    /// None of the sampled records has anything to measure; they are counted as rejected and sampling goes on.
    case schemaNotInferred(records: Int)
    /// A file is read from this offset.
    case opened(path: String, offset: UInt64)
    /// The path leads to another file; the old one is drained.
    case rotated(path: String)
    /// The file shrank or was rewritten and is read from its start; bytes known to exist were lost.
    case truncated(path: String, lostBytes: UInt64)
    /// A copy of a truncated file holds what was not yet read.
    case recovered(path: String)
    /// A rotated file is read to its end and closed.
    case finished(path: String)
    /// A compressed file was read as far as it goes.
    case archiveRead(path: String, ArchiveEnd)
    /// The rest of a file that was being read was found compressed.
    case continued(path: String, archive: String)
    /// A file that was being read is gone since the last run; what it held beyond the offset is lost, at least so many
    /// bytes.
    case gone(path: String, offset: UInt64, lostBytes: UInt64)
    /// The file cannot be read now; it is tried again.
    case blocked(path: String, reason: String)
    /// The file does not exist; it is waited for.
    case missing(path: String)
    /// A pattern stands for more logs than are followed.
    case tooManyLogs(limit: Int, refused: Int)
    /// A line was rejected; at most one a second is shown, raw and cut to 512 bytes. Log it only on demand.
    case rejected(RejectionReason, excerpt: [UInt8])
    /// Notifications are not to be had; the file is polled.
    case polling(reason: String)
    /// A receive buffer smaller than asked for.
    case smallReceiveBuffer(granted: Int, wanted: Int)
    /// The system has no descriptor for a further connection; it is tried again.
    case acceptFailed(reason: String)
    /// Receiving failed; it is tried again.
    case receiveFailed(reason: String)
}

/// Where a file that no position is known of is begun.
public enum StartAt: String, Sendable, CaseIterable {
    /// At its first byte.
    case beginning
    /// At its end as found at the start of the source. Files that appear later are read from their first byte.
    case end
}

/// How a source knows what its records mean.
public enum SourceSchema: Sendable, Equatable {
    /// By this schema.
    case fixed(Schema)
    /// By the first records: up to 1,000, or those there are after a second of quiet. None of them is lost.
    case infer
}
