internal import Events
internal import Ingest

/// A source that takes records over HTTP, on a listener of its own.
///
/// Scrapes and records have different clients: metrics may be open to other machines while records come from this one.
final class EventEndpoint: RunningSource {
    /// Bounds on its requests.
    static let limits = {
        var limits = HttpLimits()
        limits.bodyBytes = 1 << 20
        limits.keptBytes = 16 << 20
        return limits
    }()

    private let bodies: BodySource
    private let routes: EventRoutes
    private let server: HttpServer

    /// Listens; records are taken from `start()` on.
    ///
    /// - Parameters:
    ///   - endpoint: Where.
    ///   - token: What `Authorization: Bearer` has to say; `nil` for nothing.
    ///   - counters: Counts requests.
    ///   - bodies: Takes the records.
    ///   - outcomes: Takes outcomes, as a source that is started and stopped apart, after this one.
    init(
        endpoint: Endpoint, token: [UInt8]?, counters: HttpCounters, bodies: BodySource, outcomes: BodySource? = nil
    ) throws(IngestError) {
        self.bodies = bodies
        routes = EventRoutes(bodies, outcomes: outcomes, token: token)
        do throws(HttpServerError) {
            server = try HttpServer(
                endpoint: endpoint, limits: Self.limits, counters: counters, respond: routes.respond)
        } catch {
            routes.stop()
            throw .socket(address: endpoint.description, reason: error.reason)
        }
    }

    var status: SourceStatus {
        var status = bodies.status
        status.name = server.endpoint.description
        return status
    }

    func firstLook() -> EventBatch? { nil }

    func start() throws(IngestError) { try bodies.start() }

    /// First the records, so that what was answered is handed over; requests after that are told to come again.
    func stop() {
        bodies.stop()
        server.stop()
        routes.stop()
    }
}
