/// The name of a field, as it is compared.
struct FieldName {
    /// The name and an equals sign, among the names.
    let name: ExpectedBytes
    let hash: UInt64
    /// The fields that followed this one when they were last looked up, the last one first: logs alternate between
    /// orders, and leave fields out.
    var next: Int32
    var other: Int32

    /// The name at `from..<to`.
    ///
    /// - Parameter none: Index of the one that nothing matches.
    init(_ names: ByteWindow, _ from: Int, _ to: Int, none: Int) {
        name = ExpectedBytes(names, from, to + 1)
        hash = IdentifierHash.hash(names, from, to - from)
        (next, other) = (Int32(truncatingIfNeeded: none), Int32(truncatingIfNeeded: none))
    }

    /// The one that nothing matches; the first field of a line follows it.
    init(none: Int) {
        (name, hash) = (.never, 0)
        (next, other) = (Int32(truncatingIfNeeded: none), Int32(truncatingIfNeeded: none))
    }
}

/// The memory of a `FieldTable` as plain pointers: copying them costs nothing and counts nothing.
@safe
struct FieldLookup {
    /// What to do with each field.
    let targets: UnsafeMutablePointer<TextTarget>
    let count: Int
    /// The names, one after the other, each with an equals sign and padded to whole words.
    let names: ByteWindow
    /// The fields, then the one that nothing matches.
    let fields: UnsafeMutablePointer<FieldName>
    /// Index plus one, or 0, in open addressing.
    let slots: UnsafeMutablePointer<Int32>
    let mask: Int

    /// Index of the field named `from..<to`, or `nil`.
    func find(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Int? {
        let hash = IdentifierHash.hash(bytes, from, to &- from)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let index = unsafe Int(slots[slot]) &- 1
            if index < 0 { return nil }
            if unsafe fields[index].hash == hash, isNamed(index, bytes, from, to) { return index }
            slot = (slot &+ 1) & mask
        }
    }

    private func isNamed(_ index: Int, _ bytes: ByteWindow, _ from: Int, _ to: Int) -> Bool {
        let field = unsafe fields[index].name
        guard Int(field.length) == to &- from &+ 1 else { return false }
        let name = Int(field.from) &- from
        for at in from..<to where bytes[at] != names[name &+ at] { return false }
        return true
    }

    // MARK: - Lines that have their fields in the same order

    /// The one that nothing matches; the first field of a line follows it.
    @inline(__always)
    var start: Int { count }

    /// The field that is likely to follow another one.
    @inline(__always)
    func next(_ previous: Int) -> Int { unsafe Int(fields[previous].next) }

    /// Goes behind the name of a field and an equals sign, if they stand at `at`.
    @inline(__always)
    func step(over index: Int, _ bytes: ByteWindow, _ at: inout Int) -> Bool {
        let name = unsafe fields[index].name
        guard name.stand(bytes, at, in: names) else { return false }
        at &+= Int(name.length)
        return true
    }

    /// Index of the field named `from..<to`, which was not the one expected behind `previous`, or `nil`.
    @inline(never)
    func find(_ bytes: ByteWindow, _ from: Int, _ to: Int, after previous: Int) -> Int? {
        let other = unsafe Int(fields[previous].other)
        guard let index = isNamed(other, bytes, from, to) ? other : find(bytes, from, to) else { return nil }
        unsafe fields[previous].other = fields[previous].next
        unsafe fields[previous].next = Int32(truncatingIfNeeded: index)
        return index
    }
}
