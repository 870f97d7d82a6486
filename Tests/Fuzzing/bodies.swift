/// Bodies of requests, from bytes to records.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBodies(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = unsafe [UInt8](UnsafeBufferPointer(start: data, count: count))
    if let fault = FuzzChecks.bodies(input) { preconditionFailure(fault) }
    return 0
}
