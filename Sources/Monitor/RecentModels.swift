import Events

/// Models of the latest rows of a batch, each known by one of its rows.
///
/// Rows mostly name one of a few models, in turns. Comparing their bytes with rows that are already placed costs a few
/// nanoseconds; building a key and looking it up costs ten times that.
struct RecentModels {
    /// Models that are remembered.
    private static let capacity = 8

    private var rows: InlineArray<8, Int32> = .init(repeating: 0)
    private var slots: InlineArray<8, Int32> = .init(repeating: 0)
    private var overflows: InlineArray<8, Bool> = .init(repeating: false)
    private var count = 0
    private var next = 0

    /// Where the events of the row's model go, if a remembered row names the same model and version.
    @inline(__always)
    func find(_ row: Int, in batch: EventBatch) -> (slot: Int, isOverflow: Bool)? {
        for place in 0..<count where batch.hasSameModel(row, Int(rows[place])) {
            return (Int(slots[place]), overflows[place])
        }
        return nil
    }

    /// Remembers a row's model in place of the one that was added longest ago.
    mutating func add(_ row: Int, _ found: (slot: Int, isOverflow: Bool)) {
        rows[next] = Int32(truncatingIfNeeded: row)
        slots[next] = Int32(truncatingIfNeeded: found.slot)
        overflows[next] = found.isOverflow
        next = (next &+ 1) % Self.capacity
        count = min(count &+ 1, Self.capacity)
    }
}

extension EventBatch {
    /// Whether two rows name the same model and version, or none.
    @inline(__always)
    fileprivate func hasSameModel(_ left: Int, _ right: Int) -> Bool {
        unsafe isSameText(models[left], models[right]) && isSameText(versions[left], versions[right])
    }

    /// Whether two ranges hold the same bytes, or are the same sentinel.
    @inline(__always)
    func isSameText(_ left: ByteRange, _ right: ByteRange) -> Bool {
        guard left.length == right.length else { return false }
        if left.offset == right.offset || !left.isPresent { return true }
        // By words: as many bytes follow the last one of the batch.
        var (at, rest) = (0, Int(left.length))
        while rest > 0 {
            let beyond = UInt64(max(0, 8 &- rest)) &* 8
            let differences = word(Int(left.offset) &+ at) ^ word(Int(right.offset) &+ at)
            if differences &<< beyond != 0 { return false }
            at &+= 8
            rest &-= 8
        }
        return true
    }

    /// Eight bytes, the first of them lowest.
    @inline(__always)
    private func word(_ at: Int) -> UInt64 {
        UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
    }
}
