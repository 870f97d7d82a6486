/// CRC-32C (Castagnoli), as in iSCSI and ext4: finds every burst error of up to 32 bits.
///
/// - Source: RFC 3720, appendix B.4. Eight bytes a step with eight tables (Kounavis and Berry, 2005).
enum Crc32c {
    /// `tables[k][b]` is what byte `b` contributes when `k` more bytes follow it in the step.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
            tables[byte] = value
        }
        for table in 1..<8 {
            for byte in 0..<256 {
                let previous = tables[(table - 1) * 256 + byte]
                tables[table * 256 + byte] = previous >> 8 ^ tables[Int(previous & 0xFF)]
            }
        }
        return tables
    }()

    /// Checksum of bytes.
    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe tables.withUnsafeBufferPointer { tables in unsafe checksum(bytes, tables: tables) }
        }
    }

    private static func checksum(_ bytes: UnsafeRawBufferPointer, tables: UnsafeBufferPointer<UInt32>) -> UInt32 {
        var value = ~UInt32(0)
        var offset = 0
        while offset &+ 8 <= bytes.count {
            let word = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let mixed = word ^ UInt64(value)
            var next: UInt32 = 0
            for place in 0..<8 {
                let byte = Int(truncatingIfNeeded: mixed >> UInt64(8 * place)) & 0xFF
                next ^= unsafe tables[(7 &- place) &* 256 &+ byte]
            }
            value = next
            offset &+= 8
        }
        while offset < bytes.count {
            value = unsafe value >> 8 ^ tables[Int((value ^ UInt32(bytes[offset])) & 0xFF)]
            offset &+= 1
        }
        return ~value
    }
}
