import Sketches
import TestKit
import Testing

@Suite("Category table")
struct CategoryTableTests {
    @Test("numbers names densely by first appearance, up to its limit")
    func numbers() {
        var table = CategoryTable(limit: 3)
        #expect(table.insert("red") == 0)
        #expect(table.insert("") == 1)
        #expect(table.insert("red") == 0)
        #expect(!table.isFull)
        #expect(table.insert("grün") == 2)
        #expect(table.isFull)
        #expect(table.insert("blue") == nil)
        #expect(table.insert("") == 1)
        #expect(table.id(of: "grün") == 2)
        #expect(table.id(of: "blue") == nil)
        #expect(table.names == ["red", "", "grün"])
        #expect(table.count == 3)
    }

    @Test("agrees with a dictionary over names of every length", arguments: [1, 30, 5_000])
    func dictionary(limit: Int) {
        var random = SplitMix64(seed: 2)
        var table = CategoryTable(limit: limit)
        var known: [[UInt8]: Int] = [:]
        for _ in 0..<8_000 {
            let length = Int(random.next() % 20)
            let name = (0..<length).map { _ in UInt8(97 + random.next() % 3) }
            if known[name] == nil, known.count < limit { known[name] = known.count }
            let id = unsafe name.withUnsafeBytes { unsafe table.insert($0) }
            #expect(id == known[name])
        }
        for (name, id) in known {
            #expect(unsafe name.withUnsafeBytes { unsafe table.id(of: $0) } == id)
            #expect(Array(table.nameBytes(of: id)) == name)
        }
    }

    @Test("batches give the same numbers as single names")
    func batches() {
        let names = ["a", "bb", "", "a long name of a category", "a", "unseen", "bb", "a long name of a categorz"]
        var (batch, single) = (CategoryTable(limit: 5), CategoryTable(limit: 5))
        let expected = names.map { single.insert($0).map { Int32($0) } ?? CategoryTable.absent }
        unsafe #expect(look(names) { unsafe batch.insert($0, in: $1, ids: $2, hashes: $3) } == expected)
        #expect(batch == single)
        unsafe #expect(look(names) { unsafe batch.find($0, in: $1, ids: $2, hashes: $3) } == expected)
        let empty = CategoryTable(limit: 0)
        let none = [Int32](repeating: CategoryTable.absent, count: names.count)
        unsafe #expect(look(names) { unsafe empty.find($0, in: $1, ids: $2, hashes: $3) } == none)
    }

    /// Lays names into one buffer and calls a batch method; checks the hashes it gives.
    private func look(
        _ names: [String],
        _ body: (
            UnsafeBufferPointer<CategoryTable.Span>, UnsafeRawPointer, UnsafeMutablePointer<Int32>,
            UnsafeMutablePointer<UInt64>
        ) -> Void
    ) -> [Int32] {
        var bytes: [UInt8] = []
        var spans: [CategoryTable.Span] = []
        for name in names {
            spans.append(.init(offset: UInt32(bytes.count), length: UInt32(name.utf8.count)))
            bytes += Array(name.utf8)
        }
        var ids = [Int32](repeating: -7, count: names.count)
        var hashes = [UInt64](repeating: 0, count: names.count)
        unsafe spans.withUnsafeBufferPointer { spans in
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe ids.withUnsafeMutableBufferPointer { ids in
                    unsafe hashes.withUnsafeMutableBufferPointer { hashes in
                        guard let base = bytes.baseAddress, let ids = ids.baseAddress, let hashes = hashes.baseAddress
                        else { return }
                        unsafe body(spans, base, ids, hashes)
                    }
                }
            }
        }
        #expect(hashes == names.map { ByteHash.hash(of: $0) })
        return ids
    }

    @Test("refuses names that are too long")
    func longNames() {
        var table = CategoryTable(limit: 10)
        #expect(table.insert(String(repeating: "x", count: SketchLimits.nameBytes)) == 0)
        #expect(table.insert(String(repeating: "x", count: SketchLimits.nameBytes + 1)) == nil)
        #expect(table.count == 1)
    }

    @Test("comes back as it was saved")
    func restore() throws {
        var table = CategoryTable(limit: 200)
        for number in 0..<150 { #expect(table.insert("name \(number)") == number) }
        var restored = try #require(CategoryTable(names: table.names, limit: 200))
        #expect(restored == table)
        #expect(restored.insert("name 150") == 150)
        #expect(restored.insert("name 7") == 7)
    }

    @Test("refuses names that it never saves")
    func refuse() {
        #expect(CategoryTable(names: ["a", "b", "a"], limit: 5) == nil)
        #expect(CategoryTable(names: ["a", "b"], limit: 1) == nil)
        #expect(CategoryTable(names: [String(repeating: "x", count: 5_000)], limit: 5) == nil)
        #expect(CategoryTable(names: [String](), limit: -1)?.isFull == true)
    }
}
