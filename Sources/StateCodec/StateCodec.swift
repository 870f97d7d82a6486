public import Monitor

/// Why bytes are no state.
public enum StateError: Error, Equatable, CustomStringConvertible {
    /// They do not begin as a state file does.
    case notAState
    /// A newer or unknown format version.
    case unsupportedVersion(UInt32)
    /// They are fewer or more than the header says.
    case wrongLength
    /// They are damaged.
    case wrongChecksum
    /// They are whole, but no monitor wrote them.
    case malformed(String)

    /// The cause as one sentence.
    public var description: String {
        switch self {
        case .notAState: "This is not a state file of telltale."
        case .unsupportedVersion(let version): "The state file has format version \(version), which is unknown."
        case .wrongLength: "The state file is not as long as its header says."
        case .wrongChecksum: "The state file is damaged: its checksum is wrong."
        case .malformed(let what): "The state file cannot be right: \(what)."
        }
    }
}

/// The monitor's state as checked, versioned bytes.
///
/// Layout: the magic `TELLTALE`, format version (4 bytes), length of the body (8 bytes), body, CRC-32C of all that
/// (4 bytes); little-endian. In the body counts are LEB128, numbers are IEEE 754 doubles, and lists begin with their
/// length. The body begins with how far the sources have been read, which other versions can read as well.
///
/// Decoding never traps, whatever the bytes are, and needs memory in proportion to them.
public enum StateCodec {
    /// Version of the format.
    ///
    /// Of a state of another version only the progress can be read.
    public static let version: UInt32 = 11
    /// The first version whose progress can be read.
    static let firstWithProgress: UInt32 = 11
    /// Bytes before the body.
    static let headerLength = 20
    /// Bytes after the body.
    static let trailerLength = 4
    /// `TELLTALE` in ASCII.
    static let magic: [UInt8] = [0x54, 0x45, 0x4C, 0x4C, 0x54, 0x41, 0x4C, 0x45]

    /// The state as bytes.
    ///
    /// - Parameter sizeHint: Bytes to reserve; the size of the last state saves growing.
    public static func encode(_ state: MonitorState, sizeHint: Int = 0) -> [UInt8] {
        var writer = StateWriter(capacity: max(4_096, sizeHint))
        begin(&writer)
        writer.state(state)
        return finish(&writer)
    }

    /// Any body as a state file; lets tests reach what the checksum guards.
    package static func framed(_ body: [UInt8]) -> [UInt8] {
        var writer = StateWriter(capacity: body.count + headerLength + trailerLength)
        begin(&writer)
        writer.append(body)
        return finish(&writer)
    }

    /// A state file with its checksum made right again; lets tests reach what the checksum guards.
    package static func signed(_ bytes: [UInt8]) -> [UInt8] {
        var writer = StateWriter(capacity: bytes.count)
        writer.append(Array(bytes.dropLast(trailerLength)))
        writer.word(Crc32c.checksum(writer.bytes[...]))
        return writer.bytes
    }

    private static func begin(_ writer: inout StateWriter) {
        writer.append(magic)
        writer.word(version)
        writer.long(0)
    }

    private static func finish(_ writer: inout StateWriter) -> [UInt8] {
        let length = UInt64(writer.bytes.count - headerLength)
        for i in 0..<8 { writer.bytes[12 + i] = UInt8(truncatingIfNeeded: length >> UInt64(8 * i)) }
        writer.word(Crc32c.checksum(writer.bytes[...]))
        return writer.bytes
    }

    /// The state that bytes hold.
    public static func decode(_ bytes: [UInt8]) throws(StateError) -> MonitorState {
        let (found, bytes) = try body(of: bytes)
        guard found == version else { throw .unsupportedVersion(found) }
        var body = StateReader(bytes)
        let state = try body.state()
        guard body.left == 0 else { throw .malformed("something follows its end") }
        return state
    }

    /// How far sources had been read, and nothing else, by a state of this version or another one, earlier or later.
    public static func progress(_ bytes: [UInt8]) throws(StateError) -> MonitorState {
        let (found, bytes) = try body(of: bytes)
        guard found >= firstWithProgress else { throw .unsupportedVersion(found) }
        var body = StateReader(bytes)
        return try body.progress()
    }

    /// Version and body, once checked.
    private static func body(of bytes: [UInt8]) throws(StateError) -> (version: UInt32, bytes: ArraySlice<UInt8>) {
        guard bytes.count >= headerLength + trailerLength, bytes.prefix(8).elementsEqual(magic) else {
            throw .notAState
        }
        var header = StateReader(bytes[8..<headerLength])
        let found = try header.word()
        let length = try header.long()
        guard length == UInt64(bytes.count - headerLength - trailerLength) else { throw .wrongLength }
        let end = bytes.count - trailerLength
        var trailer = StateReader(bytes[end...])
        guard try trailer.word() == Crc32c.checksum(bytes[..<end]) else { throw .wrongChecksum }
        return (found, bytes[headerLength..<end])
    }
}
