import Events
import Foundation
import Ingest
import Testing

@testable import Daemon

/// An endpoint for records and the queue behind it, on a port of its own.
private final class EventServer {
    let queue = BatchQueue()
    let counters = HttpCounters()
    private let endpoint: EventEndpoint
    private let outcomes: BodySource
    private var isStopped = false

    init(token: String? = nil, schema: SourceSchema? = nil) throws {
        let signal = Signal(name: "a", role: .feature, kind: .numeric)
        let bodies = try BodySource(
            source: 0, settings: BodySettings(name: ""), schema: schema ?? .fixed(Schema(signals: [signal])),
            queue: queue)
        outcomes = try BodySource(
            source: 1, settings: BodySettings(name: "outcomes"),
            schema: .fixed(.outcomes(of: nil, defaultModel: "default")), queue: queue)
        endpoint = try EventEndpoint(
            endpoint: Endpoint(host: "127.0.0.1", port: 0), token: token.map { Array($0.utf8) }, counters: counters,
            bodies: bodies, outcomes: outcomes)
        try endpoint.start()
        try outcomes.start()
    }

    deinit {
        if !isStopped {
            endpoint.stop()
            outcomes.stop()
        }
    }

    var port: Int { Int(endpoint.status.name.split(separator: ":").last ?? "") ?? 0 }

    func post(
        _ body: [UInt8], type: String = "application/json", path: String = "/v1/events", method: String = "POST",
        headers: [String] = []
    ) throws -> RawResponse {
        let connection = try RawConnection(port: port)
        var head = ["\(method) \(path) HTTP/1.1", "Host: test", "Connection: close", "Content-Length: \(body.count)"]
        if !type.isEmpty { head.append("Content-Type: \(type)") }
        connection.send((head + headers).joined(separator: "\r\n") + "\r\n\r\n")
        connection.send(body)
        let bytes = try #require(connection.readToEnd())
        return try #require(try RawResponse.all(in: bytes).last)
    }

    func post(_ body: String, type: String = "application/json", headers: [String] = []) throws -> RawResponse {
        try post(Array(body.utf8), type: type, headers: headers)
    }

    /// Ends both sources and returns what they account for.
    func stopAll() -> [Receipt] {
        endpoint.stop()
        outcomes.stop()
        isStopped = true
        var receipts = [Receipt(), Receipt()]
        while let batch = queue.next(deadline: 0) { receipts[batch.source].add(batch.receipt) }
        return receipts
    }

    func stop() -> Receipt { stopAll()[0] }
}

@Suite struct EventRoutesTests {
    @Test func shapesOfBodies() throws {
        let server = try EventServer()
        for (body, accepted) in [
            ("{\"a\":1}", 1), ("{\n  \"a\": 1\n}\n", 1), ("[{\"a\":1},{\"a\":2}]", 2), ("{\"a\":1}\n{\"a\":2}\n", 2),
            ("[]", 0),
        ] {
            let answer = try server.post(body)
            #expect(answer.status == 200)
            #expect(answer.text == "{\"accepted\":\(accepted),\"rejected\":{}}\n", "\(body)")
        }
        let lines = "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\nrubbish\n[]\n\n{\"a\":4}"
        let answer = try server.post(lines, type: "application/x-ndjson; charset=utf-8")
        #expect(answer.status == 200)
        #expect(
            answer.text == "{\"accepted\":4,\"ignored\":{\"blank_line\":1},"
                + "\"rejected\":{\"malformed_json\":1,\"not_an_object\":1}}\n")
        let receipt = server.stop()
        #expect(receipt.accepted == 10)
        #expect(receipt.received == 13)
        #expect(receipt.isBalanced)
    }

    /// Outcomes are a source of their own, whose records need an identifier and an outcome.
    @Test func outcomes() throws {
        let server = try EventServer()
        let post = { (body: String) throws in try server.post(Array(body.utf8), path: "/v1/outcomes") }
        let good = #"[{"id":"1","outcome":"yes"},{"id":2,"outcome":3.5,"ts":"2026-01-01T00:00:00Z","model":"m"}]"#
        #expect(try post(good).text == "{\"accepted\":2,\"rejected\":{}}\n")
        let bad = #"[{"outcome":"yes"},{"id":"1"},{"id":"1","outcome":null},{"id":null,"outcome":1}]"#
        let answer = try post(bad)
        #expect(answer.status == 400)
        #expect(answer.text == "{\"accepted\":0,\"rejected\":{\"no_identifier\":2,\"no_signal\":2}}\n")
        #expect(try server.post(Array(good.utf8), path: "/v1/outcomes", method: "PUT").status == 405)
        #expect(try server.post(Array(good.utf8), type: "text/plain", path: "/v1/outcomes").status == 415)
        #expect(try server.post("{\"a\":1}").status == 200)
        let receipts = server.stopAll()
        #expect(receipts.map(\.accepted) == [1, 2] && receipts.map(\.received) == [1, 6])
        #expect(receipts.allSatisfy { $0.isBalanced })
    }

    @Test func rejectedBodies() throws {
        let server = try EventServer()
        for body in ["", "5", "{", "[{\"a\":1}", "{\"b\":1}", "[1,2]"] {
            #expect(try server.post(body).status == 400, "\(body)")
        }
        let receipt = server.stop()
        #expect(receipt.received == 7)
        #expect(receipt.accepted == 0)
        #expect(receipt.isBalanced)
    }

    @Test func gzip() throws {
        let server = try EventServer()
        let headers = ["Content-Encoding: gzip"]
        let plain = Array(String(repeating: "{\"a\":1}\n", count: 5_000).utf8)
        let packed = try #require(Gzip.compress(plain))
        let answer = try server.post(packed, type: "application/x-ndjson", headers: headers)
        #expect(answer.text == "{\"accepted\":5000,\"rejected\":{}}\n")
        #expect(try server.post(packed.dropLast(9) + [], type: "application/x-ndjson", headers: headers).status == 400)
        #expect(try server.post(plain, headers: headers).status == 400)
        // A bomb is given up at the limit, not unpacked.
        let bomb = try #require(Gzip.compress([UInt8](repeating: 0x20, count: 64 << 20)))
        #expect(bomb.count < 1 << 20)
        #expect(try server.post(bomb, headers: headers).status == 413)
        #expect(try server.post(packed, headers: ["Content-Encoding: br"]).status == 415)
        #expect(server.stop().accepted == 5_000)
    }

    @Test func limits() throws {
        let server = try EventServer()
        let many = String(repeating: "{\"a\":1}\n", count: IngestLimits.recordsPerBody + 1)
        #expect(try server.post(many).status == 413)
        #expect(try server.post(String(repeating: " ", count: (1 << 20) + 1)).status == 413)
        #expect(server.stop().received == 0)
    }

    @Test func requestsThatAreNotTaken() throws {
        let server = try EventServer()
        let body = Array("{\"a\":1}".utf8)
        // What a form, a plain text field and an untyped upload of a page would send.
        for type in ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            #expect(try server.post(body, type: type).status == 415, "\(type)")
        }
        #expect(try server.post(body, headers: ["Origin: http://elsewhere"]).status == 403)
        #expect(try server.post(body, headers: ["Origin: http://test"]).status == 200)
        #expect(try server.post(body, method: "PUT").headers["allow"] == "POST")
        #expect(try server.post(body, path: "/metrics").status == 404)
        #expect(server.stop().accepted == 1)
        #expect(
            server.counters.totals.contains { $0.key == .init(path: "/v1/events", code: 415) && $0.count == 4 })
    }

    @Test func token() throws {
        let secret = "0123456789abcdef"
        let server = try EventServer(token: secret)
        let body = Array("{\"a\":1}".utf8)
        for wrong in [
            [], ["Authorization: Bearer"], ["Authorization: Bearer "], ["Authorization: Bearer \(secret)0"],
            ["Authorization: Bearer " + secret.dropLast()], ["Authorization: Basic \(secret)"],
            ["Authorization: Bearer \(secret.uppercased())"],
        ] {
            #expect(try server.post(body, headers: wrong).status == 401, "\(wrong)")
        }
        #expect(try server.post(body, headers: ["Authorization: Bearer \(secret)"]).status == 200)
        #expect(server.stop().accepted == 1)
    }

    @Test func tokenFiles() throws {
        let folder = try TemporaryFolder()
        func load(_ text: String) throws -> [UInt8]? {
            let path = folder.file("token")
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            return try? TokenFile.load(path: path)
        }
        #expect(try load("0123456789abcdef\n") == Array("0123456789abcdef".utf8))
        for wrong in ["", "short", "\n\n", "0123456789 abcdef", String(repeating: "x", count: 5_000)] {
            #expect(try load(wrong) == nil, "\(wrong.prefix(20))")
        }
        #expect(throws: TokenFileError.self) { try TokenFile.load(path: folder.file("none")) }
    }

    @Test func heldUntilInferred() throws {
        let server = try EventServer(schema: .infer)
        let answer = try server.post("[{\"amount\":1.5},{\"amount\":2.5}]")
        #expect(answer.status == 202)
        #expect(answer.text == "{\"accepted\":0,\"held\":2,\"rejected\":{}}\n")
        #expect(server.stop().accepted == 2)
    }

    /// Nobody applies batches: bodies are refused whole, at once, and the client is told when to come again.
    @Test func full() throws {
        let server = try EventServer()
        let body = String(repeating: "{\"a\":1}\n", count: 9_500)
        var accepted: UInt64 = 0
        var answer = try server.post(body)
        while answer.status == 200 {
            accepted += 9_500
            answer = try server.post(body)
        }
        #expect(answer.status == 503)
        #expect(answer.headers["retry-after"] == "1")
        #expect(answer.text == "{\"accepted\":0,\"dropped\":{\"queue_full\":9500},\"rejected\":{}}\n")
        let receipt = server.stop()
        #expect(receipt.accepted == accepted)
        #expect(receipt.dropped[Int(DropReason.queueFull.rawValue)] == 9_500)
    }

    @Test func bodiesHaveABudget() {
        let budget = BodyBudget(limit: 100)
        #expect(budget.take(60))
        #expect(!budget.take(41))
        #expect(budget.take(40))
        budget.give(60)
        #expect(budget.take(60))
    }
}
