/// StatsD lines from bytes to state.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzStatsD(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = unsafe [UInt8](UnsafeBufferPointer(start: data, count: count))
    if let fault = FuzzChecks.statsD(input) { preconditionFailure(fault) }
    return 0
}
