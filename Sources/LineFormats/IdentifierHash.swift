/// A 64-bit hash of an identifier's bytes, to tell events apart and to join them.
///
/// Never 0, which stands for "none".
///
/// Two multiplications per 16 bytes, after wyhash. The values are kept between versions: changing the function would
/// part pending events from their outcomes.
enum IdentifierHash {
    @inline(__always)
    static func hash(_ bytes: ByteWindow, _ from: Int, _ count: Int) -> UInt64 {
        var state = 0x2D35_8DCC_AA6C_78A5 ^ UInt64(truncatingIfNeeded: count)
        var at = from
        var left = count
        while left > 16 {
            state = fold(bytes.word(at) ^ 0x8BB8_4B93_962E_ACC9, bytes.word(at &+ 8) ^ state)
            at &+= 16
            left &-= 16
        }
        let first = masked(bytes.word(at), left)
        let second = left > 8 ? masked(bytes.word(at &+ 8), left &- 8) : 0
        let result = fold(fold(first ^ 0x4B33_A62E_D433_D4A3, second ^ state), 0x4D5A_2DA5_1DE1_AA47)
        return result == 0 ? 1 : result
    }

    /// The low `count` bytes of a word; all of it from 8 on, none below 1.
    @inline(__always)
    private static func masked(_ word: UInt64, _ count: Int) -> UInt64 {
        count >= 8 ? word : word & (1 &<< UInt64(truncatingIfNeeded: 8 &* count) &- 1)
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
