internal import Events
internal import FoundationEssentials
internal import Ingest
internal import LineFormats
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Answers `POST /v1/events` and `POST /v1/outcomes`: one JSON record, several, an array of them, or a line for each;
/// gzip or not.
///
/// And `POST /` and `/v1/cloudevents`: the requests and answers of a model, as the loggers of KServe and
/// Seldon send them.
///
/// Only JSON types are taken, and no request of another site: no page in somebody's browser can send records.
final class EventRoutes: Sendable {
    /// The type of one JSON text, whatever its shape.
    private static let textTypes = ["application/json"]
    /// The types of a line for each record.
    private static let lineTypes = ["application/x-ndjson", "application/ndjson", "application/jsonl"]

    /// Where records go.
    static let eventsPath = "/v1/events"
    /// Where outcomes in records of their own go.
    static let outcomesPath = "/v1/outcomes"

    /// What takes the records of each path.
    private let bodies: [String: BodySource]
    private let token: [UInt8]?
    private let pool = NIOThreadPool(numberOfThreads: 1)

    init(_ bodies: BodySource, outcomes: BodySource?, token: [UInt8]?) {
        self.bodies = [Self.eventsPath: bodies, Self.outcomesPath: outcomes].compactMapValues { $0 }
        self.token = token
        pool.start()
    }

    /// Ends the worker thread.
    func stop() { try? pool.syncShutdownGracefully() }

    /// Answers a request; decoding is done off the event loop.
    func respond(_ request: HttpRequest, _ loop: any EventLoop) -> EventLoopFuture<HttpResponse> {
        let isEvent = CloudEventRequest.paths.contains(request.path)
        guard let bodies = bodies[isEvent ? Self.eventsPath : request.path] else {
            let text = "There is nothing here; records go to \(self.bodies.keys.sorted().joined(separator: " or "))."
            return loop.makeSucceededFuture(.text(.notFound, text))
        }
        if let refusal = refusal(of: request) { return loop.makeSucceededFuture(refusal) }
        return pool.runIfActive(eventLoop: loop) { self.take(request, bodies) }
    }

    /// Why a request is not looked into, if it is not.
    private func refusal(of request: HttpRequest) -> HttpResponse? {
        let isEvent = CloudEventRequest.paths.contains(request.path)
        guard request.method == .POST else {
            return .text(.methodNotAllowed, "This takes POST.", headers: ["Allow": "POST"])
        }
        if let origin = request.headers.first(name: "Origin"),
            origin != "http://" + (request.headers.first(name: "Host") ?? "")
        {
            return .text(.forbidden, "The request comes from another site.")
        }
        if let token, !Self.isBearer(request.headers.first(name: "Authorization"), of: token) {
            let headers: HTTPHeaders = ["WWW-Authenticate": "Bearer"]
            return .text(.unauthorized, "A token is needed: Authorization: Bearer TOKEN.", headers: headers)
        }
        if isEvent {
            guard CloudEventRequest.isTaken(request, type: type(of: request)) else {
                return .text(.unsupportedMediaType, CloudEventRequest.rule)
            }
        } else if !(isText(request) || Self.lineTypes.contains(type(of: request))) {
            return .text(.unsupportedMediaType, "The Content-Type has to be application/json or application/x-ndjson.")
        }
        guard ["", "identity", "gzip"].contains(encoding(of: request)) else {
            return .text(.unsupportedMediaType, "The Content-Encoding may be gzip and nothing else.")
        }
        return nil
    }

    private func take(_ request: HttpRequest, _ bodies: BodySource) -> HttpResponse {
        var body = request.body
        if encoding(of: request) == "gzip" {
            do throws(TooLarge) {
                guard let plain = try Self.decompress(body) else {
                    return .text(.badRequest, "The body is not a whole gzip file.")
                }
                body = plain
            } catch {
                return .text(
                    .payloadTooLarge, "The body is larger than \(IngestLimits.bodyBytes) bytes when decompressed.")
            }
        }
        if CloudEventRequest.paths.contains(request.path) { return takeEvents(request, body, bodies) }
        let records: Int
        if isText(request) {
            guard let lines = RecordLines.lines(ofJSON: body) else {
                return answer(bodies.reject(.malformedJSON, bytes: body.count))
            }
            (body, records) = (lines.bytes, lines.count)
        } else {
            if let last = body.last, last != UInt8(ascii: "\n") { body.append(UInt8(ascii: "\n")) }
            records = body.count { $0 == UInt8(ascii: "\n") }
        }
        guard records <= IngestLimits.recordsPerBody else {
            return .text(.payloadTooLarge, "The body has more than \(IngestLimits.recordsPerBody) records.")
        }
        return answer(bodies.take(body, records: records))
    }

    /// Takes the CloudEvents of a request: one, or a batch of them.
    private func takeEvents(_ request: HttpRequest, _ body: [UInt8], _ bodies: BodySource) -> HttpResponse {
        guard let events = CloudEventRequest.events(request, type: type(of: request), body: body) else {
            return answer(bodies.reject(.malformedJSON, bytes: body.count))
        }
        var result = BodyAnswer.taken(Receipt())
        for event in events {
            // Feedback and whatever else is sent has no place here, and is no fault of the sender.
            result = event.isResponse == nil ? bodies.ignore(.event, bytes: body.count) : bodies.take(event)
            if case .full = result { break }
        }
        return answer(result)
    }

    // MARK: Answers

    /// What the client is told; only reasons that occurred.
    private struct Answer: Encodable {
        var accepted: UInt64 = 0
        var rejected: [String: UInt64] = [:]
        var ignored: [String: UInt64]?
        var dropped: [String: UInt64]?
        /// Records that wait for their schema; what became of them is in the metrics later.
        var held: Int?
    }

    private func answer(_ result: BodyAnswer) -> HttpResponse {
        var answer = Answer()
        var status = HTTPResponseStatus.ok
        switch result {
        case .taken(let receipt):
            answer.accepted = receipt.accepted
            answer.rejected = Self.counts(receipt.rejected, RejectionReason.allCases.map(\.label))
            let ignored = Self.counts(receipt.ignored, IgnoreReason.allCases.map(\.label))
            answer.ignored = ignored.isEmpty ? nil : ignored
            if receipt.accepted == 0, !answer.rejected.isEmpty { status = .badRequest }
        case .held(let records):
            answer.held = records
            status = .accepted
        case .full(let records):
            answer.dropped = [DropReason.queueFull.label: UInt64(clamping: records)]
            status = .serviceUnavailable
        case .stopped: return .text(.serviceUnavailable, "Nothing is taken now.", headers: ["Retry-After": "1"])
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        // Whole numbers and known names: encoding cannot fail.
        var response = HttpResponse.json(Array((try? encoder.encode(answer)) ?? Data()) + [UInt8(ascii: "\n")])
        response.status = status
        if status == .serviceUnavailable { response.headers.add(name: "Retry-After", value: "1") }
        return response
    }

    private static func counts(_ values: [UInt64], _ labels: [String]) -> [String: UInt64] {
        Dictionary(uniqueKeysWithValues: zip(labels, values).filter { $0.1 > 0 })
    }

    // MARK: What a request says

    private func type(of request: HttpRequest) -> String {
        let type = request.headers.first(name: "Content-Type") ?? ""
        return type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    }

    private func isText(_ request: HttpRequest) -> Bool { Self.textTypes.contains(type(of: request)) }

    private func encoding(of request: HttpRequest) -> String { request.list("Content-Encoding").lowercased() }

    /// Whether a header field has the token, in a time that tells nothing about it.
    private static func isBearer(_ field: String?, of token: [UInt8]) -> Bool {
        guard let field, field.lowercased().hasPrefix("bearer ") else { return false }
        let given = Array(field.utf8.dropFirst("bearer ".utf8.count))
        var difference = UInt8(given.count == token.count ? 0 : 1)
        for (index, byte) in given.enumerated() { difference |= byte ^ token[index % token.count] }
        return difference == 0
    }

    // MARK: gzip

    /// A body that has grown beyond its limit.
    private struct TooLarge: Error {}

    /// The plain bytes; `nil` if the body is no whole gzip file.
    private static func decompress(_ body: [UInt8]) throws(TooLarge) -> [UInt8]? {
        var plain: [UInt8] = []
        let isWhole = try Gzip.decompress(body) { (piece) throws(TooLarge) in
            guard plain.count + piece.count <= IngestLimits.bodyBytes else { throw TooLarge() }
            plain += piece
        }
        return isWhole ? plain : nil
    }
}
