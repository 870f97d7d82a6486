/// Reads a secret from a file.
enum TokenFile {
    /// Bytes of a token.
    static let bytes = 16...4_096

    /// The token: the file without the white space around it.
    ///
    /// - Throws: A sentence that never repeats the secret.
    static func load(path: String) throws(TokenFileError) -> [UInt8] {
        let content: [UInt8]
        do throws(SystemError) {
            content = try FileBytes.read(path: path, limit: bytes.upperBound + 16)
        } catch {
            throw TokenFileError(description: "cannot be read: \(SystemError.text(error.code))")
        }
        let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
        let token = content.drop { blanks.contains($0) }.reversed().drop { blanks.contains($0) }.reversed()
        guard bytes.contains(token.count), token.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw TokenFileError(
                description: "must hold a token of \(bytes.lowerBound) to \(bytes.upperBound) visible ASCII characters")
        }
        return Array(token)
    }
}

/// Why a token cannot be had.
struct TokenFileError: Error {
    /// What is wrong, without the secret.
    var description: String
}
