import Events
import Glibc
import LineFormats

/// Compressed files that are complete when they come, each read once from its first byte to its last: the one at a
/// path, or all that a pattern stands for.
///
/// They are told apart by identity, so that renaming one means nothing. The state keeps a position of each for as long
/// as it is there; a file that was read is read on only if its size changes and its content before the position does
/// not. One is open at a time, oldest first as their names say, because going back to the middle of one means to
/// decompress it again from its start.
struct ArchiveSet: LineFiles {
    /// One file.
    private struct Archive {
        var path: String
        let identity: FileIdentity
        /// Compressed bytes, as of the last look.
        var size: UInt64
        /// How far it was read; `nil` if it was not begun.
        var position: FilePosition?
        /// When its size was last seen to change, monotonic nanoseconds.
        var lastGrowth: Int64
        /// Before this time it is left alone, unless it grows.
        var waitsUntil = Int64.min
        /// Why it cannot be read; `nil` if nothing is wrong.
        var trouble: String?
        /// Since when it is not there; `nil` while it is.
        var missingSince: Int64?

        /// Whether it was read as far as it goes.
        var isDone: Bool { size == 0 || position?.size == size }
        /// Whether something of it can be read.
        func isReady(now: Int64) -> Bool { !isDone && waitsUntil <= now && missingSince == nil }
    }

    let settings: TailSettings
    let pattern: PathPattern
    let files: any FileSystem
    var events: [SourceEvent] = []
    private(set) var refused = 0

    /// In the order in which they are read.
    private var archives: [Archive] = []
    private var current: TailedFile?
    private var startAt: StartAt
    private var hasLooked = false
    private var nextScan: Int64 = 0
    private var scanned: [String] = []
    /// Compressed bytes of files that are not open and not read.
    private var waiting: UInt64 = 0
    /// Why the last look could not see a file; `nil` if it saw all.
    private var blocked: String?
    private var wasBlocked: String?
    private var pending = Receipt()
    private var pendingPositions: [PositionUpdate] = []

    /// Whether what a path or pattern names are archives.
    static func isNamed(by pattern: PathPattern) -> Bool {
        RotatedName.isPacked(pattern.literal ?? String(decoding: pattern.suffix, as: UTF8.self))
    }

    /// Archives that have not been looked for yet.
    ///
    /// - Parameters:
    ///   - settings: Where they are.
    ///   - pattern: `settings.path`, read.
    ///   - files: A file system that decompresses.
    ///   - resume: The committed positions, empty at the first start.
    ///   - startAt: Whether to read or to pass over the files there are at the first start.
    init(
        settings: TailSettings, pattern: PathPattern, files: any FileSystem, resume: [FilePosition], startAt: StartAt
    ) {
        var own = settings
        own.pattern = pattern.literal == nil ? pattern : nil
        self.settings = own
        self.pattern = pattern
        self.files = files
        self.startAt = resume.isEmpty ? startAt : .beginning
        for position in resume where !position.isHorizon {
            archives.append(
                Archive(
                    path: position.path, identity: position.identity, size: position.size, position: position,
                    lastGrowth: 0, missingSince: 0))
        }
        archives.sort { RotatedName.order(of: $0.path) < RotatedName.order(of: $1.path) }
        guard resume.isEmpty else { return }
        // From now on the state knows that there was a start.
        pendingPositions.append(.reached(.horizon(files.time(), path: settings.path)))
    }

    // MARK: - Looking

    mutating func look(now: Int64) {
        if now >= nextScan || pattern.literal != nil { scan(now: now) }
        measure()
    }

    mutating func look(at changes: [DirectoryChange], now: Int64) {
        nextScan = 0
        look(now: now)
    }

    private mutating func scan(now: Int64) {
        var paths = pattern.literal.map { [$0] } ?? []
        var isComplete = true
        if pattern.literal == nil {
            let scan = PathScan(pattern, files: files)
            nextScan = scan.next(after: now)
            scanned = scan.directories
            isComplete = scan.isComplete
            paths = scan.paths.filter { settings.accepts($0, of: pattern) }
        }
        var seen: Set<FileIdentity> = []
        var surplus = 0
        (wasBlocked, blocked) = (blocked, nil)
        for path in paths {
            do throws(FileError) {
                let facts = try files.facts(path: path, followingLinks: true)
                // Two paths to one file are one file.
                guard seen.insert(facts.identity).inserted else { continue }
                if !meet(facts, at: path, now: now) { surplus += 1 }
            } catch {
                if error.isMissing { continue }
                isComplete = false
                block(error.words, path)
            }
        }
        for place in archives.indices where !seen.contains(archives[place].identity) {
            archives[place].missingSince = archives[place].missingSince ?? now
        }
        if surplus > 0, refused == 0 { events.append(.tooManyLogs(limit: settings.logs, refused: surplus)) }
        refused = surplus
        forgetAbsent(now: now)
        if isComplete { startAt = .beginning }
        if seen.isEmpty, !hasLooked, blocked == nil { events.append(.missing(path: settings.path)) }
        hasLooked = true
    }

    /// Takes note of a file that is there; false if it is one too many.
    private mutating func meet(_ facts: FileFacts, at path: String, now: Int64) -> Bool {
        guard facts.isRegular else {
            block("it is not a regular file", path)
            return true
        }
        if let place = archives.firstIndex(where: { $0.identity == facts.identity }) {
            if archives[place].size != facts.size {
                archives[place].lastGrowth = now
                archives[place].waitsUntil = .min
            }
            (archives[place].size, archives[place].path) = (facts.size, path)
            archives[place].missingSince = nil
            return true
        }
        guard archives.count < settings.logs || dropAbsent() else { return false }
        var archive = Archive(path: path, identity: facts.identity, size: facts.size, lastGrowth: now)
        if startAt == .end {
            let position = FilePosition(
                identity: facts.identity, path: path, offset: 0, size: facts.size, isPacked: true)
            archive.position = position
            pendingPositions.append(.reached(position))
        }
        let order = RotatedName.order(of: path)
        let place = archives.firstIndex { order < RotatedName.order(of: $0.path) } ?? archives.count
        archives.insert(archive, at: place)
        return true
    }

    private mutating func block(_ words: String, _ path: String) {
        if wasBlocked != words { events.append(.blocked(path: path, reason: words)) }
        blocked = words
    }

    /// Forgets files that are gone for long.
    private mutating func forgetAbsent(now: Int64) {
        for place in archives.indices.reversed() {
            guard let since = archives[place].missingSince, now - since >= IngestLimits.forgetAfter else { continue }
            forget(place)
        }
    }

    /// Forgets the file that is gone for longest; false if none is gone.
    private mutating func dropAbsent() -> Bool {
        let absent = archives.indices.filter { archives[$0].missingSince != nil }
        guard
            let oldest = absent.min(by: {
                (archives[$0].missingSince ?? 0) < (archives[$1].missingSince ?? 0)
            })
        else { return false }
        forget(oldest)
        return true
    }

    private mutating func forget(_ place: Int) {
        let archive = archives.remove(at: place)
        if archive.position != nil { pendingPositions.append(.finished(archive.identity)) }
        if current?.identity == archive.identity { closeCurrent() }
    }

    // MARK: - Reading

    /// Whether nothing more is expected in a file that ends in the middle.
    private func isQuiet(_ place: Int, now: Int64) -> Bool {
        now - archives[place].lastGrowth >= settings.rotatedQuiet
    }

    private func place(of identity: FileIdentity) -> Int? { archives.firstIndex { $0.identity == identity } }

    /// Opens the next file that has something to read, if none is open.
    ///
    /// False if there is none.
    private mutating func begin(now: Int64) throws(FileError) -> Bool {
        if let file = current, let place = place(of: file.identity) {
            if archives[place].waitsUntil <= now { return true }
            // Left open, so that going on costs nothing, unless another one can be read meanwhile.
            guard archives.contains(where: { $0.isReady(now: now) }) else { return false }
        }
        closeCurrent()
        while let place = archives.firstIndex(where: { $0.isReady(now: now) }) {
            do throws(FileError) {
                current = try open(place, now: now)
                measure()
                return true
            } catch {
                if error == .working { throw error }
                fail(place, error, now: now)
            }
        }
        return false
    }

    private mutating func open(_ place: Int, now: Int64) throws(FileError) -> TailedFile {
        let archive = archives[place]
        let handle = try settings.open(archive.path, followingLinks: true, isPacked: true, on: files)
        do throws(FileError) {
            // How much it holds is known at its end.
            let facts = FileFacts(identity: try files.facts(handle: handle).identity, size: .max, isRegular: true)
            // Replaced since the last look: the next one sees it.
            guard facts.identity == archive.identity else { throw FileError(code: ESTALE) }
            var own = settings
            own.path = archive.path
            if let position = archive.position {
                let resumed = try TailedFile.resumed(
                    at: position, handle: handle, facts: facts, path: archive.path, settings: own, files: files,
                    now: now)
                if let resumed {
                    events.append(.opened(path: archive.path, offset: resumed.offset))
                    return resumed
                }
                pending.truncations &+= 1
                events.append(.truncated(path: archive.path, lostBytes: 0))
            } else {
                events.append(.opened(path: archive.path, offset: 0))
            }
            var file = TailedFile(
                handle: handle, identity: archive.identity, log: archive.path, path: archive.path, offset: 0, head: [],
                tail: [], size: facts.size, isRotated: false, lineBytes: settings.lineBytes, now: now)
            file.isPacked = true
            return file
        } catch {
            files.close(handle: handle)
            throw error
        }
    }

    mutating func fill(_ batch: EventBatch, decoder: inout LineDecoder, now: Int64) -> FileTailer.Outcome {
        do throws(FileError) {
            while try begin(now: now) {
                guard let outcome = step(batch, decoder: &decoder, now: now) else { continue }
                return outcome
            }
        } catch {
            return .working
        }
        guard hasPending else { return .idle }
        attachPending(to: batch)
        return .filled
    }

    /// Reads from the file that is open; `nil` to go on with the next one, or with what is now known of this one.
    private mutating func step(
        _ batch: EventBatch, decoder: inout LineDecoder, now: Int64
    ) -> FileTailer.Outcome? {
        guard var file = current, let place = place(of: file.identity) else {
            closeCurrent()
            return nil
        }
        let end = files.packed(handle: file.handle)?.end
        let isFinal = end.map { $0 != .truncated || isQuiet(place, now: now) } ?? false
        let outcome = file.fill(batch, decoder: &decoder, from: files, isFinal: isFinal, now: now)
        current = file
        switch outcome {
        case .consumed:
            archives[place].trouble = nil
            reach(file, place, size: 0)
            attachPending(to: batch)
            return .filled
        case .lineExceedsBatch: return .needsLargeBatch
        case .working: return .working
        case .changed:
            // It was written anew while it was read.
            closeCurrent()
        case .failed(let error):
            closeCurrent()
            fail(place, error, now: now)
        case .nothing:
            let found = files.packed(handle: file.handle)?.end
            if isFinal, let found, found == end {
                finish(place, found)
            } else if found == nil || found == .truncated {
                wait(place, now: now)
            }
        }
        return nil
    }

    /// Takes note of how far a file was read.
    private mutating func reach(_ file: TailedFile, _ place: Int, size: UInt64) {
        var position = file.position
        position.size = size
        archives[place].position = position
        pendingPositions.append(.reached(position))
    }

    /// Waits for more of a file that ends in the middle: it may be written just now.
    private mutating func wait(_ place: Int, now: Int64) {
        // Never before the next look.
        archives[place].waitsUntil = max(
            archives[place].lastGrowth + settings.rotatedQuiet, now + settings.pollInterval)
    }

    /// Leaves a file that cannot be read now.
    private mutating func fail(_ place: Int, _ error: FileError, now: Int64) {
        archives[place].waitsUntil = now + settings.pollInterval
        if !error.isMissing, archives[place].trouble != error.words {
            events.append(.blocked(path: archives[place].path, reason: error.words))
        }
        archives[place].trouble = error.words
    }

    /// A file was read as far as it goes.
    private mutating func finish(_ place: Int, _ end: ArchiveEnd) {
        guard let file = current, let facts = files.packed(handle: file.handle) else { return }
        pending.archives[Int(end.rawValue)] &+= 1
        pending.lostBytes[Int(LossReason.corrupt.rawValue)] &+= facts.remaining
        archives[place].size = facts.size
        reach(file, place, size: facts.size)
        events.append(.archiveRead(path: file.path, end))
        closeCurrent()
        measure()
    }

    private mutating func closeCurrent() {
        if let file = current { files.close(handle: file.handle) }
        current = nil
    }

    mutating func sample(now: Int64) -> TailSample {
        var sample = TailSample()
        while (try? begin(now: now)) ?? false {
            guard var file = current, let place = place(of: file.identity) else {
                closeCurrent()
                continue
            }
            do throws(FileError) {
                guard var bytes = try file.peek(limit: IngestLimits.sampleBytes, from: files, now: now) else {
                    closeCurrent()
                    continue
                }
                current = file
                let end = files.packed(handle: file.handle)?.end
                let isFinal = end.map { $0 != .truncated || isQuiet(place, now: now) } ?? false
                // The last line of a file that is complete may lack its end.
                if isFinal, bytes.count < IngestLimits.sampleBytes, let last = bytes.last, last != 10 {
                    bytes.append(10)
                }
                if bytes.isEmpty || (end != nil && !bytes.contains(10)) {
                    if isFinal, let end { finish(place, end) } else { wait(place, now: now) }
                    continue
                }
                let head = try file.head(from: files)
                sample.add(bytes, head: head, isAtStart: file.offset == 0, hints: settings.hints)
                return sample
            } catch {
                if error == .working { return sample }
                closeCurrent()
                fail(place, error, now: now)
            }
        }
        return sample
    }

    // MARK: - Handing over

    var hasPending: Bool { !pendingPositions.isEmpty || pending != Receipt() }

    mutating func attachPending(to batch: EventBatch) {
        batch.receipt.add(pending)
        pending.clear()
        batch.positions.append(contentsOf: pendingPositions)
        pendingPositions.removeAll(keepingCapacity: true)
    }

    mutating func close() { closeCurrent() }

    // MARK: - Status

    /// Bytes of a file that are not read: compressed ones, and what is decompressed already.
    private func unread(_ archive: Archive) -> UInt64 {
        if archive.isDone || archive.missingSince != nil { return 0 }
        guard let file = current, file.identity == archive.identity else { return archive.size }
        guard let facts = files.packed(handle: file.handle) else { return 0 }
        return facts.remaining + (facts.produced > file.offset ? facts.produced - file.offset : 0)
    }

    private mutating func measure() {
        waiting = archives.reduce(0) { $1.identity == current?.identity ? $0 : $0 &+ unread($1) }
    }

    var unread: UInt64 {
        guard let file = current, let place = place(of: file.identity) else { return waiting }
        return waiting &+ unread(archives[place])
    }
    var openFiles: Int { current == nil ? 0 : 1 }
    var suspendedLogs: Int { archives.count { $0.missingSince == nil } - openFiles }
    var directories: Set<String> { Set(scanned).union([pattern.base]) }

    var pathState: FileTailer.PathState {
        guard hasLooked else { return .unknown }
        let present = archives.filter { $0.missingSince == nil }
        if present.contains(where: { $0.trouble == nil }) { return .open }
        return (present.first?.trouble ?? blocked).map { .blocked($0) } ?? .missing
    }

    func laggards(now: Int64) -> [FileLag] {
        guard pattern.literal == nil else { return [] }
        let behind = archives.map { (archive: $0, bytes: unread($0)) }.filter { $0.bytes > 0 }
        return behind.sorted { $0.bytes > $1.bytes }.prefix(IngestLimits.shownFiles).map { archive, bytes in
            FileLag(path: archive.path, bytes: bytes, seconds: Double(max(0, now - archive.lastGrowth)) / 1e9)
        }
    }
}
