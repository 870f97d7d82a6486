internal import Catalog
internal import Events
internal import Ingest

/// What a source is doing, as far as pages and gauges tell.
struct SourceActivity: Sendable, Equatable {
    /// One word.
    var state: String
    /// Why it waits, or how far inference is; may be empty.
    var detail: String
    /// Bytes not read yet; `nil` for datagrams.
    var lagBytes: UInt64?
    /// Seconds since everything was read; `nil` for datagrams.
    var lagSeconds: Double?
    /// Connections, of sources that have any.
    var connections: ConnectionTotals?
    /// Files, of tails.
    var files: FileTotals?
    /// Whether its thread has looked at its input at least once.
    var hasLooked: Bool
    /// Batches handed over and not applied yet.
    var queueLength: Int
    /// Most batches it may hand over before it waits (files) or drops (datagrams).
    var queueCapacity: Int

    /// What a source says about itself, and how many of its batches wait.
    init(_ status: Ingest.SourceStatus, queueLength: Int) {
        self.queueLength = queueLength
        queueCapacity = status.kind == .tail ? IngestLimits.batchesPerTail : IngestLimits.batchesPerSocket
        state = status.activity.rawValue
        detail = status.detail
        let isFile = status.kind == .tail
        lagBytes = isFile ? status.lagBytes : nil
        lagSeconds = isFile ? status.lagSeconds : nil
        connections = status.connections
        if isFile {
            var totals = FileTotals()
            totals.open = status.openFiles
            totals.suspended = status.suspendedLogs
            totals.refused = status.refusedLogs
            totals.isNotified = status.isNotified
            totals.behind = status.laggards.map { FileBehind(path: $0.path, bytes: $0.bytes, seconds: $0.seconds) }
            files = totals
        }
        hasLooked = status.activity != .starting
    }
}
