internal import CZlib
internal import Ingest

/// gzip by the system's zlib.
///
/// CPU-bound: call it off the event loop.
enum Gzip {
    /// Most bytes that `decompress` gives.
    static let maximumBytes = 4 << 30

    /// The two magic bytes of a gzip file.
    static func isGzip(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// Compresses at level 1: fast, and text shrinks to about a tenth all the same.
    ///
    /// - Returns: `nil` if zlib has no memory.
    static func compress(_ input: [UInt8]) -> [UInt8]? {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        defer { unsafe stream.deallocate() }
        guard unsafe telltale_deflate_init(stream, 1) == Z_OK else { return nil }
        defer { unsafe deflateEnd(stream) }
        let bound = unsafe Int(clamping: deflateBound(stream, UInt(input.count)))
        guard let length = UInt32(exactly: input.count), let room = UInt32(exactly: bound) else { return nil }
        var isDone = false
        let output = unsafe [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            unsafe input.withUnsafeBufferPointer { source in
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                unsafe stream.pointee.avail_in = length
                unsafe stream.pointee.next_out = buffer.baseAddress
                unsafe stream.pointee.avail_out = room
                isDone = unsafe deflate(stream, Z_FINISH) == Z_STREAM_END
            }
            count = unsafe isDone ? bound - Int(stream.pointee.avail_out) : 0
        }
        return isDone ? output : nil
    }

    /// Decompresses piece by piece and hands each piece to `body`; several gzip members follow each other.
    ///
    /// - Returns: Whether the input was complete and its checksums right.
    /// - Throws: What `body` throws.
    static func decompress<E: Error>(_ input: [UInt8], _ body: (ArraySlice<UInt8>) throws(E) -> Void) throws(E) -> Bool
    {
        var piece = [UInt8](repeating: 0, count: 256 << 10)
        var (rest, produced) = (input[...], 0)
        let inflater = Inflater()
        while !rest.isEmpty {
            inflater.reset()
            var isOpen = true
            while isOpen {
                let step = inflater.step(rest, &piece)
                // Without progress the member lacks its end.
                guard step.outcome != .failed, step.taken > 0 || step.made > 0 else { return false }
                isOpen = step.outcome == .running
                rest = rest.dropFirst(step.taken)
                produced += step.made
                guard produced <= maximumBytes else { return false }
                if step.made > 0 { try body(piece[..<step.made]) }
            }
        }
        return true
    }
}
