import LineFormats

/// The first lines of a log, from which its schema is inferred.
///
/// They stay unread in their files.
struct TailSample {
    /// Unread lines of one file.
    struct Piece {
        /// Whole lines; those of a table without its header.
        var lines: [UInt8]
        /// The first bytes of the file.
        var head: [UInt8]
    }

    /// The lines, file by file.
    private(set) var pieces: [Piece] = []
    /// Bytes looked at, finished lines or not.
    private(set) var byteCount = 0
    /// Lines that are not blank.
    private(set) var lineCount = 0
    /// Lines looked at in the first file that had any, blank ones included.
    private(set) var leadingLines = 0

    /// Whether another file is to be looked at.
    var wantsMore: Bool { lineCount < IngestLimits.sampleRecords && bytesWanted > 0 }
    /// Bytes that are still wanted.
    var bytesWanted: Int { IngestLimits.sampleBytes - byteCount }
    /// Whether it is worth no further wait.
    var isFull: Bool { !wantsMore }

    /// Takes the whole lines among the next bytes of a file, which begins with `head`; NUL bytes before them count as
    /// nothing.
    mutating func add(_ bytes: [UInt8], head: [UInt8], isAtStart: Bool, hints: SchemaHints) {
        byteCount += bytes.count
        guard let last = bytes.lastIndex(of: 10) else { return }
        var lines = bytes[...last]
        if isAtStart, let header = SchemaInference.header(of: head, hints: hints), header.byteCount <= lines.count {
            lines = lines.dropFirst(header.byteCount)
        }
        var (isBlank, count) = (true, 0)
        for byte in lines {
            if byte == 10 {
                count += 1
                if !isBlank { lineCount += 1 }
                isBlank = true
            } else if byte != 32 && byte != 9 && byte != 13 && byte != 0 {
                isBlank = false
            }
        }
        if leadingLines == 0 { leadingLines = count }
        if count > 0 { pieces.append(Piece(lines: Array(lines), head: head)) }
    }
}
