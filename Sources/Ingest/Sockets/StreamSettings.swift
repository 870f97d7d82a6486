public import LineFormats

/// How the bytes of a connection are cut.
public enum StreamFraming: String, Sendable, CaseIterable {
    /// Each line ends with a newline.
    case lines
    /// Before each packet of lines, its length in four bytes, the lowest first, as DogStatsD has it.
    case length
}

/// Where connections are taken.
public struct StreamSettings: Sendable, Equatable {
    /// Address of a TCP listener, or path of a Unix socket.
    public var address: ListenAddress
    /// How the bytes of a connection are cut.
    public var framing: StreamFraming
    /// Most connections at one time.
    ///
    /// For a further one, one that has sent no whole line is closed, else the one that is longest without.
    public var connections: Int
    /// Nanoseconds without a byte after which a connection is closed; 0 for never.
    public var idle: Int64
    /// Model of the records that name none, for an inferred schema.
    public var defaultModel: String
    /// How StatsD lines are read.
    public var statsD: StatsDOptions

    /// Settings, with the usual limits.
    public init(
        address: ListenAddress, framing: StreamFraming = .lines, connections: Int = IngestLimits.connections,
        idle: Int64 = IngestLimits.connectionIdle, defaultModel: String = "default",
        statsD: StatsDOptions = StatsDOptions()
    ) {
        self.address = address
        self.framing = framing
        self.connections = connections
        self.idle = idle
        self.defaultModel = defaultModel
        self.statsD = statsD
    }

    /// What kind of source this makes.
    var kind: SourceStatus.Kind {
        switch address {
        case .network: .tcp
        case .unix: .unixStream
        }
    }
}
