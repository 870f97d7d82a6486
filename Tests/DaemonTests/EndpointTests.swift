import Exposition
import Monitor
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@testable import Daemon

@Suite struct EndpointTests {
    /// A daemon that is a few fixed answers.
    private final class Context: EndpointContext {
        let plain = Array("m 1\n".utf8)
        let lifecycle: Bool
        let reloads = Mutex(0)
        let isStarting: Bool

        init(lifecycle: Bool = false, isStarting: Bool = false) {
            (self.lifecycle, self.isStarting) = (lifecycle, isStarting)
        }

        func obstacle() -> String? { isStarting ? "Not ready: a source is starting." : nil }

        func status() -> StatusDocument {
            StatusDocument(
                version: "1", started: "s", taken: nil, commit: nil, ready: true, config_file: nil,
                config_reload_successful: true, state_directory: "/s", state_written: nil, failed_commits: 2,
                sources: [
                    StatusDocument.Source(
                        name: "file:<a>&\"", state: "waiting", detail: "not there", lag_bytes: 5, lag_seconds: 1.5,
                        received: 3, accepted: 2, rejected: ["malformed_json": 1], dropped: [:], ignored: [:],
                        schema: nil)
                ],
                models: [
                    StatusDocument.Model(
                        model: "<script>", version: "", predictions: 7, last_prediction: nil,
                        reference_state: "learning", reference: nil, reference_source: nil, reference_events: nil,
                        learned: 12, learning_goal: 100, signals: 3)
                ])
        }

        func drift(_ filter: DriftFilter) -> DriftDocument {
            DriftDocument(nil, settings: MonitorSettings(), filter: filter)
        }

        func exposition(_ key: ScrapeRenderer.Key, scraper: String?) -> (bytes: [UInt8], isCompressed: Bool)? {
            if isStarting { return nil }
            guard key.isCompressed, let compressed = Gzip.compress(plain) else { return (plain, false) }
            return (compressed, true)
        }

        var isLifecycleEnabled: Bool { lifecycle }

        func askToReload(_ done: @escaping @Sendable (String?) -> Void) {
            let count = reloads.withLock { count in
                count += 1
                return count
            }
            done(count == 1 ? nil : "t.yaml:1: windows: must be a list")
        }
    }

    private final class Running {
        let context: Context
        let endpoints: Endpoints
        let server: HttpServer

        init(_ context: Context) throws {
            self.context = context
            endpoints = Endpoints(context)
            server = try HttpServer(
                endpoint: Endpoint(host: "127.0.0.1", port: 0), counters: HttpCounters(), respond: endpoints.respond)
        }

        deinit {
            server.stop()
            endpoints.stop()
        }

        func answer(_ line: String, _ headers: String = "", hasBody: Bool = true) throws -> RawResponse {
            try RawResponse.to(
                "\(line) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(headers)\r\n", port: server.endpoint.port,
                hasBody: hasBody)
        }
    }

    @Test(arguments: [
        ("", ExpositionFormat.text), ("Accept: text/plain\r\n", .text),
        ("Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n", .openMetrics),
        ("Accept: text/plain;q=0.5\r\nAccept: application/openmetrics-text;version=1.0.0\r\n", .openMetrics),
    ])
    func negotiation(headers: String, format: ExpositionFormat) throws {
        let response = try Running(Context()).answer("GET /metrics", headers)
        #expect(response.status == 200 && response.text == "m 1\n")
        #expect(response.headers["content-type"] == format.contentType)
        #expect(response.headers["vary"] == "Accept, Accept-Encoding")
        #expect(response.headers["content-encoding"] == nil)
    }

    @Test func gzip() throws {
        let response = try Running(Context()).answer("GET /metrics", "Accept-Encoding: gzip\r\n")
        #expect(response.headers["content-encoding"] == "gzip")
        var text: [UInt8] = []
        #expect(Gzip.decompress(response.body) { text += $0 })
        #expect(text == Array("m 1\n".utf8))
    }

    @Test(arguments: [
        ("GET /nothing", 404), ("GET /../../etc/passwd", 404), ("GET //metrics", 404), ("GET /metrics/", 404),
        ("POST /metrics", 405), ("DELETE /", 405), ("PUT /api/v1/status", 405), ("POST /-/ready", 405),
        ("GET /-/reload", 405), ("POST /-/reload", 403), ("GET /-/quit", 404), ("GET /debug", 404),
        ("GET /-/healthy", 200), ("GET /-/ready", 200), ("GET /?x=y", 200), ("GET /api/v1/status", 200),
        ("GET /api/v1/drift", 200), ("GET /api/v1/drift?model=a&feature=b%20c", 200),
        ("GET /report", 200), ("GET /report?kind=x", 400), ("PUT /report", 405), ("GET /api/v1/drift?model=%", 400),
        ("GET /api/v1/drift?limit=5", 400), ("POST /api/v1/drift", 405),
    ])
    func statuses(line: String, status: Int) throws {
        let response = try Running(Context()).answer(line)
        #expect(response.status == status)
        #expect((response.headers["allow"] != nil) == (status == 405))
    }

    @Test func headIsGetWithoutBody() throws {
        let response = try Running(Context()).answer("HEAD /metrics", hasBody: false)
        #expect(response.status == 200 && response.headers["content-length"] == "4")
    }

    @Test func beforeTheFirstCommit() throws {
        let running = try Running(Context(isStarting: true))
        #expect(try running.answer("GET /metrics").status == 503)
        #expect(try running.answer("GET /-/ready").status == 503)
        #expect(try running.answer("GET /-/healthy").status == 200)
    }

    @Test func reload() throws {
        let running = try Running(Context(lifecycle: true))
        #expect(try running.answer("POST /-/reload", "Origin: http://evil\r\n").status == 403)
        #expect(try running.answer("GET /-/reload").status == 405)
        #expect(running.context.reloads.withLock { $0 } == 0)
        #expect(try running.answer("POST /-/reload", "Content-Length: 0\r\n").status == 200)
        let refused = try running.answer("POST /-/reload", "Origin: http://x\r\nContent-Length: 0\r\n")
        #expect(refused.status == 500 && refused.text.contains("t.yaml:1"))
    }

    /// Names come from outside; a page shows them and never runs them.
    @Test func pageIsInert() throws {
        let response = try Running(Context()).answer("GET /")
        #expect(response.headers["content-type"] == "text/html; charset=utf-8")
        #expect(response.headers["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
        #expect(response.headers["x-content-type-options"] == "nosniff")
        #expect(!response.text.contains("<script>"))
        #expect(response.text.contains("&lt;script&gt;") && response.text.contains("file:&lt;a&gt;&amp;&quot;"))
        #expect(response.text.contains("waiting: not there") && response.text.contains("learning 12/100"))
        #expect(response.text.contains("2 commits failed"))
    }
}
