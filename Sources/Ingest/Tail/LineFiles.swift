import Events
import LineFormats

/// The files behind one source, as the loop that reads them sees them: logs that grow, or archives that are read once.
protocol LineFiles {
    /// Where the files are.
    var settings: TailSettings { get }
    /// What their paths have in common.
    var pattern: PathPattern { get }
    /// The file system.
    var files: any FileSystem { get }
    /// What to log, in order; the owner takes it.
    var events: [SourceEvent] { get set }
    /// Bytes there are and that are not read, as of the last look and what was read since.
    var unread: UInt64 { get }
    /// Whether counts or positions wait for a batch.
    var hasPending: Bool { get }
    /// Directories in which a change may concern a file.
    var directories: Set<String> { get }
    /// Files held open.
    var openFiles: Int { get }
    /// Files that are known and not open.
    var suspendedLogs: Int { get }
    /// Files that were found and are not read, because there are too many.
    var refused: Int { get }
    /// What the path leads to, or what most concerns the files of a pattern.
    var pathState: FileTailer.PathState { get }

    /// Looks at every file, and for new ones when that is due.
    mutating func look(now: Int64)
    /// Looks at what changes in directories may concern.
    mutating func look(at changes: [DirectoryChange], now: Int64)
    /// Reads the next lines into an empty batch.
    mutating func fill(_ batch: EventBatch, decoder: inout LineDecoder, now: Int64) -> FileTailer.Outcome
    /// The first unread lines, up to the limits of a sample, without consuming them; the next `fill` begins with them.
    mutating func sample(now: Int64) -> TailSample
    /// Moves counts and positions that belong to no row into a batch.
    mutating func attachPending(to batch: EventBatch)
    /// The files of a pattern that are furthest behind, at most `IngestLimits.shownFiles`.
    func laggards(now: Int64) -> [FileLag]
    /// Closes every file.
    mutating func close()
}

extension LineFiles {
    /// Bytes a batch needs to hold any line.
    var largeBatchBytes: Int { TailedFile.largeBatchBytes(lineBytes: settings.lineBytes) }
}
