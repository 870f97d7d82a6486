import Foundation

/// A directory that is gone when nobody needs it any more.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "telltale-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Path of a name in it.
    func file(_ name: String) -> String { path + "/" + name }

    /// Appends, creating the file if there is none.
    func append(_ text: String, to name: String) throws {
        if !FileManager.default.fileExists(atPath: file(name)) {
            try Data().write(to: URL(filePath: file(name)))
        }
        let handle = try FileHandle(forWritingTo: URL(filePath: file(name)))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    /// Renames.
    func rename(_ name: String, to other: String) throws {
        try FileManager.default.moveItem(atPath: file(name), toPath: file(other))
    }
}
