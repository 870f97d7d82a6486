/// What rotation makes of the name of a log.
enum RotatedName {
    /// End of the names of files that are read decompressed.
    static let packedEnd = ".gz"
    /// Ends of names that are compressed or half written.
    static let foreignEnds = [packedEnd, ".bz2", ".xz", ".zst", ".lz4", ".zip", ".tmp", ".swp"]

    /// Whether a name is that of something compressed or half written.
    static func isForeign(_ name: String) -> Bool { foreignEnds.contains { name.hasSuffix($0) } }

    /// Whether a name or path is that of a gzip file.
    static func isPacked(_ name: String) -> Bool { name.hasSuffix(packedEnd) }

    /// A name without the end that says that it is a gzip file.
    static func unpacked(_ name: String) -> String { isPacked(name) ? String(name.dropLast(packedEnd.count)) : name }

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

    /// Where a rotated form stands in time among the others of its log: the lower, the older.
    ///
    /// `app.log.10` is older than `app.log.9`; `app.log-20260101` is older than `app.log-20260102`. A suffix of at most
    /// five digits counts rotations, any other is a date and older than those.
    static func age(of name: String, log: String) -> RotationAge {
        let runs = digits(unpacked(name).utf8.dropFirst(log.utf8.count))
        if runs.count == 1, let run = runs.first, run < 100_000 { return RotationAge(order: [1, .max - run]) }
        // A name without digits, as `app.log.old`, is the one before the live file.
        return RotationAge(order: runs.isEmpty ? [1, .max - 1] : [0] + runs)
    }

    /// Where a compressed file stands among others of any logs: those of one log together, oldest first, else by name,
    /// numbers in it by their value.
    static func order(of path: String) -> RotationAge {
        let place = PathParts(path)
        let name = unpacked(place.name)
        guard let log = origins(of: name).first else { return RotationAge(order: natural(unpacked(path))) }
        return RotationAge(order: natural(place.sibling(log)) + [0] + age(of: name, log: log).order)
    }

    private static func natural(_ text: String) -> [UInt64] {
        var order: [UInt64] = []
        var isNumber = false
        for byte in text.utf8 {
            if isDigit(byte), isNumber, let last = order.popLast() {
                order.append(256 + appended(byte, to: last - 256))
            } else {
                order.append(isDigit(byte) ? 256 + UInt64(byte - 0x30) : UInt64(byte))
            }
            isNumber = isDigit(byte)
        }
        return order
    }

    private static func digits(_ bytes: some Sequence<UInt8>) -> [UInt64] {
        var runs: [UInt64] = []
        var isNumber = false
        for byte in bytes {
            if isDigit(byte) {
                runs.append(isNumber ? appended(byte, to: runs.popLast() ?? 0) : UInt64(byte - 0x30))
            }
            isNumber = isDigit(byte)
        }
        return runs
    }

    /// A number with one more digit; saturates far below the largest.
    private static func appended(_ digit: UInt8, to number: UInt64) -> UInt64 {
        min(number, 1 << 50) * 10 + UInt64(digit - 0x30)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isOfDate(_ byte: UInt8) -> Bool {
        isDigit(byte) || [0x2D, 0x2E, 0x3A, 0x54, 0x5A, 0x5F].contains(byte)
    }
}

/// A place in an order of names.
struct RotationAge: Comparable {
    /// What is compared, the first difference deciding.
    fileprivate let order: [UInt64]

    static func < (one: RotationAge, other: RotationAge) -> Bool { one.order.lexicographicallyPrecedes(other.order) }
}
