import Events

/// Every bound and interval of the input side that no single source's settings own.
public enum IngestLimits {
    /// Batches a tail may have out; with none free the file waits.
    public static let batchesPerTail = 4
    /// Batches a socket may have out, as many as bridge a pause of the monitor; with none free lines are dropped and
    /// counted.
    public static let batchesPerSocket = 32
    /// Free batches a source keeps; more are let go.
    public static let batchesKept = 4
    /// Rotated files one tail keeps open beside the live one.
    public static let openFiles = 64
    /// Nanoseconds of quiet after which a rotated file is closed if other logs of the source wait for room.
    public static let shortQuiet: Int64 = 1_000_000_000
    /// Closed files one tail still recognises when a path leads back to them.
    public static let rememberedFiles = 64
    /// Files one source holds open, unless configured; beyond them idle files are closed until they change.
    public static let sourceOpenFiles = 256
    /// Logs one source follows, unless configured.
    public static let sourceLogs = 2_048
    /// Files of a pattern shown one by one: those that are furthest behind.
    public static let shownFiles = 20
    /// Directories read when looking for what a pattern stands for.
    public static let scannedDirectories = 4_096
    /// Nanoseconds between two such looks that no notification asked for.
    public static let scanInterval: Int64 = 1_000_000_000
    /// Share of the time that such looks may take: they come less often where they take long.
    public static let scanShare: Int64 = 20
    /// Nanoseconds after which a log found by a pattern and gone since is forgotten.
    public static let forgetAfter: Int64 = 3_600_000_000_000
    /// Changes a tail is told one by one; beyond them it looks at everything.
    public static let changes = 256
    /// Names read from a log's directory when looking for rotated files.
    public static let directoryEntries = 10_000
    /// Bytes at the start of a file that help to prove its identity.
    public static let headBytes = 1_024
    /// Bytes at the start of a file in which a table's header ends, and that tell how its records are written.
    public static let headerBytes = 64 << 10
    /// Bytes before the offset that help to prove a file's identity.
    public static let tailBytes = 4_096
    /// Bytes decompressed, those taken and those made, before other files have their turn.
    public static let inflateBytes = 16 << 20
    /// Bytes searched for the end of a line that is too long, or of a hole, before other files have their turn.
    public static let searchBytes = 64 << 20
    /// Records a schema is inferred from.
    public static let sampleRecords = 1_000
    /// Bytes of records a schema is inferred from.
    public static let sampleBytes = 1 << 20
    /// Nanoseconds without a new record after which a schema is inferred from fewer.
    public static let sampleQuiet: Int64 = 1_000_000_000
    /// Nanoseconds after the first record at which a schema is inferred in any case.
    public static let samplePatience: Int64 = 5_000_000_000
    /// Nanoseconds between two looks at a file that no notification asked for.
    public static let pollInterval: Int64 = 250_000_000
    /// Nanoseconds a tail gathers appends before it reads them, so that a busy writer does not cause a batch per line.
    public static let gatherInterval: Int64 = 10_000_000
    /// Datagrams taken by one system call.
    public static let datagramsPerCall = 32
    /// Nanoseconds a datagram waits at most in a batch that is not full.
    public static let flushInterval: Int64 = 100_000_000
    /// Connections of one source, unless configured; fewer where the process may open few files.
    public static let connections = 256
    /// Connections that wait to be accepted, as asked of the kernel.
    public static let backlog: Int32 = 128
    /// Bytes of one line or frame of a stream, and hence what a connection may make us hold.
    public static let streamLineBytes = EventLimits.datagramBytes
    /// Bytes taken from one connection before the next has its turn.
    public static let streamReadBytes = 64 << 10
    /// Nanoseconds without a byte after which a connection is closed, unless configured.
    public static let connectionIdle: Int64 = 300_000_000_000
    /// Nanoseconds that a line or frame may take from its first byte to its last.
    public static let lineTime: Int64 = 30_000_000_000
    /// Nanoseconds without an attempt to accept after the system had no descriptor for a connection.
    public static let acceptPause: Int64 = 100_000_000
    /// Bytes of the records of one body; with the next bound, no more than the batches of a socket hold.
    public static let bodyBytes = 4 << 20
    /// Records of one body.
    public static let recordsPerBody = 10_000
    /// Requests without answer and answers without request that one source keeps.
    public static let inferenceHalves = 10_000
    /// Bytes of those.
    public static let inferenceHalfBytes = 16 << 20
    /// Nanoseconds after which one of them goes on alone.
    public static let inferencePatience: Int64 = 10_000_000_000
    /// System calls spent at the end on what the kernel still holds for a socket.
    public static let lastReads = 4_096
    /// Bytes asked for as receive buffer; the kernel doubles it for its own bookkeeping.
    public static let receiveBufferBytes = 4 << 20
}
