/// A running count of the kernel's, 32 bits wide, that is read in two ways which may come in the wrong order.
///
/// A datagram carries the count of the time at which it was queued. The socket itself, asked while the queue was empty
/// a moment ago, may already say more than the datagrams queued since do: those are old news, not 2³² drops.
struct DropCount {
    private var reported: UInt32 = 0

    /// What a reading has above all before it; 0 for one that is behind.
    ///
    /// Two readings are less than 2³¹ apart: at ten million drops a second, more than three minutes.
    mutating func take(_ reading: UInt32) -> UInt64 {
        let difference = reading &- reported
        guard difference < 1 << 31 else { return 0 }
        reported = reading
        return UInt64(difference)
    }
}
