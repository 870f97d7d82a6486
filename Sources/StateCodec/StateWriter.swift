/// Appends values to bytes: small unsigned numbers in few bytes, everything else in little-endian order.
struct StateWriter {
    var bytes: [UInt8] = []

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    /// LEB128: seven bits a byte, lowest first.
    mutating func count(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func count(_ value: Int) { count(UInt64(max(0, value))) }

    /// Signed numbers, small ones of either sign in few bytes.
    mutating func signed(_ value: Int64) { count(UInt64(bitPattern: value << 1 ^ value >> 63)) }

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

    mutating func word(_ value: UInt32) {
        for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
    }

    mutating func long(_ value: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
    }

    mutating func number(_ value: Double) { long(value.bitPattern) }

    mutating func text(_ value: String) {
        count(value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    /// How many, then each.
    mutating func list<Element>(_ values: [Element], _ write: (inout StateWriter, Element) -> Void) {
        count(values.count)
        for value in values { write(&self, value) }
    }

    mutating func counts(_ values: [UInt64]) { list(values) { $0.count($1) } }

    /// Counts among which zeros are common: a zero is followed by the number of further ones.
    mutating func sparseCounts(_ values: [UInt64]) {
        count(values.count)
        var next = 0
        while next < values.count {
            count(values[next])
            if values[next] == 0 {
                var end = next + 1
                while end < values.count, values[end] == 0 { end += 1 }
                count(end - next - 1)
                next = end
            } else {
                next += 1
            }
        }
    }

    /// Whether there is one, then it.
    mutating func optional<Value>(_ value: Value?, _ write: (inout StateWriter, Value) -> Void) {
        flag(value != nil)
        if let value { write(&self, value) }
    }

    mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }
}
