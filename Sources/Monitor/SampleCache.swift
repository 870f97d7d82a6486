import Sketches

/// What a raw metric name with its tags means.
enum SampleTarget: Equatable {
    /// A series, by number, and the factor of its values.
    case series(Int, scale: Double)
    /// A signal of a model, by the number of the route.
    case route(Int)
    /// A line that is not taken, and why.
    case refused(SampleRefusal)
}

/// Why a sample finds no series.
enum SampleRefusal: Error, Equatable {
    /// The name belongs to a metric of another type.
    case typeConflict
    /// The name is one of the daemon's own.
    case nameConflict
    /// There are as many metrics as there may be.
    case metricLimit
    /// No rule matches, and only matched metrics are wanted.
    case unmapped
    /// A rule makes a count negative.
    case negativeCount
    /// A rule says so.
    case mappingRule
    /// A rule makes it a signal of a model that it does not name.
    case noSignal
}

/// Remembers the meaning of names as they come, so that a known one costs one look-up.
///
/// A key is the kind, the name and the tags in bytes. Who fills it empties it when it is full: it only saves time.
struct SampleCache {
    private struct Entry {
        var hash: UInt64
        var offset: Int
        var nameCount: Int32
        var tagCount: Int32
        var kind: UInt8
        var target: SampleTarget
    }

    private var bytes: [UInt8] = []
    private var entries: [Entry] = []
    /// Numbers of entries plus one by hash, at most half full; 0 is free.
    private var places: [UInt32] = []

    init() { clear() }

    /// Forgets everything.
    mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        places = [UInt32](repeating: 0, count: 64)
    }

    /// The hash of a key.
    static func hash(kind: UInt8, name: UnsafeRawBufferPointer, tags: UnsafeRawBufferPointer?) -> UInt64 {
        let nameHash = unsafe ByteHash.hash(of: name)
        guard let tags = unsafe tags else { return nameHash ^ UInt64(kind) }
        // Multiplying keeps name and tags from cancelling each other out.
        return unsafe (nameHash &* 0x9E37_79B9_7F4A_7C15) ^ ByteHash.hash(of: tags) ^ UInt64(kind)
    }

    /// What a key means; `nil` if it is not remembered.
    func target(
        hash: UInt64, kind: UInt8, name: UnsafeRawBufferPointer, tags: UnsafeRawBufferPointer?
    ) -> SampleTarget? {
        let mask = places.count &- 1
        var place = Int(truncatingIfNeeded: hash) & mask
        let tagCount = unsafe tags?.count ?? 0
        while places[place] != 0 {
            let entry = entries[Int(places[place]) &- 1]
            if entry.hash == hash, entry.kind == kind, Int(entry.nameCount) == name.count,
                Int(entry.tagCount) == tagCount, unsafe isEqual(name, at: entry.offset),
                unsafe tags.map({ unsafe isEqual($0, at: entry.offset + name.count) }) ?? true
            {
                return entry.target
            }
            place = (place &+ 1) & mask
        }
        return nil
    }

    /// Whether it has to be emptied before it takes another key.
    var isFull: Bool { entries.count >= CustomLimits.cachedKeys || bytes.count >= CustomLimits.cachedBytes }

    /// Remembers what a key means; the key is not in the table.
    mutating func insert(
        hash: UInt64, kind: UInt8, name: UnsafeRawBufferPointer, tags: UnsafeRawBufferPointer?, target: SampleTarget
    ) {
        let length = unsafe name.count + (tags?.count ?? 0)
        if entries.count * 2 >= places.count { grow() }
        entries.append(
            Entry(
                hash: hash, offset: bytes.count, nameCount: Int32(truncatingIfNeeded: name.count),
                tagCount: Int32(truncatingIfNeeded: length - name.count), kind: kind, target: target))
        unsafe bytes.append(contentsOf: name)
        if let tags = unsafe tags { unsafe bytes.append(contentsOf: tags) }
        place(entries.count - 1)
    }

    private mutating func grow() {
        places = [UInt32](repeating: 0, count: places.count * 2)
        for number in entries.indices { place(number) }
    }

    private mutating func place(_ number: Int) {
        let mask = places.count - 1
        var place = Int(truncatingIfNeeded: entries[number].hash) & mask
        while places[place] != 0 { place = (place + 1) & mask }
        places[place] = UInt32(number + 1)
    }

    /// Compares by words; the last word reaches back into the one before.
    @inline(__always)
    private func isEqual(_ text: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        unsafe bytes.withUnsafeBytes { bytes in
            let known = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + text.count)])
            guard text.count >= 8 else { return unsafe known.elementsEqual(text) }
            func isSame(_ at: Int) -> Bool {
                unsafe known.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    == text.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            }
            var at = 0
            while at &+ 8 <= text.count {
                if !isSame(at) { return false }
                at &+= 8
            }
            return isSame(text.count &- 8)
        }
    }
}
