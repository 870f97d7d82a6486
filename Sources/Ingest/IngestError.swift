import Glibc

/// Why a source cannot start: the configuration names something that cannot be read or bound.
public enum IngestError: Error, Equatable, CustomStringConvertible {
    /// The directory of the log does not exist or is none.
    case missingDirectory(path: String)
    /// The log or its directory may not be read.
    case permissionDenied(path: String)
    /// The path leads to a directory, a device, a pipe or a socket.
    case notARegularFile(path: String)
    /// The log cannot be opened for another reason.
    case unreadable(path: String, reason: String)
    /// The pattern of paths is none.
    case invalidPattern(String, rule: String)
    /// The text is not `HOST:PORT` with a numeric IPv4 or bracketed IPv6 host.
    case invalidAddress(String)
    /// Another process owns the port, or listens on the socket.
    case addressInUse(String)
    /// The socket cannot be had for another reason.
    case socket(address: String, reason: String)
    /// The system refuses a descriptor or a thread.
    case resources(reason: String)

    /// One sentence that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .missingDirectory(let path):
            "the directory of the log \(path) does not exist; create it, or correct the path"
        case .permissionDenied(let path):
            "no permission to read \(path); let the user of this process read it"
        case .notARegularFile(let path):
            "\(path) is not a regular file; only regular files can be tailed"
        case .unreadable(let path, let reason):
            "cannot read \(path): \(reason)"
        case .invalidPattern(let text, let rule):
            "the path \(text) \(rule)"
        case .invalidAddress(let text):
            "\"\(text)\" is not an address; write IPV4:PORT or [IPV6]:PORT, as in 127.0.0.1:8125"
        case .addressInUse(let address):
            "\(address) is in use by another process; stop it, or choose another address"
        case .socket(let address, let reason):
            "cannot receive on \(address): \(reason)"
        case .resources(let reason):
            "the system refuses what a source needs: \(reason)"
        }
    }
}

/// The system's own words for an error number.
func reason(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    unsafe _ = strerror_r(code, &buffer, buffer.count)
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
