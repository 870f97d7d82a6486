import CLinux
public import Events
import Glibc
import LineFormats

/// Follows one log file on a thread of its own and hands its lines over as batches.
///
/// Each line of the log is in exactly one batch, and each batch says which positions it reaches. A monitor that commits
/// its state together with these positions and gives them back as `resume` counts every line once, through `kill -9`
/// and through any number of rotations while nobody watched. The file is the buffer: with no free batch it waits.
public final class TailSource: Sendable {
    /// Index among the daemon's sources.
    public let source: Int
    /// Where the log is.
    public let settings: TailSettings

    private let schema: SourceSchema
    private let resume: [FilePosition]
    private let startAt: StartAt
    private let queue: BatchQueue
    private let pool: BatchPool
    private let thread: SourceThread
    /// What the first look found, until the thread takes it.
    private let found = Guarded<FileTailer?>(nil)
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
    ///   - queue: Where batches go.
    ///   - onEvent: Called on the source's thread for what is worth a line of log.
    /// - Throws: If the directory is missing, or the file exists and cannot be read. A missing file is waited for.
    public init(
        source: Int, settings: TailSettings, schema: SourceSchema, resume: [FilePosition] = [],
        startAt: StartAt = .beginning, queue: BatchQueue, onEvent: @escaping @Sendable (SourceEvent) -> Void = { _ in }
    ) throws(IngestError) {
        try Self.check(settings.path)
        self.source = source
        self.settings = settings
        self.schema = schema
        self.resume = resume
        self.startAt = startAt
        self.queue = queue
        self.onEvent = onEvent
        pool = BatchPool(source: source)
        thread = try SourceThread(name: "tail-\(source)")
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
        var tailer = makeTailer()
        tailer.look(now: MonotonicClock.now())
        let batch = tailer.hasPending ? EventBatch.carrier(source: source) : nil
        if let batch { tailer.attachPending(to: batch) }
        found.withLock { $0 = tailer }
        return batch
    }

    private func makeTailer() -> FileTailer {
        FileTailer(settings: settings, files: LinuxFileSystem(), resume: resume, startAt: startAt)
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
        if var tailer = takeFound() { tailer.close() }
    }

    private func takeFound() -> FileTailer? {
        found.withLock { found in
            defer { found = nil }
            return found
        }
    }

    /// Whether the path can be followed at all.
    private static func check(_ path: String) throws(IngestError) {
        let files = LinuxFileSystem()
        do throws(FileError) {
            _ = try files.names(directory: PathParts(path).directory, limit: 1)
        } catch {
            if error.isMissing { throw .missingDirectory(path: path) }
            // A directory that can be entered but not listed is enough to follow a path.
            if error.code != EACCES { throw .unreadable(path: path, reason: reason(error.code)) }
        }
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
        var loop = TailLoop(
            tailer: takeFound() ?? makeTailer(), schema: schema, pool: pool, queue: queue)
        let hint = ChangeHint()
        if hint.descriptor < 0 { onEvent(.polling(reason: reason(hint.failure))) }
        var nextLook: Int64 = 0
        while !thread.isStopping {
            let now = MonotonicClock.now()
            if now >= nextLook {
                loop.look(now: now)
                hint.watch(path: settings.path, inode: loop.liveInode)
                nextLook = now + settings.pollInterval
            }
            let isIdle = loop.step(now: now)
            report(loop, hint: hint)
            for event in loop.takeEvents() { onEvent(event) }
            if isIdle, rest(until: min(nextLook, loop.wakeAt ?? nextLook), hint: hint) { nextLook = 0 }
        }
        loop.close()
        current.withLock { status in
            status.activity = .stopped
            status.openFiles = 0
        }
    }

    /// Sleeps until the deadline, or until told of a change, which is what true means.
    private func rest(until deadline: Int64, hint: ChangeHint) -> Bool {
        var polled = [
            pollfd(fd: thread.wakeup, events: Int16(POLLIN), revents: 0),
            pollfd(fd: hint.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let left = max(0, deadline - MonotonicClock.now())
        unsafe poll(&polled, 2, Int32(clamping: (left + 999_999) / 1_000_000))
        guard polled[1].revents != 0 else { return false }
        // Let a busy writer write on for a moment: a batch then carries many lines, not one.
        unsafe poll(&polled, 1, Int32(IngestLimits.gatherInterval / 1_000_000))
        hint.clear()
        return true
    }

    private func report(_ loop: borrowing TailLoop, hint: ChangeHint) {
        let (activity, detail) = loop.activity
        let (unread, lag) = (loop.unread, loop.lagSeconds)
        let (openFiles, schema) = (loop.openFiles, loop.schema)
        current.withLock { status in
            status.activity = activity
            status.detail = detail
            status.lagBytes = unread
            status.lagSeconds = lag
            status.openFiles = openFiles
            status.isNotified = hint.descriptor >= 0
            status.schema = schema
        }
    }
}
