import NIOCore
import NIOHTTP1
import Testing

@testable import Daemon

@Suite struct HttpServerTests {
    /// A server that answers with the method and path of each request.
    private final class Echo {
        let counters = HttpCounters()
        let server: HttpServer
        var port: Int { server.endpoint.port }

        init(_ limits: HttpLimits = HttpLimits()) throws {
            server = try HttpServer(
                endpoint: Endpoint(host: "127.0.0.1", port: 0), limits: limits, counters: counters
            ) { request, loop in
                loop.makeSucceededFuture(.text(.ok, "\(request.method.rawValue) \(request.path)"))
            }
        }

        deinit { server.stop() }
    }

    private let close = "Host: x\r\nConnection: close\r\n\r\n"

    @Test func answers() throws {
        let echo = try Echo()
        let response = try RawResponse.to("GET /a?b=c HTTP/1.1\r\n" + close, port: echo.port)
        #expect(response.status == 200 && response.text == "GET /a\n")
        #expect(response.headers["content-length"] == "7")
        #expect(response.headers["connection"] == "close")
    }

    @Test func headHasNoBody() throws {
        let echo = try Echo()
        let response = try RawResponse.to("HEAD / HTTP/1.1\r\n" + close, port: echo.port, hasBody: false)
        #expect(response.status == 200 && response.headers["content-length"] == "7")
    }

    /// A hundred requests in one go: one answer each, in order.
    @Test func pipelining() throws {
        let echo = try Echo()
        let connection = try RawConnection(port: echo.port)
        var text = ""
        for i in 0..<100 { text += "GET /\(i) HTTP/1.1\r\nHost: x\r\n\r\n" }
        connection.send(text + "GET /last HTTP/1.1\r\n" + close)
        let responses = try RawResponse.all(in: try #require(connection.readToEnd()))
        #expect(responses.map(\.text) == (0..<100).map { "GET /\($0)\n" } + ["GET /last\n"])
    }

    /// What is too large, or no HTTP, is one answer and the end of the connection.
    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: x\r\nA: " + String(repeating: "a", count: 9_000) + "\r\n\r\n", 431),
        ("GET /" + String(repeating: "a", count: 9_000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 100) + "\r\n", 431),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", 400),
        ("nonsense\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        ("\u{16}\u{03}\u{01}\u{02}\u{00}", 400),
    ])
    func refusals(request: String, status: Int) throws {
        let echo = try Echo()
        let connection = try RawConnection(port: echo.port)
        connection.send(request)
        let responses = try RawResponse.all(in: try #require(connection.readToEnd()))
        #expect(responses.map(\.status) == [status])
        #expect(responses.first?.headers["connection"] == "close")
    }

    @Test func chunkedBodiesAreBounded() throws {
        var limits = HttpLimits()
        limits.bodyBytes = 1_000
        let echo = try Echo(limits)
        let chunk = "100\r\n" + String(repeating: "x", count: 256) + "\r\n"
        let connection = try RawConnection(port: echo.port)
        let body = String(repeating: chunk, count: 8)
        connection.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
        #expect(try RawResponse.all(in: try #require(connection.readToEnd())).map(\.status) == [413])
        let small = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + close + chunk + "0\r\n\r\n"
        #expect(try RawResponse.to(small, port: echo.port).status == 200)
    }

    /// A client that says nothing, or half a head, or half a body, is told so and closed.
    @Test(arguments: [
        "", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\nA", "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab",
    ])
    func slowRequests(begin: String) throws {
        var limits = HttpLimits()
        (limits.headMilliseconds, limits.bodyMilliseconds) = (30, 30)
        let echo = try Echo(limits)
        let connection = try RawConnection(port: echo.port)
        connection.send(begin)
        let responses = try RawResponse.all(in: try #require(connection.readToEnd()))
        #expect(responses.map(\.status) == [408])
    }

    /// After an answer a connection may rest for a while, then it is closed without a word.
    @Test func idleConnections() throws {
        var limits = HttpLimits()
        limits.idleMilliseconds = 30
        let echo = try Echo(limits)
        let connection = try RawConnection(port: echo.port)
        connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let responses = try RawResponse.all(in: try #require(connection.readToEnd()))
        #expect(responses.map(\.status) == [200])
    }

    /// Slow clients beyond the limit give way, the longest waiting first, and never keep a new one out.
    @Test(.timeLimit(.minutes(1))) func connectionsAreBounded() throws {
        var limits = HttpLimits()
        limits.connections = 2
        let echo = try Echo(limits)
        let slow = try (0..<20).map { _ in
            let connection = try RawConnection(port: echo.port)
            connection.send("G")
            return connection
        }
        #expect(try RawResponse.to("GET / HTTP/1.1\r\n" + close, port: echo.port).status == 200)
        for connection in slow.prefix(18) { #expect(connection.readToEnd() == []) }
        while echo.counters.connections > 2 {}
    }

    @Test func portInUse() throws {
        let echo = try Echo()
        let error = try #require(throws: HttpServerError.self) {
            try HttpServer(endpoint: echo.server.endpoint, counters: HttpCounters()) { _, loop in
                loop.makeSucceededFuture(.text(.ok, ""))
            }
        }
        #expect(error.description == "cannot listen on 127.0.0.1:\(echo.port): Address already in use")
    }

    /// Unknown paths share one name, so that clients cannot make series.
    @Test func countedPathsAreKnownOnes() throws {
        let counters = HttpCounters()
        for i in 0..<1_000 { counters.count(path: "/\(i)", code: 404) }
        counters.count(path: "/metrics", code: 200)
        #expect(counters.totals.map(\.key) == [.init(path: "/metrics", code: 200), .init(path: "other", code: 404)])
        #expect(counters.totals.map(\.count) == [1, 1_000])
    }
}
