import Sketches
import TestKit
import Testing

@Suite("Byte hash")
struct ByteHashTests {
    /// The test vectors of wyhash final 4 have seeds 0 to 6; ours is 0, so these were computed once and must stay.
    @Test("never changes")
    func vectors() {
        #expect(ByteHash.hash(of: "") == 0x9322_8a4d_e0ee_c5a2)
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
