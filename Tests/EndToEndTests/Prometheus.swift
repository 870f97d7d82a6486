import Foundation
import Testing

/// Programs of Prometheus on this machine.
enum Tool {
    static let prometheus = find("prometheus")
    static let promtool = find("promtool")

    /// Whether a missing program is a failure: on the machine that decides about a change.
    static var isRequired: Bool { ProcessInfo.processInfo.environment["CI"] != nil }

    static let advice: Comment = "not installed: apt-get install prometheus (deploy/test.sh does it)"

    private static func find(_ name: String) -> URL? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { URL(filePath: String($0)).appending(path: name) }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }
}

/// A Prometheus of its own, with one target and an empty database.
final class Prometheus {
    private let process = Process()
    private let log: URL
    private let port: Int

    init(_ program: URL, target: Int, in folder: TemporaryFolder) throws {
        let configuration = try folder.write(
            """
            global: {scrape_interval: 500ms, scrape_timeout: 500ms}
            scrape_configs:
              - job_name: telltale
                static_configs: [{targets: ["127.0.0.1:\(target)"]}]
            """, to: "prometheus.yml")
        log = folder.file("prometheus.log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        port = try Self.freePort()
        process.executableURL = program
        process.arguments = [
            "--config.file=\(configuration)", "--storage.tsdb.path=\(folder.file("tsdb").path)",
            "--web.listen-address=127.0.0.1:\(port)",
        ]
        process.standardError = try FileHandle(forWritingTo: log)
        process.standardOutput = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
    }

    /// Everything logged so far.
    var logged: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// Value of a query with one series; `nil` without one.
    func query(_ expression: String) async throws -> Double? {
        let escaped = expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let answer = try await HTTP.request(port: port, "/api/v1/query?query=\(escaped)")
        let object = try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any]
        let data = object?["data"] as? [String: Any]
        let series = data?["result"] as? [[String: Any]]
        return ((series?.first?["value"] as? [Any])?.last as? String).flatMap(Double.init)
    }

    /// A port nobody listens on; Prometheus cannot be told to choose one and say which.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, size) == 0 && getsockname(descriptor, address, &size) == 0
            }
        }
        try #require(result)
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
