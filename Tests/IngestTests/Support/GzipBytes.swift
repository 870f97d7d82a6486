import CZlib

/// One member of a gzip file.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    defer { unsafe stream.deallocate() }
    guard unsafe telltale_deflate_init(stream, 1) == Z_OK else { preconditionFailure("zlib") }
    defer { unsafe deflateEnd(stream) }
    var (input, output) = (bytes, [UInt8](repeating: 0, count: unsafe Int(deflateBound(stream, UInt(bytes.count)))))
    unsafe input.withUnsafeMutableBufferPointer { source in
        unsafe output.withUnsafeMutableBufferPointer { target in
            unsafe stream.pointee.next_in = source.baseAddress
            unsafe stream.pointee.avail_in = UInt32(source.count)
            unsafe stream.pointee.next_out = target.baseAddress
            unsafe stream.pointee.avail_out = UInt32(target.count)
            guard unsafe deflate(stream, Z_FINISH) == Z_STREAM_END else { preconditionFailure("zlib") }
        }
    }
    return Array(output.dropLast(unsafe Int(stream.pointee.avail_out)))
}

/// One member of a gzip file.
func gzip(_ text: String) -> [UInt8] { gzip(Array(text.utf8)) }
