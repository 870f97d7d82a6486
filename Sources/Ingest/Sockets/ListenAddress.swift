import CLinux
import Glibc

/// Where a socket takes input.
public enum ListenAddress: Sendable, Equatable {
    /// Permissions of a Unix socket unless said otherwise: its owner and group may write to it.
    public static let defaultMode: UInt32 = 0o660

    /// `IPV4:PORT` or `[IPV6]:PORT`, numeric; port 0 for any free one.
    case network(String)
    /// A Unix socket: its path, and the permissions of its file.
    case unix(path: String, mode: UInt32)
}

/// A numeric host and a port.
struct SocketAddress: Equatable {
    /// Numeric, without brackets.
    var host: String
    /// Port, 0 for any.
    var port: UInt16

    /// Parses `IPV4:PORT` or `[IPV6]:PORT`; `nil` for anything else.
    ///
    /// The host is checked when it is bound.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        (self.host, self.port) = (String(host), port)
    }

    /// The text this is parsed from.
    var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// A socket that is bound, and its file if it has one; the file goes with it.
///
/// Never copied, so that the descriptor is closed once.
final class BoundSocket: Sendable {
    /// What kind of socket is bound.
    enum Kind {
        /// Takes datagrams.
        case datagram
        /// Takes connections, so many of them waiting for `accept`.
        case stream(backlog: Int32)
    }

    /// Descriptor, non-blocking.
    let descriptor: Int32
    /// The address with the port that was given, or the path.
    let name: String
    /// The file of a Unix socket.
    private let file: (path: String, identity: clinux_socket_file)?

    /// Binds an address; of streams, listens on it.
    init(_ address: ListenAddress, _ kind: Kind) throws(IngestError) {
        switch address {
        case .network(let text):
            guard var parsed = SocketAddress(text) else { throw .invalidAddress(text) }
            switch kind {
            case .datagram: descriptor = unsafe clinux_bind_udp(parsed.host, &parsed.port)
            case .stream(let backlog): descriptor = unsafe clinux_listen_tcp(parsed.host, &parsed.port, backlog)
            }
            (name, file) = (parsed.text, nil)
            switch descriptor {
            case 0...: return
            case -EINVAL: throw .invalidAddress(text)
            case -EADDRINUSE: throw .addressInUse(text)
            default: throw .socket(address: text, reason: reason(-descriptor))
            }
        case .unix(let path, let mode):
            var identity = clinux_socket_file()
            var backlog: Int32 = 0
            if case .stream(let wanted) = kind { backlog = wanted }
            descriptor = unsafe clinux_bind_unix(path, backlog, mode, &identity)
            (name, file) = (path, descriptor >= 0 ? (path, identity) : nil)
            switch descriptor {
            case 0...: return
            case -EADDRINUSE: throw .addressInUse(path)
            case -ENOTSOCK:
                throw .socket(address: path, reason: "a file that is no socket is in its place; it is left alone")
            case -ENAMETOOLONG: throw .socket(address: path, reason: "the path of a socket has at most 107 bytes")
            default: throw .socket(address: path, reason: reason(-descriptor))
            }
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        // First the file: whoever opens it afterwards is told at once that nobody listens.
        removeFile()
        close(descriptor)
    }

    /// Removes the file, if it is still the one that was bound: nobody new can come.
    func removeFile() {
        guard let file else { return }
        var identity = file.identity
        unsafe _ = clinux_remove_socket(file.path, &identity)
    }
}
