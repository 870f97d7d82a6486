import Glibc

/// CPU time of this thread: what the work costs, however busy the machine is.
struct ThreadClock {
    /// Seconds since some fixed point.
    static var now: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
