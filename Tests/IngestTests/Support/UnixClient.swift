import Glibc
import Testing

/// The client's side of a Unix socket.
@safe
final class UnixClient {
    let descriptor: Int32

    /// Connects; `nil` if nobody listens.
    init?(_ path: String, _ type: __socket_type) {
        descriptor = socket(AF_UNIX, Int32(type.rawValue), 0)
        var address = UnixClient.address(path)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
        }
        if code != 0 {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }

    /// Sends all of it; the test fails if the kernel refuses it.
    func send(_ text: String) { send(Array(text.utf8)) }

    /// Sends all of it; the test fails if the kernel refuses it.
    func send(_ bytes: [UInt8]) {
        let sent = unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        #expect(sent == bytes.count)
    }

    /// Makes a file that looks like the socket of a process that was killed.
    static func leaveStale(_ path: String) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = address(path)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, size) }
        }
        #expect(code == 0)
        close(descriptor)
    }

    private static func address(_ path: String) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        return address
    }
}
