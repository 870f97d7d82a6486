import Statistics

/// The identifiers of a model's last predictions, and how often each came: enough to know a repeat when it comes soon.
///
/// A table of fixed size in which a new identifier takes the place of an older one: a prediction that is repeated
/// after d others is known with a probability of about e^(−d / 4,096). Two different ones are taken for each other once
/// in 2³² meetings.
public struct RecentIdentifiers: Sendable, Equatable {
    /// Identifiers that are remembered at most.
    public static let capacity = 4_096

    /// What is remembered at a place.
    public struct Entry: Sendable, Equatable {
        /// The upper half of the identifier's hash.
        public var tag: UInt32
        /// How often it came; 0 where nothing is.
        public var count: UInt16

        /// Creates an entry.
        public init(tag: UInt32, count: UInt16) { (self.tag, self.count) = (tag, count) }
    }

    /// The places, by the lower bits of the hash; none before the first identifier.
    public private(set) var entries: [Entry] = []

    /// An empty table.
    public init() {}

    /// Restores a table; `nil` unless it has no places, or all.
    public init?(entries: [Entry]) {
        guard entries.isEmpty || entries.count == Self.capacity else { return nil }
        self.entries = entries
    }

    /// Whether any prediction had an identifier.
    public var isUsed: Bool { !entries.isEmpty }

    /// Takes the hash of an identifier, and returns how often it came before.
    mutating func insert(_ id: UInt64) -> UInt64 {
        if entries.isEmpty { entries = [Entry](repeating: Entry(tag: 0, count: 0), count: Self.capacity) }
        let place = Int(truncatingIfNeeded: id & UInt64(Self.capacity - 1))
        let tag = UInt32(truncatingIfNeeded: id &>> 32)
        guard entries[place].tag == tag, entries[place].count > 0 else {
            entries[place] = Entry(tag: tag, count: 1)
            return 0
        }
        let earlier = entries[place].count
        if earlier < .max { entries[place].count = earlier + 1 }
        return UInt64(earlier)
    }
}

extension ModelSlot {
    /// Counts the predictions of a group, and those among them that repeat an earlier one.
    ///
    /// - Parameters:
    ///   - identifiers: Hash of the identifier per row of the batch, 0 for none; `nil` if they tell no events apart.
    ///   - rows: The rows of the group.
    /// - Returns: What the group is worth.
    mutating func countPredictions(
        identifiers: UnsafePointer<UInt64>?, rows: UnsafeBufferPointer<Int32>
    ) -> SampleWorth {
        var worth = SampleWorth()
        if let identifiers = unsafe identifiers {
            for i in 0..<rows.count {
                let id = unsafe identifiers[Int(rows[i])]
                worth.insert(earlier: id == 0 ? 0 : state.recent.insert(id))
            }
        } else {
            worth.events = UInt64(rows.count)
        }
        state.worth.merge(worth)
        return worth
    }
}
