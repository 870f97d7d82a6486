import TestKit
import Testing

@testable import Sketches

@Suite("Byte hash")
struct ByteHashTests {
    /// The author's test vectors, whose seeds are 0 to 6; ours is always 0.
    @Test(
        "is wyhash final 4",
        arguments: zip(
            [
                "", "a", "abc", "message digest", "abcdefghijklmnopqrstuvwxyz",
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                String(repeating: "1234567890", count: 8),
            ],
            [
                0x9322_8a4d_e0ee_c5a2, 0xc5ba_c3db_1787_13c4, 0xa97f_2f7b_1d9b_3314, 0x786d_1f1d_f380_1df4,
                0xdca5_a813_8ad3_7c87, 0xb9e7_34f1_17cf_af70, 0x6cc5_eab4_9a92_d617,
            ] as [UInt64]))
    func vectors(text: String, expected: UInt64) throws {
        let seed: UInt64 = [0: 0, 1: 1, 3: 2, 14: 3, 26: 4, 62: 5, 80: 6][text.utf8.count] ?? 0
        let mixed = seed ^ ByteHash.mix(seed ^ ByteHash.secret0, ByteHash.secret1)
        let hash = unsafe Array(text.utf8).withUnsafeBytes { bytes in
            unsafe bytes.baseAddress.map { unsafe ByteHash.hash($0, count: bytes.count, seed: mixed) }
        }
        #expect(hash == expected)
        if seed == 0 { #expect(ByteHash.hash(of: text) == expected) }
    }

    @Test("differs for every length and every changed byte")
    func sensitivity() {
        var seen: Set<UInt64> = []
        var bytes = (0..<130).map { UInt8($0) }
        for length in 0...130 { seen.insert(hash(bytes[..<length])) }
        for index in bytes.indices {
            bytes[index] ^= 0x80
            seen.insert(hash(bytes[...]))
            bytes[index] ^= 0x80
        }
        #expect(seen.count == 131 + 130)
    }

    @Test("reads nothing outside of its bytes")
    func slices() {
        let bytes = (0..<64).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        for start in 0..<20 {
            for length in 0..<40 {
                #expect(hash(bytes[start..<(start + length)]) == hash(Array(bytes[start..<(start + length)])[...]))
            }
        }
    }

    @Test("numbers: both zeros are one, neighbours are not")
    func numbers() {
        #expect(ByteHash.hash(of: 0.0) == ByteHash.hash(of: -0.0))
        #expect(ByteHash.hash(of: 1.0) != ByteHash.hash(of: 1.0.nextUp))
        #expect(ByteHash.hash(of: 1.0) == ByteHash.hash(of: 1.0.bitPattern))
    }

    @Test("half of the bits change with any bit of the input")
    func avalanche() {
        var random = SplitMix64(seed: 5)
        for bit in 0..<64 {
            var changed = 0
            for _ in 0..<200 {
                let value = random.next()
                changed += (ByteHash.hash(of: value) ^ ByteHash.hash(of: value ^ (1 << UInt64(bit)))).nonzeroBitCount
            }
            // 12,800 bits with standard deviation 57: 5 of them to either side.
            #expect(abs(changed - 6_400) < 285, "bit \(bit)")
        }
    }

    private func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        unsafe bytes.withUnsafeBytes { unsafe ByteHash.hash(of: $0) }
    }
}
