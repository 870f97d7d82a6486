import Foundation
import Testing

/// What did not happen in time, and what the other side said meanwhile.
struct NeverHappened: Error, CustomStringConvertible {
    var description: String
}

/// Polls until `condition` returns a value: tests wait for facts, never for a length of time.
@discardableResult
func eventually<Value>(
    _ what: String, within limit: Duration = .seconds(30), describe: () -> String = { "" },
    _ condition: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + limit
    while true {
        if let value = try await condition() { return value }
        guard ContinuousClock.now < deadline else {
            throw NeverHappened(description: "not within \(limit): \(what)\n\(describe().suffix(4_000))")
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// A folder that is removed with its last reference.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "telltale-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// A file or folder in it.
    func file(_ name: String) -> URL { url.appending(path: name) }

    /// Writes a text file and returns its path.
    func write(_ text: String, to name: String) throws -> String {
        try text.write(to: file(name), atomically: false, encoding: .utf8)
        return file(name).path
    }
}
