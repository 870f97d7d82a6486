import CLinux
import Glibc

/// Tells tails that something changed in a directory, with one inotify instance for the whole daemon.
///
/// What it tells is a hint and nothing more: a tail looks for itself. Watches are limited in number, their queue
/// overflows, and some file systems say nothing; tails look at everything from time to time in any case.
@safe
public final class ChangeHub: Sendable {
    private struct Watcher {
        let subscription: ChangeSubscription
        /// The directory by the name under which it was asked for.
        let directory: String
    }

    private struct State {
        var watches: [Int32: [Watcher]] = [:]
        var subscriptions: [ChangeSubscription] = []
        var isStarted = false
    }

    private static let mask =
        UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB)
        | UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

    /// The inotify instance; -1 without notifications.
    private let descriptor: Int32
    /// Why there are no notifications, in the words of the system; `nil` if there are.
    let failure: String?
    private let thread: SourceThread
    private let state = Guarded(State())

    /// Asks the kernel for notifications; without them nothing is ever told.
    ///
    /// - Throws: If the system refuses a descriptor to wake its thread by.
    public init() throws(IngestError) {
        thread = try SourceThread(name: "changes")
        descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        failure = descriptor < 0 ? reason(errno) : nil
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// A subscription without directories.
    ///
    /// The first one starts the thread.
    func subscribe() throws(IngestError) -> ChangeSubscription {
        let subscription = try ChangeSubscription(hub: self)
        guard descriptor >= 0 else { return subscription }
        let isFirst = state.withLock { state in
            defer { state.isStarted = true }
            state.subscriptions.append(subscription)
            return !state.isStarted
        }
        if isFirst { try thread.start { [self] in run() } }
        return subscription
    }

    /// Ends the thread and forgets every subscription.
    public func stop() {
        thread.requestStop()
        thread.join()
        state.withLock { $0 = State() }
    }

    /// Watches these directories, and no others any more, for a subscription.
    ///
    /// Asking again is how a directory that took the place of another one is found. Returns why one that exists
    /// cannot be watched, or `nil`.
    fileprivate func watch(_ directories: Set<String>, for subscription: ChangeSubscription) -> String? {
        if let failure { return failure }
        return state.withLock { state in
            var problem: String?
            var wanted: [Int32: [Watcher]] = [:]
            for directory in directories {
                let watch = unsafe inotify_add_watch(descriptor, directory, Self.mask)
                if watch < 0 {
                    if errno != ENOENT, errno != ENOTDIR { problem = reason(errno) }
                    continue
                }
                wanted[watch, default: []].append(Watcher(subscription: subscription, directory: directory))
            }
            for (watch, watchers) in state.watches {
                let others = watchers.filter { $0.subscription !== subscription }
                if others.isEmpty, wanted[watch] == nil {
                    state.watches[watch] = nil
                    inotify_rm_watch(descriptor, watch)
                } else {
                    state.watches[watch] = others
                }
            }
            state.watches.merge(wanted) { $0 + $1 }
            return problem
        }
    }

    private func run() {
        while !thread.isStopping {
            var polled = [
                pollfd(fd: thread.wakeup, events: Int16(POLLIN), revents: 0),
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            ]
            unsafe poll(&polled, 2, -1)
            guard polled[1].revents != 0 else { continue }
            // Let a busy writer write on for a moment: a batch then carries many lines, not one.
            unsafe poll(&polled, 1, Int32(IngestLimits.gatherInterval / 1_000_000))
            drain()
        }
    }

    private func drain() {
        unsafe withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 8) { buffer in
            while true {
                let count = unsafe read(descriptor, buffer.baseAddress, buffer.count)
                guard count > 0 else { return }
                unsafe dispatch(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    /// Tells whom they concern of changes as the kernel wrote them.
    func dispatch(_ bytes: UnsafeRawBufferPointer) {
        let header = MemoryLayout<inotify_event>.size
        state.withLock { state in
            var at = 0
            while at + header <= bytes.count {
                let watch = unsafe bytes.loadUnaligned(fromByteOffset: at, as: Int32.self)
                let mask = unsafe bytes.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self)
                let length = Int(unsafe bytes.loadUnaligned(fromByteOffset: at + 12, as: UInt32.self))
                let name = unsafe bytes[min(at + header, bytes.count)..<min(at + header + length, bytes.count)]
                at += header + length
                if mask & UInt32(IN_Q_OVERFLOW) != 0 {
                    for subscription in state.subscriptions { subscription.tellAll() }
                    continue
                }
                guard let watchers = state.watches[watch] else { continue }
                if mask & UInt32(IN_IGNORED) != 0 { state.watches[watch] = nil }
                let text = unsafe String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
                for watcher in watchers {
                    if text.isEmpty {
                        watcher.subscription.tellAll()
                    } else {
                        let isName = mask & UInt32(IN_MODIFY | IN_ATTRIB) == 0
                        watcher.subscription.tell(
                            DirectoryChange(directory: watcher.directory, name: text, isName: isName))
                    }
                }
            }
        }
    }
}

/// What one tail wants to be told.
@safe
final class ChangeSubscription: Sendable {
    private struct State {
        var changes: Set<DirectoryChange> = []
        var isAll = false
    }

    /// What has changed.
    enum Change: Equatable {
        /// This.
        case these([DirectoryChange])
        /// Nobody knows what; everything has to be looked at.
        case all
    }

    /// Readable when something has changed.
    let descriptor: Int32
    private let hub: ChangeHub
    private let state = Guarded(State())

    fileprivate init(hub: ChangeHub) throws(IngestError) {
        self.hub = hub
        descriptor = clinux_event_create()
        if descriptor < 0 { throw .resources(reason: reason(-descriptor)) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Names all directories to watch.
    ///
    /// Returns why one that exists cannot be watched, or `nil`.
    func watch(_ directories: Set<String>) -> String? { hub.watch(directories, for: self) }

    /// What has changed since the last call; `nil` for nothing.
    func take() -> Change? {
        let taken = state.withLock { state in
            defer { state = State() }
            return state
        }
        guard taken.isAll || !taken.changes.isEmpty else { return nil }
        clinux_event_clear(descriptor)
        return taken.isAll ? .all : .these(Array(taken.changes))
    }

    fileprivate func tell(_ change: DirectoryChange) {
        let isNews = state.withLock { state in
            if state.isAll { return false }
            if state.changes.count >= IngestLimits.changes {
                state = State(isAll: true)
                return true
            }
            return state.changes.insert(change).inserted
        }
        if isNews { clinux_event_signal(descriptor) }
    }

    fileprivate func tellAll() {
        state.withLock { $0 = State(isAll: true) }
        clinux_event_signal(descriptor)
    }
}
