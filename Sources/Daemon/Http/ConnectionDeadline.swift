internal import NIOCore

/// Bounds the time a connection may spend in each phase of a request.
///
/// Stands in front of the HTTP decoder, because only raw bytes show that a slow client has begun a request.
final class ConnectionDeadline: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the connection is waiting for.
    enum Phase {
        case idle, head, body, answer, write
    }

    /// The answer to a request whose head never ended.
    ///
    /// NIO's pipelining handler takes answers to requests only, so this one goes out in front of it.
    private static let tooSlow = "The request took too long.\n"

    private let limits: HttpLimits
    /// Called when a phase took too long.
    var expired: ((Phase) -> Void)?
    /// When the present phase began.
    private(set) var phaseBegan = NIODeadline.now()
    private var phase = Phase.idle
    private var timer: Scheduled<Void>?
    private var hasNextRequest = false
    private var context: ChannelHandlerContext?

    init(limits: HttpLimits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Whether the connection waits for its client and no answer is under way.
    var isWaiting: Bool { phase == .idle || phase == .head || phase == .body }

    /// Closes the connection for another one's sake.
    func giveWay() { context?.close(promise: nil) }

    func channelActive(context: ChannelHandlerContext) {
        enter(.head)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        expired = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch phase {
        case .idle: enter(.head)
        case .answer, .write: hasNextRequest = true
        case .head, .body: break
        }
        context.fireChannelRead(data)
    }

    /// Begins a phase and its time.
    ///
    /// After a response it is `idle`, or `head` if the next request has begun already.
    func enter(_ next: Phase) {
        timer?.cancel()
        timer = nil
        phase = next == .idle && hasNextRequest ? .head : next
        phaseBegan = .now()
        if next == .idle { hasNextRequest = false }
        let milliseconds: Int64
        switch phase {
        case .idle: milliseconds = limits.idleMilliseconds
        case .head: milliseconds = limits.headMilliseconds
        case .body: milliseconds = limits.bodyMilliseconds
        case .write: milliseconds = limits.writeMilliseconds
        case .answer: return
        }
        guard let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: .milliseconds(milliseconds)) { bound.value.expire() }
    }

    private func expire() {
        guard let context else { return }
        expired?(phase)
        guard phase == .head else { return }
        let head = "HTTP/1.1 408 Request Timeout\r\nContent-Type: text/plain; charset=utf-8\r\n"
        let length = "Content-Length: \(Self.tooSlow.utf8.count)\r\nConnection: close\r\n\r\n"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: head + length + Self.tooSlow)), promise: nil)
        context.close(promise: nil)
    }
}
