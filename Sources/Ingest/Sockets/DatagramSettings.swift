public import LineFormats

/// Where datagrams are received.
public struct DatagramSettings: Sendable, Equatable {
    /// Address of a UDP socket, or path of a Unix socket of datagrams.
    public var address: ListenAddress
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
        address: ListenAddress = .network("127.0.0.1:8125"),
        receiveBufferBytes: Int = IngestLimits.receiveBufferBytes,
        defaultModel: String = "default", statsD: StatsDOptions = StatsDOptions()
    ) {
        self.address = address
        self.receiveBufferBytes = receiveBufferBytes
        self.defaultModel = defaultModel
        self.statsD = statsD
    }

    /// What kind of source this makes.
    var kind: SourceStatus.Kind {
        switch address {
        case .network: .udp
        case .unix: .unixDatagram
        }
    }
}
