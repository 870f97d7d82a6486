import Foundation
import Testing

/// Sends datagrams to a port of this machine.
final class DatagramSender {
    private let descriptor: Int32
    private var address = sockaddr_in()

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        try #require(descriptor >= 0)
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = try #require(UInt16(exactly: port)).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    }

    deinit { close(descriptor) }

    /// Sends one datagram; the test fails if the kernel refuses it.
    func send(_ text: String) {
        let bytes = Array(text.utf8)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let sent = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe sendto(descriptor, bytes, bytes.count, 0, address, size)
            }
        }
        #expect(sent == bytes.count)
    }
}

/// Sends over a Unix socket.
final class UnixSender {
    private let descriptor: Int32

    /// Connects to a socket of this type.
    init(_ path: String, _ type: __socket_type) throws {
        descriptor = socket(AF_UNIX, Int32(type.rawValue), 0)
        try #require(descriptor >= 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        try #require(path.utf8.count < 108)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
        }
        try #require(code == 0, "nobody listens on \(path)")
    }

    deinit { close(descriptor) }

    /// Sends one datagram, or bytes of a stream, waiting while the kernel has no room.
    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends one datagram, or bytes of a stream, waiting while the kernel has no room.
    func send(_ bytes: [UInt8]) throws {
        let sent = unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        try #require(sent == bytes.count)
    }
}

/// Sends over a TCP connection.
final class StreamSender {
    private var descriptor: Int32

    /// Connects to a port of this machine.
    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = try #require(UInt16(exactly: port)).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
        }
        try #require(code == 0, "nobody listens on \(port)")
    }

    deinit { close() }

    /// Closes the connection.
    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Sends all of it.
    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        let sent = unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        try #require(sent == bytes.count)
    }
}
