internal import Glibc

/// Numeric network addresses; nothing is resolved.
enum NumericAddress {
    /// Whether the text is an IPv4 or IPv6 address.
    static func isValid(_ host: String) -> Bool {
        var storage = in6_addr()
        return unsafe inet_pton(AF_INET, host, &storage) == 1 || inet_pton(AF_INET6, host, &storage) == 1
    }

    /// A UDP socket that sends to one address.
    static func connectDatagrams(to endpoint: Endpoint) throws(SystemError) -> Int32 {
        let isV6 = endpoint.host.contains(":")
        let descriptor = socket(isV6 ? AF_INET6 : AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .current("open a socket for", endpoint.description) }
        let port = UInt16(truncatingIfNeeded: endpoint.port).bigEndian
        let code: Int32
        if isV6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port
            unsafe inet_pton(AF_INET6, endpoint.host, &address.sin6_addr)
            code = connect(descriptor, to: address)
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port
            unsafe inet_pton(AF_INET, endpoint.host, &address.sin_addr)
            code = connect(descriptor, to: address)
        }
        guard code == 0 else {
            let error = SystemError.current("send to", endpoint.description)
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func connect<Address>(_ descriptor: Int32, to address: Address) -> Int32 {
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe Glibc.connect(descriptor, generic, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }
}
