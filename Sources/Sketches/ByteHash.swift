/// A 64-bit hash of bytes that never changes: its values are kept in state files.
///
/// It is wyhash "final 4" with its default secret and seed 0: good mixing, about 1 ns for a short key. It is no defence
/// against someone who searches for collisions, so whoever compares by it compares the bytes as well, or only
/// estimates.
///
/// - Source: Wang Yi, https://github.com/wangyi-fudan/wyhash (public domain).
public enum ByteHash {
    /// Hash of a stretch of bytes.
    @inlinable
    public static func hash(of bytes: UnsafeRawBufferPointer) -> UInt64 {
        guard let base = bytes.baseAddress else { return finish(0, 0, seed: start, count: 0) }
        return unsafe hash(base, count: bytes.count, seed: start)
    }

    /// Hash of a number.
    ///
    /// Both zeros are one number.
    @inlinable
    public static func hash(of value: Double) -> UInt64 {
        hash(of: (value + 0).bitPattern)
    }

    /// Hash of a 64-bit pattern.
    @inlinable
    public static func hash(of bits: UInt64) -> UInt64 {
        let first = (bits ^ secret0).multipliedFullWidth(by: secret1)
        return mix(first.low ^ secret0, first.high ^ secret1)
    }

    /// Hash of a text's UTF-8.
    public static func hash(of text: some StringProtocol) -> UInt64 {
        let copy = Array(text.utf8)
        return unsafe copy.withUnsafeBytes { bytes in unsafe hash(of: bytes) }
    }

    @usableFromInline static let secret0: UInt64 = 0x2d35_8dcc_aa6c_78a5
    @usableFromInline static let secret1: UInt64 = 0x8bb8_4b93_962e_acc9
    @usableFromInline static let secret2: UInt64 = 0x4b33_a62e_d433_d4a3
    @usableFromInline static let secret3: UInt64 = 0x4d5a_2da5_1de1_aa47

    /// What a seed of 0 becomes before the first byte.
    @inlinable static var start: UInt64 { mix(secret0, secret1) }

    /// Hash of `count` readable bytes from a seed that is already mixed.
    @inlinable
    static func hash(_ base: UnsafeRawPointer, count: Int, seed: UInt64) -> UInt64 {
        if count <= 16 {
            if count >= 4 {
                let middle = (count >> 3) << 2
                let a = unsafe half(base) << 32 | half(base + middle)
                let b = unsafe half(base + (count - 4)) << 32 | half(base + (count - 4 - middle))
                return finish(a, b, seed: seed, count: count)
            }
            guard count > 0 else { return finish(0, 0, seed: seed, count: 0) }
            let (first, middle, last) = unsafe (
                base.load(as: UInt8.self), (base + (count >> 1)).load(as: UInt8.self),
                (base + (count - 1)).load(as: UInt8.self)
            )
            return finish(UInt64(first) << 16 | UInt64(middle) << 8 | UInt64(last), 0, seed: seed, count: count)
        }
        return unsafe hashLong(base, count: count, seed: seed)
    }

    /// The same for more than 16 bytes.
    @usableFromInline
    static func hashLong(_ base: UnsafeRawPointer, count: Int, seed: UInt64) -> UInt64 {
        var seed = seed
        var position = unsafe base
        var left = count
        if left >= 48 {
            var (second, third) = (seed, seed)
            repeat {
                seed = unsafe mix(word(position) ^ secret1, word(position + 8) ^ seed)
                second = unsafe mix(word(position + 16) ^ secret2, word(position + 24) ^ second)
                third = unsafe mix(word(position + 32) ^ secret3, word(position + 40) ^ third)
                unsafe position += 48
                left -= 48
            } while left >= 48
            seed ^= second ^ third
        }
        while left > 16 {
            seed = unsafe mix(word(position) ^ secret1, word(position + 8) ^ seed)
            unsafe position += 16
            left -= 16
        }
        // The last 16 bytes of the key, which may reach back into bytes already mixed.
        let end = unsafe position + left
        return unsafe finish(word(end - 16), word(end - 8), seed: seed, count: count)
    }

    @inlinable
    static func finish(_ a: UInt64, _ b: UInt64, seed: UInt64, count: Int) -> UInt64 {
        let product = (a ^ secret1).multipliedFullWidth(by: b ^ seed)
        return mix(product.low ^ secret0 ^ UInt64(truncatingIfNeeded: count), product.high ^ secret1)
    }

    @inlinable
    static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    @inlinable
    static func word(_ base: UnsafeRawPointer) -> UInt64 {
        unsafe UInt64(littleEndian: base.loadUnaligned(as: UInt64.self))
    }

    @inlinable
    static func half(_ base: UnsafeRawPointer) -> UInt64 {
        unsafe UInt64(UInt32(littleEndian: base.loadUnaligned(as: UInt32.self)))
    }
}
