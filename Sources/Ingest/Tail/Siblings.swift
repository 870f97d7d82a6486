import Events
import Glibc

/// Finding files again: after a restart, after rotations nobody saw, after a copy and truncate.
extension FileTailer {
    /// Opens what the committed positions speak of.
    ///
    /// False if something of it cannot be read now; then nothing is open.
    mutating func adopt(now: Int64) -> Bool {
        guard !resume.isEmpty else { return true }
        do throws(FileError) {
            let found = try whereabouts()
            for position in resume.sorted(by: { $0.identity.birth < $1.identity.birth }) {
                try adopt(position, among: found, now: now)
            }
            resume = []
            return true
        } catch {
            close()
            discardPending()
            lose(error, now: now)
            return false
        }
    }

    /// Where the files of the committed positions may be.
    ///
    /// The directory is read only if the path alone does not answer that: directories may be large, and the usual file
    /// is where it was.
    private func whereabouts() throws(FileError) -> [Sibling] {
        if resume.count == 1, let position = resume.first,
            let facts = try? files.facts(path: settings.path, followingLinks: true), facts.isRegular,
            position.identity.isSameFile(as: facts.identity)
        {
            return [Sibling(path: settings.path, facts: facts)]
        }
        return try siblings(byAnyName: true)
    }

    private mutating func adopt(
        _ position: FilePosition, among found: [Sibling], now: Int64
    ) throws(FileError) {
        // A device number may change with a new mount; inode and birth time do not.
        guard let match = found.first(where: { position.identity.isSameFile(as: $0.facts.identity) }) else {
            release(position.identity)
            events.append(.gone(path: position.path, offset: position.offset))
            remember(position)
            return
        }
        let handle = try openSame(match, followingLinks: match.path == settings.path)
        let file = try closing(handle) { () throws(FileError) in
            try proven(position, handle: handle, facts: match.facts, path: match.path, now: now)
        }
        if match.facts.identity != position.identity { pendingPositions.append(.finished(position.identity)) }
        if let file {
            append(file)
            return
        }
        let isRotated = match.path != settings.path
        append(fresh(handle: handle, facts: match.facts, path: match.path, isRotated: isRotated, now: now))
        pending.truncations &+= 1
        _ = recoverCopy(of: position, now: now)
        events.append(.truncated(path: match.path, lostBytes: 0))
    }

    /// Opens rotated files that were never read: born after every file known.
    ///
    /// False while too many are open.
    ///
    /// - Throws: Something could not be looked at. It may be an unread file, and a younger one must not be begun before
    ///   that is known.
    mutating func openUnseen(
        youngerThan birth: Int64?, but live: FileIdentity?, now: Int64
    ) throws(FileError) -> Bool {
        let birth = birth ?? (archives.isEmpty ? 0 : .max)
        guard birth > 0 else { return true }
        let found = try siblings(byAnyName: false)
        let unseen =
            found
            .filter { $0.facts.identity.birth >= birth || archives.contains($0.path) }
            .filter { $0.facts.identity != live && !isKnown($0.facts.identity) }
            .sorted { ($0.facts.identity.birth, $1.path) < ($1.facts.identity.birth, $0.path) }
        for sibling in unseen {
            guard hasRoom else { return false }
            guard let handle = try openSibling(sibling) else { continue }
            if try closing(handle, { () throws(FileError) in try isCopy(handle) }) {
                files.close(handle: handle)
                continue
            }
            retireLive(now: now)
            append(fresh(handle: handle, facts: sibling.facts, path: sibling.path, isRotated: true, now: now))
        }
        archives = []
        return open.count < IngestLimits.openFiles
    }

    /// Opens those of the rotated files of the pattern that hold what was never read: copies of what came and was
    /// truncated while nobody looked.
    ///
    /// A copy of what is in the log now, or was read there, is no news.
    mutating func openNews(among paths: Set<String>, now: Int64) {
        guard let birth = newestBirth, birth > 0 else { return }
        var news: [Sibling] = []
        for path in paths {
            guard let facts = try? files.facts(path: path, followingLinks: false), facts.isRegular, facts.size > 0,
                facts.identity.birth >= birth, !isKnown(facts.identity)
            else { continue }
            news.append(Sibling(path: path, facts: facts))
        }
        if news.isEmpty { return }
        // A truncation that is not noticed yet would make a copy of what was read look like news.
        if let live = open.indices.last, !open[live].isRotated {
            do throws(FileError) {
                guard try open[live].peek(limit: 0, from: files, now: now) != nil else {
                    return restart(live, lost: open[live].unread, now: now)
                }
            } catch {
                return
            }
        }
        for sibling in news.sorted(by: { $0.facts.identity.birth < $1.facts.identity.birth }) where hasRoom {
            guard let handle = try? openSame(sibling, followingLinks: false) else { continue }
            // What cannot be read now is looked at again with the next scan.
            let isOld = (try? isCopy(handle)) ?? true
            if isOld || isCopyOfLive(handle, size: sibling.facts.size) {
                files.close(handle: handle)
                continue
            }
            append(fresh(handle: handle, facts: sibling.facts, path: sibling.path, isRotated: true, now: now))
        }
    }

    /// Whether the log now begins as a file does: the file is a copy, or becomes one.
    private func isCopyOfLive(_ handle: Int32, size: UInt64) -> Bool {
        guard let live = open.last, !live.isRotated, live.size > 0 else { return false }
        let count = Int(min(size, live.size, UInt64(IngestLimits.tailBytes)))
        guard let mine = try? bytes(of: live.handle, at: 0, count: count) else { return true }
        return (try? bytes(of: handle, at: 0, count: count)) == mine
    }

    private func isOfPattern(_ path: String) -> Bool { settings.pattern?.matches(path) ?? false }

    /// After a truncation: if a copy of the old content was made before, reads what of it was not read.
    ///
    /// Returns the number of bytes found there.
    mutating func recoverCopy(of position: FilePosition, now: Int64) -> UInt64 {
        guard position.tailLength > 0, let found = try? siblings(byAnyName: false) else { return 0 }
        let birth = newestBirth ?? .max
        for sibling in found
        where !isKnown(sibling.facts.identity) && sibling.facts.size >= position.offset
            && sibling.facts.identity != position.identity
        {
            // Few bytes prove little, unless the copy is expected.
            let isExpected = isOfPattern(sibling.path) && sibling.facts.identity.birth >= birth
            guard position.tailLength >= Self.provingBytes || isExpected else { continue }
            guard let handle = try? openSame(sibling, followingLinks: false) else { continue }
            let proof = try? proven(position, handle: handle, facts: sibling.facts, path: sibling.path, now: now)
            guard let file = proof ?? nil else {
                files.close(handle: handle)
                continue
            }
            append(file)
            events.append(.recovered(path: sibling.path))
            return sibling.facts.size - position.offset
        }
        return 0
    }

    /// Opens a file beside the log; `nil` if it is gone or not ours to read.
    private func openSibling(_ sibling: Sibling) throws(FileError) -> Int32? {
        do throws(FileError) {
            return try openSame(sibling, followingLinks: false)
        } catch {
            guard error.isMissing || error.isRefusal else { throw error }
            return nil
        }
    }

    /// Opens a file that was looked at before.
    ///
    /// - Throws: Also if its path leads to another file by now, as when the log was rotated in between.
    private func openSame(_ sibling: Sibling, followingLinks: Bool) throws(FileError) -> Int32 {
        let handle = try openFile(sibling.path, followingLinks: followingLinks)
        let facts = try closing(handle) { () throws(FileError) in try files.facts(handle: handle) }
        guard facts.identity == sibling.facts.identity else {
            files.close(handle: handle)
            throw FileError(code: ESTALE)
        }
        return handle
    }

    /// What `body` returns; if it throws, the file is closed.
    func closing<Result>(
        _ handle: Int32, _ body: () throws(FileError) -> Result
    ) throws(FileError) -> Result {
        do throws(FileError) {
            return try body()
        } catch {
            files.close(handle: handle)
            throw error
        }
    }

    /// Opens a file, unless it is one that must not be read.
    func openFile(_ path: String, followingLinks: Bool) throws(FileError) -> Int32 {
        let handle = try files.open(path: path, followingLinks: followingLinks)
        guard let refusal = refusal(of: handle) else { return handle }
        files.close(handle: handle)
        throw refusal
    }

    /// Why an open file must not be read; asked of the file itself, so that no change of the path comes between.
    private func refusal(of handle: Int32) -> FileError? {
        guard settings.pattern != nil || !settings.ownPaths.isEmpty else { return nil }
        guard let path = files.resolved(handle: handle) else { return settings.pattern == nil ? nil : .outside }
        let place = { (root: String) in self.files.resolved(path: root) ?? root }
        if settings.ownPaths.contains(where: { PathParts.is(path, in: place($0)) }) { return .own }
        guard let pattern = settings.pattern else { return nil }
        let roots = [pattern.base] + settings.linkRoots
        return roots.contains { PathParts.is(path, in: place($0)) } ? nil : .outside
    }

    /// The file at its committed offset, if the bytes before it are those that were read.
    ///
    /// - Throws: They could not be read, which proves nothing.
    func proven(
        _ position: FilePosition, handle: Int32, facts: FileFacts, path: String, now: Int64
    ) throws(FileError) -> TailedFile? {
        guard facts.size >= position.offset, position.headLength <= IngestLimits.headBytes,
            position.tailLength <= IngestLimits.tailBytes, UInt64(position.tailLength) <= position.offset,
            let head = try bytes(of: handle, at: 0, count: Int(position.headLength)),
            let tail = try bytes(
                of: handle, at: position.offset - UInt64(position.tailLength), count: Int(position.tailLength)),
            ContentHash.of(head) == position.headHash || position.headLength == 0,
            ContentHash.of(tail) == position.tailHash || position.tailLength == 0
        else { return nil }
        return TailedFile(
            handle: handle, identity: facts.identity, log: settings.path, path: path, offset: position.offset,
            head: head, tail: tail,
            size: facts.size, isRotated: path != settings.path, lineBytes: settings.lineBytes, now: now)
    }

    /// A file from its first byte.
    func fresh(handle: Int32, facts: FileFacts, path: String, isRotated: Bool, now: Int64) -> TailedFile {
        TailedFile(
            handle: handle, identity: facts.identity, log: settings.path, path: path, offset: 0, head: [], tail: [],
            size: facts.size,
            isRotated: isRotated, lineBytes: settings.lineBytes, now: now)
    }

    /// The file from the start of the line that is being written at its end.
    func atEnd(_ file: TailedFile, now: Int64) throws(FileError) -> TailedFile {
        let span = min(file.size, UInt64(settings.lineBytes + IngestLimits.tailBytes))
        guard let last = try bytes(of: file.handle, at: file.size - span, count: Int(span)) else { return file }
        // Without a newline in reach the rest of the line is rejected as one.
        let lineStart = last.lastIndex(of: 10).map { $0 + 1 } ?? (span < file.size ? last.count : 0)
        let offset = file.size - span + UInt64(lineStart)
        let head = try bytes(of: file.handle, at: 0, count: Int(min(offset, UInt64(IngestLimits.headBytes)))) ?? []
        return TailedFile(
            handle: file.handle, identity: file.identity, log: file.log, path: file.path, offset: offset, head: head,
            tail: Array(last[..<lineStart].suffix(IngestLimits.tailBytes)), size: file.size, isRotated: file.isRotated,
            lineBytes: settings.lineBytes, now: now)
    }

    /// Whether the content is that of a file we know, as after `cp`: then it was read there.
    private func isCopy(_ handle: Int32) throws(FileError) -> Bool {
        let facts = try files.facts(handle: handle)
        for known in knownPositions {
            if known.headLength == IngestLimits.headBytes,
                let head = try bytes(of: handle, at: 0, count: IngestLimits.headBytes)
            {
                if ContentHash.of(head) == known.headHash { return true }
            } else if known.tailLength >= Self.provingBytes,
                try proven(known, handle: handle, facts: facts, path: known.path, now: 0) != nil
            {
                return true
            }
        }
        return false
    }

    /// Exactly `count` bytes at a place; `nil` if the file has not that many there.
    private func bytes(of handle: Int32, at offset: UInt64, count: Int) throws(FileError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var failure: FileError?
        let isWhole = unsafe bytes.withUnsafeMutableBytes { buffer in
            do throws(FileError) {
                return unsafe try files.read(handle: handle, at: offset, into: buffer) == count
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        return isWhole ? bytes : nil
    }

    /// Whether rotation makes a name of another; among the logs of a pattern names are read more strictly.
    private func isRotated(_ name: String, of place: PathParts) -> Bool {
        place.isRotatedName(name)
            && (settings.pattern == nil || RotatedName.origins(of: name).contains(place.name))
    }

    /// Regular files beside the log and, if its path is a link, beside what it leads to; the log itself first.
    private func siblings(byAnyName: Bool) throws(FileError) -> [Sibling] {
        var found: [Sibling] = []
        var places = [PathParts(settings.path)]
        if let target = files.resolved(path: settings.path), target != settings.path {
            places.append(PathParts(target))
        }
        do throws(FileError) {
            let facts = try files.facts(path: settings.path, followingLinks: true)
            if facts.isRegular { found.append(Sibling(path: settings.path, facts: facts)) }
        } catch  where error.isMissing {
            // Rotated away, which is what the others are looked at for.
        }
        for place in places {
            for name in try names(in: place.directory) where byAnyName || isRotated(name, of: place) {
                let path = place.sibling(name)
                guard let facts = try factsOfSibling(path), facts.isRegular,
                    !found.contains(where: { $0.facts.identity == facts.identity })
                else { continue }
                found.append(Sibling(path: path, facts: facts))
            }
        }
        return found
    }

    /// Names in a directory; none if it may be entered and not listed, which is enough to follow a path.
    private func names(in directory: String) throws(FileError) -> [String] {
        do throws(FileError) {
            return try files.names(directory: directory, limit: IngestLimits.directoryEntries)
        } catch {
            guard error.isRefusal else { throw error }
            return []
        }
    }

    /// Facts of a file beside the log; `nil` for a link, and for what is gone or not ours to look at.
    private func factsOfSibling(_ path: String) throws(FileError) -> FileFacts? {
        do throws(FileError) {
            return try files.facts(path: path, followingLinks: false)
        } catch {
            guard error.isMissing || error.isRefusal || error.code == ELOOP else { throw error }
            return nil
        }
    }
}

/// A file in the directory of the log, not a link: who may write there must not make us read elsewhere.
struct Sibling {
    /// Where it is.
    var path: String
    /// What it is.
    var facts: FileFacts
}

/// A path taken apart.
struct PathParts {
    /// Everything before the name, never empty.
    let directory: String
    /// The name.
    let name: String

    /// A directory, and no name in it.
    init(directory: String) { (self.directory, name) = (directory, "") }

    /// Takes a path apart.
    init(_ path: String) {
        let bytes = path.utf8
        guard let slash = bytes.lastIndex(of: 0x2F) else {
            (directory, name) = (".", path)
            return
        }
        directory = slash == bytes.startIndex ? "/" : String(path[..<slash])
        name = String(path[bytes.index(after: slash)...])
    }

    /// Whether a path is another one or lies below it.
    static func `is`(_ path: String, in root: String) -> Bool {
        guard path.utf8.starts(with: root.utf8) else { return false }
        let next = path.utf8.dropFirst(root.utf8.count).first
        return next == nil || next == 0x2F || root == "/"
    }

    /// The path of a name in the same directory.
    func sibling(_ other: String) -> String { directory == "/" ? "/" + other : directory + "/" + other }

    /// Whether a name is what rotation makes of this one, and not compressed or half copied: `app.log.1`,
    /// `app.log-20260101`, `app.log.2026-01-01`.
    func isRotatedName(_ other: String) -> Bool {
        let (mine, its) = (name.utf8, other.utf8)
        guard its.count > mine.count + 1, its.starts(with: mine) else { return false }
        let separator = its[its.index(its.startIndex, offsetBy: mine.count)]
        guard separator == 0x2E || separator == 0x2D else { return false }
        return !RotatedName.isForeign(other)
    }
}

extension FileIdentity {
    /// Whether two identities are of one file, though its device may have been given another number by a new mount.
    func isSameFile(as other: FileIdentity) -> Bool {
        inode == other.inode && birth == other.birth && (birth != 0 || device == other.device)
    }
}

extension FileError {
    /// A link leads out of the directories that may be read.
    static let outside = FileError(code: -1)
    /// The file is one of the daemon's own.
    static let own = FileError(code: -2)

    /// What is wrong, in words.
    var words: String {
        switch self {
        case .outside: "it lies outside of the directories that links may lead into"
        case .own: "it is a file of the daemon's own"
        default: reason(code)
        }
    }

    /// Whether there is nothing at the path.
    var isMissing: Bool { code == ENOENT || code == ENOTDIR }
    /// Whether we are not allowed to, which does not pass by itself.
    var isRefusal: Bool { code == EACCES || code == EPERM || self == .outside || self == .own }
}
