internal import Catalog

/// Gathers what the daemon exposes about itself at the moment of a scrape.
enum ScrapeStatus {
    /// The status.
    static func make(
        meters: Meters.Values, counters: HttpCounters, sources: [(name: String, activity: SourceActivity)],
        seriesLimit: Int
    ) -> DaemonStatus {
        var status = DaemonStatus()
        status.build = Build.status
        status.reload = meters.reload
        status.commits = meters.commits
        status.resets = meters.resets
        status.http.requests = counters.totals.map {
            RequestCount(path: $0.key.path, code: $0.key.code, count: $0.count)
        }
        status.http.connections = counters.connections
        status.http.scrapes = meters.scrapes
        status.sources = sources.map { name, activity in
            SourceStatus(
                name: name, queueLength: activity.queueLength, queueCapacity: activity.queueCapacity,
                lagBytes: activity.lagBytes, lagSeconds: activity.lagSeconds, connections: activity.connections,
                files: activity.files)
        }
        status.process = ProcessStatistics.read()
        status.seriesLimit = seriesLimit
        return status
    }
}
