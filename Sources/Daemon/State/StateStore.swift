internal import Glibc

/// The state files of one daemon, in a directory that it locks.
///
/// Files (mode 0600), newest first:
///
/// - `state.bin`: the last commit. While it has this name, nothing newer was ever published.
/// - `state.behind.bin`: the last commit that could be written before writing failed and newer figures were published
///   all the same. Renaming needs no space, so a full disk can still tell the next start that counters must not go on
///   from here.
/// - `state.prev.bin`: the commit before the last one, used when `state.bin` cannot be read.
/// - `state.bad.bin`: a state that could not be read, kept for inspection.
///
/// A commit is: temporary file, write, fsync, hard link of the old state to `state.prev.bin`, rename, fsync of the
/// directory. A temporary file that failed is removed and never written to again: after a failed fsync the kernel may
/// have dropped its pages. The store belongs to one thread at a time.
final class StateStore {
    /// How a start goes on.
    enum Standing: Equatable {
        /// No state at all.
        case none
        /// Exactly what was last published: counters go on.
        case current
        /// Older than what was published, or possibly so: positions, windows and references go on, counters begin at 0.
        case behind
    }

    /// What a start found.
    struct Found {
        /// How to go on.
        var standing: Standing
        /// The state; `nil` with `Standing.none`.
        var bytes: [UInt8]?
        /// What the log should say about it.
        var notes: [String]
    }

    /// Names of the files.
    enum Name {
        static let current = "state.bin"
        static let behind = "state.behind.bin"
        static let previous = "state.prev.bin"
        static let bad = "state.bad.bin"
        static let temporary = "state.tmp"
    }

    /// Most bytes of a state file that are read.
    static let maximumBytes = 1 << 30

    /// The directory, as given.
    let directory: String
    private let handle: Int32
    private var isMarkedBehind = false

    /// Opens and locks a directory, which has to exist: a mistyped path is an error and no new beginning.
    ///
    /// - Throws: `SystemError`: no directory, no permission, or locked by another daemon.
    init(directory: String) throws(SystemError) {
        self.directory = directory
        handle = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { throw .current("open the state directory", directory) }
        guard flock(handle, LOCK_EX | LOCK_NB) == 0 else {
            let error =
                errno == EWOULDBLOCK
                ? SystemError(
                    action: "use a state directory that another telltale is using:", path: directory, code: EBUSY)
                : SystemError.current("lock the state directory", directory)
            close(handle)
            throw error
        }
    }

    /// What is unsafe about the directory, as a sentence; `nil` if nothing is.
    ///
    /// State files are created anew, never through a link, and read only if they are ours, so this is a warning and no
    /// error: a volume of Kubernetes is writable by its group.
    var weakness: String? {
        var status = stat()
        guard unsafe fstat(handle, &status) == 0, status.st_mode & 0o022 != 0 else { return nil }
        return "group or others may write to the state directory \(directory), and so delete the state"
    }

    deinit { close(handle) }

    /// Finds the state to go on from.
    ///
    /// - Parameter isReadable: Whether bytes are a state that can be restored.
    func load(isReadable: ([UInt8]) -> Bool) -> Found {
        var notes: [String] = []
        for (name, standing) in [(Name.current, Standing.current), (Name.behind, .behind), (Name.previous, .behind)] {
            do throws(SystemError) {
                guard let bytes = try read(name) else { continue }
                guard isReadable(bytes) else {
                    notes.append("\(directory)/\(name) is damaged or of another version; it is kept as \(Name.bad)")
                    _ = unsafe renameat(handle, name, handle, Name.bad)
                    continue
                }
                isMarkedBehind = name == Name.behind
                var standing = standing
                if standing == .current, unsafe faccessat(handle, ".", W_OK, 0) != 0 {
                    standing = .behind
                    notes.append("\(directory) is not writable, so newer figures may have been published")
                } else if standing == .behind {
                    notes.append("\(directory)/\(name) is older than what was published")
                }
                return Found(standing: standing, bytes: bytes, notes: notes)
            } catch {
                notes.append(error.description)
            }
        }
        return Found(standing: .none, bytes: nil, notes: notes)
    }

    /// Makes a state durable.
    ///
    /// - Throws: `SystemError`; the files are then as they were.
    func commit(_ bytes: [UInt8]) throws(SystemError) {
        let path = "\(directory)/\(Name.temporary)"
        if unsafe unlinkat(handle, Name.temporary, 0) != 0, errno != ENOENT { throw .current("replace", path) }
        let file = unsafe openat(handle, Name.temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .current("create", path) }
        do throws(SystemError) {
            do throws(SystemError) {
                try write(bytes, to: file, path: path)
                guard fsync(file) == 0 else { throw .current("sync", path) }
            } catch {
                close(file)
                throw error
            }
            guard close(file) == 0 else { throw .current("close", path) }
            keepPrevious()
            guard unsafe renameat(handle, Name.temporary, handle, Name.current) == 0 else {
                throw .current("rename", path)
            }
        } catch {
            _ = unsafe unlinkat(handle, Name.temporary, 0)
            throw error
        }
        guard fsync(handle) == 0 else { throw .current("sync", directory) }
        if isMarkedBehind, unsafe unlinkat(handle, Name.behind, 0) == 0 || errno == ENOENT { isMarkedBehind = false }
    }

    /// Says on disk that newer figures than the state file's are about to be published.
    ///
    /// - Returns: Whether the next start will know. It will not on a device that refuses even a rename; if the process
    ///   is then killed and the device works again at the next start, counters go on from the last commit.
    func markBehind() -> Bool {
        if isMarkedBehind { return true }
        if unsafe renameat(handle, Name.current, handle, Name.behind) == 0 || errno == ENOENT {
            isMarkedBehind = true
            fsync(handle)
        }
        return isMarkedBehind
    }

    /// Keeps the state that is about to be replaced as the previous generation.
    ///
    /// A hard link leaves `state.bin` in place at every moment. Without links there is no previous generation, which
    /// costs a fallback and no correctness.
    private func keepPrevious() {
        guard unsafe faccessat(handle, Name.current, F_OK, AT_SYMLINK_NOFOLLOW) == 0 else { return }
        _ = unsafe unlinkat(handle, Name.previous, 0)
        _ = unsafe linkat(handle, Name.current, handle, Name.previous, 0)
    }

    /// The content of a file; `nil` if there is none.
    ///
    /// Anything but a regular file of ours is refused.
    private func read(_ name: String) throws(SystemError) -> [UInt8]? {
        let path = "\(directory)/\(name)"
        let file = unsafe openat(handle, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw .current("open", path)
        }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw .current("inspect", path) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
            throw SystemError(action: "trust what others may have written:", path: path, code: EPERM)
        }
        return try FileBytes.read(file, path: path, limit: Self.maximumBytes)
    }

    private func write(_ bytes: [UInt8], to file: Int32, path: String) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(file, buffer.baseAddress?.advanced(by: done), buffer.count - done)
            }
            if count > 0 { done += count } else if count == 0 || errno != EINTR { throw .current("write", path) }
        }
    }
}
