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
    /// Neighbours of an element in the order of arrival; -1 for none.
    ///
    /// A free place leads to the next one by `newer`.
    private struct Link {
        var older: Int32
        var newer: Int32
    }

    private var elements: [Element] = []
    private var links: [Link] = []
    /// Place of an element plus one, or 0, in open addressing; a power of two, at least twice the count.
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
            result.append(elements[Int(place)])
            place = links[Int(place)].newer
        }
        return result
    }

    /// The one that has waited longest.
    var oldest: Element? { oldestPlace < 0 ? nil : elements[Int(oldestPlace)] }

    /// The one that came last.
    var newest: Element? { newestPlace < 0 ? nil : elements[Int(newestPlace)] }

    /// The element at a place that `place(of:where:)` gave, valid until one is removed.
    subscript(place: Int) -> Element {
        get { elements[place] }
        set { elements[place] = newValue }
    }

    /// Place of an element with this identifier that passes the test.
    func place(of id: UInt64, where test: (Element) -> Bool = { _ in true }) -> Int? {
        guard count > 0 else { return nil }
        var slot = home(of: id)
        while index[slot] != 0 {
            let place = Int(index[slot]) - 1
            if elements[place].id == id, test(elements[place]) { return place }
            slot = (slot + 1) & (index.count - 1)
        }
        return nil
    }

    /// Adds an element as the newest.
    mutating func insert(_ element: Element) {
        if 2 * (count + 1) > index.count { growIndex() }
        let place: Int
        if freePlace >= 0 {
            place = Int(freePlace)
            freePlace = links[place].newer
            elements[place] = element
            links[place] = Link(older: newestPlace, newer: -1)
        } else {
            place = elements.count
            elements.append(element)
            links.append(Link(older: newestPlace, newer: -1))
        }
        let number = Int32(truncatingIfNeeded: place)
        if newestPlace >= 0 { links[Int(newestPlace)].newer = number } else { oldestPlace = number }
        newestPlace = number
        enter(place)
        count += 1
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
        let link = links[place]
        if link.older >= 0 { links[Int(link.older)].newer = link.newer } else { oldestPlace = link.newer }
        if link.newer >= 0 { links[Int(link.newer)].older = link.older } else { newestPlace = link.older }
        links[place] = Link(older: -1, newer: freePlace)
        freePlace = Int32(truncatingIfNeeded: place)
        count -= 1
        return elements[place]
    }

    // MARK: Index

    /// Identifiers are hashes, so their low bits will do.
    private func home(of id: UInt64) -> Int { Int(truncatingIfNeeded: id) & (index.count - 1) }

    private mutating func enter(_ place: Int) {
        var slot = home(of: elements[place].id)
        while index[slot] != 0 { slot = (slot + 1) & (index.count - 1) }
        index[slot] = Int32(truncatingIfNeeded: place + 1)
    }

    private mutating func growIndex() {
        index = [Int32](repeating: 0, count: max(64, 2 * index.count))
        var place = oldestPlace
        while place >= 0 {
            enter(Int(place))
            place = links[Int(place)].newer
        }
    }

    /// Empties the slot of a place, and moves what had to step over it.
    private mutating func removeFromIndex(_ place: Int) {
        let mask = index.count - 1
        var hole = home(of: elements[place].id)
        while Int(index[hole]) != place + 1 { hole = (hole + 1) & mask }
        var slot = (hole + 1) & mask
        while index[slot] != 0 {
            let home = home(of: elements[Int(index[slot]) - 1].id)
            if (slot - home) & mask >= (slot - hole) & mask {
                index[hole] = index[slot]
                hole = slot
            }
            slot = (slot + 1) & mask
        }
        index[hole] = 0
    }
}
