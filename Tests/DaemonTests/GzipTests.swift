import TestKit
import Testing

@testable import Daemon

@Suite struct GzipTests {
    private func random(_ count: Int) -> [UInt8] {
        var generator = SplitMix64(seed: 7)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next() >> 60) }
    }

    private func decompressed(_ bytes: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        return Gzip.decompress(bytes) { result += $0 } ? result : nil
    }

    @Test(arguments: [0, 1, 100, 300_000])
    func roundTrip(count: Int) throws {
        let bytes = random(count)
        let compressed = try #require(Gzip.compress(bytes))
        #expect(Gzip.isGzip(compressed[...]))
        #expect(decompressed(compressed) == bytes)
    }

    @Test func severalMembers() throws {
        let first = try #require(Gzip.compress([1, 2]))
        let second = try #require(Gzip.compress([3]))
        #expect(decompressed(first + second) == [1, 2, 3])
    }

    @Test func damage() throws {
        let compressed = try #require(Gzip.compress(random(10_000)))
        for length in stride(from: 0, to: compressed.count, by: 97) where length > 0 {
            #expect(decompressed(Array(compressed[..<length])) == nil)
        }
        for place in [3, compressed.count / 2, compressed.count - 3] {
            var damaged = compressed
            damaged[place] ^= 0x55
            #expect(decompressed(damaged) == nil, "\(place)")
        }
    }

    // MARK: Piece by piece

    private func read(_ bytes: [UInt8], pieces size: Int) throws -> [UInt8]? {
        let reader = GzipReader()
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            try reader.decompress(bytes[start..<min(start + size, bytes.count)], into: &result)
        }
        return reader.isComplete ? result : nil
    }

    /// Pieces of any size give what the whole gives; 300,000 equal bytes come out of a few hundred.
    @Test(arguments: [1, 7, 100, 1 << 20]) func pieces(size: Int) throws {
        for bytes in [[], [5], random(3_000), [UInt8](repeating: 9, count: 300_000)] {
            let compressed = try #require(Gzip.compress(bytes))
            #expect(try read(compressed, pieces: size) == bytes)
            #expect(try read(compressed + compressed, pieces: size) == bytes + bytes)
            #expect(try read(compressed.dropLast(), pieces: size) == nil)
        }
    }

    @Test func damagedPieces() throws {
        var compressed = try #require(Gzip.compress(random(10_000)))
        compressed[compressed.count - 3] ^= 0x55
        #expect(throws: GzipReader.Damage.self) { try read(compressed, pieces: 100) }
        #expect(throws: GzipReader.Damage.self) { try read([0x1F, 0x8B, 0, 0, 0], pieces: 2) }
    }
}
