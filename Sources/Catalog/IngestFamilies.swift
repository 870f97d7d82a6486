internal import Events
internal import Exposition
internal import Monitor

/// The accounts of every source.
///
/// In each scrape, for each source, exactly: received = accepted + Σ rejected + Σ dropped + Σ ignored.
enum IngestFamilies {
    static let received = FamilyDescriptor(
        "telltale_events_received_total", .counter, labels: ["source"],
        help: "Lines taken from the source. It always equals accepted + rejected + dropped + ignored, in every scrape.")
    static let accepted = FamilyDescriptor(
        "telltale_events_accepted_total", .counter, labels: ["source"],
        help: "Lines that became an event, an observation of a signal, or a sample of a custom metric.")
    static let rejected = FamilyDescriptor(
        "telltale_events_rejected_total", .counter, labels: ["source", "reason"],
        help: "Lines that could not be understood, or whose metric conflicts with another one, by reason.")
    static let dropped = FamilyDescriptor(
        "telltale_events_dropped_total", .counter, labels: ["source", "reason"],
        help: "Lines shed at a limit, by reason. A file waits instead of dropping.")
    static let ignored = FamilyDescriptor(
        "telltale_events_ignored_total", .counter, labels: ["source", "reason"],
        help: "Well-formed lines that nobody asked for, by reason.")
    static let kernelDrops = FamilyDescriptor(
        "telltale_kernel_drops_total", .counter, labels: ["source"],
        help: "Datagrams the kernel dropped because the socket buffer was full; they are in no other account.")
    static let bytesRead = FamilyDescriptor(
        "telltale_bytes_read_total", .counter, labels: ["source"],
        help: "Bytes taken from the source.")
    static let lostBytes = FamilyDescriptor(
        "telltale_lost_bytes_total", .counter, unit: "bytes", labels: ["source", "reason"],
        help: "Bytes of a file that could not be read: truncated in place, removed before, or compressed and corrupt.")
    static let lagBytes = FamilyDescriptor(
        "telltale_tail_lag_bytes", .gauge, unit: "bytes", labels: ["source"],
        help: "Bytes of the file that are not read yet.")
    static let lagSeconds = FamilyDescriptor(
        "telltale_tail_lag_seconds", .gauge, unit: "seconds", labels: ["source"],
        help: "Age of the oldest byte that is not read yet, in seconds; 0 when all is read.")
    static let truncations = FamilyDescriptor(
        "telltale_tail_truncations_total", .counter, labels: ["source"],
        help: "Times the file was found shorter than before and read again from its beginning.")
    static let rotations = FamilyDescriptor(
        "telltale_tail_rotations_total", .counter, labels: ["source"],
        help: "Times the path was found to lead to another file.")
    static let archives = FamilyDescriptor(
        "telltale_tail_archives_total", .counter, labels: ["source", "result"],
        help: "Compressed files read as far as they go, by result: complete, truncated, corrupt, not_gzip.")
    static let files = FamilyDescriptor(
        "telltale_tail_files", .gauge, labels: ["source", "state"],
        help: "Files of the source, by state: open; suspended, which is closed until it changes, to keep the number of "
            + "open files in bounds; refused, which is not followed because there are too many.")
    static let notified = FamilyDescriptor(
        "telltale_tail_notified", .gauge, labels: ["source"],
        help: "1 if the kernel tells of changes in all directories of the source, 0 if they are found by polling.")
    static let fileLagBytes = FamilyDescriptor(
        "telltale_file_lag_bytes", .gauge, unit: "bytes", labels: ["source", "file"],
        help: "Bytes of one file of a pattern that are not read yet; of the 20 files that are furthest behind.")
    static let fileLagSeconds = FamilyDescriptor(
        "telltale_file_lag_seconds", .gauge, unit: "seconds", labels: ["source", "file"],
        help: "Seconds since all of this file was read; of the 20 files that are furthest behind.")
    static let queueLength = FamilyDescriptor(
        "telltale_queue_length", .gauge, labels: ["source"],
        help: "Batches handed over by the source and not applied yet.")
    static let queueCapacity = FamilyDescriptor(
        "telltale_queue_capacity", .gauge, labels: ["source"],
        help: "Most batches the source may hand over before it waits (files) or drops (datagrams).")

    static let connections = FamilyDescriptor(
        "telltale_connections", .gauge, labels: ["source"],
        help: "Open connections of the source.")
    static let connectionsOpened = FamilyDescriptor(
        "telltale_connections_opened_total", .counter, labels: ["source"],
        help: "Connections that the source accepted since the process began.")
    static let connectionsClosed = FamilyDescriptor(
        "telltale_connections_closed_total", .counter, labels: ["source", "reason"],
        help: "Connections of the source that ended, by reason: the client closed them, they broke, were idle or slow, "
            + "announced too large a frame, gave way to a new one, or the daemon stopped.")

    static let all = [
        received, accepted, rejected, dropped, ignored, kernelDrops, bytesRead, lostBytes, lagBytes, lagSeconds,
        truncations, rotations, archives, files, notified, fileLagBytes, fileLagSeconds, queueLength, queueCapacity,
        connections,
        connectionsOpened, connectionsClosed,
    ]

    private struct LabelledSource {
        let snapshot: SourceSnapshot
        let labels: LabelBlock
        let status: SourceStatus?
        /// Whether it reads a file; the others have no positions, rotations and truncations.
        let isFile: Bool

        init(_ snapshot: SourceSnapshot, daemon: DaemonStatus, writer: inout ExpositionWriter) {
            self.snapshot = snapshot
            labels = writer.block(.empty, "source", snapshot.name)
            status = daemon.sources.first { $0.name == snapshot.name }
            isFile = snapshot.name.hasPrefix("file:")
        }
    }

    static func render(_ snapshots: [SourceSnapshot], daemon: DaemonStatus, into writer: inout ExpositionWriter) {
        let sources = snapshots.map { LabelledSource($0, daemon: daemon, writer: &writer) }
        let files = sources.filter { $0.isFile }
        counter(received, sources, into: &writer) { $0.received }
        counter(accepted, sources, into: &writer) { $0.accepted }
        reasons(rejected, RejectionReason.allCases.map(\.label), sources, into: &writer) { $0.rejected }
        reasons(dropped, DropReason.allCases.map(\.label), sources, into: &writer) { $0.dropped }
        reasons(ignored, IgnoreReason.allCases.map(\.label), sources, into: &writer) { $0.ignored }
        counter(kernelDrops, sources.filter { !$0.isFile }, into: &writer) { $0.kernelDrops }
        counter(bytesRead, sources, into: &writer) { $0.bytesRead }
        reasons(lostBytes, LossReason.allCases.map(\.label), files, into: &writer) { $0.lostBytes }
        gauge(lagBytes, files, into: &writer) { $0.lagBytes.map { Double($0) } }
        gauge(lagSeconds, files, into: &writer) { $0.lagSeconds }
        counter(truncations, files, into: &writer) { $0.truncations }
        counter(rotations, files, into: &writer) { $0.rotations }
        reasons(archives, by: "result", ArchiveEnd.allCases.map(\.label), files, into: &writer) { $0.archives }
        renderFiles(files, into: &writer)
        gauge(queueLength, sources, into: &writer) { Double($0.queueLength) }
        gauge(queueCapacity, sources, into: &writer) { Double($0.queueCapacity) }
        gauge(connections, sources, into: &writer) { $0.connections.map { Double($0.open) } }
        renderConnections(sources, into: &writer)
    }

    private static func renderFiles(_ sources: [LabelledSource], into writer: inout ExpositionWriter) {
        let tails = sources.compactMap { source in source.status?.files.map { (source.labels, $0) } }
        if writer.begin(files) {
            for (labels, totals) in tails {
                for (state, count) in [
                    ("open", totals.open), ("suspended", totals.suspended), ("refused", totals.refused),
                ] {
                    writer.open(labels)
                    writer.label("state", state)
                    writer.close(Double(count))
                }
            }
        }
        if writer.begin(notified) {
            for (labels, totals) in tails {
                writer.open(labels)
                writer.close(totals.isNotified ? 1 : 0)
            }
        }
        lag(fileLagBytes, tails, into: &writer) { Double($0.bytes) }
        lag(fileLagSeconds, tails, into: &writer) { $0.seconds }
    }

    private static func lag(
        _ family: FamilyDescriptor, _ tails: [(LabelBlock, FileTotals)], into writer: inout ExpositionWriter,
        value: (FileBehind) -> Double
    ) {
        guard writer.begin(family) else { return }
        for (labels, totals) in tails {
            for file in totals.behind {
                writer.open(labels)
                writer.label("file", file.path)
                writer.close(value(file))
            }
        }
    }

    private static func renderConnections(_ sources: [LabelledSource], into writer: inout ExpositionWriter) {
        let listening = sources.compactMap { source in source.status?.connections.map { (source.labels, $0) } }
        if writer.begin(connectionsOpened) {
            for (labels, totals) in listening {
                writer.open(labels)
                writer.close(count: totals.opened)
            }
        }
        guard writer.begin(connectionsClosed) else { return }
        for (labels, totals) in listening {
            for (end, count) in zip(ConnectionEnd.allCases, totals.ended) {
                writer.open(labels)
                writer.label("reason", end.label)
                writer.close(count: count)
            }
        }
    }

    private static func counter(
        _ family: FamilyDescriptor, _ sources: [LabelledSource], into writer: inout ExpositionWriter,
        value: (Receipt) -> UInt64
    ) {
        guard writer.begin(family) else { return }
        for source in sources {
            writer.open(source.labels)
            writer.close(count: value(source.snapshot.receipt))
        }
    }

    private static func reasons(
        _ family: FamilyDescriptor, by label: StaticString = "reason", _ names: [String], _ sources: [LabelledSource],
        into writer: inout ExpositionWriter, counts: (Receipt) -> [UInt64]
    ) {
        guard writer.begin(family) else { return }
        for source in sources {
            for (name, count) in zip(names, counts(source.snapshot.receipt)) {
                writer.open(source.labels)
                writer.label(label, name)
                writer.close(count: count)
            }
        }
    }

    private static func gauge(
        _ family: FamilyDescriptor, _ sources: [LabelledSource], into writer: inout ExpositionWriter,
        value: (SourceStatus) -> Double?
    ) {
        guard writer.begin(family) else { return }
        for source in sources {
            guard let status = source.status, let value = value(status) else { continue }
            writer.open(source.labels)
            writer.close(value)
        }
    }
}
