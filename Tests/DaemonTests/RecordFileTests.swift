import Events
import Foundation
import Monitor
import Testing

@testable import Daemon

@Suite struct RecordFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: folder.file("f")))
        return folder.file("f")
    }

    /// Rows and receipt of a file, and the reference they make.
    private func read(_ bytes: [UInt8], schema: Schema? = nil) throws -> (rows: Int, receipt: Receipt, Reference?) {
        var builder = ReferenceBuilder()
        var rows = 0
        let file = RecordFile(path: try write(bytes), schema: schema) { batch in
            rows += batch.rowCount
            builder.add(batch)
        }
        try file.read()
        let reference = builder.build(
            model: nil, version: nil, source: .file, created: 0, binCount: 10, categories: 30)
        return (rows, file.receipt, reference)
    }

    private static func json(_ count: Int) -> [UInt8] {
        Array((0..<count).map { #"{"amount":\#($0 % 97),"country":"c\#($0 % 5)"}"# + "\n" }.joined().utf8)
    }

    private static func table(_ count: Int, _ separator: String) -> [UInt8] {
        let header = ["amount", "country"].joined(separator: separator) + "\n"
        return Array((header + (0..<count).map { "\($0 % 97)\(separator)c\($0 % 5)\n" }.joined()).utf8)
    }

    /// The same records in six forms make the same reference.
    @Test func formsAreRecognisedByContent() throws {
        let count = 5_000
        let plain = [Self.json(count), Self.table(count, ","), Self.table(count, "\t")]
        var hashes: Set<String> = []
        for bytes in plain {
            for form in [bytes, try #require(Gzip.compress(bytes))] {
                let (rows, receipt, reference) = try read(form)
                #expect(rows == count && receipt.accepted == UInt64(count) && receipt.isBalanced)
                hashes.insert(try #require(reference).hash)
            }
        }
        #expect(hashes.count == 1)
    }

    /// Longer than a sample, than a batch and than a chunk, without a newline at the end.
    @Test func largeFiles() throws {
        let bytes = Array(Self.json(120_000).dropLast())
        let (rows, receipt, _) = try read(bytes)
        #expect(rows == 120_000 && receipt.received == 120_000)
    }

    @Test func bom() throws {
        for bytes in [Self.json(100), Self.table(100, ",")] {
            #expect(try read([0xEF, 0xBB, 0xBF] + bytes).rows == 100)
        }
    }

    /// One endless line costs itself and nothing else.
    @Test func endlessLine() throws {
        let long =
            Array(#"{"amount":1,"country":""#.utf8) + [UInt8](repeating: 0x61, count: 5 << 20) + Array("\"}\n".utf8)
        let schema = Schema(signals: [Signal(name: "amount", role: .feature, kind: .numeric)])
        let (rows, receipt, _) = try read(Self.json(10) + long + Self.json(10), schema: schema)
        #expect(rows == 20)
        #expect(receipt.rejected[Int(RejectionReason.lineTooLong.rawValue)] == 1)
        #expect(receipt.isBalanced)
    }

    @Test(arguments: [[], [0x0A, 0x20], Array("{}\n{}\n".utf8), [0x1F, 0x8B, 0x08, 0x00]] as [[UInt8]])
    func nothingToLearn(bytes: [UInt8]) throws {
        let failure = try #require(throws: Failure.self) { try read(bytes) }
        #expect(failure.status == 2)
    }

    @Test func missingFile() throws {
        let file = RecordFile(path: folder.file("none"), schema: nil) { _ in }
        let failure = try #require(throws: Failure.self) { try file.read() }
        #expect(failure.message == "cannot read \(folder.file("none")): No such file or directory")
    }

    /// Rows of one model among several; records that name none are everybody's.
    @Test func modelFilter() throws {
        let text = (0..<90).map { i in
            i % 3 == 2 ? #"{"x":\#(i)}"# : #"{"model":"\#(["a", "b"][i % 3])","x":\#(i)}"#
        }
        let schema = Schema(signals: [Signal(name: "x", role: .feature, kind: .numeric)], model: ["model"])
        var filter = ModelFilter(wanted: "b")
        var values: [Double] = []
        let file = RecordFile(path: try write(Array(text.joined(separator: "\n").utf8)), schema: schema) { batch in
            filter.apply(to: batch)
            for row in 0..<batch.rowCount { values.append(unsafe batch.numbers[row]) }
        }
        try file.read()
        #expect(filter.names == ["a", "b"] && filter.hasUnnamed)
        #expect(values == (0..<90).filter { $0 % 3 != 0 }.map(Double.init))
    }
}
