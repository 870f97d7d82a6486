import Events
import Glibc

@testable import Ingest

/// A file system in memory: every step is the test's own, births are a counter, and inode numbers are reused at once,
/// as ext4 does.
final class SimulatedFileSystem: FileSystem {
    private final class Node {
        let inode: UInt64
        let birth: Int64
        var bytes: [UInt8] = []
        var isRegular = true
        init(inode: UInt64, birth: Int64) { (self.inode, self.birth) = (inode, birth) }
    }

    private var entries: [String: Node] = [:]
    private var links: [String: String] = [:]
    private var handles: [Int32: Node] = [:]
    private var nextHandle: Int32 = 3
    private var births: Int64 = 0
    /// Whether the file system keeps births.
    var hasBirths = true
    /// Paths that nobody may open or look at.
    var denied: Set<String> = []
    /// Error number of the next read, once.
    var readError: Int32?
    /// Number of files held open.
    var openCount: Int { handles.count }

    private func node(_ path: String, followingLinks: Bool) throws(FileError) -> Node {
        if !followingLinks, links[path] != nil { throw FileError(code: ELOOP) }
        if denied.contains(path) { throw FileError(code: EACCES) }
        let target = links[path] ?? path
        if denied.contains(target) { throw FileError(code: EACCES) }
        guard let node = entries[target] else { throw FileError(code: ENOENT) }
        return node
    }

    private func facts(_ node: Node) -> FileFacts {
        FileFacts(
            identity: FileIdentity(device: 1, inode: node.inode, birth: hasBirths ? node.birth : 0),
            size: UInt64(node.bytes.count),
            isRegular: node.isRegular)
    }

    // MARK: - What the tail asks

    func facts(path: String, followingLinks: Bool) throws(FileError) -> FileFacts {
        facts(try node(path, followingLinks: followingLinks))
    }

    func facts(handle: Int32) throws(FileError) -> FileFacts {
        guard let node = handles[handle] else { throw FileError(code: EBADF) }
        return facts(node)
    }

    func open(path: String, followingLinks: Bool) throws(FileError) -> Int32 {
        handles[nextHandle] = try node(path, followingLinks: followingLinks)
        nextHandle += 1
        return nextHandle - 1
    }

    func openPacked(path: String, followingLinks: Bool) throws(FileError) -> Int32 { throw FileError(code: ENOTSUP) }

    func close(handle: Int32) { handles[handle] = nil }

    func read(handle: Int32, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        if let code = readError {
            readError = nil
            throw FileError(code: code)
        }
        guard let node = handles[handle] else { throw FileError(code: EBADF) }
        let start = min(Int(offset), node.bytes.count)
        let count = min(buffer.count, node.bytes.count - start)
        unsafe buffer.copyBytes(from: node.bytes[start..<start + count])
        return count
    }

    func resolved(path: String) -> String? { links[path] ?? (entries[path] == nil ? nil : path) }

    func resolved(handle: Int32) -> String? {
        guard let node = handles[handle] else { return nil }
        return entries.first { $0.value === node }?.key ?? "(deleted)"
    }

    func time() -> Int64 { births + 1 + LogSet.clockGrain }

    func names(directory: String, limit: Int) throws(FileError) -> [String] {
        let prefix = directory == "/" ? "/" : directory + "/"
        let below = Set(entries.keys).union(links.keys).filter { $0.hasPrefix(prefix) }
        let all = Set(below.map { String($0.dropFirst(prefix.count).prefix { $0 != "/" }) })
        return Array(all.sorted().prefix(limit))
    }

    // MARK: - What the writer does

    /// Appends, creating the file if there is none.
    func append(_ text: String, to path: String) { append(Array(text.utf8), to: path) }

    /// Appends, creating the file if there is none.
    func append(_ bytes: [UInt8], to path: String) {
        let target = links[path] ?? path
        if entries[target] == nil { create(target) }
        entries[target]?.bytes += bytes
    }

    /// Creates an empty file in the place of whatever is there.
    func create(_ path: String, isRegular: Bool = true) {
        let used = Set(entries.values.map(\.inode)).union(handles.values.map(\.inode))
        let inode = (1...).first { !used.contains($0) } ?? 0
        births += 1
        let node = Node(inode: inode, birth: births)
        node.isRegular = isRegular
        entries[path] = node
    }

    /// Renames a file.
    func rename(_ path: String, to other: String) { entries[other] = entries.removeValue(forKey: path) }

    /// Removes a name.
    func remove(_ path: String) { entries[path] = nil }

    /// Cuts a file to a length.
    func truncate(_ path: String, to length: Int) {
        entries[path]?.bytes.removeLast((entries[path]?.bytes.count ?? 0) - length)
    }

    /// Replaces the content in place.
    func rewrite(_ path: String, _ bytes: [UInt8]) { entries[path]?.bytes = bytes }

    /// The content.
    func content(_ path: String) -> [UInt8] { entries[path]?.bytes ?? [] }

    /// What tells a file from others; `nil` if there is none.
    func identity(_ path: String) -> FileIdentity? { entries[path].map { facts($0).identity } }

    /// Copies a file under another name.
    func copy(_ path: String, to other: String) {
        create(other)
        entries[other]?.bytes = content(path)
    }

    /// Replaces a file by a compressed one, as `gzip` does.
    func compress(_ path: String) {
        create(path + ".gz")
        entries[path + ".gz"]?.bytes = gzip(content(path))
        remove(path)
    }

    /// Makes a link lead to a path, replacing the link.
    func link(_ path: String, to target: String) { links[path] = target }

    /// Shifts `path.1` to `path.2` and so on, then `path` to `path.1`.
    func rotate(_ path: String, keep: Int = 100) {
        shift(path, keep: keep)
        rename(path, to: "\(path).1")
    }

    /// Shifts `path.1` to `path.2` and so on.
    func shift(_ path: String, keep: Int = 100) {
        for number in stride(from: keep, through: 1, by: -1) where entries["\(path).\(number)"] != nil {
            rename("\(path).\(number)", to: "\(path).\(number + 1)")
        }
    }
}
