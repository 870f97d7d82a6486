import CZlib

/// Decompresses the members of a gzip file, one after the other, by the system's zlib.
///
/// Belongs to one thread at a time. Keeps about 40 KiB.
@safe
public final class Inflater {
    /// What a step came to.
    public enum Outcome: Equatable {
        /// Some bytes were taken or made, or more are needed.
        case running
        /// The member is complete and its checksum right; the next byte of input is not part of it.
        case memberEnd
        /// The bytes are not those of a gzip member, or there is no memory.
        case failed
    }

    /// On the heap: zlib checks that a stream stays where it was initialised.
    private let stream: UnsafeMutablePointer<z_stream>
    private var isReady: Bool

    /// At the start of a member.
    public init() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        isReady = unsafe telltale_inflate_init(stream) == Z_OK
    }

    deinit {
        if isReady { unsafe inflateEnd(stream) }
        unsafe stream.deallocate()
    }

    /// Goes to the start of the next member.
    public func reset() { if isReady { isReady = unsafe inflateReset(stream) == Z_OK } }

    /// Takes some of `input` and makes some of `output`, as far as one of them goes.
    ///
    /// - Returns: How many bytes were taken and made. With input and room left, `running` without either never comes.
    public func step(
        _ input: ArraySlice<UInt8>, _ output: inout [UInt8]
    ) -> (taken: Int, made: Int, outcome: Outcome) {
        guard isReady else { return (0, 0, .failed) }
        let (available, room) = (UInt32(clamping: input.count), UInt32(clamping: output.count))
        var status = Z_OK
        unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                unsafe stream.pointee.avail_in = available
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = room
                status = unsafe inflate(stream, Z_NO_FLUSH)
            }
        }
        let taken = unsafe Int(available - stream.pointee.avail_in)
        let made = unsafe Int(room - stream.pointee.avail_out)
        switch status {
        case Z_STREAM_END: return (taken, made, .memberEnd)
        // No progress is none yet: there was no input, or no room.
        case Z_OK, Z_BUF_ERROR: return (taken, made, .running)
        default: return (taken, made, .failed)
        }
    }
}
