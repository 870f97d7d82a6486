internal import Exposition
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// What the endpoints answer from.
///
/// All of it may be called on any thread.
protocol EndpointContext: Sendable {
    /// A sentence why the daemon is not ready; `nil` if it is.
    func obstacle() -> String?
    /// What `/` and `/api/v1/status` show.
    func status() -> StatusDocument
    /// What `/api/v1/drift` shows.
    func drift(_ filter: DriftFilter) -> DriftDocument
    /// The exposition; `nil` before the first commit.
    ///
    /// - Parameter scraper: Address of the client, if it says that it is a scraper.
    func exposition(_ key: ScrapeRenderer.Key, scraper: String?) -> (bytes: [UInt8], isCompressed: Bool)?
    /// Whether reloading over HTTP is on.
    var isLifecycleEnabled: Bool { get }
    /// Reloads and calls back with an error's text, or `nil`.
    func askToReload(_ done: @escaping @Sendable (String?) -> Void)
}

/// The routes.
///
/// Work that costs more than a lookup runs on a thread of its own, never on the event loop.
final class Endpoints: Sendable {
    private let context: any EndpointContext
    private let pool = NIOThreadPool(numberOfThreads: 1)

    init(_ context: any EndpointContext) {
        self.context = context
        pool.start()
    }

    /// Ends the worker thread.
    func stop() { try? pool.syncShutdownGracefully() }

    /// Answers a request.
    func respond(_ request: HttpRequest, _ loop: any EventLoop) -> EventLoopFuture<HttpResponse> {
        let isRead = request.method == .GET || request.method == .HEAD
        switch request.path {
        case "/metrics" where isRead: return work(loop) { self.metrics(request) }
        case "/" where isRead: return work(loop) { .html(LandingPage.html(self.context.status())) }
        case "/api/v1/status" where isRead: return work(loop) { .json(self.context.status().json()) }
        case "/api/v1/drift" where isRead: return drift(request, loop) { .json($0.json()) }
        case "/report" where isRead: return drift(request, loop) { .html(DriftPage.html($0)) }
        case "/-/healthy" where isRead: return loop.makeSucceededFuture(.text(.ok, "Healthy."))
        case "/-/ready" where isRead:
            let obstacle = context.obstacle()
            return loop.makeSucceededFuture(
                obstacle.map { .text(.serviceUnavailable, $0) } ?? .text(.ok, "Ready."))
        case "/-/reload" where request.method == .POST: return reload(request, loop)
        case "/-/reload": return loop.makeSucceededFuture(Self.notAllowed("POST"))
        case "/metrics", "/", "/api/v1/status", "/api/v1/drift", "/report", "/-/healthy", "/-/ready":
            return loop.makeSucceededFuture(Self.notAllowed("GET, HEAD"))
        default: return loop.makeSucceededFuture(.text(.notFound, "There is nothing here. See / for what there is."))
        }
    }

    private func metrics(_ request: HttpRequest) -> HttpResponse {
        let format = Negotiation.format(accept: request.list("Accept"))
        let acceptsGzip = Negotiation.acceptsGzip(request.list("Accept-Encoding"))
        let isScraper = request.method == .GET && request.headers.contains(name: "X-Prometheus-Scrape-Timeout-Seconds")
        let key = ScrapeRenderer.Key(format: format, isCompressed: acceptsGzip, isZeroFirst: isScraper)
        guard let body = context.exposition(key, scraper: isScraper ? request.client : nil) else {
            return .text(.serviceUnavailable, "Nothing has been committed yet.", headers: ["Retry-After": "1"])
        }
        var headers: HTTPHeaders = ["Content-Type": format.contentType, "Vary": "Accept, Accept-Encoding"]
        if body.isCompressed { headers.add(name: "Content-Encoding", value: "gzip") }
        return HttpResponse(.ok, headers: headers, body: body.bytes)
    }

    private func drift(
        _ request: HttpRequest, _ loop: any EventLoop, _ form: @escaping @Sendable (DriftDocument) -> HttpResponse
    ) -> EventLoopFuture<HttpResponse> {
        let filter: DriftFilter
        do throws(QueryProblem) {
            filter = try DriftFilter(query: request.query)
        } catch {
            return loop.makeSucceededFuture(.text(.badRequest, error.sentence))
        }
        return work(loop) { form(self.context.drift(filter)) }
    }

    private func reload(_ request: HttpRequest, _ loop: any EventLoop) -> EventLoopFuture<HttpResponse> {
        guard context.isLifecycleEnabled else {
            return loop.makeSucceededFuture(.text(.forbidden, "Reloading over HTTP is off (enable_lifecycle)."))
        }
        // A page in a browser of someone who can reach us must not reload us.
        if let origin = request.headers.first(name: "Origin"),
            origin != "http://" + (request.headers.first(name: "Host") ?? "")
        {
            return loop.makeSucceededFuture(.text(.forbidden, "The request comes from another site."))
        }
        let promise = loop.makePromise(of: HttpResponse.self)
        context.askToReload { problem in
            promise.succeed(problem.map { .text(.internalServerError, $0) } ?? .text(.ok, "Reloaded."))
        }
        return promise.futureResult
    }

    private static func notAllowed(_ methods: String) -> HttpResponse {
        .text(.methodNotAllowed, "This takes \(methods).", headers: ["Allow": methods])
    }

    private func work(
        _ loop: any EventLoop, _ body: @escaping @Sendable () -> HttpResponse
    ) -> EventLoopFuture<HttpResponse> { pool.runIfActive(eventLoop: loop, body) }
}
