import Events

/// Remembers within one batch which signals the names of observations mean.
///
/// A key is where the names are: equal ranges of one batch are equal bytes. So nothing is compared by bytes, and
/// nothing has to be forgotten when models and signals change between batches. Equal names at different places are
/// different keys, which costs a look-up more; the decoder of StatsD lines refers equal tags to one place.
@safe
struct ObservationTargets: ~Copyable {
    /// Where observations go.
    struct Target {
        /// Number of the model.
        var slot: Int
        /// Number of its signal.
        var signal: Int
        /// Kind of the signal.
        var kind: SignalKind
    }

    private struct Entry {
        /// Number of the batch; 0 in a free entry.
        var batch: UInt64 = 0
        var model = ByteRange.missing
        var version = ByteRange.missing
        var name = ByteRange.missing
        var role = Role.feature
        var target = Target(slot: 0, signal: 0, kind: .numeric)
    }

    /// Entries; a power of two.
    private static let capacity = 256

    private let entries: UnsafeMutablePointer<Entry>
    private var batch: UInt64 = 0

    init() {
        unsafe entries = .allocate(capacity: Self.capacity)
        unsafe entries.initialize(repeating: Entry(), count: Self.capacity)
    }

    deinit { unsafe entries.deallocate() }

    /// Forgets everything: another batch begins.
    mutating func begin() { batch &+= 1 }

    /// Where an observation goes; `nil` if that is not remembered.
    @inline(__always)
    func find(_ observation: UnsafePointer<Observation>) -> Target? {
        let entry = unsafe entries + place(observation)
        guard unsafe entry.pointee.batch == batch, unsafe entry.pointee.name == observation.pointee.name,
            unsafe entry.pointee.model == observation.pointee.model,
            unsafe entry.pointee.version == observation.pointee.version,
            unsafe entry.pointee.role == observation.pointee.role
        else { return nil }
        return unsafe entry.pointee.target
    }

    /// Remembers where an observation goes.
    func insert(_ observation: UnsafePointer<Observation>, _ target: Target) {
        unsafe entries[place(observation)] = Entry(
            batch: batch, model: observation.pointee.model, version: observation.pointee.version,
            name: observation.pointee.name, role: observation.pointee.role, target: target)
    }

    /// The one entry where an observation may be.
    @inline(__always)
    private func place(_ observation: UnsafePointer<Observation>) -> Int {
        // Names lie at least a role apart, and their offsets are all that tells most of them apart.
        let offsets = unsafe UInt64(observation.pointee.name.offset) &<< 32 | UInt64(observation.pointee.model.offset)
        let key = unsafe (offsets &* 8 &+ UInt64(observation.pointee.role.rawValue)) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: key &>> UInt64(64 &- Self.capacity.trailingZeroBitCount))
    }
}
