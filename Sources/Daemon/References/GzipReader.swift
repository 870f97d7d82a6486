internal import CZlib

/// Decompresses gzip as it comes, in bounded memory; several members follow each other.
///
/// Belongs to the one thread that reads with it.
@safe
final class GzipReader {
    /// The compressed bytes are no gzip, or a checksum is wrong.
    struct Damage: Error {}

    // zlib checks that a stream stays where it was initialised, so it lives on the heap.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    /// Whether `stream` is within a member.
    private var isOpen = false
    private var piece = [UInt8](repeating: 0, count: 256 << 10)

    /// Creates a reader that has seen nothing.
    init() { unsafe stream.initialize(to: z_stream()) }

    deinit {
        if isOpen { unsafe inflateEnd(stream) }
        unsafe stream.deallocate()
    }

    /// Whether all that was given ends with the end of a member.
    var isComplete: Bool { !isOpen }

    /// Decompresses `input` and appends what it makes to `output`.
    ///
    /// - Throws: `Damage`; what was appended before it is right.
    func decompress(_ input: ArraySlice<UInt8>, into output: inout [UInt8]) throws(Damage) {
        var rest = input
        var isFull = false
        while !rest.isEmpty || (isOpen && isFull) {
            if !isOpen {
                unsafe stream.initialize(to: z_stream())
                guard unsafe telltale_inflate_init(stream) == Z_OK else { throw Damage() }
                isOpen = true
            }
            let (status, used, made) = step(rest)
            rest = rest.dropFirst(used)
            output.append(contentsOf: piece[..<made])
            isFull = made == piece.count
            switch status {
            case Z_STREAM_END:
                unsafe inflateEnd(stream)
                isOpen = false
            case Z_OK: break
            // Nothing was left to write, which only the attempt could tell.
            case Z_BUF_ERROR where rest.isEmpty: break
            default: throw Damage()
            }
        }
    }

    private func step(_ input: ArraySlice<UInt8>) -> (status: Int32, used: Int, made: Int) {
        let available = UInt32(clamping: input.count)
        return unsafe input.withUnsafeBufferPointer { source in
            unsafe piece.withUnsafeMutableBufferPointer { target in
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                unsafe stream.pointee.avail_in = available
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = UInt32(target.count)
                let status = unsafe inflate(stream, Z_NO_FLUSH)
                return unsafe (
                    status, Int(available - stream.pointee.avail_in), target.count - Int(stream.pointee.avail_out)
                )
            }
        }
    }
}
