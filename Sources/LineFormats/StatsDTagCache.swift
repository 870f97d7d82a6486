import Events

/// Remembers how the tags of recent lines about models were read, so that tags that come again are compared, not read.
///
/// An entry says where in the batch its tags stood when they were read. It holds as long as the very bytes at that
/// place are those of the line at hand: that is looked at each time, so an entry of another batch, or of tags that only
/// share a hash, is no danger. What is found refers to the earlier place; so all lines with equal tags name one place.
@safe
struct StatsDTagCache {
    /// Entries; a power of two.
    static let capacity = 64

    /// Tags that were read.
    struct Entry {
        /// Offset of the first byte.
        var from = 0
        /// Number of bytes; 0 in a free entry.
        var count = 0
        /// Between key and value.
        var separator = Byte.colon
        var tags = StatsDModelTags()
    }

    let entries: UnsafeMutablePointer<Entry>

    /// A cache in memory for `capacity` entries.
    init(_ entries: UnsafeMutablePointer<Entry>) { unsafe self.entries = entries }

    /// The tags of a line, read if they are not known.
    @inline(__always)
    func tags(of line: StatsDLine, _ numbers: DecimalReader) -> StatsDModelTags {
        let bytes = line.bytes
        let (from, count) = (line.tagsFrom, line.tagsTo &- line.tagsFrom)
        // Without a word to compare, reading is as fast.
        guard count >= 8 else { return StatsDModelTags(line, numbers) }
        let entry = unsafe entries + Self.place(bytes, from, count)
        if unsafe entry.pointee.count == count, unsafe entry.pointee.separator == line.separator,
            unsafe entry.pointee.from &+ count <= from, unsafe Self.isEqual(bytes, entry.pointee.from, from, count)
        {
            return unsafe entry.pointee.tags
        }
        let tags = StatsDModelTags(line, numbers)
        unsafe entry.pointee = Entry(from: from, count: count, separator: line.separator, tags: tags)
        return tags
    }

    /// The one entry where tags may be: a hash of all their bytes.
    @inline(__always)
    private static func place(_ bytes: ByteWindow, _ from: Int, _ count: Int) -> Int {
        var hash = UInt64(truncatingIfNeeded: count)
        let last = from &+ count &- 8
        var at = from
        while at < last {
            hash = (hash ^ bytes.word(at)) &* 0x9E37_79B9_7F4A_7C15
            at &+= 8
        }
        hash = (hash ^ bytes.word(last)) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: hash &>> UInt64(64 &- Self.capacity.trailingZeroBitCount))
    }

    /// Whether two stretches of at least eight bytes are equal; the last word may reach back into the one before.
    @inline(__always)
    private static func isEqual(_ bytes: ByteWindow, _ left: Int, _ right: Int, _ count: Int) -> Bool {
        let last = count &- 8
        var at = 0
        while at < last {
            if bytes.word(left &+ at) != bytes.word(right &+ at) { return false }
            at &+= 8
        }
        return bytes.word(left &+ last) == bytes.word(right &+ last)
    }
}
