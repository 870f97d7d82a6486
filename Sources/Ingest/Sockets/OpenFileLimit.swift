import Glibc

/// How many files and connections the process may have open, and how many of them one listener may take.
public enum OpenFileLimit {
    /// Connections of one listener at one time: as wanted, but no more than a quarter of the files that may be open.
    ///
    /// So logs, state and the other listeners keep theirs. At least 1.
    public static func connections(wanted: Int) -> Int {
        var files = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 else { return wanted }
        return max(1, min(wanted, Int(clamping: files.rlim_cur / 4)))
    }
}
