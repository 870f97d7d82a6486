import CLinux
import Events
import Glibc

/// The file system of this machine.
final class LinuxFileSystem: FileSystem {
    func facts(path: String, followingLinks: Bool) throws(FileError) -> FileFacts {
        var raw = clinux_file_facts()
        let code = unsafe clinux_facts_of_path(path, followingLinks ? 1 : 0, &raw)
        if code < 0 { throw FileError(code: -code) }
        return FileFacts(raw)
    }

    func facts(handle: Int32) throws(FileError) -> FileFacts {
        var raw = clinux_file_facts()
        let code = unsafe clinux_facts_of_descriptor(handle, &raw)
        if code < 0 { throw FileError(code: -code) }
        return FileFacts(raw)
    }

    func open(path: String, followingLinks: Bool) throws(FileError) -> Int32 {
        // Non-blocking, so that a pipe in the place of the log cannot hold the thread.
        let links = followingLinks ? 0 : O_NOFOLLOW
        let handle = unsafe Glibc.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | links)
        if handle < 0 { throw FileError(code: errno) }
        return handle
    }

    func openPacked(path: String, followingLinks: Bool) throws(FileError) -> Int32 {
        throw FileError(code: ENOTSUP)
    }

    func close(handle: Int32) { _ = Glibc.close(handle) }

    func read(handle: Int32, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        guard let place = Int(exactly: offset) else { throw FileError(code: EOVERFLOW) }
        var done = 0
        while done < buffer.count {
            let count = unsafe pread(
                handle, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done, place + done)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError(code: errno)
            }
            done += count
        }
        return done
    }

    func resolved(path: String) -> String? {
        guard let target = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(target) }
        return unsafe String(cString: target)
    }

    func resolved(handle: Int32) -> String? {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink("/proc/self/fd/\(handle)", &target, target.count)
        guard count > 0, count < target.count else { return nil }
        return String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func time() -> Int64 {
        // The clock that the kernel stamps files with: it ticks only every few milliseconds.
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    func names(directory: String, limit: Int) throws(FileError) -> [String] {
        guard let stream = unsafe opendir(directory) else { throw FileError(code: errno) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while names.count < limit, let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}

extension FileFacts {
    /// Facts as the system call reports them.
    fileprivate init(_ raw: clinux_file_facts) {
        self.init(
            identity: FileIdentity(device: raw.device, inode: raw.inode, birth: raw.birth), size: raw.size,
            isRegular: raw.is_regular != 0)
    }
}
