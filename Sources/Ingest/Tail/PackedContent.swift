import Events
import Glibc

/// What is known of a compressed file that is open.
struct PackedFacts: Equatable {
    /// Compressed bytes.
    var size: UInt64
    /// Those that are decompressed.
    var taken: UInt64
    /// Bytes of its content that are known so far.
    var produced: UInt64
    /// How its content ends, as far as is known now.
    ///
    /// `nil` while there is more to decompress. `truncated` may be a file that is still being written.
    var end: ArchiveEnd?

    /// Compressed bytes that are not decompressed yet.
    var remaining: UInt64 { size > taken ? size - taken : 0 }
    /// Whether its end is known and will not change by waiting.
    var isFinal: Bool { end.map { $0 != .truncated } ?? false }
}

/// The content of a gzip file, decompressed as it is read.
///
/// Reads move forward: what lies before the last one is forgotten, except for the first bytes of the file. A read
/// further back is answered by decompressing again from the start. Memory is bounded by the largest read, whatever the
/// file expands to, and one read decompresses no more than `IngestLimits.inflateBytes`.
final class PackedContent {
    private static let inputBytes = 64 << 10
    private static let outputBytes = 128 << 10

    /// Which file.
    let identity: FileIdentity
    /// Compressed bytes, as of the last time somebody asked.
    var size: UInt64
    /// Whether the last read has to be repeated to come to its end.
    private(set) var isWorking = false
    /// Bytes decompressed so far.
    var produced: UInt64 { windowStart + UInt64(window.count) }

    private var inflater: Inflater?
    private var input: ArraySlice<UInt8> = []
    private var output: [UInt8] = []
    /// Compressed bytes read from the file, those in `input` among them.
    private var place: UInt64 = 0
    private var isInMember = false
    private var hasMember = false
    /// Damage, after which nothing is decompressed.
    private var damage: ArchiveEnd?
    /// Whether the last read found no further byte in the file.
    private var isAtEnd = false
    private var window: [UInt8] = []
    private var windowStart: UInt64 = 0
    private var head: [UInt8] = []

    /// Of a file of which nothing was read.
    init(_ facts: FileFacts) { (identity, size) = (facts.identity, facts.size) }

    /// What is known.
    var facts: PackedFacts {
        PackedFacts(size: max(size, place), taken: place - UInt64(input.count), produced: produced, end: end)
    }

    private var end: ArchiveEnd? {
        if let damage { return damage }
        guard isAtEnd else { return nil }
        // Half of the two bytes that a member begins with.
        if !isInMember, input.count == 1 { return .truncated }
        guard input.isEmpty else { return nil }
        return isInMember || !hasMember ? .truncated : .complete
    }

    /// Reads decompressed bytes at a place; fewer than asked for mean the end, for now or for good.
    ///
    /// - Parameters:
    ///   - more: Reads compressed bytes at a place, as a file system does.
    /// - Throws: What `more` throws; `working` if there is more to decompress than one read may: then the same read
    ///   goes on with it.
    func read(
        at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer,
        more: (UInt64, UnsafeMutableRawBufferPointer) throws(FileError) -> Int
    ) throws(FileError) -> Int {
        guard offset <= UInt64(Int64.max) else { throw FileError(code: EOVERFLOW) }
        if offset < windowStart {
            if let count = unsafe readHead(at: offset, into: buffer) { return count }
            restart()
        }
        isWorking = false
        let wanted = offset + UInt64(buffer.count)
        var effort = 0
        forget(before: offset)
        while produced < wanted {
            guard effort < IngestLimits.inflateBytes else {
                isWorking = true
                throw .working
            }
            guard let step = try unsafe advance(more) else { break }
            effort += step
            forget(before: offset)
        }
        guard produced > offset else { return 0 }
        let start = Int(offset - windowStart)
        let count = min(buffer.count, window.count - start)
        unsafe buffer.copyBytes(from: window[start..<start + count])
        return count
    }

    /// From the first bytes, if they have all that is asked for.
    private func readHead(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let isWhole = end != nil && produced == UInt64(head.count)
        let (start, left) = (Int(clamping: offset), max(0, head.count - Int(clamping: offset)))
        guard buffer.count <= left || isWhole else { return nil }
        let count = min(buffer.count, left)
        if count > 0 { unsafe buffer.copyBytes(from: head[start..<start + count]) }
        return count
    }

    private func restart() {
        inflater = nil
        input = []
        (place, isInMember, hasMember, damage, isAtEnd) = (0, false, false, nil, false)
        window.removeAll(keepingCapacity: true)
        windowStart = 0
    }

    /// Lets go of what lies before a place, in pieces large enough to be worth moving the rest.
    private func forget(before offset: UInt64) {
        let count = min(Int(clamping: offset - windowStart), window.count)
        guard count == window.count || count >= Self.outputBytes else { return }
        window.removeFirst(count)
        windowStart += UInt64(count)
    }

    /// Decompresses some more.
    ///
    /// Returns what it cost in bytes; `nil` if there is nothing to decompress now.
    private func advance(
        _ more: (UInt64, UnsafeMutableRawBufferPointer) throws(FileError) -> Int
    ) throws(FileError) -> Int? {
        guard damage == nil else { return nil }
        if !isInMember, input.count < 2 { try unsafe refill(more) }
        if input.isEmpty { try unsafe refill(more) }
        guard !input.isEmpty else {
            if !isInMember { (inflater, output) = (nil, []) }
            return nil
        }
        if !isInMember { return beginMember() }
        let inflater = inflater ?? Inflater()
        self.inflater = inflater
        if output.isEmpty { output = [UInt8](repeating: 0, count: Self.outputBytes) }
        let step = inflater.step(input, &output)
        input = input.dropFirst(step.taken)
        if step.made > 0 {
            if head.count < IngestLimits.headerBytes, produced == UInt64(head.count) {
                head += output[..<min(step.made, IngestLimits.headerBytes - head.count)]
            }
            window += output[..<step.made]
        }
        switch step.outcome {
        case .running: break
        case .memberEnd: (isInMember, hasMember) = (false, true)
        case .failed: damage = .corrupt
        }
        return max(1, step.taken + step.made)
    }

    /// What follows a member: another one, or zeros that fill a block, or what does not belong there.
    private func beginMember() -> Int? {
        if input.starts(with: [0x1F, 0x8B]) {
            inflater?.reset()
            isInMember = true
            return 2
        }
        if input.count == 1, input.first == 0x1F { return nil }
        guard hasMember else {
            damage = .foreign
            return nil
        }
        let zeros = input.prefix { $0 == 0 }.count
        input = input.dropFirst(zeros)
        if zeros == 0 { damage = .corrupt }
        return zeros > 0 ? zeros : nil
    }

    private func refill(
        _ more: (UInt64, UnsafeMutableRawBufferPointer) throws(FileError) -> Int
    ) throws(FileError) {
        var bytes = [UInt8](repeating: 0, count: Self.inputBytes)
        var failure: FileError?
        let count: Int = unsafe bytes.withUnsafeMutableBytes { buffer in
            do throws(FileError) {
                return try unsafe more(place, buffer)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        isAtEnd = count < bytes.count
        place += UInt64(count)
        input = input + bytes[..<count]
    }
}
