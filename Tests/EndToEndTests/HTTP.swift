import Foundation
import FoundationNetworking

/// An answer over HTTP.
struct Response {
    var status: Int
    var type: String
    var body: String
}

/// Requests to servers on this machine.
enum HTTP {
    /// Sends one request and reads the whole answer.
    static func request(
        port: Int, _ path: String, method: String = "GET", accept: String? = nil, asScraper: Bool = false
    ) async throws -> Response {
        guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else { throw URLError(.badURL) }
        var request = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: 10)
        request.httpMethod = method
        if let accept { request.setValue(accept, forHTTPHeaderField: "Accept") }
        if asScraper { request.setValue("10", forHTTPHeaderField: "X-Prometheus-Scrape-Timeout-Seconds") }
        return try await answer(to: request)
    }

    /// Posts JSON and reads the whole answer.
    static func post(
        port: Int, _ path: String, _ body: String, headers: [String: String] = [:]
    ) async throws -> Response {
        guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else { throw URLError(.badURL) }
        var request = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: 10)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        request.httpBody = Data(body.utf8)
        return try await answer(to: request)
    }

    private static func answer(to request: URLRequest) async throws -> Response {
        let (data, response) = try await URLSession.shared.data(for: request)
        guard let answer = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
        return Response(
            status: answer.statusCode, type: answer.value(forHTTPHeaderField: "Content-Type") ?? "",
            body: String(decoding: data, as: UTF8.self))
    }
}
