/// Something that waits under an identifier.
public protocol WaitingElement: Sendable, BitwiseCopyable {
    /// Hash of the identifier, never 0.
    var id: UInt64 { get }
    /// When it began to wait, in seconds since the epoch.
    var arrival: UInt32 { get }
}

/// What waits, by identifier and in the order in which it came.
///
/// Every operation takes constant time. Memory grows with the count to 8 bytes and one element each, and up to 16 bytes
/// of an index with open addressing; it is kept when elements leave.
public struct WaitingTable<Element: WaitingElement>: Sendable {
    /// An element and its neighbours in the order of arrival; -1 for none.
    ///
    /// A free place leads to the next one by `newer`.
    private struct Place: BitwiseCopyable {
        var element: Element
        var older: Int32
        var newer: Int32
    }

    private var places: [Place] = []
    /// Number of a place plus one, or 0, in open addressing; a power of two, at least twice the count.
    private var index: [Int32] = []
    private var oldestPlace: Int32 = -1
    private var newestPlace: Int32 = -1
    private var freePlace: Int32 = -1
    /// How many wait.
    public private(set) var count = 0

    /// Creates an empty table.
    public init() {}

    /// The elements, oldest first.
    public var inOrder: [Element] {
        var result: [Element] = []
        result.reserveCapacity(count)
        var place = oldestPlace
        while place >= 0 {
            result.append(places[Int(place)].element)
            place = places[Int(place)].newer
        }
        return result
    }

    /// The one that has waited longest.
    var oldest: Element? { oldestPlace < 0 ? nil : places[Int(oldestPlace)].element }

    /// The one that came last.
    var newest: Element? { newestPlace < 0 ? nil : places[Int(newestPlace)].element }

    /// The element at a place that `place(of:where:)` gave, valid until one is removed.
    ///
    /// Its identifier stays as it is.
    subscript(place: Int) -> Element {
        get { places[place].element }
        set { places[place].element = newValue }
    }

    /// Place of an element with this identifier that passes the test.
    @inline(__always)
    func place(of id: UInt64, where test: (Element) -> Bool = { _ in true }) -> Int? {
        guard count > 0 else { return nil }
        let mask = index.count &- 1
        var slot = Int(truncatingIfNeeded: id) & mask
        while index[slot] != 0 {
            let place = Int(index[slot]) &- 1
            if places[place].element.id == id, test(places[place].element) { return place }
            slot = (slot &+ 1) & mask
        }
        return nil
    }

    /// Adds an element as the newest.
    mutating func insert(_ element: Element) {
        if 2 &* (count &+ 1) > index.count { growIndex() }
        let entry = Place(element: element, older: newestPlace, newer: -1)
        let place: Int
        if freePlace >= 0 {
            place = Int(freePlace)
            freePlace = places[place].newer
            places[place] = entry
        } else {
            place = places.count
            places.append(entry)
        }
        let number = Int32(truncatingIfNeeded: place)
        if newestPlace >= 0 { places[Int(newestPlace)].newer = number } else { oldestPlace = number }
        newestPlace = number
        enter(number, id: element.id)
        count &+= 1
    }

    /// Takes the oldest element out.
    mutating func removeOldest() -> Element? {
        guard oldestPlace >= 0 else { return nil }
        return remove(at: Int(oldestPlace))
    }

    /// Takes out the oldest element if it has waited since before `arrival`.
    mutating func removeOldest(before arrival: UInt32) -> Element? {
        guard let oldest, oldest.arrival < arrival else { return nil }
        return removeOldest()
    }

    /// Takes the element at a place out.
    @discardableResult
    mutating func remove(at place: Int) -> Element {
        removeFromIndex(place)
        let entry = places[place]
        if entry.older >= 0 { places[Int(entry.older)].newer = entry.newer } else { oldestPlace = entry.newer }
        if entry.newer >= 0 { places[Int(entry.newer)].older = entry.older } else { newestPlace = entry.older }
        places[place].newer = freePlace
        freePlace = Int32(truncatingIfNeeded: place)
        count &-= 1
        return entry.element
    }

    // MARK: Index

    /// Identifiers are hashes, so their low bits will do.
    private func home(of id: UInt64) -> Int { Int(truncatingIfNeeded: id) & (index.count &- 1) }

    @inline(__always)
    private mutating func enter(_ place: Int32, id: UInt64) {
        let mask = index.count &- 1
        var slot = Int(truncatingIfNeeded: id) & mask
        while index[slot] != 0 { slot = (slot &+ 1) & mask }
        index[slot] = place &+ 1
    }

    private mutating func growIndex() {
        index = [Int32](repeating: 0, count: max(64, 2 * index.count))
        var place = oldestPlace
        while place >= 0 {
            enter(place, id: places[Int(place)].element.id)
            place = places[Int(place)].newer
        }
    }

    /// Empties the slot of a place, and moves what had to step over it.
    private mutating func removeFromIndex(_ place: Int) {
        let mask = index.count &- 1
        var hole = home(of: places[place].element.id)
        while Int(index[hole]) != place &+ 1 { hole = (hole &+ 1) & mask }
        var slot = (hole &+ 1) & mask
        while index[slot] != 0 {
            let home = home(of: places[Int(index[slot]) &- 1].element.id)
            if (slot &- home) & mask >= (slot &- hole) & mask {
                index[hole] = index[slot]
                hole = slot
            }
            slot = (slot &+ 1) & mask
        }
        index[hole] = 0
    }
}
