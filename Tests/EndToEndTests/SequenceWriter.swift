import Foundation

/// Writes lines whose sum and residues tell whether each was counted exactly once.
///
/// Line n carries `seq` = n and `k` = n mod 97: a lost and a doubled line can only cancel in count, sum and all 97
/// classes if they are the same line. Writes break anywhere, so that a reader often sees half a line.
struct SequenceWriter {
    static let classes: UInt64 = 97
    /// What its lines hold, as the configuration of a source says it.
    static let schema =
        "{timestamp: ms, timestamp_unit: ms, model: model, features: {seq: numeric}, prediction: k}"

    private let path: URL
    private var file: FileHandle
    private var generation = 0
    private var pending: [UInt8] = []
    private(set) var written: UInt64 = 0

    /// Creates the file.
    init(_ path: URL) throws {
        self.path = path
        file = try Self.create(path)
    }

    /// Adds `count` lines; all but the last `held` bytes reach the file, the rest comes with the next call.
    mutating func write(_ count: UInt64, holding held: Int = 0) throws {
        for _ in 0..<count {
            written += 1
            // One line per millisecond of event time.
            let time = 1_767_225_600_000 + written
            pending += Array(
                #"{"ms":\#(time),"model":"sequence","k":"c\#(written % Self.classes)","seq":\#(written)}"#.utf8)
            pending.append(UInt8(ascii: "\n"))
        }
        let ready = max(0, pending.count - held)
        try file.write(contentsOf: pending[..<ready])
        pending.removeFirst(ready)
    }

    /// Renames the file to `PATH.<n>` and goes on in a new one, as `logrotate` with `create` does.
    mutating func rotate() throws {
        try write(0)
        generation += 1
        try FileManager.default.moveItem(at: path, to: path.appendingPathExtension("\(generation)"))
        try file.close()
        file = try Self.create(path)
    }

    /// Lines of the residue class `k` among the lines written.
    func count(ofClass k: UInt64) -> UInt64 {
        written / Self.classes + (k != 0 && k <= written % Self.classes ? 1 : 0)
    }

    /// Sum over all lines written.
    var sum: UInt64 { written * (written + 1) / 2 }

    private static func create(_ path: URL) throws -> FileHandle {
        _ = FileManager.default.createFile(atPath: path.path, contents: nil)
        let file = try FileHandle(forWritingTo: path)
        try file.seekToEnd()
        return file
    }
}
