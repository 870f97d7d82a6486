internal import Glibc

/// A directory that this process has locked.
final class LinuxStateDirectory: StateDirectory {
    let path: String
    private let handle: Int32

    /// Opens and locks a directory, which has to exist: a mistyped path is an error and no new beginning.
    ///
    /// - Throws: `SystemError`: no directory, no permission, or locked by another daemon.
    init(path: String) throws(SystemError) {
        self.path = path
        handle = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { throw .current("open the state directory", path) }
        guard flock(handle, LOCK_EX | LOCK_NB) == 0 else {
            let error =
                errno == EWOULDBLOCK
                ? SystemError(action: "use a state directory that another telltale is using:", path: path, code: EBUSY)
                : SystemError.current("lock the state directory", path)
            Glibc.close(handle)
            throw error
        }
    }

    deinit { Glibc.close(handle) }

    var weakness: String? {
        var status = stat()
        guard unsafe fstat(handle, &status) == 0, status.st_mode & 0o022 != 0 else { return nil }
        return "group or others may write to the state directory \(path), and so delete the state"
    }

    var isWritable: Bool { unsafe faccessat(handle, ".", W_OK, 0) == 0 }

    /// The content of a regular file of ours.
    ///
    /// Anything else is refused: who may write to the directory must not be able to make counters up.
    func read(_ name: String, limit: Int) throws(SystemError) -> [UInt8]? {
        let file = unsafe openat(handle, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw .current("open", place(name))
        }
        defer { Glibc.close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw .current("inspect", place(name)) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
            throw SystemError(action: "trust what others may have written:", path: place(name), code: EPERM)
        }
        return try FileBytes.read(file, path: place(name), limit: limit)
    }

    func exists(_ name: String) throws(SystemError) -> Bool {
        if unsafe faccessat(handle, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 { return true }
        guard errno == ENOENT else { throw .current("inspect", place(name)) }
        return false
    }

    func create(_ name: String) throws(SystemError) -> Int32 {
        let file = unsafe openat(handle, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .current("create", place(name)) }
        return file
    }

    func write(_ bytes: ArraySlice<UInt8>, to file: Int32) throws(SystemError) -> Int {
        while true {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            if count > 0 { return count }
            guard count < 0, errno == EINTR else { throw .current("write in", path) }
        }
    }

    func sync(_ file: Int32) throws(SystemError) {
        guard fsync(file) == 0 else { throw .current("sync a file in", path) }
    }

    func close(_ file: Int32) throws(SystemError) {
        guard Glibc.close(file) == 0 else { throw .current("close a file in", path) }
    }

    func remove(_ name: String) throws(SystemError) {
        guard unsafe unlinkat(handle, name, 0) == 0 || errno == ENOENT else { throw .current("remove", place(name)) }
    }

    func link(_ name: String, to other: String) throws(SystemError) {
        guard unsafe linkat(handle, name, handle, other, 0) == 0 else { throw .current("link", place(name)) }
    }

    func rename(_ name: String, to other: String) throws(SystemError) {
        guard unsafe renameat(handle, name, handle, other) == 0 else { throw .current("rename", place(name)) }
    }

    func sync() throws(SystemError) {
        guard fsync(handle) == 0 else { throw .current("sync", path) }
    }

    private func place(_ name: String) -> String { "\(path)/\(name)" }
}
