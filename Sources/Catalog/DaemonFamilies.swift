internal import Events
internal import Exposition
internal import Monitor

/// The daemon itself: what it is, what it costs, what it could not do.
enum DaemonFamilies {
    static let build = FamilyDescriptor(
        "telltale_build_info", .info, labels: ["version", "revision", "swift_version"],
        help: "What was built, value 1.")
    static let reloadSuccessful = FamilyDescriptor(
        "telltale_config_last_reload_successful", .gauge,
        help: "Whether the last attempt to read the configuration succeeded (1) or the old one is still in use (0).")
    static let reloadTime = FamilyDescriptor(
        "telltale_config_last_reload_success_timestamp_seconds", .gauge, unit: "seconds",
        help: "When the configuration in use was read, in seconds since the epoch.")
    static let snapshotTime = FamilyDescriptor(
        "telltale_snapshot_timestamp_seconds", .gauge, unit: "seconds",
        help: "When the numbers of this scrape were cut, in seconds since the epoch; all of them in one cut.")
    static let limitReached = FamilyDescriptor(
        "telltale_limit_reached_total", .counter, labels: ["limit"],
        help: "Events that were redirected to __other__ or left unmeasured at a limit, by the name of the limit.")
    static let commitDuration = FamilyDescriptor(
        "telltale_commit_duration_seconds", .summary, unit: "seconds",
        help: "Time from cutting the state to publishing it, in seconds.")
    static let commitSize = FamilyDescriptor(
        "telltale_commit_size_bytes", .gauge, unit: "bytes",
        help: "Size of the newest state file.")
    static let commitTime = FamilyDescriptor(
        "telltale_commit_last_success_timestamp_seconds", .gauge, unit: "seconds",
        help: "When state was last made durable, in seconds since the epoch; absent without a state directory.")
    static let commitFailures = FamilyDescriptor(
        "telltale_commit_failures_total", .counter, labels: ["reason"],
        help: "Commits that were published without becoming durable, by reason.")
    static let resets = FamilyDescriptor(
        "telltale_state_resets_total", .counter, labels: ["reason"],
        help: "State given up at a start or a reload because it no longer fits or cannot be read, by reason.")
    static let scrapeDuration = FamilyDescriptor(
        "telltale_scrape_duration_seconds", .summary, unit: "seconds",
        help: "Time to write an exposition, compression included, in seconds.")
    static let requests = FamilyDescriptor(
        "telltale_http_requests_total", .counter, labels: ["path", "code"],
        help: "HTTP requests answered, by known path (anything else is other) and status code.")
    static let connections = FamilyDescriptor(
        "telltale_http_connections", .gauge,
        help: "Open HTTP connections.")
    static let startTime = FamilyDescriptor(
        "process_start_time_seconds", .gauge, unit: "seconds",
        help: "Start of the process, in seconds since the epoch.")
    static let cpu = FamilyDescriptor(
        "process_cpu_seconds_total", .counter, unit: "seconds",
        help: "User and system CPU time spent, in seconds.")
    static let residentMemory = FamilyDescriptor(
        "process_resident_memory_bytes", .gauge, unit: "bytes",
        help: "Resident memory.")
    static let openDescriptors = FamilyDescriptor(
        "process_open_fds", .gauge,
        help: "Open file descriptors.")
    static let maxDescriptors = FamilyDescriptor(
        "process_max_fds", .gauge,
        help: "Most file descriptors the process may open.")
    static let seriesLimit = FamilyDescriptor(
        "telltale_series_limit", .gauge,
        help: "Series the configuration allows; a model that would not fit goes to __other__.")
    static let series = FamilyDescriptor(
        "telltale_series", .gauge,
        help: "Series in this exposition, this one included.")

    /// `series` is the last one: it counts all before it.
    static let all = [
        build, reloadSuccessful, reloadTime, snapshotTime, limitReached, commitDuration, commitSize, commitTime,
        commitFailures, resets, scrapeDuration, requests, connections, startTime, cpu, residentMemory, openDescriptors,
        maxDescriptors, seriesLimit, series,
    ]

    static func render(_ snapshot: MonitorSnapshot, daemon: DaemonStatus, into writer: inout ExpositionWriter) {
        if writer.begin(build) {
            writer.open()
            writer.label("version", daemon.build.version)
            writer.label("revision", daemon.build.revision)
            writer.label("swift_version", daemon.build.swiftVersion)
            writer.closeIdentity()
        }
        value(reloadSuccessful, daemon.reload.isSuccessful ? 1 : 0, into: &writer)
        value(reloadTime, daemon.reload.lastSuccess.map(seconds), into: &writer)
        value(snapshotTime, seconds(snapshot.taken.wall), into: &writer)
        if writer.begin(limitReached) {
            for (limit, count) in snapshot.overflows {
                writer.open()
                writer.label("limit", limit)
                writer.close(count: count)
            }
        }
        totals(commitDuration, daemon.commits.duration, into: &writer)
        value(commitSize, daemon.commits.sizeBytes.map { Double($0) }, into: &writer)
        value(commitTime, daemon.commits.lastSuccess.map(seconds), into: &writer)
        if writer.begin(commitFailures) {
            for (reason, count) in zip(CommitFailure.allCases, daemon.commits.failures) {
                writer.open()
                writer.label("reason", reason.label)
                writer.close(count: count)
            }
        }
        if writer.begin(resets) {
            for reason in StateReset.Reason.allCases {
                let number = Int(reason.rawValue)
                writer.open()
                writer.label("reason", reason.label)
                writer.close(count: number < daemon.resets.count ? daemon.resets[number] : 0)
            }
        }
        totals(scrapeDuration, daemon.http.scrapes, into: &writer)
        if writer.begin(requests) {
            for request in daemon.http.requests {
                writer.open()
                writer.label("path", request.path)
                writer.label("code", "", ordinal: request.code)
                writer.close(count: request.count)
            }
        }
        value(connections, Double(daemon.http.connections), into: &writer)
        value(startTime, daemon.process.startTimeSeconds, into: &writer)
        value(cpu, daemon.process.cpuSeconds, into: &writer)
        value(residentMemory, daemon.process.residentBytes.map { Double($0) }, into: &writer)
        value(openDescriptors, daemon.process.openDescriptors.map { Double($0) }, into: &writer)
        value(maxDescriptors, daemon.process.maxDescriptors.map { Double($0) }, into: &writer)
        value(seriesLimit, Double(daemon.seriesLimit), into: &writer)
        value(series, Double(writer.seriesCount + 1), into: &writer)
    }

    private static func value(_ family: FamilyDescriptor, _ value: Double?, into writer: inout ExpositionWriter) {
        guard let value, writer.begin(family) else { return }
        writer.open()
        writer.close(value)
    }

    private static func totals(
        _ family: FamilyDescriptor, _ totals: DurationTotals, into writer: inout ExpositionWriter
    ) {
        if writer.begin(family) { writer.summary(.empty, sum: totals.seconds, count: totals.count) }
    }
}
