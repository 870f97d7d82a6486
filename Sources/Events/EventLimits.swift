/// Every bound on what one source may hand over, in one place.
public enum EventLimits {
    /// Bytes of one line; a longer one is rejected as `line_too_long`.
    public static let lineBytes = 1 << 20
    /// Bytes of one datagram, the most UDP carries.
    public static let datagramBytes = 65_536
    /// Nesting depth of one record.
    public static let depth = 64
    /// Keys of one record, all levels together.
    public static let keysPerRecord = 4_096
    /// Measured columns of one schema.
    public static let signals = 512
    /// Bytes of a model name, version, category or class; longer values count as `other`.
    public static let nameBytes = 256
    /// Raw bytes a batch owns: one read, or several datagrams.
    public static let batchBytes = 256 * 1024
    /// Rows of one batch.
    ///
    /// No power of two: the cells of a row would compete for one set of the processor's cache.
    public static let batchRows = 1_000
    /// Single observations (StatsD lines) of one batch.
    public static let batchObservations = 4_096
}
