import Events
import Glibc
import LineFormats

/// One open file of a tail, and how far it has been read.
///
/// Each read begins with the bytes before the offset (up to 4 KiB) and compares them with what was read there: a file
/// that was truncated and refilled, even beyond the offset, is noticed by the very read that would have skipped lines.
/// An unfinished line is not consumed; nor is a line longer than the limit or a run of NUL bytes before its end is
/// seen. So the offset is always the start of a line, and what a crash makes us read again is counted once.
struct TailedFile {
    /// What a read came to.
    enum Outcome: Equatable {
        /// Lines were consumed into the batch.
        case consumed
        /// The end, or an unfinished line. The batch is untouched.
        case nothing
        /// No line fits into the batch; offer one of `largeBatchBytes`.
        case lineExceedsBatch
        /// The bytes before the offset are not those that were read. The batch is untouched.
        case changed
        /// There is more to decompress, or to search for the end of a line, than is done at once: go on later. The
        /// batch is untouched.
        case working
        /// The system said no. The batch is untouched.
        case failed(FileError)
    }

    /// What cannot be consumed before its end has been found.
    private enum Gap: Equatable {
        case none
        /// A line over the limit; searched up to the offset given.
        case longLine(UInt64)
        /// NUL bytes before a line: a hole, or space a writer has allocated and will fill.
        case nulBytes(UInt64)
    }

    /// Descriptor.
    let handle: Int32
    /// Which file.
    let identity: FileIdentity
    /// Path of the log that it belongs to.
    let log: String
    /// Path under which it was last seen.
    var path: String
    /// First byte not consumed; the start of a line.
    private(set) var offset: UInt64
    /// Whether the path leads elsewhere and the file is only drained.
    var isRotated: Bool
    /// Whether its identity is that of a compressed file, and not of what it was before.
    var isPacked = false
    /// Largest size seen.
    private(set) var size: UInt64
    /// When the size was last seen to change, monotonic nanoseconds.
    private(set) var lastGrowth: Int64
    /// Whether its end was reached since it was opened.
    private(set) var hasReachedEnd = false
    /// Since when every read of it has failed; `nil` if the last one did not.
    private(set) var failingSince: Int64?

    private var head: [UInt8]
    private var tail: [UInt8]
    private var gap = Gap.none
    /// The names of its columns, once they are read, if it is a table.
    private var header: TableHeader?
    private let lineBytes: Int

    /// A file to be read from `offset`, which `head` (its first bytes) and `tail` (those before the offset) belong to.
    init(
        handle: Int32, identity: FileIdentity, log: String, path: String, offset: UInt64, head: [UInt8], tail: [UInt8],
        size: UInt64,
        isRotated: Bool, lineBytes: Int, now: Int64
    ) {
        self.handle = handle
        self.identity = identity
        self.log = log
        self.path = path
        self.offset = offset
        self.head = head
        self.tail = tail
        self.size = size
        self.isRotated = isRotated
        self.lineBytes = lineBytes
        lastGrowth = now
    }

    /// The file at its committed offset, if the bytes before it are those that were read.
    ///
    /// - Throws: They could not be read, which proves nothing.
    static func resumed(
        at position: FilePosition, handle: Int32, facts: FileFacts, path: String, settings: TailSettings,
        files: any FileSystem, now: Int64
    ) throws(FileError) -> TailedFile? {
        // How much a compressed file holds is not known before it is read.
        let isPacked = files.packed(handle: handle) != nil
        guard isPacked || facts.size >= position.offset, position.headLength <= IngestLimits.headBytes,
            position.tailLength <= IngestLimits.tailBytes, UInt64(position.tailLength) <= position.offset,
            let head = try files.bytes(of: handle, at: 0, count: Int(position.headLength)),
            ContentHash.of(head) == position.headHash || position.headLength == 0,
            let tail = try files.bytes(
                of: handle, at: position.offset - UInt64(position.tailLength), count: Int(position.tailLength)),
            ContentHash.of(tail) == position.tailHash || position.tailLength == 0
        else { return nil }
        var file = TailedFile(
            handle: handle, identity: facts.identity, log: settings.path, path: path, offset: position.offset,
            head: head, tail: tail, size: max(facts.size, position.offset),
            isRotated: path != settings.path, lineBytes: settings.lineBytes, now: now)
        file.isPacked = position.isPacked
        return file
    }

    /// Bytes a batch needs to hold any line within the limit.
    static func largeBatchBytes(lineBytes: Int) -> Int { IngestLimits.tailBytes + lineBytes + 1 }

    /// The position as it goes into the state.
    var position: FilePosition {
        FilePosition(
            identity: identity, path: log, offset: offset, size: size, headLength: UInt32(clamping: head.count),
            headHash: ContentHash.of(head), tailLength: UInt32(clamping: tail.count), tailHash: ContentHash.of(tail),
            isRotated: isRotated, isPacked: isPacked)
    }

    /// Bytes there are and that are not consumed.
    var unread: UInt64 { size > offset ? size - offset : 0 }

    /// Takes note of the size.
    ///
    /// Returns the number of unread bytes that vanished, if it shrank.
    mutating func observe(size newSize: UInt64, now: Int64) -> UInt64? {
        if newSize == size { return nil }
        let old = size
        size = newSize
        lastGrowth = now
        if newSize > old { return nil }
        gap = .none
        return old - max(min(offset, old), newSize)
    }

    /// The path leads elsewhere: the time of quiet begins.
    mutating func retire(now: Int64) {
        isRotated = true
        lastGrowth = now
    }

    /// Begins again at the first byte.
    mutating func restart(now: Int64) {
        offset = 0
        head.removeAll(keepingCapacity: true)
        tail.removeAll(keepingCapacity: true)
        gap = .none
        header = nil
        lastGrowth = now
        hasReachedEnd = false
    }

    /// Reads whole lines into an empty batch, at most as many as it has rows.
    ///
    /// - Parameters:
    ///   - isFinal: Nothing will be appended: what is left without a newline is a line.
    mutating func fill(
        _ batch: EventBatch, decoder: inout LineDecoder, from files: any FileSystem, isFinal: Bool,
        now: Int64
    ) -> Outcome {
        do throws(FileError) {
            if gap != .none, let outcome = try cross(batch, from: files, isFinal: isFinal, now: now) { return outcome }
            let context = tail.count
            let wanted = min(batch.byteCapacity, context + lineBytes + 1)
            let count = try read(batch, from: files, at: offset - UInt64(context), count: wanted)
            failingSince = nil
            guard isUnchanged(batch, count: count) else { return .changed }
            grow(to: offset + UInt64(count - context), now: now)
            let lineEnd = endOfLines(batch, from: context, to: count)
            if count < wanted, !hasLine(batch, from: lineEnd ?? context, to: count) { hasReachedEnd = true }
            if count == context { return .nothing }
            if decoder.needsHeader {
                let outcome = try takeHeader(batch, context, &decoder, from: files, isFinal: isFinal)
                if let outcome { return outcome }
            }
            if let lineEnd {
                if consume(batch, from: context, to: lineEnd, isFinal: false, decoder: &decoder) { return .consumed }
                // A record that goes on behind this: more of it may be in the file, or come.
                if count == wanted {
                    guard wanted == context + lineBytes + 1 else { return .lineExceedsBatch }
                    return giveUp(batch, from: context, &decoder)
                }
                guard isFinal else { return .nothing }
            }
            if count == wanted {
                guard wanted == context + lineBytes + 1 else { return .lineExceedsBatch }
                let first = unsafe batch.bytes.load(fromByteOffset: context, as: UInt8.self)
                gap = first == 0 ? .nulBytes(offset) : .longLine(offset)
                return try cross(batch, from: files, isFinal: isFinal, now: now) ?? .nothing
            }
            guard isFinal else { return .nothing }
            guard try read(batch, from: files, at: offset - UInt64(context), count: wanted) == count else {
                return .changed
            }
            return consume(batch, from: context, to: count, isFinal: true, decoder: &decoder) ? .consumed : .nothing
        } catch {
            if error == .working { return .working }
            // Younger files need not wait for one that cannot be read.
            hasReachedEnd = true
            failingSince = failingSince ?? now
            return .failed(error)
        }
    }

    /// The unread bytes, up to `limit`, without consuming them; `nil` if the bytes before them have changed.
    mutating func peek(limit: Int, from files: any FileSystem, now: Int64) throws(FileError) -> [UInt8]? {
        let context = tail.count
        var bytes = [UInt8](repeating: 0, count: context + Int(clamping: min(unread, UInt64(limit))))
        var failure: FileError?
        let count: Int = unsafe bytes.withUnsafeMutableBytes { buffer in
            do throws(FileError) {
                return try unsafe files.read(handle: handle, at: offset - UInt64(context), into: buffer)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        guard count >= context, bytes.starts(with: tail) else { return nil }
        grow(to: offset + UInt64(count - context), now: now)
        return Array(bytes[context..<count])
    }

    // MARK: - Steps

    private func read(
        _ batch: EventBatch, from files: any FileSystem, at place: UInt64, count: Int
    ) throws(FileError) -> Int {
        try unsafe files.read(
            handle: handle, at: place, into: UnsafeMutableRawBufferPointer(start: batch.bytes, count: count))
    }

    private mutating func grow(to end: UInt64, now: Int64) {
        if end > size {
            size = end
            lastGrowth = now
        }
    }

    private func isUnchanged(_ batch: EventBatch, count: Int) -> Bool {
        guard count >= tail.count else { return false }
        return unsafe tail.withUnsafeBytes { expected in
            guard let start = expected.baseAddress else { return true }
            return unsafe memcmp(start, batch.bytes, expected.count) == 0
        }
    }

    /// End of the last line among as many as the batch has rows, so that the decoder always takes all it is given and
    /// the bytes before the new offset can be kept before the decoder unescapes text in place.
    private func endOfLines(_ batch: EventBatch, from start: Int, to end: Int) -> Int? {
        var (at, lines) = (start, 0)
        while lines < batch.rowCapacity, let found = unsafe memchr(batch.bytes + at, 10, end - at) {
            at = unsafe UnsafeRawPointer(found) - UnsafeRawPointer(batch.bytes) + 1
            lines += 1
        }
        return lines > 0 ? at : nil
    }

    private func hasLine(_ batch: EventBatch, from start: Int, to end: Int) -> Bool {
        unsafe memchr(batch.bytes + start, 10, end - start) != nil
    }

    /// Decodes whole lines; false if the first record does not end among them, and nothing was consumed.
    private mutating func consume(
        _ batch: EventBatch, from start: Int, to end: Int, isFinal: Bool, decoder: inout LineDecoder
    ) -> Bool {
        let place = offset - UInt64(tail.count)
        batch.byteCount = end
        if !decoder.mayStopEarly { remember(batch, upTo: end, startingAt: place) }
        let taken = decoder.decodeLines(in: batch, from: start, to: end, isFinal: isFinal, isFileStart: offset == 0)
        guard taken > 0 else {
            batch.clear()
            return false
        }
        if decoder.mayStopEarly {
            remember(decoder.original.prefix(start + taken), startingAt: place)
        } else {
            assert(taken == end - start, "the decoder takes every line it has a row for")
        }
        batch.receipt.bytesRead &+= UInt64(taken)
        offset += UInt64(taken)
        return true
    }

    /// Rejects the first line of a record that no batch holds.
    private mutating func giveUp(_ batch: EventBatch, from start: Int, _ decoder: inout LineDecoder) -> Outcome {
        // The decoder has been over these bytes: what they were is with it.
        let bytes = decoder.original
        guard let newline = bytes[min(start, bytes.count)...].firstIndex(of: 10) else { return .nothing }
        remember(bytes.prefix(newline + 1), startingAt: offset - UInt64(tail.count))
        batch.clear()
        batch.receipt.reject(.lineTooLong)
        batch.receipt.bytesRead &+= UInt64(newline + 1 - start)
        offset += UInt64(newline + 1 - start)
        return .consumed
    }

    /// Gives the decoder the header of this file, and steps over it at the start; `nil` to go on with records.
    private mutating func takeHeader(
        _ batch: EventBatch, _ context: Int, _ decoder: inout LineDecoder, from files: any FileSystem, isFinal: Bool
    ) throws(FileError) -> Outcome? {
        if header == nil {
            let head = try head(from: files)
            header = TableHeader(head, format: decoder.format, isWhole: isFinal)
            // No header in so many bytes: then this is no table, and its lines say so one by one.
            guard header != nil || isFinal || head.count >= IngestLimits.headerBytes else { return .nothing }
        }
        guard let header else { return nil }
        decoder.use(header)
        guard offset == 0 else { return nil }
        let end = context + header.byteCount
        guard end <= batch.byteCapacity else { return .lineExceedsBatch }
        unsafe remember(UnsafeRawBufferPointer(start: batch.bytes, count: end), startingAt: 0)
        batch.receipt.ignore(.header)
        batch.receipt.bytesRead &+= UInt64(header.byteCount)
        offset = UInt64(header.byteCount)
        return .consumed
    }

    /// The first bytes of the file, as many as a header may have.
    func head(from files: any FileSystem) throws(FileError) -> [UInt8] {
        let wanted = min(max(size, offset), UInt64(IngestLimits.headerBytes))
        var bytes = [UInt8](repeating: 0, count: Int(clamping: wanted))
        var failure: FileError?
        let count: Int = unsafe bytes.withUnsafeMutableBytes { buffer in
            do throws(FileError) {
                return try unsafe files.read(handle: handle, at: 0, into: buffer)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return Array(bytes.prefix(count))
    }

    /// Keeps the bytes around the new offset: `batch.bytes` holds the file from `place` on, the new offset is at `end`.
    private mutating func remember(_ batch: EventBatch, upTo end: Int, startingAt place: UInt64) {
        unsafe remember(UnsafeRawBufferPointer(start: batch.bytes, count: end), startingAt: place)
    }

    private mutating func remember(_ bytes: some RandomAccessCollection<UInt8>, startingAt place: UInt64) {
        if head.count < IngestLimits.headBytes, place == 0 {
            head.replaceSubrange(0..., with: bytes.prefix(IngestLimits.headBytes))
        }
        tail.replaceSubrange(0..., with: bytes.suffix(IngestLimits.tailBytes))
    }

    // MARK: - Long lines and holes

    /// Searches on for the end of a long line or of a run of NUL bytes, in constant memory; `nil` if there is no gap
    /// any more because the writer has filled it.
    private mutating func cross(
        _ batch: EventBatch, from files: any FileSystem, isFinal: Bool, now: Int64
    ) throws(FileError) -> Outcome? {
        var searched: UInt64
        let isHole: Bool
        switch gap {
        case .none: return nil
        case .longLine(let place): (searched, isHole) = (place, false)
        case .nulBytes(let place): (searched, isHole) = (place, true)
        }
        // What is to be crossed must still be there: a writer may have truncated the file or filled the hole. Nobody
        // writes into what is compressed, and going back in it means to decompress it again.
        if files.packed(handle: handle) == nil {
            let context = tail.count
            let count = try read(batch, from: files, at: offset - UInt64(context), count: context + 1)
            guard isUnchanged(batch, count: count), count == context + 1 else { return .changed }
            if isHole, unsafe batch.bytes.load(fromByteOffset: context, as: UInt8.self) != 0 {
                gap = .none
                return nil
            }
        }
        let begin = searched
        while searched - begin < UInt64(IngestLimits.searchBytes) {
            // Overlap by what has to be kept before the offset that may be found.
            let overlap = min(searched, UInt64(IngestLimits.tailBytes))
            let count = try read(batch, from: files, at: searched - overlap, count: batch.byteCapacity)
            let fresh = Int(overlap)
            guard count >= fresh else { return .changed }
            grow(to: searched + UInt64(count - fresh), now: now)
            if let end = endOfGap(batch, isHole: isHole, from: fresh, to: count) {
                leave(batch, to: end, startingAt: searched - overlap, isHole: isHole)
                return .consumed
            }
            searched += UInt64(count - fresh)
            gap = isHole ? .nulBytes(searched) : .longLine(searched)
            if count == batch.byteCapacity { continue }
            hasReachedEnd = true
            guard isFinal else { return .nothing }
            leave(batch, to: count, startingAt: searched - UInt64(count), isHole: isHole)
            return .consumed
        }
        return .working
    }

    /// Where a gap ends: after a newline, or before a byte that is not NUL.
    private func endOfGap(_ batch: EventBatch, isHole: Bool, from start: Int, to end: Int) -> Int? {
        if !isHole {
            return unsafe memchr(batch.bytes + start, 10, end - start).map {
                unsafe UnsafeRawPointer($0) - UnsafeRawPointer(batch.bytes) + 1
            }
        }
        let bytes = unsafe UnsafeRawBufferPointer(start: batch.bytes, count: end)
        return unsafe bytes[start...].firstIndex { $0 != 0 }
    }

    private mutating func leave(_ batch: EventBatch, to end: Int, startingAt place: UInt64, isHole: Bool) {
        let newOffset = place + UInt64(end)
        remember(batch, upTo: end, startingAt: place)
        if isHole { batch.receipt.ignore(.nulBytes) } else { batch.receipt.reject(.lineTooLong) }
        batch.receipt.bytesRead &+= newOffset - offset
        offset = newOffset
        gap = .none
    }
}
