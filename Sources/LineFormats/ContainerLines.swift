import Events

/// Takes the lines of an application out of what a container runtime wrote around them, and joins those it cut.
///
/// The text of each line is moved to the front of the bytes, one after the other with a newline each, so that it can be
/// decoded as if it had been written so. A line whose parts are not all there yet ends the run: the application's
/// streams interleave, and nothing behind an open part may be counted before the part is.
struct ContainerLines {
    /// A line of the application, by where it ends among the lines taken out, and where what it was made of ends in the
    /// file.
    struct Line {
        var end: Int
        var source: Int
    }

    let wrapper: RecordFormat.Wrapper
    /// The lines taken out by the last call.
    private(set) var lines: [Line] = []
    private var open: [Open] = []

    /// The parts of a line so far.
    private struct Open {
        var stream: UInt8
        var bytes: [UInt8]
        /// Where the first part began.
        var start: Int
    }

    init(_ wrapper: RecordFormat.Wrapper) { self.wrapper = wrapper }

    /// Takes the lines out of `from..<to`, whole lines of the file; they lie from `from` on afterwards.
    ///
    /// - Parameters:
    ///   - isFinal: Whether nothing follows, so that a line lacking parts is given up.
    ///   - limit: Lines to take out at most; one that is still open then, with so many others in between, is given up.
    ///   - isOneByOne: Whether to end as soon as there is a line and none is open.
    ///   - receipt: Counts the lines that are not the runtime's, and those given up.
    /// - Returns: How far the file is done with: all of it, or up to the first line that lacks parts.
    mutating func unwrap(
        _ bytes: ByteWindow, from: Int, to: Int, isFinal: Bool, limit: Int,
        isOneByOne: Bool = false, _ receipt: inout Receipt
    ) -> Int {
        lines.removeAll(keepingCapacity: true)
        open.removeAll(keepingCapacity: true)
        var (at, write) = (from, from)
        var done = from
        var (whole, refused, hasRefused) = (0, Receipt(), false)
        while at < to, lines.count < limit, !(isOneByOne && whole > 0) {
            let start = at
            let end = min(bytes.newline(from: at), to)
            at = min(end &+ 1, to)
            guard let part = wrapper == .cri ? cri(bytes, start, end) : docker(bytes, start, end) else {
                if end == start { refused.ignore(.blankLine) } else { refused.reject(.malformedLine) }
                hasRefused = true
                if open.isEmpty { settle(at, &done, &whole, &refused, &hasRefused, &receipt) }
                continue
            }
            let index = open.firstIndex { $0.stream == part.stream }
            if part.isWhole, index == nil {
                bytes.move(part.from, part.to &- part.from, to: write)
                write &+= part.to &- part.from
            } else {
                let place = index ?? open.count
                if index == nil { open.append(Open(stream: part.stream, bytes: [], start: start)) }
                for i in part.from..<part.to { open[place].bytes.append(bytes[i]) }
                if !part.isWhole {
                    // Every part is one line of the file.
                    continue
                }
                for byte in open[place].bytes {
                    bytes[write] = byte
                    write &+= 1
                }
                open.remove(at: place)
            }
            bytes[write] = Byte.newline
            write &+= 1
            lines.append(Line(end: write, source: at))
            if open.isEmpty { settle(at, &done, &whole, &refused, &hasRefused, &receipt) }
        }
        if (isFinal && at >= to) || (lines.count >= limit && whole == 0) {
            for _ in open { refused.reject(.partialLine) }
            hasRefused = true
            open.removeAll()
            settle(at, &done, &whole, &refused, &hasRefused, &receipt)
        }
        lines.removeSubrange(whole...)
        return done
    }

    /// Everything up to here is done with: nothing before it lacks a part.
    private func settle(
        _ at: Int, _ done: inout Int, _ whole: inout Int, _ refused: inout Receipt, _ hasRefused: inout Bool,
        _ receipt: inout Receipt
    ) {
        done = at
        whole = lines.count
        // Rarely anything is refused, and an account is costly to make anew.
        guard hasRefused else { return }
        receipt.add(refused)
        refused.clear()
        hasRefused = false
    }

    /// Text of a line of the file.
    private struct Part {
        var from: Int
        var to: Int
        var stream: UInt8
        /// Whether the application's line ends with it.
        var isWhole: Bool
    }

    /// `<time> <stream> <tags> <text>`; the first tag is `P` for a part that others follow, and `F` for the last.
    private func cri(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Part? {
        guard let (stream, tags) = CRILine.head(bytes, from, to) else { return nil }
        var at = tags &+ 1
        while at < to, bytes[at] != Byte.space { at &+= 1 }
        let isWhole = bytes[tags] != 0x50
        return Part(from: min(at &+ 1, to), to: to, stream: bytes[stream &+ 3], isWhole: isWhole)
    }

    /// The text of `log` of one object; a line of the application ends with an escaped newline.
    private func docker(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Part? {
        var resolved = 0
        return unsafe withUnsafeMutablePointer(to: &resolved) { resolved in
            let scanner = unsafe JSONScanner(bytes, resolved: resolved)
            return try? dockerPart(scanner, from, to)
        }
    }

    private func dockerPart(_ scanner: JSONScanner, _ from: Int, _ to: Int) throws(RejectionReason) -> Part? {
        let bytes = scanner.bytes
        var at = bytes.skippingSpaces(from)
        guard bytes[at] == Byte.openBrace else { return nil }
        at = bytes.skippingSpaces(at &+ 1)
        var part: Part?
        var stream: UInt8 = 0x6F
        while bytes[at] == Byte.quote {
            let key = try scanner.string(at &+ 1)
            let value = try scanner.colon(key.end)
            let isAsked = bytes.isWord(key.from, key.to, "log") || bytes.isWord(key.from, key.to, "stream")
            if isAsked, bytes[value] == Byte.quote {
                let text = try scanner.string(value &+ 1)
                at = text.end
                if key.to &- key.from == 3 {
                    let isWhole = text.to > text.from && bytes[text.to &- 1] == Byte.newline
                    part = Part(
                        from: text.from, to: text.to &- (isWhole ? 1 : 0), stream: 0, isWhole: isWhole)
                } else if text.to &- text.from > 3 {
                    stream = bytes[text.from &+ 3]
                }
            } else {
                at = try scanner.end(value)
            }
            at = bytes.skippingSpaces(at)
            guard bytes[at] == Byte.comma else { break }
            at = bytes.skippingSpaces(at &+ 1)
        }
        guard bytes[at] == Byte.closeBrace else { return nil }
        part?.stream = stream
        return part
    }
}

/// The head of a line of a CRI log.
enum CRILine {
    /// Offsets of the stream's name and of the tags; `nil` if the line has another form.
    static func head(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> (stream: Int, tags: Int)? {
        // 2016-10-06T00:17:09.669794202Z stdout F …
        guard to &- from >= 30, bytes[from &+ 4] == Byte.minus, bytes[from &+ 10] == 0x54 else { return nil }
        var at = from &+ 19
        while at < to, at &- from < 40, bytes[at] != Byte.space { at &+= 1 }
        let stream = at &+ 1
        guard bytes[at] == Byte.space, to &- stream >= 8, bytes.half(stream) & 0xFF_FFFF == 0x64_7473 else {
            return nil
        }
        let name = bytes.word(stream) & 0xFF_FFFF_FFFF_FFFF
        // "stdout " and "stderr ".
        guard name == 0x20_7475_6F64_7473 || name == 0x20_7272_6564_7473 else { return nil }
        let tags = stream &+ 7
        guard bytes[tags] == 0x50 || bytes[tags] == 0x46 else { return nil }
        let behind = bytes[tags &+ 1]
        return behind == Byte.space || behind == Byte.colon || behind == Byte.newline ? (stream, tags) : nil
    }
}
