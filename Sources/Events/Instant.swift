/// A moment, as the shell read it from the two clocks.
///
/// The pure core gets instants as arguments and reads no clock.
public struct Instant: Sendable, Equatable {
    /// Nanoseconds since the Unix epoch; may step either way.
    public var wall: Int64
    /// Nanoseconds since some fixed point; never goes back.
    public var monotonic: Int64

    /// Creates an instant from both clocks.
    public init(wall: Int64, monotonic: Int64) { (self.wall, self.monotonic) = (wall, monotonic) }
}
