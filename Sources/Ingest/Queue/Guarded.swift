import Glibc

/// A value behind a mutex, with a condition to wait for changes of it.
///
/// Deadlines are on the monotonic clock.
///
/// `Synchronization.Mutex` has no condition to go with it, hence the C library's pair; both live at a fixed address.
@safe
final class Guarded<State>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var state: State

    /// Guards `state`.
    init(_ state: State) {
        self.state = state
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Reads or changes the value; wakes waiting threads afterwards if `waking`.
    func withLock<Result>(waking: Bool = false, _ body: (inout State) -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        let result = body(&state)
        if waking { unsafe pthread_cond_broadcast(condition) }
        return result
    }

    /// Waits until `body` returns something; `nil` when the deadline (monotonic nanoseconds) passed.
    func wait<Result>(until deadline: Int64, _ body: (inout State) -> Result?) -> Result? {
        var time = timespec()
        time.tv_sec = Int(deadline / 1_000_000_000)
        time.tv_nsec = Int(deadline % 1_000_000_000)
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            // Anything but a wake-up ends the wait, and the value has the last word.
            if unsafe pthread_cond_timedwait(condition, mutex, &time) != 0 { return body(&state) }
        }
    }
}

/// The monotonic clock.
enum MonotonicClock {
    /// Nanoseconds since some fixed point.
    static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
