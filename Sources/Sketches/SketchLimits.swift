/// Every bound on what a sketch holds, in one place.
public enum SketchLimits {
    /// Most values a restored sketch may stand for: beyond 2⁵³ a count is no exact `Double`.
    public static let values: UInt64 = 1 << 53
    /// Buckets per side of a `QuantileSketch` unless asked otherwise.
    public static let buckets = 512
    /// Buckets per side a `QuantileSketch` may be asked for.
    ///
    /// At the coarsest schema 72 cover every number.
    public static let bucketRange = 80...4_096
    /// Edges of one `EdgeBins`.
    public static let edges = 4_095
    /// Distinct values that a `DistinctCounter` counts exactly, before it estimates.
    public static let exactDistinct = 128
    /// Names of one `CategoryTable`.
    public static let categories = 65_536
    /// Bytes of one name in a `CategoryTable`.
    public static let nameBytes = 4_096
}
