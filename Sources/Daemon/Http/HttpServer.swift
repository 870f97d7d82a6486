internal import Ingest
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// A small HTTP/1.1 server with a limit on everything a client may send or hold.
final class HttpServer: Sendable {
    /// Where it listens; the port is the real one.
    let endpoint: Endpoint
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel

    /// Binds and begins to serve.
    ///
    /// - Throws: `HttpServerError` with one clear sentence.
    init(
        endpoint: Endpoint, limits: HttpLimits = HttpLimits(), counters: HttpCounters,
        respond: @escaping HttpConnection.Responder
    ) throws(HttpServerError) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let budget = BodyBudget(limit: limits.keptBytes)
        let table = NIOLoopBoundBox.makeBoxSendingValue(
            ConnectionTable(limit: OpenFileLimit.connections(wanted: limits.connections)), eventLoop: group.next())
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                let deadline = ConnectionDeadline(limits: limits)
                guard table.value.enter(deadline) else { return channel.close() }
                counters.enter()
                let bound = NIOLoopBound(deadline, eventLoop: channel.eventLoop)
                channel.closeFuture.whenComplete { _ in
                    counters.leave()
                    table.value.leave(bound.value)
                }
                return channel.eventLoop.makeCompletedFuture {
                    try Self.configure(channel.pipeline.syncOperations, deadline, limits, counters, budget, respond)
                }
            }
        do {
            channel = try bootstrap.bind(host: endpoint.host, port: endpoint.port).wait()
        } catch {
            try? group.syncShutdownGracefully()
            throw HttpServerError(endpoint, error)
        }
        self.endpoint = Endpoint(host: endpoint.host, port: channel.localAddress?.port ?? endpoint.port)
    }

    /// Closes the listener and all connections.
    func stop() {
        try? channel.close().wait()
        try? group.syncShutdownGracefully()
    }

    private static func configure(
        _ pipeline: ChannelPipeline.SynchronousOperations, _ deadline: ConnectionDeadline, _ limits: HttpLimits,
        _ counters: HttpCounters, _ budget: BodyBudget, _ respond: @escaping HttpConnection.Responder
    ) throws {
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderFieldSize = limits.headerFieldBytes
        decoder.maxHeaderListSize = limits.headerBytes
        decoder.maxHeaderFieldCount = limits.headerFields
        try pipeline.addHandler(deadline)
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: true, withErrorHandling: false, withOutboundHeaderValidation: true,
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoder)
        try pipeline.addHandler(
            HttpConnection(
                respond: respond, limits: limits, counters: counters, budget: budget, deadline: deadline))
    }
}

/// Why the server cannot listen.
struct HttpServerError: Error, CustomStringConvertible {
    /// The system's own words.
    let reason: String
    /// One sentence.
    let description: String

    init(_ endpoint: Endpoint, _ error: any Error) {
        reason = (error as? IOError).map { SystemError.text($0.errnoCode) } ?? "\(error)"
        description = "cannot listen on \(endpoint): \(reason)"
    }
}
