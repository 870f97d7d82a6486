import Foundation
import TestKit
import Testing

/// Inputs of the fuzzers, without the fuzzer: the corpus, every crash there ever was, and some chance.
@Suite struct FuzzReplayTests {
    /// One input by the path below `Tests/Fuzzing`.
    static func inputs(_ harness: String) -> [(name: String, bytes: [UInt8])] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fuzzing")
        return ["Corpus", "Crashes"].flatMap { kind -> [(String, [UInt8])] in
            let folder = root.appending(path: kind).appending(path: harness)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            return names.sorted().map { name in
                ("\(kind)/\(harness)/\(name)", Array((try? Data(contentsOf: folder.appending(path: name))) ?? Data()))
            }
        }
    }

    /// Some bytes of an input changed, doubled or taken away.
    static func mutated(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = bytes
        let alphabet = Array("0123456789.:|@#,=[]cgmshdTe-+{}_\n \u{e9}".utf8)
        for _ in 0...random.next() % 6 where !bytes.isEmpty {
            let place = Int(random.next() % UInt64(bytes.count))
            switch random.next() % 4 {
            case 0: bytes[place] = alphabet[Int(random.next() % UInt64(alphabet.count))]
            case 1: bytes.insert(alphabet[Int(random.next() % UInt64(alphabet.count))], at: place)
            case 2: bytes.remove(at: place)
            default: bytes.insert(contentsOf: bytes[place..<min(place + 8, bytes.count)], at: place)
            }
        }
        return bytes
    }

    @Test func statsD() {
        let inputs = Self.inputs("statsd")
        #expect(inputs.count >= 10)
        var random = SplitMix64(seed: 1)
        for (name, bytes) in inputs {
            #expect(FuzzChecks.statsD(bytes) == nil, "\(name)")
            for _ in 0..<50 {
                let other = Self.mutated(bytes, &random)
                #expect(FuzzChecks.statsD(other) == nil, "\(other)")
            }
        }
    }

    @Test func patterns() {
        let inputs = Self.inputs("pattern")
        #expect(inputs.count >= 5)
        var random = SplitMix64(seed: 2)
        for (name, bytes) in inputs {
            #expect(FuzzChecks.pattern(bytes) == nil, "\(name)")
            for _ in 0..<50 {
                let other = Self.mutated(bytes, &random)
                #expect(FuzzChecks.pattern(other) == nil, "\(other)")
            }
        }
    }

    @Test(arguments: [("records", 20), ("bodies", 3)])
    func records(harness: String, count: Int) {
        let inputs = Self.inputs(harness)
        #expect(inputs.count >= count)
        let check = harness == "records" ? FuzzChecks.records : FuzzChecks.bodies
        var random = SplitMix64(seed: 3)
        for (name, bytes) in inputs {
            #expect(check(bytes) == nil, "\(name)")
            for _ in 0..<30 {
                let other = Self.mutated(bytes, &random)
                #expect(check(other) == nil, "\(other)")
            }
        }
    }
}
