import Foundation
import Testing

/// A blocking HTTP client for tests that can say anything, also what no client should.
final class RawConnection {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let code = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(code == 0, "connect: \(errno)")
    }

    deinit { close(descriptor) }

    /// Sends text; errors are what the reader will see.
    func send(_ text: String) { send(Array(text.utf8)) }

    /// Sends bytes; errors are what the reader will see.
    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            sent += count
        }
    }

    /// Everything until the server closes; `nil` if it does not within the patience.
    func readToEnd() -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count == 0 { return bytes }
            if count < 0 { return errno == ECONNRESET ? bytes : nil }
            bytes.append(contentsOf: buffer[..<count])
        }
    }
}

/// A parsed answer.
struct RawResponse {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The answers in a stream of bytes, one after the other; bodies by `Content-Length`.
    static func all(in bytes: [UInt8], withBodies: Bool = true) throws -> [RawResponse] {
        var responses: [RawResponse] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let end = try #require(rest.indices.first { rest[$0...].starts(with: Array("\r\n\r\n".utf8)) })
            let lines = String(decoding: rest[..<end], as: UTF8.self).components(separatedBy: "\r\n")
            let status = try #require(lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
            }
            let length = withBodies ? Int(headers["content-length"] ?? "0") ?? 0 : 0
            let body = rest[(end + 4)...].prefix(length)
            responses.append(RawResponse(status: status, headers: headers, body: Array(body)))
            rest = rest[(end + 4)...].dropFirst(length)
        }
        return responses
    }

    /// The one answer to a request on a connection of its own.
    static func to(_ request: String, port: Int, hasBody: Bool = true) throws -> RawResponse {
        let connection = try RawConnection(port: port)
        connection.send(request)
        let bytes = try #require(connection.readToEnd())
        return try #require(try all(in: bytes, withBodies: hasBody).first)
    }
}
