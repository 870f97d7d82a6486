internal import Glibc
internal import Synchronization

/// Signals, taken one by one by the main thread.
///
/// Every other thread has them blocked, so no handler ever runs.
enum Signals {
    /// What the main thread is woken for.
    enum Event: Equatable {
        /// SIGTERM or SIGINT.
        case stop
        /// SIGHUP.
        case reload
        /// `wakeMain`, for work that another thread left for the main one.
        case work
    }

    /// Blocks the signals in this thread and all it starts, and ignores SIGPIPE and SIGXFSZ: a client that hangs up and
    /// a limit on the size of files are errors of the calls that meet them.
    ///
    /// Call it before the first thread.
    static func block() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        var set = taken
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for the next signal.
    static func next() -> Event {
        var set = taken
        var number: Int32 = 0
        while true {
            guard unsafe sigwait(&set, &number) == 0 else { continue }
            switch number {
            case SIGHUP: return .reload
            case SIGUSR1: return .work
            default: return .stop
            }
        }
    }

    /// Makes `next` in the main thread return `work`.
    static func wakeMain() { kill(getpid(), SIGUSR1) }

    /// Lets the next signal to stop end the process at once.
    static func restoreDefaults() {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in [SIGTERM, SIGINT] { unsafe sigaddset(&set, number) }
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    private static var taken: sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP, SIGUSR1] { unsafe sigaddset(&set, number) }
        return set
    }
}
