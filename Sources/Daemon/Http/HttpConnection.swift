internal import NIOCore
internal import NIOHTTP1

/// Answers the requests of one connection, one at a time (NIO's pipelining handler holds back the next).
final class HttpConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// Gives the answer to a request, now or later.
    typealias Responder = @Sendable (HttpRequest, any EventLoop) -> EventLoopFuture<HttpResponse>

    private let respond: Responder
    private let limits: HttpLimits
    private let counters: HttpCounters
    private let deadline: ConnectionDeadline
    private var request: HttpRequest?
    private var keepsAlive = false
    private var bodyBytes = 0
    private let budget: BodyBudget
    /// Bytes of the budget that this connection has.
    private var keptBytes = 0
    private var isAnswering = false
    private var isClosing = false

    init(
        respond: @escaping Responder, limits: HttpLimits, counters: HttpCounters, budget: BodyBudget,
        deadline: ConnectionDeadline
    ) {
        (self.respond, self.limits, self.counters, self.deadline) = (respond, limits, counters, deadline)
        self.budget = budget
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        deadline.expired = { phase in
            let (connection, context) = bound.value
            switch phase {
            case .head:
                // Answered in front of the decoder.
                connection.isClosing = true
                connection.counters.count(path: "", code: Int(HTTPResponseStatus.requestTimeout.code))
            case .body: connection.refuse(.requestTimeout, "The request took too long.", context)
            case .idle, .write, .answer: context.close(promise: nil)
            }
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline.expired = nil
        forgetBody()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            let request = HttpRequest(head, client: context.remoteAddress?.ipAddress ?? "")
            self.request = request
            (bodyBytes, keepsAlive) = (0, head.isKeepAlive)
            if head.headers.contains(name: "Transfer-Encoding"), head.headers.contains(name: "Content-Length") {
                return refuse(.badRequest, "A request has a Content-Length or a Transfer-Encoding, not both.", context)
            }
            if let length = head.headers.first(name: "Content-Length"),
                Int(length).map({ $0 > limits.bodyBytes }) ?? true
            {
                return refuse(.payloadTooLarge, "The body is larger than \(limits.bodyBytes) bytes.", context)
            }
            if head.headers.first(name: "Expect")?.lowercased() == "100-continue" {
                context.writeAndFlush(
                    wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
            }
            deadline.enter(.body)
        case .body(let buffer):
            bodyBytes += buffer.readableBytes
            if bodyBytes > limits.bodyBytes {
                return refuse(.payloadTooLarge, "The body is larger than \(limits.bodyBytes) bytes.", context)
            }
            guard limits.keptBytes > 0, request != nil else { return }
            guard budget.take(buffer.readableBytes) else {
                return refuse(.serviceUnavailable, "Too many bodies at one time; come again.", context)
            }
            keptBytes += buffer.readableBytes
            request?.body.append(contentsOf: buffer.readableBytesView)
        case .end:
            guard let request else { return }
            self.request?.body = []
            deadline.enter(.answer)
            isAnswering = true
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            respond(request, context.eventLoop).hop(to: context.eventLoop).whenComplete { result in
                let (connection, context) = bound.value
                switch result {
                case .success(let response): connection.send(response, to: request, context)
                case .failure:
                    connection.send(.text(.internalServerError, "The answer could not be made."), to: request, context)
                }
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, !isAnswering, !isClosing else {
            context.close(promise: nil)
            return
        }
        switch error {
        case .headerOverflow:
            refuse(
                .requestHeaderFieldsTooLarge,
                "The request line and header fields are larger than \(limits.headerBytes) bytes, or too many.", context)
        default: refuse(.badRequest, "The request is not valid HTTP/1.1.", context)
        }
    }

    /// Gives back what the body had of the budget.
    private func forgetBody() {
        budget.give(keptBytes)
        keptBytes = 0
    }

    /// Answers with an error and closes: what follows on the connection cannot be trusted to be a request.
    private func refuse(_ status: HTTPResponseStatus, _ text: String, _ context: ChannelHandlerContext) {
        guard !isAnswering, !isClosing else {
            context.close(promise: nil)
            return
        }
        keepsAlive = false
        let headers: HTTPHeaders = status == .serviceUnavailable ? ["Retry-After": "1"] : [:]
        send(.text(status, text, headers: headers), to: request ?? HttpRequest(method: .GET, path: ""), context)
    }

    private func send(_ response: HttpResponse, to request: HttpRequest, _ context: ChannelHandlerContext) {
        isAnswering = false
        forgetBody()
        guard !isClosing else { return }
        counters.count(path: request.path, code: Int(response.status.code))
        var head = HTTPResponseHead(version: .http1_1, status: response.status, headers: response.headers)
        head.headers.replaceOrAdd(name: "Content-Length", value: String(response.body.count))
        head.headers.replaceOrAdd(name: "Connection", value: keepsAlive ? "keep-alive" : "close")
        isClosing = !keepsAlive
        self.request = nil
        deadline.enter(.write)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD, !response.body.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let isLast = isClosing
        written.futureResult.whenComplete { _ in
            let (connection, context) = bound.value
            if isLast { context.close(promise: nil) } else { connection.deadline.enter(.idle) }
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }
}
