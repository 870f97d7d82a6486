/// What rotation makes of the name of a log.
enum RotatedName {
    /// Ends of names that are compressed or half written.
    static let foreignEnds = [".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip", ".tmp", ".swp"]

    /// Whether a name is that of something compressed or half written.
    static func isForeign(_ name: String) -> Bool { foreignEnds.contains { name.hasSuffix($0) } }

    /// The names that this one may be a rotated form of, shortest first: `app.log` for `app.log.1`, `app.log-20260101`,
    /// `app.log.20260101-120000`.
    ///
    /// Stricter than what is looked at beside one log given by its path: among the files of a pattern `a-b` is no
    /// rotated `a`. What follows the name has to be made of digits and what stands between them in a date; behind a
    /// hyphen there are at least six of them.
    static func origins(of name: String) -> [String] {
        let bytes = Array(name.utf8)
        var origins: [String] = []
        for place in bytes.indices.reversed().dropLast() where bytes[place] == 0x2E || bytes[place] == 0x2D {
            let suffix = bytes[(place + 1)...]
            guard let first = suffix.first, isDigit(first), suffix.allSatisfy(isOfDate) else { continue }
            guard bytes[place] == 0x2E || suffix.count(where: isDigit) >= 6 else { continue }
            origins.append(String(decoding: bytes[..<place], as: UTF8.self))
        }
        return origins.reversed()
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isOfDate(_ byte: UInt8) -> Bool {
        isDigit(byte) || [0x2D, 0x2E, 0x3A, 0x54, 0x5A, 0x5F].contains(byte)
    }
}
