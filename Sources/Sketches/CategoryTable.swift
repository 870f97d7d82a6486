/// Numbers names densely in the order of their first appearance, up to a limit.
///
/// A name is bytes: it is found by hash and compared byte by byte, never as a `String`. About 4 ns per look-up of a short
/// name, no allocation unless the name is new.
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

    /// Bytes of all names, one after the other.
    private var bytes: [UInt8] = []
    /// Per name: end in `bytes`, after the start 0 of the first one.
    private var ends: [UInt32] = [0]
    /// Per name: its hash.
    private var hashes: [UInt64] = []
    /// Open addressing by hash: number of the name plus 1, 0 for a free slot.
    ///
    /// At most half of them are taken.
    private var slots: [UInt32] = [UInt32](repeating: 0, count: 16)

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
    public var count: Int { hashes.count }

    /// Whether no further name will be taken.
    public var isFull: Bool { hashes.count >= limit }

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
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let id = Int(slots[slot]) - 1
            if hashes[id] == hash, unsafe isEqual(id, name) { return id }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Number of a text; `nil` if it is not in the table.
    public func id(of name: String) -> Int? {
        unsafe Array(name.utf8).withUnsafeBytes { bytes in unsafe id(of: bytes) }
    }

    /// Number of a name, given to it now if it is new; `nil` if it is new and the table is full, or if it is longer than
    /// `SketchLimits.nameBytes`.
    public mutating func insert(_ name: UnsafeRawBufferPointer) -> Int? {
        unsafe insert(name, hash: ByteHash.hash(of: name))
    }

    /// The same for a name whose hash is known.
    public mutating func insert(_ name: UnsafeRawBufferPointer, hash: UInt64) -> Int? {
        if let id = unsafe id(of: name, hash: hash) { return id }
        guard hashes.count < limit, name.count <= SketchLimits.nameBytes else { return nil }
        unsafe bytes.append(contentsOf: name)
        // At most `categories` names of `nameBytes` bytes: 2²⁸.
        ends.append(UInt32(truncatingIfNeeded: bytes.count))
        hashes.append(hash)
        if hashes.count * 2 > slots.count {
            slots = [UInt32](repeating: 0, count: slots.count * 2)
            for id in hashes.indices { place(id) }
        } else {
            place(hashes.count - 1)
        }
        return hashes.count - 1
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
        for index in 0..<spans.count {
            let span = unsafe spans[index]
            let name = unsafe UnsafeRawBufferPointer(start: base + Int(span.offset), count: Int(span.length))
            let hash = unsafe ByteHash.hash(of: name)
            unsafe hashes[index] = hash
            unsafe ids[index] = id(of: name, hash: hash).map { Int32(truncatingIfNeeded: $0) } ?? CategoryTable.absent
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

    /// Enters a number into a free slot.
    private mutating func place(_ id: Int) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hashes[id]) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = UInt32(truncatingIfNeeded: id + 1)
    }

    /// Whether a name in the table has exactly these bytes.
    private func isEqual(_ id: Int, _ name: UnsafeRawBufferPointer) -> Bool {
        let start = Int(ends[id])
        guard Int(ends[id + 1]) - start == name.count else { return false }
        for index in 0..<name.count where unsafe bytes[start + index] != name[index] { return false }
        return true
    }
}
