internal import Exposition
internal import Glibc

/// Sorted runs of records in a file that has no name and goes with the process.
final class HistorySpill {
    private let descriptor: Int32
    private let path: String
    /// Number of records of each run.
    private var counts: [Int] = []

    /// Makes the file in the directory of another one, which has room for something as large.
    init(beside path: String) throws(SystemError) {
        self.path = path + ".spill"
        descriptor = unsafe open(self.path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .current("create", self.path) }
        _ = unsafe unlink(self.path)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Appends a run.
    func append(_ records: [HistoryRecord]) throws(SystemError) {
        try unsafe records.span.bytes.withUnsafeBytes { (buffer) throws(SystemError) in
            try unsafe SystemError.writeAll(buffer, to: descriptor, path: path)
        }
        counts.append(records.count)
    }

    /// Readers of all runs, in their order.
    ///
    /// - Parameter readAhead: Bytes that all of them together may hold.
    func runs(readAhead: Int) -> [Run] {
        let records = max(64, readAhead / max(1, counts.count) / MemoryLayout<HistoryRecord>.stride)
        var begin = 0
        return counts.map { count in
            defer { begin += count }
            return Run(descriptor: descriptor, path: path, next: begin, end: begin + count, capacity: records)
        }
    }

    /// A reader of one run.
    struct Run {
        fileprivate let descriptor: Int32
        fileprivate let path: String
        /// Number of the first record that is not in memory, and of the one behind the last.
        fileprivate var (next, end): (Int, Int)
        fileprivate let capacity: Int
        fileprivate var buffer: [HistoryRecord] = []
        fileprivate var place = 0

        fileprivate init(descriptor: Int32, path: String, next: Int, end: Int, capacity: Int) {
            (self.descriptor, self.path, self.capacity) = (descriptor, path, capacity)
            (self.next, self.end) = (next, end)
        }

        /// The next record; `nil` at the end.
        mutating func peek() throws(SystemError) -> HistoryRecord? {
            if place < buffer.count { return buffer[place] }
            guard next < end else { return nil }
            let count = min(capacity, end - next)
            let empty = HistoryRecord(series: 0, step: 0, value: 0)
            if buffer.count != count { buffer = [HistoryRecord](repeating: empty, count: count) }
            let begin = next * MemoryLayout<HistoryRecord>.stride
            let code = unsafe buffer.withUnsafeMutableBytes { unsafe Self.fill($0, from: descriptor, at: begin) }
            guard code == 0 else { throw SystemError(action: "read", path: path, code: code) }
            (next, place) = (next + count, 0)
            return buffer.first
        }

        /// Reads all bytes of a buffer; 0, or an error number.
        private static func fill(
            _ target: UnsafeMutableRawBufferPointer, from descriptor: Int32, at begin: Int
        ) -> Int32 {
            var done = 0
            while done < target.count {
                let count = unsafe pread(
                    descriptor, target.baseAddress?.advanced(by: done), target.count - done, begin + done)
                if count > 0 { done += count } else if count == 0 { return EIO } else if errno != EINTR { return errno }
            }
            return 0
        }

        /// Goes on behind the record that `peek` gave.
        mutating func advance() { place += 1 }
    }
}

extension SystemError {
    /// Writes all bytes to a descriptor.
    static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                throw .current("write", path)
            }
        }
    }
}
