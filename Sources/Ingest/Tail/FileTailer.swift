import Events
import LineFormats

/// One log through all its rotations: the file its path leads to, and older files until they are read and quiet.
///
/// Without a thread, a clock or a queue: the owner calls `look` to learn what became of the path and `fill` to read,
/// and says what time it is. What `fill` puts into a batch is complete by itself: rows, counts and the positions they
/// reach.
struct FileTailer {
    /// What a call to `fill` came to.
    enum Outcome: Equatable {
        /// The batch carries something.
        case filled
        /// Everything there is was read. The batch is untouched.
        case idle
        /// The next line needs a batch of `largeBatchBytes`. The batch is untouched.
        case needsLargeBatch
        /// There is more to do before the next line is found. The batch is untouched.
        case working
    }

    /// What the path leads to.
    enum PathState: Equatable {
        /// Nobody has looked.
        case unknown
        /// A file that is open.
        case open
        /// Nothing.
        case missing
        /// Something that cannot be read, and why.
        case blocked(String)
        /// A file that another log of the source reads under another path.
        case elsewhere
    }

    /// Where the log is and how long rotated files are kept.
    let settings: TailSettings
    /// Files held open, oldest first; the live one, if any, is last.
    var open: [TailedFile] = []
    /// What the path leads to.
    private(set) var pathState = PathState.unknown
    /// What to log, in order; the owner takes it.
    var events: [SourceEvent] = []

    /// The file system.
    let files: any FileSystem
    /// Committed positions not yet adopted.
    var resume: [FilePosition]
    /// What the source's logs know of files.
    let registry: FileRegistry
    /// Which of the source's logs this is.
    let id: Int
    /// Rotated files that are to be read though they are older than any file known; emptied when they are open.
    var archives: Set<String> = []
    /// Where to begin the file that is found at first.
    private var startAt: StartAt
    /// When a first look failed: what was born later was not there at the start; `nil` if none failed.
    private var missedAt: Int64?
    private var hasAdopted = false
    /// Files born after this instant are unread, whatever else is known.
    private let horizon: Int64?
    /// The youngest file there ever was.
    private var youngestBirth: Int64?
    /// A closed file whose position stays in the state because no younger one is known.
    private(set) var retained: FileIdentity?
    /// Compressed files that are read and whose positions stay in the state for now.
    var heldArchives: [FileIdentity] = []
    /// Counts that belong to no row yet.
    var pending = Receipt()
    /// Positions that belong to no row yet.
    var pendingPositions: [PositionUpdate] = []
    private var turn = 0

    /// A tail that has not looked yet.
    ///
    /// - Parameters:
    ///   - settings: Where the log is.
    ///   - files: The file system.
    ///   - resume: The committed positions, empty at the first start.
    ///   - startAt: Where to begin the file there is at the first start.
    ///   - missedAt: When a first look did not find all there was: what was born later is begun at its first byte.
    ///   - horizon: Rotated files born after this instant are unread; `nil` to go by the files known alone.
    ///   - id: Which of the source's logs this is.
    ///   - registry: What the source's logs know of files.
    init(
        settings: TailSettings, files: any FileSystem, resume: [FilePosition], startAt: StartAt, missedAt: Int64? = nil,
        horizon: Int64? = nil, id: Int = 0,
        registry: FileRegistry = FileRegistry(limit: IngestLimits.rememberedFiles)
    ) {
        self.settings = settings
        self.files = files
        self.resume = resume
        self.startAt = resume.isEmpty ? startAt : .beginning
        self.missedAt = missedAt
        self.horizon = horizon
        self.id = id
        self.registry = registry
    }

    /// Closes every file.
    mutating func close() {
        for file in open {
            files.close(handle: file.handle)
            registry.close(file.identity)
        }
        open = []
    }

    /// Whether it holds nothing that could not be found again by its positions: then it may be closed at any time and
    /// begun anew from `statePositions`, as after a restart.
    var isSuspendable: Bool {
        guard hasAdopted, pathState == .open, open.count == 1, let live = open.last else { return false }
        return !live.isRotated && archives.isEmpty && heldArchives.isEmpty
    }

    /// The positions that the state holds of this log.
    var statePositions: [FilePosition] {
        let kept = retained.flatMap { youngest in registry.closed.first { $0.identity == youngest } }
        return resume + open.map(\.position) + (kept.map { [$0] } ?? [])
    }

    /// Lets the state forget whatever it holds of this log.
    mutating func forget() {
        for position in resume + open.map(\.position) { finish(position.identity) }
        for identity in heldArchives + (retained.map { [$0] } ?? []) { finish(identity) }
        (retained, heldArchives) = (nil, [])
    }

    /// Lets the state forget a file.
    mutating func finish(_ identity: FileIdentity) {
        // Another log may have gone on with the file; then the position is that log's.
        if let owner = registry.owner(of: identity), owner != id { return }
        pendingPositions.append(.finished(identity))
    }

    /// Whether one more file may be opened as far as this log is concerned.
    var hasRoom: Bool { open.count < IngestLimits.openFiles && registry.descriptors < settings.openFiles }

    /// Whether a file could be opened if other logs of the source held fewer.
    var wantsRoom = false

    /// Whether counts or positions wait for a batch.
    var hasPending: Bool { !pendingPositions.isEmpty || pending != Receipt() }

    /// Bytes there are and that are not read.
    var unread: UInt64 { open.reduce(0) { $0 &+ $1.unread &+ (files.packed(handle: $1.handle)?.remaining ?? 0) } }

    /// Bytes a batch needs to hold any line.
    var largeBatchBytes: Int { TailedFile.largeBatchBytes(lineBytes: settings.lineBytes) }

    /// Moves counts and positions that belong to no row into a batch.
    mutating func attachPending(to batch: EventBatch) {
        batch.receipt.add(pending)
        pending.clear()
        batch.positions.append(contentsOf: pendingPositions)
        pendingPositions.removeAll(keepingCapacity: true)
    }

    /// Forgets counts and positions of an attempt that failed.
    mutating func discardPending() {
        pending.clear()
        pendingPositions.removeAll()
        for position in resume { _ = registry.recall(position.identity) }
        youngestBirth = nil
        (retained, heldArchives) = (nil, [])
    }

    // MARK: - Knowing

    /// Bytes before an offset that prove a copy; fewer may agree by chance.
    static let provingBytes = 64

    /// The birth that only unread files are younger than; `nil` if no file was ever known.
    var newestBirth: Int64? { youngestBirth.map { max($0, horizon ?? $0) } ?? horizon }

    /// Positions of this log's open files and of its closed ones that are remembered.
    var knownPositions: [FilePosition] {
        open.map(\.position) + registry.closed.filter { $0.path == settings.path }
    }

    /// Whether a file is read by any log of the source or was read to its end.
    func isKnown(_ identity: FileIdentity) -> Bool {
        registry.owner(of: identity) != nil || registry.remembers(identity)
    }

    /// Remembers a file that will not be read on, and lets the state forget it, unless it is the youngest known.
    ///
    /// After a restart, younger than all positions means unread; without the position of the youngest file that would
    /// be wrong, in either direction.
    mutating func release(_ position: FilePosition) {
        var settled = position
        // What is lost of it is counted, and must not be counted again if it is gone at the next start.
        settled.size = position.offset
        registry.remember(settled)
        youngestBirth = max(youngestBirth ?? position.identity.birth, position.identity.birth)
        let (identity, other) = (position.identity, retained)
        if identity.birth == 0 || open.contains(where: { $0.identity.birth > identity.birth && !$0.isPacked })
            || identity.birth <= other?.birth ?? .min
        {
            finish(identity)
        } else {
            if let other { finish(other) }
            retained = identity
            pendingPositions.append(.reached(settled))
        }
        releaseHeldArchives()
    }

    // MARK: - Looking

    /// Learns what the path leads to: adopts, opens, rotates.
    mutating func look(now: Int64) {
        wantsRoom = false
        if !hasAdopted {
            guard adopt(now: now) else { return }
            hasAdopted = true
        }
        do throws(FileError) {
            let facts = try files.facts(path: settings.path, followingLinks: true)
            if let live = open.last, !live.isRotated, live.identity == facts.identity {
                pathState = .open
            } else {
                try follow(facts, now: now)
            }
        } catch {
            lose(error, now: now)
        }
        // A look that failed has not seen the file: it is passed over when one succeeds.
        if case .blocked = pathState {
            missedAt = missedAt ?? files.time() - LogSet.clockGrain
        } else if pathState != .unknown {
            startAt = .beginning
        }
        for index in open.indices { measure(index, now: now) }
    }

    /// The path leads to another file than before.
    private mutating func follow(_ facts: FileFacts, now: Int64) throws(FileError) {
        guard facts.isRegular else {
            retireLive(now: now)
            block("it is not a regular file")
            return
        }
        if let index = open.firstIndex(where: { $0.identity == facts.identity }) {
            retireLive(now: now)
            var file = open.remove(at: index)
            file.isRotated = false
            file.path = settings.path
            pendingPositions.append(.reached(file.position))
            open.append(file)
            pathState = .open
            return
        }
        if let owner = registry.owner(of: facts.identity), owner != id {
            retireLive(now: now)
            pathState = .elsewhere
            return
        }
        let hadFile = youngestBirth != nil
        guard try openUnseen(youngerThan: newestBirth, but: facts.identity, now: now),
            registry.descriptors < settings.openFiles
        else {
            wantsRoom = open.count < IngestLimits.openFiles
            return
        }
        let handle = try openFile(settings.path, followingLinks: true)
        let actual = try closing(handle) { () throws(FileError) in try files.facts(handle: handle) }
        // Replaced between the two calls: the next look sees it.
        guard actual.identity == facts.identity else { return files.close(handle: handle) }
        let file = try closing(handle) { () throws(FileError) in
            try beginning(handle: handle, facts: actual, now: now)
        }
        _ = registry.recall(actual.identity)
        retireLive(now: now)
        if hadFile {
            pending.rotations &+= 1
            events.append(.rotated(path: settings.path))
        }
        append(file)
        pathState = .open
    }

    /// The file the path leads to, from where it is to be read.
    private func beginning(handle: Int32, facts: FileFacts, now: Int64) throws(FileError) -> TailedFile {
        let file = fresh(handle: handle, facts: facts, path: settings.path, isRotated: false, now: now)
        if let known = registry.closed.first(where: { $0.identity == facts.identity }) {
            var again = try proven(known, handle: handle, facts: facts, path: settings.path, now: now)
            again?.isRotated = false
            return again ?? file
        }
        let wasThere = missedAt.map { facts.identity.birth < $0 } ?? true
        return startAt == .end && wasThere ? try atEnd(file, now: now) : file
    }

    /// Puts a file among the open ones; the live one stays last.
    mutating func append(_ file: TailedFile) {
        if let youngest = retained, youngest == file.identity || youngest.birth < file.identity.birth {
            if youngest != file.identity { finish(youngest) }
            retained = nil
        }
        // The birth of a compressed file is when it was compressed, which says nothing about what is in it.
        if !file.isPacked { youngestBirth = max(youngestBirth ?? file.identity.birth, file.identity.birth) }
        registry.open(file.identity, by: id)
        pendingPositions.append(.reached(file.position))
        events.append(.opened(path: file.path, offset: file.offset))
        if file.isRotated, let live = open.last, !live.isRotated {
            open.insert(file, at: open.count - 1)
        } else {
            open.append(file)
        }
        releaseHeldArchives()
    }

    /// The live file is no longer what the path leads to.
    mutating func retireLive(now: Int64) {
        guard let index = open.indices.last, !open[index].isRotated else { return }
        open[index].retire(now: now)
        pendingPositions.append(.reached(open[index].position))
    }

    /// The path leads nowhere, or nobody may say where.
    mutating func lose(_ error: FileError, now: Int64) {
        if error.isMissing {
            retireLive(now: now)
            // What cannot be looked at now is looked at next time.
            _ = try? openUnseen(youngerThan: newestBirth, but: nil, now: now)
            if pathState != .missing { events.append(.missing(path: settings.path)) }
            pathState = .missing
        } else {
            block(error.words)
        }
    }

    /// Something is in the way.
    private mutating func block(_ words: String) {
        if pathState != .blocked(words) { events.append(.blocked(path: settings.path, reason: words)) }
        pathState = .blocked(words)
    }

    /// Compares sizes: a file that shrank below what was read begins again.
    private mutating func measure(_ index: Int, now: Int64) {
        // What is compressed grows as it is decompressed.
        guard files.packed(handle: open[index].handle) == nil else { return }
        guard let facts = try? files.facts(handle: open[index].handle) else { return }
        guard let lost = open[index].observe(size: facts.size, now: now) else { return }
        if facts.size < open[index].offset {
            restart(index, lost: lost, now: now)
        } else {
            pending.truncations &+= 1
            pending.lostBytes[Int(LossReason.truncated.rawValue)] &+= lost
        }
    }

    /// The content before the offset is not what was read: the file is a new one, from its first byte.
    mutating func restart(_ index: Int, lost: UInt64, now: Int64) {
        let before = open[index].position
        open[index].restart(now: now)
        pending.truncations &+= 1
        let copied = recoverCopy(of: before, now: now)
        let lost = lost > copied ? lost - copied : 0
        pending.lostBytes[Int(LossReason.truncated.rawValue)] &+= lost
        events.append(.truncated(path: before.path, lostBytes: lost))
        // Not `index`: a recovered copy may have moved the file.
        if let file = open.first(where: { $0.identity == before.identity }) {
            pendingPositions.append(.reached(file.position))
        }
    }

    // MARK: - Filling

    /// Reads the next lines of the oldest file that has some.
    ///
    /// Younger files wait until an older one was read to its end once; then they take turns, so that a late writer
    /// delays nobody.
    mutating func fill(_ batch: EventBatch, decoder: inout LineDecoder, now: Int64) -> Outcome {
        let eligible = min(open.count, 1 + (open.firstIndex { !$0.hasReachedEnd } ?? open.count))
        for step in 0..<eligible {
            let index = (turn + step) % eligible
            let isQuiet = isQuiet(index, now: now)
            let sizeBefore = open[index].unread
            switch open[index].fill(batch, decoder: &decoder, from: files, isFinal: isQuiet, now: now) {
            case .consumed:
                turn = index + 1
                attachPending(to: batch)
                batch.positions.append(.reached(open[index].position))
                return .filled
            case .lineExceedsBatch:
                turn = index
                return .needsLargeBatch
            case .working:
                turn = index
                return .working
            case .changed:
                restart(index, lost: sizeBefore, now: now)
                attachPending(to: batch)
                return .filled
            case .failed(let error):
                if !open[index].isRotated { block(error.words) }
                // One failed read must not cost all that is left of a file: it is given up when it stays unreadable.
                guard isQuiet, now - (open[index].failingSince ?? now) >= settings.rotatedQuiet else { continue }
                finish(index, batch)
                return .filled
            case .nothing:
                guard isQuiet else { continue }
                finish(index, batch)
                return .filled
            }
        }
        guard hasPending else { return .idle }
        attachPending(to: batch)
        return .filled
    }

    /// Whether nothing more is expected in a rotated file: for long enough, or because too many are open.
    private func isQuiet(_ index: Int, now: Int64) -> Bool {
        guard open[index].isRotated else { return false }
        if let packed = files.packed(handle: open[index].handle), packed.isFinal { return true }
        if now - open[index].lastGrowth >= settings.rotatedQuiet { return true }
        if registry.isShort, open[index].unread == 0, now - open[index].lastGrowth >= IngestLimits.shortQuiet {
            return true
        }
        return index == 0 && open[index].hasReachedEnd && open.count >= IngestLimits.openFiles
    }

    /// Closes a rotated file that is read and quiet.
    private mutating func finish(_ index: Int, _ batch: EventBatch) {
        let file = open.remove(at: index)
        if file.unread > 0 { pending.lostBytes[Int(LossReason.removed.rawValue)] &+= file.unread }
        account(forPacked: file)
        files.close(handle: file.handle)
        registry.close(file.identity)
        if file.isPacked { releaseArchive(file.identity) } else { release(file.position) }
        attachPending(to: batch)
        events.append(.finished(path: file.path))
    }

    /// Adds the first unread lines of the oldest files, up to the limits of a sample, without consuming them.
    ///
    /// False if a file turned out to be another than the one read so far; then nothing of the sample holds.
    mutating func addSample(to sample: inout TailSample, now: Int64) -> Bool {
        for index in open.indices where sample.wantsMore {
            do throws(FileError) {
                guard let bytes = try open[index].peek(limit: sample.bytesWanted, from: files, now: now) else {
                    restart(index, lost: open[index].unread, now: now)
                    return false
                }
                let head = try open[index].head(from: files)
                sample.add(bytes, head: head, isAtStart: open[index].offset == 0, hints: settings.hints)
            } catch {
                if !open[index].isRotated { block(error.words) }
            }
        }
        return true
    }
}
