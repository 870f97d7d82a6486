import Events

/// What a name that was observed is to a signal.
struct KnownName {
    /// Number of the signal.
    var signal: Int
    /// Where the name is.
    var text: ByteRange
    /// `ByteHash` of the name.
    var hash: UInt64
    /// Its number among the classes, 0 for one beyond their limit; -1 for a signal that has no classes.
    var classNumber: Int
    /// Its cell of the reference's layout; -1 without one.
    var cell: Int
    /// Whether the reference does not know it.
    var isUnseen: Bool
    /// How often it was observed.
    var count: UInt64
}

/// Names of single observations of one pane, counted until the pane is given back: what a name means is found once.
@safe
struct HeldNames: ~Copyable {
    /// Names held at a time: the bits of a word.
    private static let capacity = UInt64.bitWidth

    private let names: UnsafeMutablePointer<KnownName>
    /// One bit per place that holds a name; 0 between uses.
    private var held: UInt64 = 0

    init() { unsafe names = .allocate(capacity: Self.capacity) }

    deinit { unsafe names.deallocate() }

    /// The place where a name of a signal is held, or may be.
    @inline(__always)
    static func place(signal: Int, hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash &+ UInt64(truncatingIfNeeded: signal)) & (capacity &- 1)
    }

    /// Counts a name that is held at its place; `false` if it is not.
    @inline(__always)
    func count(_ text: ByteRange, _ hash: UInt64, signal: Int, in batch: EventBatch, at place: Int, _ count: UInt64)
        -> Bool
    {
        guard held & 1 &<< UInt64(place) != 0, unsafe names[place].signal == signal, unsafe names[place].hash == hash,
            unsafe batch.isSameText(names[place].text, text)
        else { return false }
        unsafe names[place].count &+= count
        return true
    }

    /// Holds a name at its place and returns the one that was held there.
    mutating func exchange(_ name: KnownName, at place: Int) -> KnownName? {
        let bit = 1 &<< UInt64(place) as UInt64
        let old = unsafe held & bit == 0 ? nil : names[place]
        unsafe (names + place).initialize(to: name)
        held |= bit
        return old
    }

    /// Takes out any name; `nil` if none is held.
    mutating func removeAny() -> KnownName? {
        guard held != 0 else { return nil }
        let place = held.trailingZeroBitCount
        held &= held &- 1
        return unsafe names[place]
    }
}
