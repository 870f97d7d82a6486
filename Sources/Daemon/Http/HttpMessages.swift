internal import NIOHTTP1

/// Bounds on HTTP, in one place.
///
/// Times are injectable so that tests need not wait.
struct HttpLimits: Sendable {
    /// Connections at one time, and no more than a quarter of the files that the process may open; for a further one,
    /// the one that waits longest for its client is closed.
    var connections = 256
    /// Bytes of one header field, or of the request line.
    var headerFieldBytes = 8 << 10
    /// Bytes of all header fields and the request line.
    var headerBytes = 16 << 10
    /// Header fields.
    var headerFields = 64
    /// Bytes of a request body.
    var bodyBytes = 64 << 10
    /// Bytes of request bodies that are kept at one time, of all connections; 0 forgets them as they are read.
    var keptBytes = 0
    /// Time for a whole request head, from its first byte (or from the connection, for the first one).
    var headMilliseconds: Int64 = 10_000
    /// Time for a whole body.
    var bodyMilliseconds: Int64 = 30_000
    /// Time for the client to take a whole response.
    var writeMilliseconds: Int64 = 30_000
    /// Time between two requests of a connection.
    var idleMilliseconds: Int64 = 60_000
}

/// What a request asks for, as far as anything here looks at it.
struct HttpRequest: Sendable {
    /// `GET`, `HEAD`, `POST` or another one.
    var method: HTTPMethod
    /// The path without its query, not decoded: known paths need no decoding.
    var path: String
    /// What follows the path and `?`, not decoded; empty without a query.
    var query = ""
    /// All header fields.
    var headers: HTTPHeaders
    /// The body, where bodies are kept.
    var body: [UInt8] = []
    /// Address of the client without its port; empty if there is none.
    var client = ""

    /// Reads a request head.
    init(_ head: HTTPRequestHead, client: String = "") {
        self.client = client
        method = head.method
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = parts.first.map(String.init) ?? ""
        if parts.count > 1 { query = String(parts[1]) }
        headers = head.headers
    }

    /// Creates a request of its parts.
    init(method: HTTPMethod, path: String, headers: HTTPHeaders = [:]) {
        (self.method, self.path, self.headers) = (method, path, headers)
    }

    /// All values of a header field, joined as a list.
    func list(_ name: String) -> String { headers[name].joined(separator: ",") }
}

/// What a request is answered with.
struct HttpResponse: Sendable {
    /// The status.
    var status: HTTPResponseStatus
    /// Header fields but for `Content-Length`, `Date` and `Connection`.
    var headers: HTTPHeaders
    /// The body.
    var body: [UInt8]

    /// Creates a response.
    init(_ status: HTTPResponseStatus, headers: HTTPHeaders, body: [UInt8]) {
        (self.status, self.headers, self.body) = (status, headers, body)
    }

    /// A sentence as plain text.
    static func text(_ status: HTTPResponseStatus, _ text: String, headers: HTTPHeaders = [:]) -> HttpResponse {
        var headers = headers
        headers.replaceOrAdd(name: "Content-Type", value: "text/plain; charset=utf-8")
        headers.replaceOrAdd(name: "X-Content-Type-Options", value: "nosniff")
        return HttpResponse(status, headers: headers, body: Array(text.utf8) + [UInt8(ascii: "\n")])
    }

    /// A page that loads nothing from anywhere, runs no script and is framed by nobody.
    static func html(_ text: String) -> HttpResponse {
        HttpResponse(
            .ok,
            headers: [
                "Content-Type": "text/html; charset=utf-8",
                "Content-Security-Policy":
                    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
                    + "frame-ancestors 'none'",
                "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
                "Cache-Control": "no-store",
            ], body: Array(text.utf8))
    }

    /// A JSON document.
    static func json(_ bytes: [UInt8]) -> HttpResponse {
        HttpResponse(
            .ok,
            headers: [
                "Content-Type": "application/json", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
            ], body: bytes)
    }
}
