/// Logs in every format, from bytes to rows.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRecords(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = unsafe [UInt8](UnsafeBufferPointer(start: data, count: count))
    if let fault = FuzzChecks.records(input) { preconditionFailure(fault) }
    return 0
}
