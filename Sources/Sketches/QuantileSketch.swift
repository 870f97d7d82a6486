/// Summary of a stream of finite numbers from which any quantile can be read back.
public struct QuantileSketch: Sendable, Equatable {
    /// Number of values.
    public private(set) var count: UInt64 = 0
    /// Creates an empty sketch.
    public init() {}
}
