/// Expressions and templates of mapping rules, and the names that they are compared with.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPattern(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = unsafe [UInt8](UnsafeBufferPointer(start: data, count: count))
    if let fault = FuzzChecks.pattern(input) { preconditionFailure(fault) }
    return 0
}
