import Foundation
import Testing

/// The working tree this test was built from.
enum Repository {
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()

    /// One text file: where it is below the root, and what it says.
    struct File: CustomTestStringConvertible {
        var path: String
        var text: String

        var testDescription: String { path }
        var name: String { path.split(separator: "/").last.map(String.init) ?? path }
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    }

    /// Text files below `folders` (or the files themselves) whose name ends in one of `suffixes`, by path.
    static func files(in folders: [String], suffixes: [String]) -> [File] {
        folders.flatMap { folder -> [File] in
            if let single = file(folder) { return [single] }
            let below = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
            return (below?.compactMap { $0 as? String } ?? []).sorted()
                .filter { path in suffixes.contains { path.hasSuffix($0) } && !path.contains(".build/") }
                .compactMap { file(folder + "/" + $0) }
        }
    }

    /// One file; `nil` if it does not exist or is no text.
    static func file(_ path: String) -> File? {
        (try? String(contentsOf: root.appending(path: path), encoding: .utf8)).map { File(path: path, text: $0) }
    }

    /// All Swift files of the product.
    static var sources: [File] { files(in: ["Sources"], suffixes: [".swift"]) }
}
