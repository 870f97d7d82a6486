import Events
import LineFormats

/// The logs of one source: the one at its path, or all that its pattern stands for, as they come and go.
///
/// Logs are read in turns of one batch, so that none waits for the backlog of another. Only so many files are held
/// open; beyond them a log that was read gives way and goes on from its position later, as after a restart. Whatever
/// is told about changes is a hint: all paths are looked at, and the pattern is looked for again, from time to time.
struct LogSet: LineFiles {
    /// Where the logs are.
    let settings: TailSettings
    /// What the paths have in common.
    let pattern: PathPattern
    /// What to log, in order; the owner takes it.
    var events: [SourceEvent] = []
    /// Bytes there are and that are not read, as of the last look and what was read since.
    private(set) var unread: UInt64 = 0
    /// Logs that were found and are not followed, because there are too many.
    var refused = 0

    /// The file system.
    let files: any FileSystem
    /// What the logs know of files.
    let registry: FileRegistry
    /// The logs, in the order in which they were found.
    var logs: [Log] = []
    /// Their places, by path.
    private(set) var index: [String: Int] = [:]
    private var nextID = 0
    private var turn = 0
    /// Where to begin what is found.
    var startAt: StartAt
    /// When the first look did not find, or take, all there was; `nil` if it did.
    var missedAt: Int64?
    /// Whether nothing was committed before.
    let isFirstStart: Bool
    /// Whether the first look is over.
    var hasLooked = false
    /// Counts and positions that belong to no batch yet.
    private var pending = Receipt()
    var pendingPositions: [PositionUpdate] = []
    /// Rotated files born later are unread, of whichever log: whatever there was before is known to the state.
    var horizon: Int64?
    /// Whether the state holds the horizon.
    var isHorizonKept: Bool
    /// Directories that the last scan read.
    var scanned: [String] = []
    /// Whether the last scan found, and took, all there is.
    var isScanComplete = true
    /// When the pattern is to be looked for again, monotonic nanoseconds.
    var nextScan: Int64 = 0

    /// Logs that have not been looked for yet.
    ///
    /// - Parameters:
    ///   - settings: Where the logs are.
    ///   - pattern: `settings.path`, read.
    ///   - files: The file system.
    ///   - resume: The committed positions, empty at the first start.
    ///   - startAt: Where to begin the files there are at the first start.
    init(
        settings: TailSettings, pattern: PathPattern, files: any FileSystem, resume: [FilePosition], startAt: StartAt
    ) {
        self.settings = settings
        self.pattern = pattern
        self.files = files
        self.startAt = resume.isEmpty ? startAt : .beginning
        isFirstStart = resume.isEmpty
        registry = FileRegistry(
            limit: IngestLimits.rememberedFiles + (pattern.literal == nil ? settings.logs : 0))
        horizon = resume.first(where: \.isHorizon)?.identity.birth
        isHorizonKept = horizon != nil
        let known = resume.filter { !$0.isHorizon }
        if let path = pattern.literal {
            let log = add(path)
            log.tailer = tailer(for: log, resume: known)
            insert(log)
            return
        }
        for (path, positions) in Dictionary(grouping: known, by: \.path).sorted(by: { $0.key < $1.key }) {
            let log = add(path)
            Self.suspend(log, at: positions.sorted { $0.isRotated && !$1.isRotated }, size: nil, registry)
            insert(log)
        }
    }

    /// Whether there may be many logs.
    var isPattern: Bool { pattern.literal == nil }

    // MARK: - Logs

    /// A log with a number of its own.
    mutating func add(_ path: String) -> Log {
        nextID += 1
        let place = PathParts(path)
        let origins = isPattern ? RotatedName.origins(of: place.name).map(place.sibling) : []
        return Log(path: path, origins: origins, id: nextID)
    }

    /// Puts a log behind the others.
    mutating func insert(_ log: Log) {
        index[log.path] = logs.count
        logs.append(log)
    }

    /// Takes a log out.
    mutating func remove(at place: Int) {
        logs.remove(at: place)
        index = [:]
        for (place, log) in logs.enumerated() { index[log.path] = place }
        if turn > place { turn -= 1 }
    }

    /// What reads a log.
    func tailer(
        for log: Log, resume: [FilePosition], startAt: StartAt? = nil, archives: Set<String> = []
    ) -> FileTailer {
        var own = settings
        own.path = log.path
        own.pattern = isPattern ? pattern : nil
        var tailer = FileTailer(
            settings: own, files: files, resume: resume, startAt: startAt ?? self.startAt,
            missedAt: missedAt, horizon: horizon, id: log.id, registry: registry)
        tailer.archives = archives
        return tailer
    }

    /// Closes the files of a log, to go on from `positions` later.
    private static func suspend(
        _ log: Log, at positions: [FilePosition], size: UInt64?, _ registry: FileRegistry
    ) {
        log.tailer?.close()
        log.tailer = nil
        log.positions = positions
        log.size = size ?? positions.last?.offset ?? 0
        log.isReady = false
        log.isWaiting = positions.count != 1 || log.unread > 0 || positions.contains(where: \.isRotated)
        for position in positions { registry.reserve(position.identity, for: log.id) }
    }

    /// Closes the files of the log at `place`, if they can be found again.
    mutating func suspend(_ place: Int) -> Bool {
        guard var tailer = logs[place].tailer, tailer.isSuspendable else { return false }
        take(from: &tailer)
        let (positions, size) = (tailer.statePositions, tailer.open.last?.size)
        logs[place].tailer = tailer
        let isBusy = logs[place].isReady && tailer.unread > 0
        Self.suspend(logs[place], at: positions, size: size, registry)
        logs[place].isWaiting = isBusy
        return true
    }

    /// Takes over what a tailer has to tell.
    mutating func take(from tailer: inout FileTailer) {
        events += tailer.events
        tailer.events = []
        pending.add(tailer.pending)
        tailer.pending.clear()
        pendingPositions += tailer.pendingPositions
        tailer.pendingPositions = []
    }

    /// Gives a waiting log its files back.
    ///
    /// False if there is no room for them.
    mutating func resume(_ place: Int, now: Int64) -> Bool {
        guard makeRoom(now: now) else { return false }
        for position in logs[place].positions { registry.free(position.identity) }
        logs[place].tailer = tailer(for: logs[place], resume: logs[place].positions)
        logs[place].isWaiting = false
        logs[place].hasHadTurn = false
        logs[place].lastTurn = now
        look(place, now: now)
        // That it goes on where it was is nothing to tell.
        logs[place].tailer?.events.removeAll { if case .opened = $0 { true } else { false } }
        return true
    }

    /// Sees to it that one more file may be opened: the log that was idle for longest gives way, else the one whose
    /// turn is longest ago.
    mutating func makeRoom(now: Int64) -> Bool {
        while registry.descriptors >= settings.openFiles {
            let candidates = logs.indices.filter { place in
                let log = logs[place]
                return (!log.isReady || log.hasHadTurn) && log.tailer?.isSuspendable ?? false
            }
            let next = candidates.min { one, other in
                logs[one].isReady == logs[other].isReady
                    ? logs[one].lastTurn < logs[other].lastTurn : logs[other].isReady
            }
            guard let next, suspend(next) else {
                registry.isShort = true
                return false
            }
        }
        registry.isShort = false
        return true
    }

    /// Resumes logs that wait, those that wait for longest first, as far as there is room.
    mutating func resumeWaiting(now: Int64) -> Bool {
        var isAny = false
        for place in logs.indices.filter({ logs[$0].isWaiting }).sorted(by: { logs[$0].lastTurn < logs[$1].lastTurn }) {
            guard resume(place, now: now) else { break }
            isAny = true
        }
        return isAny
    }

    // MARK: - Reading

    /// Whether counts or positions wait for a batch.
    var hasPending: Bool {
        !pendingPositions.isEmpty || pending != Receipt() || logs.contains { $0.tailer?.hasPending ?? false }
    }

    /// Moves counts and positions that belong to no row into a batch.
    mutating func attachPending(to batch: EventBatch) {
        attachOwn(to: batch)
        for place in logs.indices { logs[place].tailer?.attachPending(to: batch) }
    }

    private mutating func attachOwn(to batch: EventBatch) {
        batch.receipt.add(pending)
        pending.clear()
        // Older than what a log has put into the batch: a log may have gone on since it was suspended.
        batch.positions.insert(contentsOf: pendingPositions, at: 0)
        pendingPositions.removeAll(keepingCapacity: true)
    }

    /// Reads the next lines of the log whose turn it is.
    mutating func fill(_ batch: EventBatch, decoder: inout LineDecoder, now: Int64) -> FileTailer.Outcome {
        repeat {
            for step in logs.indices {
                let place = (turn + step) % logs.count
                guard logs[place].isReady else { continue }
                let before = logs[place].unread
                let outcome = logs[place].tailer?.fill(batch, decoder: &decoder, now: now)
                unread = unread &- min(unread, before) &+ logs[place].unread
                switch outcome {
                case .filled:
                    turn = place + 1
                    logs[place].hasHadTurn = true
                    logs[place].lastTurn = now
                    events += logs[place].tailer?.events ?? []
                    logs[place].tailer?.events = []
                    attachOwn(to: batch)
                    return .filled
                case .needsLargeBatch:
                    turn = place
                    return .needsLargeBatch
                case .working:
                    turn = place + 1
                    return .working
                case .idle, nil:
                    logs[place].isReady = false
                    logs[place].hasHadTurn = true
                }
            }
        } while resumeWaiting(now: now)
        guard !pendingPositions.isEmpty || pending != Receipt() else { return .idle }
        attachOwn(to: batch)
        return .filled
    }

    /// The first unread lines, up to the limits of a sample, without consuming them; the next `fill` begins with the
    /// first of them.
    mutating func sample(now: Int64) -> TailSample {
        var sample = TailSample()
        let start = turn
        for step in logs.indices where sample.wantsMore {
            let place = (start + step) % logs.count
            let isFirst = sample.byteCount == 0
            guard logs[place].tailer?.addSample(to: &sample, now: now) ?? true else { return TailSample() }
            if isFirst, sample.byteCount > 0 { turn = place }
        }
        return sample
    }

    /// Closes every file.
    mutating func close() {
        for place in logs.indices { logs[place].tailer?.close() }
    }

    // MARK: - Status

    /// Bytes a batch needs to hold any line.
    var largeBatchBytes: Int { TailedFile.largeBatchBytes(lineBytes: settings.lineBytes) }
    /// Adds up what is not read.
    mutating func measure() { unread = logs.reduce(0) { $0 &+ $1.unread } }
    /// Files held open.
    var openFiles: Int { registry.descriptors }
    /// Logs that are followed and hold no file open.
    var suspendedLogs: Int { logs.count { $0.tailer == nil } }

    /// The logs of a pattern that are furthest behind, at most `IngestLimits.shownFiles`.
    func laggards(now: Int64) -> [FileLag] {
        guard isPattern else { return [] }
        let behind = logs.filter { $0.behindSince != nil && $0.unread > 0 }.sorted { $0.unread > $1.unread }
        return behind.prefix(IngestLimits.shownFiles).map { log in
            FileLag(path: log.path, bytes: log.unread, seconds: Double(now - (log.behindSince ?? now)) / 1e9)
        }
    }

    /// What to show for the source: what its path leads to, or, of a pattern, what most concerns its logs.
    var pathState: FileTailer.PathState {
        guard isPattern else { return logs.first?.tailer?.pathState ?? .unknown }
        guard hasLooked else { return .unknown }
        let states = logs.map { $0.tailer?.pathState ?? .open }
        if states.contains(.open) { return .open }
        return states.first { if case .blocked = $0 { true } else { false } } ?? .missing
    }
}

/// A name in a directory that something happened to.
struct DirectoryChange: Hashable, Sendable {
    /// The directory as it was watched.
    var directory: String
    /// The name.
    var name: String
    /// Whether the name came, went or now is that of another file; else the file has other content.
    var isName: Bool
}

extension FilePosition {
    /// What stands for an instant among the positions of a source: rotated files born later are unread.
    ///
    /// No file has the inode number 0.
    static func horizon(_ time: Int64, path: String) -> FilePosition {
        FilePosition(identity: FileIdentity(device: 0, inode: 0, birth: time), path: path, offset: 0)
    }

    /// Whether it stands for an instant.
    var isHorizon: Bool { identity.inode == 0 && identity.device == 0 }
}
