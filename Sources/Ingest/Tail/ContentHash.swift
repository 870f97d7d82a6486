/// A 64-bit hash of bytes, stable across versions: it is stored with a position and proves that a file is unchanged.
///
/// Eight bytes at a time are mixed in by multiplication and shifts (the finaliser of SplitMix64). It tells contents
/// apart by accident, not against an adversary: who may write the log may write anything into it.
enum ContentHash {
    /// Hash of bytes.
    static func of(_ bytes: some Collection<UInt8>) -> UInt64 {
        if let hash = bytes.withContiguousStorageIfAvailable({ unsafe hash(UnsafeRawBufferPointer($0)) }) {
            return hash
        }
        return unsafe Array(bytes).withUnsafeBytes { unsafe hash($0) }
    }

    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
        var at = 0
        while at + 8 <= bytes.count {
            let word = unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            hash = mix(hash ^ UInt64(littleEndian: word))
            at += 8
        }
        var (rest, shift): (UInt64, UInt64) = (0, 0)
        while at < bytes.count {
            rest |= unsafe UInt64(bytes[at]) << shift
            shift += 8
            at += 1
        }
        return mix(mix(hash ^ rest) ^ UInt64(bytes.count))
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value &* 0xBF58_476D_1CE4_E5B9
        z ^= z >> 30
        z &*= 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
