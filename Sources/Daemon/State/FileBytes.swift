internal import Glibc

/// Reads whole files of bounded size.
enum FileBytes {
    /// The content of a file by path.
    ///
    /// Links are followed: the path is the user's own.
    ///
    /// - Throws: `SystemError`: it cannot be opened, is no regular file or pipe, or is larger than `limit`.
    static func read(path: String, limit: Int) throws(SystemError) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .current("open", path) }
        defer { close(file) }
        return try read(file, path: path, limit: limit)
    }

    /// The content of an open file.
    static func read(_ file: Int32, path: String, limit: Int) throws(SystemError) -> [UInt8] {
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw .current("inspect", path) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw SystemError(action: "read", path: path, code: EISDIR) }
        let expected = Int(clamping: status.st_size)
        guard expected <= limit else { throw SystemError(action: "read", path: path, code: EFBIG) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(expected + 1)
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(file, buffer.baseAddress, buffer.count)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw .current("read", path)
            }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else { throw SystemError(action: "read", path: path, code: EFBIG) }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Writes a file anew beside its place and renames it, so that readers see the old or the new content.
    static func replace(path: String, with bytes: [UInt8]) throws(SystemError) {
        let temporary = path + ".tmp"
        let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw .current("create", temporary) }
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe write(file, buffer.baseAddress?.advanced(by: done), buffer.count - done)
            }
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                let error = SystemError.current("write", temporary)
                close(file)
                _ = unsafe unlink(temporary)
                throw error
            }
        }
        guard close(file) == 0, unsafe rename(temporary, path) == 0 else { throw .current("write", path) }
    }
}
