import CLinux
import Glibc

/// A thread of its own for one source, with the means to wake and to end it.
///
/// The body polls `wakeup` beside what it waits for, and returns soon after `isStopping` turns true.
@safe
final class SourceThread: @unchecked Sendable {
    private struct State {
        var isStopping = false
        var isStarted = false
        var handle = pthread_t()
    }

    /// Readable when the thread is to look at `isStopping`.
    let wakeup: Int32
    private let name: String
    private let state = Guarded(State())

    /// A thread that is not yet started.
    ///
    /// `name` is what the system shows, at most 15 bytes.
    init(name: String) throws(IngestError) {
        self.name = name
        wakeup = clinux_event_create()
        if wakeup < 0 { throw .resources(reason: reason(-wakeup)) }
    }

    deinit { if wakeup >= 0 { close(wakeup) } }

    /// Whether the body has to come to its end.
    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Starts the thread; once.
    func start(_ body: @escaping @Sendable () -> Void) throws(IngestError) {
        final class Work {
            let name: String
            let body: @Sendable () -> Void
            init(_ name: String, _ body: @escaping @Sendable () -> Void) { (self.name, self.body) = (name, body) }
        }
        let work = unsafe Unmanaged.passRetained(Work(name, body))
        let code: Int32 = state.withLock { state in
            if state.isStarted { return EALREADY }
            let code = unsafe pthread_create(
                &state.handle, nil,
                { argument in
                    guard let argument = unsafe argument else { return nil }
                    let work = unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                    unsafe clinux_name_thread(work.name)
                    work.body()
                    return nil
                }, work.toOpaque())
            state.isStarted = code == 0
            return code
        }
        if code != 0 {
            unsafe work.release()
            throw .resources(reason: reason(code))
        }
    }

    /// Asks the thread to end.
    func requestStop() {
        state.withLock { $0.isStopping = true }
        clinux_event_signal(wakeup)
    }

    /// Waits until the thread has ended.
    ///
    /// Returns at once if it never started or was joined before.
    func join() {
        let handle: pthread_t? = state.withLock { state in
            guard state.isStarted else { return nil }
            state.isStarted = false
            return state.handle
        }
        if let handle { pthread_join(handle, nil) }
    }
}
