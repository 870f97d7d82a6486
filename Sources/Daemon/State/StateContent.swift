internal import Monitor
internal import StateCodec

extension MonitorState? {
    /// Becomes what bytes hold of a state: all of it, positions, or nothing.
    mutating func take(_ bytes: [UInt8]) -> StateStore.Content {
        self = try? StateCodec.decode(bytes)
        if self != nil { return .state }
        self = try? StateCodec.progress(bytes)
        return self == nil ? .nothing : .positions
    }
}
