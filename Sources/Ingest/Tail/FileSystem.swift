import Events

/// What the tail asks of a file system.
///
/// The real one is `LinuxFileSystem`; tests drive a simulated one.
protocol FileSystem: AnyObject {
    /// Facts of what a path leads to, or of the link itself.
    func facts(path: String, followingLinks: Bool) throws(FileError) -> FileFacts
    /// Facts of an open file.
    func facts(handle: Int32) throws(FileError) -> FileFacts
    /// Opens a file for reading; a link is refused unless it is to be followed.
    func open(path: String, followingLinks: Bool) throws(FileError) -> Int32
    /// Opens a gzip file; what is read of it is its content.
    func openPacked(path: String, followingLinks: Bool) throws(FileError) -> Int32
    /// Closes a file.
    func close(handle: Int32)
    /// Reads at a place; fewer bytes than asked for mean the end of the file.
    func read(handle: Int32, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int
    /// The path without links; `nil` if it leads nowhere.
    func resolved(path: String) -> String?
    /// The path of an open file, without links; `nil` if the system does not say.
    func resolved(handle: Int32) -> String?
    /// The instant that a file born now would get, in nanoseconds since the epoch.
    func time() -> Int64
    /// Up to `limit` names in a directory, in no particular order.
    func names(directory: String, limit: Int) throws(FileError) -> [String]
    /// What is known of the compressed file behind a handle; `nil` if the handle reads a file as it is.
    func packed(handle: Int32) -> PackedFacts?
}

extension FileSystem {
    func packed(handle: Int32) -> PackedFacts? { nil }

    /// Exactly `count` bytes at a place; `nil` if the file has not that many there.
    func bytes(of handle: Int32, at offset: UInt64, count: Int) throws(FileError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var failure: FileError?
        let isWhole = unsafe bytes.withUnsafeMutableBytes { buffer in
            do throws(FileError) {
                return unsafe try read(handle: handle, at: offset, into: buffer) == count
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        return isWhole ? bytes : nil
    }
}

/// An error number of the system.
struct FileError: Error, Equatable {
    /// `errno`.
    var code: Int32
}

/// What identifies a file, and how large it is.
struct FileFacts: Equatable {
    /// Which file.
    var identity: FileIdentity
    /// Bytes.
    var size: UInt64
    /// Whether it is a regular file.
    var isRegular: Bool
}
