import Events
import TestKit
import Testing

@Suite struct EventBatchTests {
    private static let schema = Schema(signals: [
        Signal(name: "a", role: .feature, kind: .numeric), Signal(name: "b", role: .feature, kind: .categorical),
        Signal(name: "c", role: .score, kind: .numeric),
    ])

    /// Columns are numbered among those of their kind.
    @Test func columns() {
        let batch = EventBatch(source: 3, schema: Self.schema, rowCapacity: 4, observationCapacity: 0, byteCapacity: 1)
        #expect(batch.columnIndices == [0, 0, 1])
        #expect(batch.numberColumnCount == 2 && batch.textColumnCount == 1)
        #expect(batch.isEmpty)
    }

    /// A cleared batch is as good as new.
    @Test func clearing() {
        let event = TestEvent(timestamp: 5, cells: [.number(1), .text("x"), .missing])
        let batch = EventBatch.of([event, event], schema: Self.schema)
        batch.positions = [.finished(FileIdentity(device: 1, inode: 2, birth: 3))]
        batch.unexpectedFields = 1
        #expect(!batch.isEmpty && batch.rowCount == 2 && batch.byteCount == 2)
        batch.clear()
        #expect(batch.isEmpty && batch.byteCount == 0 && batch.unexpectedFields == 0 && batch.receipt == Receipt())
    }

    /// A batch that only moves a position, or only counts lines, is not empty.
    @Test func emptiness() {
        let batch = EventBatch(source: 0, schema: Self.schema, rowCapacity: 1, observationCapacity: 1, byteCapacity: 1)
        batch.receipt.ignore(.blankLine)
        #expect(!batch.isEmpty)
        batch.clear()
        batch.positions = [.finished(FileIdentity(device: 1, inode: 2, birth: 3))]
        #expect(!batch.isEmpty)
    }

    /// The marks of cells without a value are no numbers and no texts, and differ.
    @Test func marks() {
        #expect(NumberMark.missing.isNaN && NumberMark.invalid.isNaN)
        #expect(NumberMark.missing.bitPattern != NumberMark.invalid.bitPattern)
        #expect(NumberMark.missing.bitPattern == NumberMark.missingBits)
        #expect(!ByteRange.missing.isPresent && !ByteRange.invalid.isPresent && ByteRange.missing != .invalid)
        #expect(ByteRange(offset: 0, length: 0).isPresent)
    }
}
