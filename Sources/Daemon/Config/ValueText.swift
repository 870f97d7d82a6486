/// Spellings of values in a configuration and on the command line.
enum ValueText {
    /// A duration such as `250ms`, `1s`, `5m`, `1h`, `2d`; `1h30m` is `90m`.
    ///
    /// A plain number has no unit and is refused.
    ///
    /// - Returns: Nanoseconds, at most about 292 years; `nil` if the text is not a duration.
    static func duration(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count <= 32 else { return nil }
        var i = 0
        while i < bytes.count, isDigit(bytes[i]) || bytes[i] == UInt8(ascii: ".") { i += 1 }
        let unit = String(decoding: bytes[i...], as: UTF8.self)
        let factors: [String: Double] = ["ms": 1e6, "s": 1e9, "m": 60e9, "h": 3_600e9, "d": 86_400e9, "w": 604_800e9]
        guard i > 0, let factor = factors[unit], let number = decimal(bytes[..<i]) else { return nil }
        return Int64(exactly: (number * factor).rounded())
    }

    /// A number of bytes such as `65536`, `64KiB`, `4MiB`, `1GiB`, `10kB`, `10MB`; `nil` if the text is none.
    static func byteCount(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count <= 32 else { return nil }
        var i = 0
        while i < bytes.count, isDigit(bytes[i]) { i += 1 }
        let unit = String(decoding: bytes[i...], as: UTF8.self)
        let factors: [String: Int] = [
            "": 1, "B": 1, "kB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000,
            "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
        ]
        guard let factor = factors[unit], let number = Int(String(decoding: bytes[..<i], as: UTF8.self)) else {
            return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    /// A duration as a short text: the largest unit that divides it.
    static func text(nanoseconds: Int64) -> String {
        let units: [(Int64, String)] = [
            (86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"),
            (1_000_000, "ms"),
        ]
        for (size, unit) in units where nanoseconds >= size && nanoseconds % size == 0 {
            return "\(nanoseconds / size)\(unit)"
        }
        return nanoseconds == 0 ? "0s" : "\(Double(nanoseconds) / 1e9)s"
    }

    /// A number of bytes as a short text.
    static func text(bytes: Int) -> String {
        let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        for (size, unit) in units where bytes >= size && bytes % size == 0 { return "\(bytes / size)\(unit)" }
        return "\(bytes)B"
    }

    /// A dotted field path as keys; `nil` if it is empty, or a key of it is.
    static func path(_ text: String) -> [String]? {
        let keys = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        return keys.contains("") ? nil : keys
    }

    private static func decimal(_ bytes: ArraySlice<UInt8>) -> Double? {
        guard bytes.first != UInt8(ascii: "."), bytes.last != UInt8(ascii: ".") else { return nil }
        return Double(String(decoding: bytes, as: UTF8.self))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
}

/// A numeric network address and a port: what to listen on.
///
/// Names are not resolved, so that nothing depends on DNS.
struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// IPv4 or IPv6 address without brackets.
    var host: String
    /// 0 picks a free port.
    var port: Int

    /// `host:port`, `[v6]:port`; `localhost` is 127.0.0.1 and an empty host every IPv4 address.
    init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let portText = text[text.index(after: colon)...]
        guard portText.utf8.count <= 5, portText.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let port = Int(portText),
            port <= 65_535
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        if host == "localhost" { host = "127.0.0.1" }
        if host.isEmpty { host = "0.0.0.0" }
        guard host.utf8.count <= 45, NumericAddress.isValid(host) else { return nil }
        (self.host, self.port) = (host, port)
    }

    /// Creates an endpoint of valid parts.
    init(host: String, port: Int) { (self.host, self.port) = (host, port) }

    /// As written in a URL.
    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether only this machine (or pod) reaches it.
    var isLoopback: Bool { host == "::1" || host.hasPrefix("127.") }
}
