public import LineFormats

/// Where datagrams are received.
public struct DatagramSettings: Sendable, Equatable {
    /// `IPV4:PORT` or `[IPV6]:PORT`, numeric; port 0 for any free one.
    public var address: String
    /// Receive buffer to ask the kernel for, in bytes.
    ///
    /// It grants less beyond `net.core.rmem_max`.
    public var receiveBufferBytes: Int
    /// Model of the records that name none, for an inferred schema.
    public var defaultModel: String
    /// How StatsD lines are read.
    public var statsD: StatsDOptions

    /// Settings, by default the StatsD port on loopback.
    public init(
        address: String = "127.0.0.1:8125", receiveBufferBytes: Int = IngestLimits.receiveBufferBytes,
        defaultModel: String = "default", statsD: StatsDOptions = StatsDOptions()
    ) {
        self.address = address
        self.receiveBufferBytes = receiveBufferBytes
        self.defaultModel = defaultModel
        self.statsD = statsD
    }
}

/// A numeric host and a port.
struct SocketAddress: Equatable {
    /// Numeric, without brackets.
    var host: String
    /// Port, 0 for any.
    var port: UInt16

    /// Parses `IPV4:PORT` or `[IPV6]:PORT`; `nil` for anything else.
    ///
    /// The host is checked when it is bound.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        (self.host, self.port) = (String(host), port)
    }

    /// The text this is parsed from.
    var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
