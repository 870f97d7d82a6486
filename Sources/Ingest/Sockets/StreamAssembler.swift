import Events

/// Cuts what one connection sends into whole lines or frames, without the connection.
///
/// It holds at most one line or frame, and what one read adds to that.
struct StreamAssembler {
    /// Bytes of a frame's length.
    private static let headerBytes = 4

    private let framing: StreamFraming
    private let limit: Int
    /// The beginning of a line or frame whose end has not come.
    private var held: [UInt8] = []
    /// Whether the rest of a line that is too long is being passed over.
    private var isPassing = false
    /// When the first byte of what is not whole came.
    private(set) var since: Int64 = 0

    /// Assembles from nothing.
    init(framing: StreamFraming, limit: Int = IngestLimits.streamLineBytes) {
        (self.framing, self.limit) = (framing, limit)
    }

    /// Whether a line or frame has begun and not ended.
    var isWaiting: Bool { isPassing || !held.isEmpty }

    /// Takes what came and hands on what is whole.
    ///
    /// - Returns: Whether a whole line or frame was in it, or why the connection must end.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer, into intake: inout LineIntake, now: Int64
    ) -> (hasWhole: Bool, end: ConnectionEnd?) {
        let wasWaiting = isWaiting
        let result: (hasWhole: Bool, end: ConnectionEnd?)
        switch framing {
        case .lines: result = (unsafe takeLines(bytes, into: &intake, now: now), nil)
        case .length: result = unsafe takeFrames(bytes, into: &intake, now: now)
        }
        if result.hasWhole || !wasWaiting { since = now }
        return result
    }

    /// Counts what never came whole: half a line must not pass for one.
    mutating func finish(into intake: inout LineIntake, now: Int64) {
        if !held.isEmpty {
            intake.read(bytes: held.count, now: now)
            intake.reject(.partialLine, now: now)
        }
        held = []
        isPassing = false
    }

    private mutating func takeLines(
        _ bytes: UnsafeRawBufferPointer, into intake: inout LineIntake, now: Int64
    ) -> Bool {
        guard let last = unsafe bytes.lastIndex(of: 0x0A) else {
            unsafe hold(bytes, into: &intake, now: now)
            return false
        }
        var from = 0
        if isWaiting, let first = unsafe memchrOffset(of: 0x0A, in: bytes, from: 0) {
            unsafe hold(UnsafeRawBufferPointer(rebasing: bytes[...first]), into: &intake, now: now)
            let line = held
            if !line.isEmpty { unsafe line.withUnsafeBytes { unsafe intake.take($0, length: $0.count, now: now) } }
            (held, isPassing) = ([], false)
            from = first + 1
        }
        if from <= last {
            let whole = unsafe UnsafeRawBufferPointer(rebasing: bytes[from...last])
            unsafe intake.take(whole, length: whole.count, now: now)
        }
        unsafe hold(UnsafeRawBufferPointer(rebasing: bytes[(last + 1)...]), into: &intake, now: now)
        return true
    }

    /// Adds to the line that is held, or begins to pass over it once it is too long.
    private mutating func hold(_ bytes: UnsafeRawBufferPointer, into intake: inout LineIntake, now: Int64) {
        if isPassing { return intake.read(bytes: bytes.count, now: now) }
        guard held.count + bytes.count > limit else { return unsafe held.append(contentsOf: bytes) }
        intake.read(bytes: held.count + bytes.count, now: now)
        intake.reject(.lineTooLong, now: now)
        (held, isPassing) = ([], true)
    }

    private mutating func takeFrames(
        _ bytes: UnsafeRawBufferPointer, into intake: inout LineIntake, now: Int64
    ) -> (hasWhole: Bool, end: ConnectionEnd?) {
        unsafe held.append(contentsOf: bytes)
        var from = 0
        var end: ConnectionEnd?
        while held.count - from >= Self.headerBytes {
            let length = held[from..<(from + Self.headerBytes)].reversed().reduce(0) { $0 << 8 | Int($1) }
            if length > limit {
                intake.reject(.lineTooLong, now: now)
                end = .frameTooLong
                from = held.count
                break
            }
            let to = from + Self.headerBytes + length
            guard to <= held.count else { break }
            intake.read(bytes: Self.headerBytes, now: now)
            unsafe held.withUnsafeBytes { held in
                let frame = unsafe UnsafeRawBufferPointer(rebasing: held[(from + Self.headerBytes)..<to])
                unsafe intake.take(frame, length: length, now: now)
            }
            from = to
        }
        if from == held.count { held = [] } else { held.removeSubrange(..<from) }
        return (from > 0, end)
    }
}
