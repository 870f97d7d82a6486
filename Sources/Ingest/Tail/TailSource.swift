import CLinux
public import Events
import Glibc
import LineFormats

/// Follows one log, or all that a pattern stands for, on a thread of its own and hands their lines over as batches.
///
/// Each line of the log is in exactly one batch, and each batch says which positions it reaches. A monitor that commits
/// its state together with these positions and gives them back as `resume` counts every line once, through `kill -9`
/// and through any number of rotations while nobody watched. The file is the buffer: with no free batch it waits.
public final class TailSource: Sendable {
    /// Index among the daemon's sources.
    public let source: Int
    /// Where the log is.
    public let settings: TailSettings

    private let pattern: PathPattern
    private let subscription: ChangeSubscription?
    private let schema: SourceSchema
    private let resume: [FilePosition]
    private let startAt: StartAt
    private let queue: BatchQueue
    private let pool: BatchPool
    private let thread: SourceThread
    /// What the first look found, until the thread takes it.
    private let found = Guarded<(any LineFiles)?>(nil)
    private let current: Guarded<SourceStatus>
    private let onEvent: @Sendable (SourceEvent) -> Void

    /// Prepares a tail; `start()` begins to read.
    ///
    /// - Parameters:
    ///   - source: Index among the daemon's sources.
    ///   - settings: Where the log is.
    ///   - schema: What its records mean.
    ///   - resume: The positions committed by the last run, empty for none.
    ///   - startAt: Where to begin without committed positions.
    ///   - hub: Tells what changed; without it everything is found by looking.
    ///   - queue: Where batches go.
    ///   - onEvent: Called on the source's thread for what is worth a line of log.
    /// - Throws: If the directory is missing, or the file exists and cannot be read. A missing file is waited for.
    public init(
        source: Int, settings: TailSettings, schema: SourceSchema, resume: [FilePosition] = [],
        startAt: StartAt = .beginning, hub: ChangeHub? = nil, queue: BatchQueue,
        onEvent: @escaping @Sendable (SourceEvent) -> Void = { _ in }
    ) throws(IngestError) {
        do throws(PathPatternError) {
            pattern = try PathPattern(settings.path)
        } catch {
            throw .invalidPattern(settings.path, rule: error.description)
        }
        try Self.check(pattern)
        self.source = source
        var settings = settings
        settings.openFiles = Self.limit(settings.openFiles)
        self.settings = settings
        self.schema = schema
        self.resume = resume
        self.startAt = startAt
        self.queue = queue
        self.onEvent = onEvent
        pool = BatchPool(source: source)
        thread = try SourceThread(name: "tail-\(source)")
        subscription = try hub?.subscribe()
        current = Guarded(SourceStatus(kind: .tail, name: settings.path))
        queue.register(pool)
    }

    /// What the source is doing.
    public var status: SourceStatus { current.withLock { $0 } }

    /// Looks at the path for the first time, reading nothing, and returns what the state has to know from now on: where
    /// each file begins.
    ///
    /// Commit it before `start()`. A daemon that is killed before its next commit then knows which files were its own,
    /// though they are rotated meanwhile. `nil` if there is nothing to say.
    public func firstLook() -> EventBatch? {
        var logs = makeLogs()
        logs.look(now: MonotonicClock.now())
        let batch = logs.hasPending ? EventBatch.carrier(source: source) : nil
        if let batch { logs.attachPending(to: batch) }
        found.withLock { $0 = logs }
        return batch
    }

    private func makeLogs() -> any LineFiles {
        let files = UnpackingFiles(LinuxFileSystem())
        if ArchiveSet.isNamed(by: pattern) {
            return ArchiveSet(settings: settings, pattern: pattern, files: files, resume: resume, startAt: startAt)
        }
        return LogSet(settings: settings, pattern: pattern, files: files, resume: resume, startAt: startAt)
    }

    /// Begins to read.
    public func start() throws(IngestError) { try thread.start { [self] in run() } }

    /// Ends the thread and waits for it.
    ///
    /// What was read is in the queue; what was not stays in the file.
    public func stop() {
        thread.requestStop()
        pool.interrupt()
        thread.join()
        if var logs = takeFound() { logs.close() }
    }

    private func takeFound() -> (any LineFiles)? {
        found.withLock { found in
            defer { found = nil }
            return found
        }
    }

    /// Files held open: as configured, but no more than a quarter of those that the process may open.
    private static func limit(_ wanted: Int) -> Int {
        var files = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 else { return wanted }
        return max(2, min(wanted, Int(clamping: files.rlim_cur / 4)))
    }

    /// Whether the path can be followed at all.
    private static func check(_ pattern: PathPattern) throws(IngestError) {
        let files = LinuxFileSystem()
        let path = pattern.literal ?? pattern.text
        do throws(FileError) {
            _ = try files.names(directory: pattern.base, limit: 1)
        } catch {
            if error.isMissing { throw .missingDirectory(path: path) }
            // A directory that can be entered but not listed is enough to follow a path, not to find one.
            guard error.code == EACCES else { throw .unreadable(path: path, reason: reason(error.code)) }
            if pattern.literal == nil { throw .permissionDenied(path: pattern.base) }
        }
        guard pattern.literal != nil else { return }
        do throws(FileError) {
            let facts = try files.facts(path: path, followingLinks: true)
            if !facts.isRegular { throw FileError(code: ENXIO) }
            files.close(handle: try files.open(path: path, followingLinks: true))
        } catch {
            if error.isMissing { return }
            if error.code == EACCES { throw .permissionDenied(path: path) }
            if error.code == ENXIO { throw .notARegularFile(path: path) }
            throw .unreadable(path: path, reason: reason(error.code))
        }
    }

    private func run() {
        var loop = TailLoop(logs: takeFound() ?? makeLogs(), schema: schema, pool: pool, queue: queue)
        var failure: String?
        var nextLook: Int64 = 0
        var laggards: [FileLag] = []
        while !thread.isStopping {
            let now = MonotonicClock.now()
            let change = subscription?.take()
            if now >= nextLook || change == .all {
                loop.look(now: now)
                let problem = subscription?.watch(loop.directories)
                if let problem, problem != failure { onEvent(.polling(reason: problem)) }
                failure = problem
                nextLook = now + settings.pollInterval
                laggards = loop.laggards
            } else if case .these(let changes) = change {
                loop.look(at: changes, now: now)
            }
            let isIdle = loop.step(now: now)
            report(loop, isNotified: subscription != nil && failure == nil, laggards: laggards)
            for event in loop.takeEvents() { onEvent(event) }
            if isIdle { rest(until: min(nextLook, loop.wakeAt ?? nextLook)) }
        }
        loop.close()
        current.withLock { status in
            status.activity = .stopped
            status.openFiles = 0
        }
    }

    /// Sleeps until the deadline, or until told of a change.
    private func rest(until deadline: Int64) {
        var polled = [
            pollfd(fd: thread.wakeup, events: Int16(POLLIN), revents: 0),
            pollfd(fd: subscription?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        let left = max(0, deadline - MonotonicClock.now())
        unsafe poll(&polled, 2, Int32(clamping: (left + 999_999) / 1_000_000))
    }

    private func report(_ loop: borrowing TailLoop, isNotified: Bool, laggards: [FileLag]) {
        let (activity, detail) = loop.activity
        let (unread, lag) = (loop.unread, loop.lagSeconds)
        let (openFiles, suspended, refused, schema) = (
            loop.openFiles, loop.suspendedLogs, loop.refusedLogs, loop.schema
        )
        current.withLock { status in
            status.activity = activity
            status.detail = detail
            status.lagBytes = unread
            status.lagSeconds = lag
            status.openFiles = openFiles
            status.suspendedLogs = suspended
            status.refusedLogs = refused
            status.isNotified = isNotified
            status.laggards = laggards
            status.schema = schema
        }
    }
}
