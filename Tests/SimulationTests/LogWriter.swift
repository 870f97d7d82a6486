import Events
import TestKit

@testable import Ingest

/// Who writes the log: numbered lines, broken anywhere, in files that are rotated, deleted, truncated or swapped; and
/// what may be expected of who reads it.
struct LogWriter {
    /// How the log is rotated.
    enum Kind: UInt64, CaseIterable {
        /// Renamed; a process may still write to the renamed file.
        case rename
        /// The path is a link that leads to the next file.
        case link
        /// Copied, then truncated.
        case copyTruncate
        /// Deleted and created anew.
        case recreate
        /// Renamed, and compressed while the daemon is down.
        case compress
    }

    /// One file of the log as its writer knows it.
    private struct File {
        var path: String
        /// Lines in it, unfinished ones not among them.
        var lines: [Int] = []
        /// Whether a start without positions found it rotated already.
        var isOrphan = false
        /// What it was, if it is compressed by now.
        var formerly: FileIdentity?
        /// Rest of a line that has begun.
        var rest: (line: Int, text: String)?

        /// Its content is gone; returns the lines that were in it.
        mutating func forget() -> [Int] {
            defer { (lines, rest) = ([], nil) }
            return lines + (rest.map { [$0.line] } ?? [])
        }
    }

    static let path = "/log/app.log"
    static let source = "file:" + path
    private let files: SimulatedFileSystem
    let kind: Kind
    private var past: [File] = []
    private var live: File
    private var generation = 0
    /// Number of the last line begun.
    private(set) var last = 0
    /// Lines that no file holds any more.
    private(set) var gone: Set<Int> = []

    init(_ files: SimulatedFileSystem, kind: Kind) {
        (self.files, self.kind) = (files, kind)
        live = File(path: kind == .link ? Self.path + ".0" : Self.path)
        files.create(live.path)
        if kind == .link { files.link(Self.path, to: live.path) }
    }

    /// Number of files that may still be read.
    var fileCount: Int { past.count + 1 }
    /// Lines in files that no reader has to know of.
    var orphanLines: [Int] { past.filter(\.isOrphan).flatMap(\.lines) }

    private mutating func line() -> (Int, String) {
        last += 1
        return (last, "{\"ms\":\(1_767_225_600_000 + last * 37),\"k\":\"c\(last % 7)\",\"seq\":\(last)}\n")
    }

    /// Appends lines to a file; the last one may stay unfinished.
    private mutating func append(_ count: Int, to file: inout File, holding held: Int) {
        finish(&file)
        var text = ""
        for _ in 0..<count {
            let (number, line) = line()
            text += line
            file.lines.append(number)
        }
        if held > 0 {
            let (number, line) = line()
            // At least the brace at the end is held back, so that no half of a line passes for a whole one.
            let cut = line.index(line.endIndex, offsetBy: -2 - held % 20)
            text += line[..<cut]
            file.rest = (number, String(line[cut...]))
        }
        files.append(text, to: file.path)
    }

    private mutating func finish(_ file: inout File) {
        guard let rest = file.rest else { return }
        files.append(rest.text, to: file.path)
        file.lines.append(rest.line)
        file.rest = nil
    }

    /// Appends to the live file.
    mutating func write(_ count: Int, holding held: Int) {
        var file = live
        append(count, to: &file, holding: held)
        live = file
    }

    /// A process that has the file before still open appends to it.
    mutating func writeLate(_ count: Int) {
        guard kind == .rename, var file = past.popLast() else { return }
        append(count, to: &file, holding: 0)
        past.append(file)
    }

    /// Ends every line that has begun.
    mutating func finishAll() {
        for index in past.indices {
            var file = past[index]
            finish(&file)
            past[index] = file
        }
        var file = live
        finish(&file)
        live = file
    }

    /// Ends the life of the live file and begins another one.
    mutating func rotate() {
        generation += 1
        switch kind {
        case .rename, .compress:
            let moved = kind == .rename ? "\(Self.path).\(generation)" : "\(Self.path)-\(20_260_000 + generation)"
            files.rename(live.path, to: moved)
            live.path = moved
            past.append(live)
            live = File(path: Self.path)
            files.create(Self.path)
        case .link:
            past.append(live)
            live = File(path: "\(Self.path).\(generation)")
            files.create(live.path)
            files.link(Self.path, to: live.path)
        case .copyTruncate:
            files.copy(Self.path, to: "\(Self.path).\(generation)")
            files.truncate(Self.path, to: 0)
            gone.formUnion(live.forget())
        case .recreate:
            files.remove(Self.path)
            gone.formUnion(live.forget())
            files.create(Self.path)
        }
    }

    /// Compresses rotated files, all but the youngest if that is to be delayed.
    mutating func compress(delaying isDelayed: Bool) {
        guard kind == .compress else { return }
        for index in past.indices.dropLast(isDelayed ? 1 : 0) where past[index].formerly == nil {
            var file = past[index]
            finish(&file)
            file.formerly = files.identity(file.path)
            files.compress(file.path)
            file.path += ".gz"
            past[index] = file
        }
    }

    /// Lines of compressed files that a start with these positions need not find.
    ///
    /// A file of which something was read is recognised, and those that are younger than the youngest one known.
    func unrecognised(by positions: [FilePosition]) -> [Int] {
        let known = positions.filter { !$0.isHorizon && !$0.isPacked }
        let youngest = known.max { $0.identity.birth < $1.identity.birth }
        var lines: [Int] = []
        for file in past {
            guard let identity = file.formerly else { continue }
            if positions.contains(where: { $0.isPacked && $0.identity == files.identity(file.path) }) { continue }
            if let position = known.first(where: { $0.identity == identity }) {
                if position.tailLength < FileTailer.provingBytes { lines += file.lines }
                continue
            }
            guard let youngest, identity.birth > youngest.identity.birth,
                youngest.tailLength >= FileTailer.provingBytes,
                past.contains(where: { $0.formerly == youngest.identity })
            else {
                lines += file.lines
                continue
            }
        }
        return lines
    }

    /// A reader begins with the live file, and knows of no other.
    mutating func orphanPast() {
        for index in past.indices { past[index].isOrphan = true }
    }

    /// The file that was just rotated was there before the reader began, and was never seen by it.
    mutating func orphanLast(bornBefore time: Int64) {
        guard let last = past.indices.last, let identity = files.identity(past[last].path) else { return }
        if identity.birth < time { past[last].isOrphan = true }
    }

    /// Removes the oldest rotated file.
    mutating func removeOldest() {
        guard past.count > 1 else { return }
        var file = past.removeFirst()
        files.remove(file.path)
        gone.formUnion(file.forget())
    }
}
