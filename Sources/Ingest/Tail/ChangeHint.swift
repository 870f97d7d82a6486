import Glibc

/// Wakes a tail when the kernel says that its file or directory changed.
///
/// A hint and nothing more: what it says is thrown away and the file is looked at. Watches overflow, are limited in
/// number and see nothing on some file systems; the tail polls in any case.
@safe
final class ChangeHint {
    /// Readable when something changed; -1 without notifications.
    let descriptor: Int32
    /// Why there are no notifications.
    let failure: Int32
    private var watchedFile: Int32 = -1
    private var watchedIdentity: UInt64?
    private var directoryWatch: Int32 = -1

    /// Asks the kernel for notifications.
    init() {
        descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        failure = descriptor < 0 ? errno : 0
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Watches the directory for names that come and go, and the file of this inode for appends.
    func watch(path: String, inode: UInt64?) {
        guard descriptor >= 0 else { return }
        if directoryWatch < 0 {
            let mask = UInt32(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)
            directoryWatch = unsafe inotify_add_watch(descriptor, PathParts(path).directory, mask)
        }
        guard inode != watchedIdentity else { return }
        if watchedFile >= 0 { inotify_rm_watch(descriptor, watchedFile) }
        watchedFile = inode == nil ? -1 : unsafe inotify_add_watch(descriptor, path, UInt32(IN_MODIFY))
        watchedIdentity = watchedFile < 0 ? nil : inode
    }

    /// Throws away what the kernel told.
    func clear() {
        guard descriptor >= 0 else { return }
        unsafe withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 8) { buffer in
            while unsafe read(descriptor, buffer.baseAddress, buffer.count) > 0 {}
        }
    }
}
