internal import Catalog
internal import Exposition
internal import Monitor
internal import Synchronization

/// Renders the published snapshot.
///
/// Scrapes of the same commit, format and encoding share one rendering.
final class ScrapeRenderer: Sendable {
    /// What tells renderings apart.
    struct Key: Hashable {
        var format: ExpositionFormat
        var isCompressed: Bool
        /// Whether counters that came up begin at 0, because the reader is a scraper.
        var isZeroFirst = false
    }

    private struct Cache: ~Copyable {
        var generation: UInt64?
        var bodies: [Key: [UInt8]] = [:]
        var writer = ExpositionWriter()
    }

    private let cache = Mutex(Cache())
    private let scrapers: Scrapers

    /// A renderer that tells `scrapers` what was shown.
    init(scrapers: Scrapers) { self.scrapers = scrapers }

    /// The body for a snapshot; compressed only if `key` says so and zlib could.
    ///
    /// Serial: concurrent calls wait for each other and mostly find the rendering done.
    func body(
        of snapshot: MonitorSnapshot, status: @autoclosure () -> DaemonStatus, key: Key
    ) -> (bytes: [UInt8], isCompressed: Bool) {
        cache.withLock { cache in
            if cache.generation != snapshot.generation {
                cache.generation = snapshot.generation
                cache.bodies.removeAll(keepingCapacity: true)
            }
            if let body = cache.bodies[key] { return (body, key.isCompressed) }
            let plainKey = Key(format: key.format, isCompressed: false, isZeroFirst: key.isZeroFirst)
            var plain = cache.bodies[plainKey]
            if plain == nil {
                cache.writer.clear(format: key.format, shown: key.isZeroFirst ? snapshot.shown.set : nil)
                Catalog.render(snapshot, daemon: status(), into: &cache.writer)
                if key.isZeroFirst {
                    scrapers.rendered(
                        generation: snapshot.generation, cumulative: cache.writer.cumulative, begun: cache.writer.begun)
                }
                plain = cache.writer.bytes
                cache.bodies[plainKey] = plain
            }
            guard let plain else { return ([], false) }
            guard key.isCompressed, let compressed = Gzip.compress(plain) else { return (plain, false) }
            cache.bodies[key] = compressed
            return (compressed, true)
        }
    }
}
