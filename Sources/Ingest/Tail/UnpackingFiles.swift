import Events

/// A file system that can open a gzip file and read its content.
///
/// Places and size of such an open file are those of the content, as far as it is decompressed. Handles are those of
/// the file system below.
final class UnpackingFiles: FileSystem {
    private let files: any FileSystem
    private var contents: [Int32: PackedContent] = [:]
    /// Content of a file that was closed in the middle of a read that is repeated: it goes on from there.
    private var parked: PackedContent?

    /// On top of another file system.
    init(_ files: any FileSystem) { self.files = files }

    func open(path: String, followingLinks: Bool) throws(FileError) -> Int32 {
        try files.open(path: path, followingLinks: followingLinks)
    }

    func openPacked(path: String, followingLinks: Bool) throws(FileError) -> Int32 {
        let handle = try files.open(path: path, followingLinks: followingLinks)
        do throws(FileError) {
            let facts = try files.facts(handle: handle)
            if let content = parked, content.identity == facts.identity, content.size == facts.size {
                contents[handle] = content
                parked = nil
            } else {
                contents[handle] = PackedContent(facts)
            }
            return handle
        } catch {
            files.close(handle: handle)
            throw error
        }
    }

    func close(handle: Int32) {
        if let content = contents.removeValue(forKey: handle), content.isWorking { parked = content }
        files.close(handle: handle)
    }

    func read(handle: Int32, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        guard !contents.isEmpty, let content = contents[handle] else {
            return try unsafe files.read(handle: handle, at: offset, into: buffer)
        }
        return try unsafe content.read(at: offset, into: buffer) { (place, target) throws(FileError) in
            try unsafe files.read(handle: handle, at: place, into: target)
        }
    }

    func facts(handle: Int32) throws(FileError) -> FileFacts {
        var facts = try files.facts(handle: handle)
        if let content = contents[handle] {
            content.size = facts.size
            facts.size = content.produced
        }
        return facts
    }

    func packed(handle: Int32) -> PackedFacts? {
        guard let content = contents[handle] else { return nil }
        if let facts = try? files.facts(handle: handle) { content.size = facts.size }
        return content.facts
    }

    func facts(path: String, followingLinks: Bool) throws(FileError) -> FileFacts {
        try files.facts(path: path, followingLinks: followingLinks)
    }

    func resolved(path: String) -> String? { files.resolved(path: path) }

    func resolved(handle: Int32) -> String? { files.resolved(handle: handle) }

    func time() -> Int64 { files.time() }

    func names(directory: String, limit: Int) throws(FileError) -> [String] {
        try files.names(directory: directory, limit: limit)
    }
}
