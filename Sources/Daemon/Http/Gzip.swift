internal import CZlib

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
        var (offset, produced) = (0, 0)
        // zlib checks that a stream stays where it was initialised, so it lives on the heap.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        defer { unsafe stream.deallocate() }
        while offset < input.count {
            unsafe stream.initialize(to: z_stream())
            guard unsafe telltale_inflate_init(stream) == Z_OK else { return false }
            defer { unsafe inflateEnd(stream) }
            var status = Z_OK
            while status != Z_STREAM_END {
                let available = UInt32(clamping: input.count - offset)
                let (used, made): (Int, Int) = unsafe input.withUnsafeBufferPointer { source in
                    unsafe piece.withUnsafeMutableBufferPointer { target in
                        unsafe stream.pointee.next_in = UnsafeMutablePointer(
                            mutating: source.baseAddress?.advanced(by: offset))
                        unsafe stream.pointee.avail_in = available
                        unsafe stream.pointee.next_out = target.baseAddress
                        unsafe stream.pointee.avail_out = UInt32(target.count)
                        status = unsafe inflate(stream, Z_NO_FLUSH)
                        return unsafe (
                            Int(available - stream.pointee.avail_in), target.count - Int(stream.pointee.avail_out)
                        )
                    }
                }
                guard status == Z_OK || status == Z_STREAM_END else { return false }
                guard used > 0 || made > 0 else { return false }
                offset += used
                produced += made
                guard produced <= maximumBytes else { return false }
                if made > 0 { try body(piece[..<made]) }
            }
        }
        return true
    }
}
