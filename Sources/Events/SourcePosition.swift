/// What proves that a file is the one read before: an inode number alone is reused at once.
public struct FileIdentity: Sendable, Equatable, Hashable {
    /// Device number.
    public var device: UInt64
    /// Inode number.
    public var inode: UInt64
    /// Birth time in nanoseconds since the epoch; 0 where the file system has none.
    public var birth: Int64

    /// Creates an identity.
    public init(device: UInt64, inode: UInt64, birth: Int64) {
        (self.device, self.inode, self.birth) = (device, inode, birth)
    }
}

/// How far one file has been read, and what the bytes before that point looked like.
public struct FilePosition: Sendable, Equatable {
    /// Which file.
    public var identity: FileIdentity
    /// Path of the log that the file belongs to, though it may be rotated and have another name.
    public var path: String
    /// First byte not yet counted.
    ///
    /// Always the start of a line.
    public var offset: UInt64
    /// Bytes the file had when it was last looked at.
    ///
    /// Of a packed file 0, and its size once it was read as far as it goes.
    public var size: UInt64
    /// Number of bytes `headHash` covers (at most 1,024 and at most `offset`).
    public var headLength: UInt32
    /// Hash of the first `headLength` bytes.
    public var headHash: UInt64
    /// Number of bytes before `offset` that `tailHash` covers (at most 4,096).
    public var tailLength: UInt32
    /// Hash of the `tailLength` bytes before `offset`.
    public var tailHash: UInt64
    /// Whether the path leads to another file now and this one is only drained.
    public var isRotated: Bool
    /// Whether the file is a compressed one, and offset and hashes are those of its content.
    public var isPacked: Bool

    /// Creates a position.
    public init(
        identity: FileIdentity, path: String, offset: UInt64, size: UInt64 = 0, headLength: UInt32 = 0,
        headHash: UInt64 = 0, tailLength: UInt32 = 0, tailHash: UInt64 = 0, isRotated: Bool = false,
        isPacked: Bool = false
    ) {
        self.identity = identity
        self.path = path
        self.offset = offset
        self.size = size
        self.headLength = headLength
        self.headHash = headHash
        self.tailLength = tailLength
        self.tailHash = tailHash
        self.isRotated = isRotated
        self.isPacked = isPacked
    }
}

/// A change of a source's file positions, carried by the batch whose rows it accounts for.
public enum PositionUpdate: Sendable, Equatable {
    /// Everything before this position is in this batch or an earlier one.
    case reached(FilePosition)
    /// The file is read to its end and closed for good; forget it.
    case finished(FileIdentity)
}
