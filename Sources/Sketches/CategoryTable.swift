/// Numbers names densely in the order of their first appearance, up to a limit.
///
/// A name is bytes: it is found by hash and compared byte by byte, never as a `String`. About 6 ns per look-up of a
/// short name, no allocation unless the name is new.
public struct CategoryTable: Sendable, Equatable {
    /// Where a name lies in a buffer.
    public struct Span: Sendable, Equatable {
        /// First byte.
        public var offset: UInt32
        /// Number of bytes.
        public var length: UInt32

        /// Creates a span.
        @inlinable
        public init(offset: UInt32, length: UInt32) { (self.offset, self.length) = (offset, length) }
    }

    /// What a batch look-up says of a name that is not in the table.
    public static let absent: Int32 = -1

    /// Most names.
    public let limit: Int

    /// A place of the open-addressing table.
    ///
    /// `idPlusOne` is 0 in a free one.
    private struct Slot: Sendable {
        var hash: UInt64 = 0
        var offset: UInt32 = 0
        var length: UInt32 = 0
        var idPlusOne: UInt32 = 0
    }

    /// Bytes of all names, one after the other.
    private var bytes: [UInt8] = []
    /// Per name: end in `bytes`, after the start 0 of the first one.
    private var ends: [UInt32] = [0]
    /// By hash, at most a quarter full: most look-ups end at the first place.
    private var slots = [Slot](repeating: Slot(), count: 16)

    /// Creates an empty table for up to `limit` names, at most `SketchLimits.categories`.
    public init(limit: Int) {
        self.limit = min(max(limit, 0), SketchLimits.categories)
    }

    /// Restores a table; `nil` if the names are too many, too long or not all different.
    public init?(names: [[UInt8]], limit: Int) {
        self.init(limit: limit)
        guard names.count <= self.limit else { return nil }
        for (number, name) in names.enumerated() {
            let id = unsafe name.withUnsafeBytes { bytes in unsafe insert(bytes, hash: ByteHash.hash(of: bytes)) }
            guard id == number else { return nil }
        }
    }

    /// Restores a table from texts; `nil` if they are too many, too long or not all different.
    public init?(names: [String], limit: Int) {
        self.init(names: names.map { Array($0.utf8) }, limit: limit)
    }

    /// Number of names.
    public var count: Int { ends.count - 1 }

    /// Whether no further name will be taken.
    public var isFull: Bool { count >= limit }

    /// The names as texts in the order of their numbers; invalid UTF-8 is repaired.
    public var names: [String] { (0..<count).map { String(decoding: nameBytes(of: $0), as: UTF8.self) } }

    /// Bytes of a name; `id` is in `0..<count`.
    public func nameBytes(of id: Int) -> ArraySlice<UInt8> { bytes[Int(ends[id])..<Int(ends[id + 1])] }

    /// Number of a name; `nil` if it is not in the table.
    public func id(of name: UnsafeRawBufferPointer) -> Int? {
        unsafe id(of: name, hash: ByteHash.hash(of: name))
    }

    /// Number of a name whose hash is known; `nil` if it is not in the table.
    public func id(of name: UnsafeRawBufferPointer, hash: UInt64) -> Int? {
        let id = unsafe withStorage { slots, mask, bytes in
            // A name without bytes may have no address; none is read.
            unsafe CategoryTable.find(
                name.baseAddress ?? bytes, count: name.count, hash: hash, in: slots, mask: mask, bytes: bytes)
        }
        return id == CategoryTable.absent ? nil : Int(id)
    }

    /// Number of a text; `nil` if it is not in the table.
    public func id(of name: String) -> Int? {
        unsafe Array(name.utf8).withUnsafeBytes { bytes in unsafe id(of: bytes) }
    }

    /// Number of a name, given to it now if it is new; `nil` if it is new and the table is full, or if it is longer
    /// than `SketchLimits.nameBytes`.
    public mutating func insert(_ name: UnsafeRawBufferPointer) -> Int? {
        unsafe insert(name, hash: ByteHash.hash(of: name))
    }

    /// The same for a name whose hash is known.
    public mutating func insert(_ name: UnsafeRawBufferPointer, hash: UInt64) -> Int? {
        if let id = unsafe id(of: name, hash: hash) { return id }
        guard count < limit, name.count <= SketchLimits.nameBytes else { return nil }
        let start = bytes.count
        unsafe bytes.append(contentsOf: name)
        // At most `categories` names of `nameBytes` bytes, 2²⁸ together: nothing is cut off here.
        ends.append(UInt32(truncatingIfNeeded: bytes.count))
        if count * 4 > slots.count {
            let old = slots
            slots = [Slot](repeating: Slot(), count: old.count * 2)
            for slot in old where slot.idPlusOne != 0 { place(slot) }
        }
        place(
            Slot(
                hash: hash, offset: UInt32(truncatingIfNeeded: start), length: UInt32(truncatingIfNeeded: name.count),
                idPlusOne: UInt32(truncatingIfNeeded: count)))
        return count - 1
    }

    /// The same for a text.
    public mutating func insert(_ name: String) -> Int? {
        let copy = Array(name.utf8)
        return unsafe copy.withUnsafeBytes { bytes in unsafe insert(bytes) }
    }

    /// Numbers of many names.
    ///
    /// - Parameters:
    ///   - spans: Where the names lie, each inside `base`.
    ///   - base: The buffer they lie in.
    ///   - ids: Receives the number of each name, or `absent`. At least as many as `spans`.
    ///   - hashes: Receives `ByteHash.hash(of:)` of each name. At least as many as `spans`.
    public func find(
        _ spans: UnsafeBufferPointer<Span>, in base: UnsafeRawPointer, ids: UnsafeMutablePointer<Int32>,
        hashes: UnsafeMutablePointer<UInt64>
    ) {
        unsafe withStorage { slots, mask, bytes in
            for index in 0..<spans.count {
                let span = unsafe spans[index]
                let (name, count) = unsafe (base + Int(span.offset), Int(span.length))
                let hash = unsafe ByteHash.hash(name, count: count, seed: ByteHash.start)
                unsafe hashes[index] = hash
                unsafe ids[index] = CategoryTable.find(
                    name, count: count, hash: hash, in: slots, mask: mask, bytes: bytes)
            }
        }
    }

    /// Numbers of many names, given to the new ones as long as there is room.
    ///
    /// Parameters as for `find`.
    public mutating func insert(
        _ spans: UnsafeBufferPointer<Span>, in base: UnsafeRawPointer, ids: UnsafeMutablePointer<Int32>,
        hashes: UnsafeMutablePointer<UInt64>
    ) {
        unsafe find(spans, in: base, ids: ids, hashes: hashes)
        if isFull { return }
        for index in 0..<spans.count where unsafe ids[index] == CategoryTable.absent {
            let span = unsafe spans[index]
            let name = unsafe UnsafeRawBufferPointer(start: base + Int(span.offset), count: Int(span.length))
            let id = unsafe insert(name, hash: hashes[index])
            unsafe ids[index] = id.map { Int32(truncatingIfNeeded: $0) } ?? CategoryTable.absent
        }
    }

    /// Whether both have the same names with the same numbers, and the same limit.
    public static func == (left: CategoryTable, right: CategoryTable) -> Bool {
        left.limit == right.limit && left.ends == right.ends && left.bytes == right.bytes
    }

    /// Enters a name that is not in the table.
    private mutating func place(_ entry: Slot) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: entry.hash) & mask
        while slots[slot].idPlusOne != 0 { slot = (slot + 1) & mask }
        slots[slot] = entry
    }

    /// Calls `body` with the places, what to cut a hash to, and the bytes of the names.
    @inline(__always)
    private func withStorage<Result>(
        _ body: (_ slots: UnsafePointer<Slot>, _ mask: Int, _ bytes: UnsafeRawPointer) -> Result
    ) -> Result {
        unsafe slots.withUnsafeBufferPointer { slots in
            unsafe bytes.withUnsafeBytes { bytes in
                guard let first = slots.baseAddress else { preconditionFailure("a table has places from the start") }
                // Without names `bytes` may have no address, and none is read.
                return unsafe body(first, slots.count - 1, bytes.baseAddress ?? UnsafeRawPointer(first))
            }
        }
    }

    @inline(__always)
    private static func find(
        _ name: UnsafeRawPointer, count: Int, hash: UInt64, in slots: UnsafePointer<Slot>, mask: Int,
        bytes: UnsafeRawPointer
    ) -> Int32 {
        var place = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = unsafe slots[place]
            // One less than 0 is `absent`.
            let id = Int32(truncatingIfNeeded: slot.idPlusOne) &- 1
            if slot.hash == hash || id == absent {
                if id == absent { return id }
                if Int(slot.length) == count, unsafe isEqual(bytes + Int(slot.offset), name, count: count) { return id }
            }
            place = (place &+ 1) & mask
        }
    }

    /// Compares bytes by words; the last word reaches back into the one before.
    @inline(__always)
    private static func isEqual(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, count: Int) -> Bool {
        if count >= 8 {
            var offset = 0
            while offset &+ 8 <= count {
                if unsafe ByteHash.word(left + offset) != ByteHash.word(right + offset) { return false }
                offset &+= 8
            }
            return unsafe ByteHash.word(left + (count &- 8)) == ByteHash.word(right + (count &- 8))
        }
        if count >= 4 {
            return unsafe ByteHash.half(left) == ByteHash.half(right)
                && ByteHash.half(left + (count &- 4)) == ByteHash.half(right + (count &- 4))
        }
        for offset in 0..<count
        where unsafe left.load(fromByteOffset: offset, as: UInt8.self)
            != right.load(fromByteOffset: offset, as: UInt8.self)
        {
            return false
        }
        return true
    }
}
