/// The first records of a log, from which its schema is inferred.
///
/// They stay unread in their file.
struct TailSample {
    /// Records without their line ends.
    private(set) var records: [[UInt8]] = []
    /// Bytes looked at, finished lines or not.
    private(set) var byteCount = 0

    /// Lines looked at in the first file that had any, blank ones included.
    private(set) var leadingLines = 0

    /// Whether another file is to be looked at.
    var wantsMore: Bool { records.count < IngestLimits.sampleRecords && bytesWanted > 0 }
    /// Bytes that are still wanted.
    var bytesWanted: Int { IngestLimits.sampleBytes - byteCount }
    /// Whether it is worth no further wait.
    var isFull: Bool { !wantsMore }

    /// Takes the whole lines among the next bytes of a file; blank ones and leading NUL bytes do not count.
    mutating func add(_ bytes: [UInt8], isAtStart: Bool) {
        byteCount += bytes.count
        var rest = bytes[...]
        var lines = 0
        defer { if leadingLines == 0 { leadingLines = lines } }
        if isAtStart, rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        while records.count < IngestLimits.sampleRecords, let end = rest.firstIndex(of: 10) {
            lines += 1
            var line = rest[..<end]
            rest = rest[(end + 1)...]
            line = line.drop { $0 == 0 }
            if line.last == 13 { line = line.dropLast() }
            if line.contains(where: { $0 != 32 && $0 != 9 }) { records.append(Array(line)) }
        }
    }
}
