import Glibc
import TestKit

@testable import Ingest

/// A file system whose calls fail now and then, for no reason that lasts, and whose files change between two calls.
final class FaultyFiles: FileSystem {
    private let files: SimulatedFileSystem
    private var random: SplitMix64
    /// One call in so many fails; 0 for none.
    var oneIn: UInt64 = 0
    /// Before one call in so many something happens to the files; 0 for none.
    var meanwhileOneIn: UInt64 = 0
    /// What that is.
    var meanwhile: () -> Void = {}

    init(_ files: SimulatedFileSystem, seed: UInt64) {
        self.files = files
        random = SplitMix64(seed: seed)
    }

    private func enter() throws(FileError) {
        if meanwhileOneIn > 0, random.next() % meanwhileOneIn == 0 { meanwhile() }
        guard oneIn > 0, random.next() % oneIn == 0 else { return }
        throw FileError(code: [EIO, ENOMEM, EMFILE, ESTALE][Int(random.next() % 4)])
    }

    func facts(path: String, followingLinks: Bool) throws(FileError) -> FileFacts {
        try enter()
        return try files.facts(path: path, followingLinks: followingLinks)
    }

    func facts(handle: Int32) throws(FileError) -> FileFacts {
        try enter()
        return try files.facts(handle: handle)
    }

    func open(path: String, followingLinks: Bool) throws(FileError) -> Int32 {
        try enter()
        return try files.open(path: path, followingLinks: followingLinks)
    }

    func openPacked(path: String, followingLinks: Bool) throws(FileError) -> Int32 { throw FileError(code: ENOTSUP) }

    func close(handle: Int32) { files.close(handle: handle) }

    func read(handle: Int32, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        try enter()
        return unsafe try files.read(handle: handle, at: offset, into: buffer)
    }

    func resolved(path: String) -> String? { files.resolved(path: path) }

    func resolved(handle: Int32) -> String? { files.resolved(handle: handle) }

    func time() -> Int64 { files.time() }

    func names(directory: String, limit: Int) throws(FileError) -> [String] {
        try enter()
        return try files.names(directory: directory, limit: limit)
    }
}
