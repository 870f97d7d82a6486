internal import Events
internal import Monitor

/// One file of the past, handed out in stretches of time.
final class ReplaySource {
    /// The `source` label.
    let name: String
    private let file: RecordFile
    private let path: String
    private var batch: EventBatch?
    /// The batch before the end.
    private var last: EventBatch?
    private var clock: ReplayClock?
    /// Rows of the batch, and the next one.
    private var (rows, row) = (0, 0)
    /// When the next row is due; `nil` if it was not looked at, or at the end.
    private var due: Int64?
    /// What the batch accounts for and was not handed out yet.
    private var receipt = Receipt()
    private var unexpectedFields: UInt64 = 0

    /// Prepares to read a file.
    ///
    /// - Parameter path: The file; `-` for standard input.
    init(path: String, name: String, file: RecordFile) { (self.path, self.name, self.file) = (path, name, file) }

    /// Bytes read so far, and those of the file where that is known.
    var progress: (position: UInt64, size: UInt64?) { file.progress }
    /// How the meaning of the fields was found out; empty if it was given.
    var explanation: [String] { file.explanation }
    /// What became of the lines read so far.
    var total: Receipt { file.receipt }

    /// When the next row is due; `nil` at the end.
    ///
    /// - Throws: `Failure` with exit status 2: unreadable, nothing to measure, or no record has a time.
    func next() throws(Failure) -> Int64? {
        if let due { return due }
        while row >= rows {
            guard let next = try file.next() else {
                batch = nil
                return nil
            }
            last = next
            // Lines that are no records, whose batch has no rows, go with the next one.
            receipt.add(next.receipt)
            unexpectedFields &+= next.unexpectedFields
            (batch, rows, row) = (next, next.rowCount, 0)
            if clock == nil, rows > 0 { clock = try begin(next) }
        }
        due = time(ofRow: row)
        return due
    }

    /// Hands out the rows that are due.
    ///
    /// Instances of one record stay together.
    ///
    /// - Parameter deadline: Time up to which, this moment included.
    /// - Returns: How many they were.
    func take(until deadline: Int64, _ body: (EventBatch) -> Void) throws(Failure) -> UInt64 {
        var taken: UInt64 = 0
        while let due = try next(), due <= deadline, let batch {
            var end = row + 1
            var next: Int64?
            while end < rows {
                let time = time(ofRow: end)
                let id = unsafe batch.identifiers[end]
                if time > deadline, id == 0 || id != (unsafe batch.identifiers[end - 1]) {
                    next = time
                    break
                }
                end += 1
            }
            let count = end - row
            if row > 0 { for place in 0..<count { batch.move(row: row + place, to: place) } }
            batch.rowCount = count
            handReceipt(to: batch, isLast: end == rows, rows: UInt64(count))
            body(batch)
            taken &+= UInt64(count)
            (row, self.due) = (end, next)
        }
        return taken
    }

    /// What is accounted for by lines behind the last row; `nil` if that is nothing.
    func rest() -> EventBatch? {
        guard let last, receipt.received > 0 else { return nil }
        last.clear()
        handReceipt(to: last, isLast: true, rows: 0)
        return last
    }

    /// The time once a row is in; each row is asked once.
    @inline(__always)
    private func time(ofRow row: Int) -> Int64 {
        guard let batch else { return .max }
        let timestamp = unsafe batch.timestamps[row]
        guard timestamp != EventBatch.noTimestamp else { return clock?.time ?? .max }
        let next = row + 1 < rows ? unsafe batch.timestamps[row + 1] : EventBatch.noTimestamp
        return clock?.advance(to: timestamp, next: next == EventBatch.noTimestamp ? nil : next) ?? .max
    }

    /// The clock by the first rows.
    private func begin(_ batch: EventBatch) throws(Failure) -> ReplayClock {
        var times: [Int64] = []
        for row in 0..<rows where times.count < ReplayClock.firstRecords {
            let timestamp = unsafe batch.timestamps[row]
            if timestamp != EventBatch.noTimestamp { times.append(timestamp) }
        }
        guard let clock = ReplayClock(first: times) else {
            throw Failure.usage(
                "\(path): none of its first \(rows) records says when it was; replaying needs a time, such as "
                    + "\"ts\":\"2026-01-01T00:00:00Z\" (a schema in --config names another field)")
        }
        return clock
    }

    /// Gives a stretch its part of what the batch accounts for: its rows, and all the rest with the last one.
    private func handReceipt(to batch: EventBatch, isLast: Bool, rows: UInt64) {
        if isLast || rows > receipt.accepted {
            (batch.receipt, batch.unexpectedFields) = (receipt, unexpectedFields)
            receipt.clear()
            unexpectedFields = 0
        } else {
            batch.receipt.clear()
            batch.receipt.accept(rows)
            batch.unexpectedFields = 0
            receipt.received &-= rows
            receipt.accepted &-= rows
        }
    }
}
