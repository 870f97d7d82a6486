public import Events

/// What the daemon says about itself at the moment of a scrape.
///
/// Everything about data comes from the snapshot instead.
///
/// Counters in here begin at zero with the process; those of the snapshot survive it.
public struct DaemonStatus: Sendable {
    /// What was built.
    public var build = BuildStatus()
    /// Whether the configuration in use is the one on disk.
    public var reload = ReloadStatus()
    /// State written so far.
    public var commits = CommitStatus()
    /// What was known and had to be given up, by `StateReset.Reason.rawValue`; missing ones count 0.
    public var resets: [UInt64] = []
    /// Requests served so far.
    public var http = HTTPStatus()
    /// Sources that run now.
    ///
    /// One that the snapshot does not know is left out.
    public var sources: [SourceStatus] = []
    /// The process as the kernel sees it.
    public var process = ProcessStatus()
    /// Time series the monitor may fill: `MonitorLimits.series`.
    public var seriesLimit = 0

    /// Creates the status of a daemon that has done nothing yet.
    public init() {}
}

/// Labels of `telltale_build_info`.
public struct BuildStatus: Sendable, Equatable {
    /// Version of telltale.
    public var version = ""
    /// Revision of the source it was built from; may be empty.
    public var revision = ""
    /// Version of the compiler.
    public var swiftVersion = ""

    /// Creates an empty status.
    public init() {}
}

/// How the last reading of the configuration went.
public struct ReloadStatus: Sendable, Equatable {
    /// Whether the last attempt succeeded.
    ///
    /// A daemon that runs has read its configuration once.
    public var isSuccessful = true
    /// When the last successful one was, in nanoseconds since the epoch; `nil` before it.
    public var lastSuccess: Int64?

    /// Creates a status without a reload.
    public init() {}
}

/// Number and total length of something that happens again and again.
public struct DurationTotals: Sendable, Equatable {
    /// How often.
    public var count: UInt64 = 0
    /// How long together, in seconds.
    public var seconds: Double = 0

    /// Creates empty totals.
    public init() {}

    /// Counts one more, of `seconds`.
    public mutating func add(seconds: Double) {
        count &+= 1
        self.seconds += seconds
    }
}

/// Why state could not be made durable.
///
/// The name is the `reason` label; cases are append-only.
public enum CommitFailure: UInt8, Sendable, CaseIterable {
    /// No space, or over quota.
    case diskFull = 0
    /// Not allowed to write there.
    case permission = 1
    /// Any other answer of the file system.
    case inputOutput = 2

    /// The `reason` label value.
    public var label: String {
        switch self {
        case .diskFull: "disk_full"
        case .permission: "permission"
        case .inputOutput: "input_output"
        }
    }
}

/// State written so far.
public struct CommitStatus: Sendable, Equatable {
    /// Time from the cut to publication, of each commit.
    public var duration = DurationTotals()
    /// Bytes of the newest state file; `nil` without a state directory or before the first.
    public var sizeBytes: UInt64?
    /// When state was last made durable, in nanoseconds since the epoch; `nil` without a state directory or before
    /// that.
    public var lastSuccess: Int64?
    /// Failures by `CommitFailure.rawValue`.
    public var failures = [UInt64](repeating: 0, count: CommitFailure.allCases.count)

    /// Creates an empty status.
    public init() {}

    /// Counts a failure.
    public mutating func fail(_ reason: CommitFailure) { failures[Int(reason.rawValue)] &+= 1 }
}

/// Answers to one known path with one status code.
public struct RequestCount: Sendable, Equatable {
    /// The path as the daemon knows it, never as the client wrote it; `other` for all unknown ones.
    public var path: String
    /// Status code.
    public var code: Int
    /// How many.
    public var count: UInt64

    /// Creates a count.
    public init(path: String, code: Int, count: UInt64) { (self.path, self.code, self.count) = (path, code, count) }
}

/// Requests served so far.
public struct HTTPStatus: Sendable, Equatable {
    /// Answers by path and code, each pair once, in a fixed order.
    public var requests: [RequestCount] = []
    /// Open connections.
    public var connections = 0
    /// Time to render each scrape, compression included.
    public var scrapes = DurationTotals()

    /// Creates an empty status.
    public init() {}
}

/// One source as it runs now.
public struct SourceStatus: Sendable, Equatable {
    /// The `source` label, as in `SourceSnapshot.name`.
    public var name: String
    /// Batches handed over and not applied yet.
    public var queueLength: Int
    /// Most batches it may hand over before it waits (files) or drops (datagrams).
    public var queueCapacity: Int
    /// Bytes of the file that are not read yet; `nil` for other sources.
    public var lagBytes: UInt64?
    /// Age of the oldest byte not read yet, in seconds; 0 when all is read, `nil` for other sources.
    public var lagSeconds: Double?
    /// Connections since the process began; `nil` for sources that have none.
    public var connections: ConnectionTotals?
    /// Files of a tail; `nil` for other sources.
    public var files: FileTotals?

    /// Creates a status.
    public init(
        name: String, queueLength: Int, queueCapacity: Int, lagBytes: UInt64? = nil, lagSeconds: Double? = nil,
        connections: ConnectionTotals? = nil, files: FileTotals? = nil
    ) {
        self.name = name
        self.queueLength = queueLength
        self.queueCapacity = queueCapacity
        self.lagBytes = lagBytes
        self.lagSeconds = lagSeconds
        self.connections = connections
        self.files = files
    }
}

/// The files of a tail as they are now.
public struct FileTotals: Sendable, Equatable {
    /// Files held open: live ones, and rotated ones that are not quiet yet.
    public var open = 0
    /// Logs followed that hold no file open, to keep the number of open files in bounds.
    public var suspended = 0
    /// Logs found and not followed, because there are too many.
    public var refused = 0
    /// Whether the kernel tells of changes.
    public var isNotified = false
    /// Files of a pattern that are furthest behind, a bounded number.
    public var behind: [FileBehind] = []

    /// Creates totals of nothing.
    public init() {}
}

/// A file of which not everything is read.
public struct FileBehind: Sendable, Equatable {
    /// Its path.
    public var path: String
    /// Bytes not read.
    public var bytes: UInt64
    /// Seconds since everything was read.
    public var seconds: Double

    /// Creates the status of a file.
    public init(path: String, bytes: UInt64, seconds: Double) {
        (self.path, self.bytes, self.seconds) = (path, bytes, seconds)
    }
}

/// The process as the kernel sees it; `nil` for what it does not tell.
public struct ProcessStatus: Sendable, Equatable {
    /// Start, in seconds since the epoch.
    public var startTimeSeconds: Double?
    /// User and system time, in seconds.
    public var cpuSeconds: Double?
    /// Resident memory.
    public var residentBytes: UInt64?
    /// Open file descriptors.
    public var openDescriptors: UInt64?
    /// Most file descriptors it may open.
    public var maxDescriptors: UInt64?

    /// Creates an empty status.
    public init() {}
}
