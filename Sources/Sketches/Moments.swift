/// Count, mean, variance, smallest and largest of a stream of finite numbers.
public struct Moments: Sendable, Equatable {
    /// Number of values.
    public private(set) var count: UInt64 = 0
    /// Creates empty moments.
    public init() {}
}
