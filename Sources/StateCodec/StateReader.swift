/// Reads what `StateWriter` wrote, and believes nothing: every length is compared with what is left before it is used.
struct StateReader {
    /// Most elements that runs of zeros may stand for in one state: they are the only thing that grows when read.
    static let runLimit = 1 << 26
    /// Bytes of one text.
    static let textLimit = 1 << 16

    private let bytes: ArraySlice<UInt8>
    private var next: Int
    private var runs = 0

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        next = bytes.startIndex
    }

    /// Bytes not read yet.
    var left: Int { bytes.endIndex - next }

    mutating func byte() throws(StateError) -> UInt8 {
        guard next < bytes.endIndex else { throw .malformed("it ends too early") }
        defer { next += 1 }
        return bytes[next]
    }

    mutating func flag() throws(StateError) -> Bool {
        switch try byte() {
        case 0: return false
        case 1: return true
        default: throw .malformed("a flag is neither 0 nor 1")
        }
    }

    mutating func count() throws(StateError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            let byte = try self.byte()
            // The tenth byte holds the last of 64 bits.
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .malformed("a count has more than 64 bits")
    }

    /// A count of at most `limit`.
    mutating func count(upTo limit: Int, _ what: String) throws(StateError) -> Int {
        let value = try count()
        guard let count = Int(exactly: value), count <= limit else { throw .malformed("too many \(what)") }
        return count
    }

    mutating func signed() throws(StateError) -> Int64 {
        let value = try count()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func long() throws(StateError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 8) { value |= UInt64(try byte()) << shift }
        return value
    }

    mutating func word() throws(StateError) -> UInt32 {
        var value: UInt32 = 0
        for shift in stride(from: UInt32(0), to: 32, by: 8) { value |= UInt32(try byte()) << shift }
        return value
    }

    mutating func number() throws(StateError) -> Double { Double(bitPattern: try long()) }

    /// A number that is not NaN and not infinite.
    mutating func finite(_ what: String) throws(StateError) -> Double {
        let value = try number()
        guard value.isFinite else { throw .malformed("\(what) is not finite") }
        return value
    }

    /// The next bytes, of which there have to be so many.
    mutating func take(_ count: Int) throws(StateError) -> ArraySlice<UInt8> {
        guard count <= left else { throw .malformed("it ends too soon") }
        defer { next += count }
        return bytes[next..<next + count]
    }

    mutating func text() throws(StateError) -> String {
        let length = try count(upTo: min(Self.textLimit, left), "bytes of a text")
        let utf8 = bytes[next..<next + length]
        next += length
        guard let text = String(validating: utf8, as: UTF8.self) else { throw .malformed("a text is not UTF-8") }
        return text
    }

    /// How many, then each.
    ///
    /// Every element has at least `size` bytes.
    mutating func list<Element>(
        _ what: String, size: Int = 1, _ read: (inout StateReader) throws(StateError) -> Element
    ) throws(StateError) -> [Element] {
        let count = try count(upTo: left / size, what)
        var values: [Element] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }

    mutating func counts(_ what: String) throws(StateError) -> [UInt64] {
        try list(what) { (reader) throws(StateError) in try reader.count() }
    }

    mutating func sparseCounts(upTo limit: Int, _ what: String) throws(StateError) -> [UInt64] {
        let count = try count(upTo: limit, what)
        var values: [UInt64] = []
        while values.count < count {
            let value = try self.count()
            values.append(value)
            guard value == 0 else { continue }
            let run = try self.count(upTo: count - values.count, what)
            runs += run
            guard runs <= Self.runLimit else { throw .malformed("too many empty \(what)") }
            values.append(contentsOf: repeatElement(0, count: run))
        }
        return values
    }

    mutating func optional<Value>(
        _ read: (inout StateReader) throws(StateError) -> Value
    ) throws(StateError) -> Value? {
        try flag() ? try read(&self) : nil
    }

    /// A case of an enumeration by its raw value.
    mutating func choice<Choice: RawRepresentable>(
        _ what: String
    ) throws(StateError) -> Choice where Choice.RawValue == UInt8 {
        guard let choice = Choice(rawValue: try byte()) else { throw .malformed("an unknown \(what)") }
        return choice
    }

    /// A value that its parts may not add up to.
    func valid<Value>(_ value: Value?, _ what: String) throws(StateError) -> Value {
        guard let value else { throw .malformed("impossible \(what)") }
        return value
    }
}
