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
            var continued: Sibling?
            for position in resume.sorted(by: { $0.identity.birth < $1.identity.birth }) {
                // A device number may change with a new mount; inode and birth time do not.
                let match = found.first { position.identity.isSameFile(as: $0.facts.identity) }
                let archive = try adopt(position, foundAs: match, among: found, now: now)
                // The birth of a compressed file says nothing: of the others the last one is the youngest.
                if !position.isPacked { continued = archive }
            }
            if let continued { try adoptArchives(after: continued, among: found, now: now) }
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

    /// Goes on with a file.
    ///
    /// Returns the compressed file in which it was found, if it was compressed meanwhile.
    private mutating func adopt(
        _ position: FilePosition, foundAs match: Sibling?, among found: [Sibling], now: Int64
    ) throws(FileError) -> Sibling? {
        guard let match else {
            if let archive = try adoptArchive(of: position, among: found, now: now) { return archive }
            let lost = position.size > position.offset ? position.size - position.offset : 0
            pending.lostBytes[Int(LossReason.removed.rawValue)] &+= lost
            events.append(.gone(path: position.path, offset: position.offset, lostBytes: lost))
            release(position)
            return nil
        }
        let handle = try openSame(
            match, followingLinks: match.path == settings.path, isPacked: position.isPacked)
        var facts = match.facts
        if position.isPacked { facts.size = 0 }
        let file = try closing(handle) { () throws(FileError) in
            try proven(position, handle: handle, facts: facts, path: match.path, now: now)
        }
        if match.facts.identity != position.identity { pendingPositions.append(.finished(position.identity)) }
        if let file {
            append(file)
            return nil
        }
        let isRotated = match.path != settings.path
        var again = fresh(handle: handle, facts: facts, path: match.path, isRotated: isRotated, now: now)
        again.isPacked = position.isPacked
        append(again)
        pending.truncations &+= 1
        _ = recoverCopy(of: position, now: now)
        events.append(.truncated(path: match.path, lostBytes: 0))
        return nil
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
        guard let birth = birth ?? (archives.isEmpty ? nil : .max) else { return true }
        let found = try siblings(byAnyName: false)
        // What is younger than the file at the path came there after the path was looked at, and has its turn with the
        // next look. Opened now, it would make the file that was there between look older than what is known.
        let latest = live.map(\.birth) ?? .max
        let unseen =
            found
            .filter { isYounger($0, than: birth, among: found) || archives.contains($0.path) }
            .filter { $0.facts.identity.birth <= latest }
            .filter { $0.facts.identity != live && !isKnown($0.facts.identity) }
            .sorted { ($0.facts.identity.birth, age($0)) < ($1.facts.identity.birth, age($1)) }
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

    /// Whether a file is younger than all that are known; where files have no birth, its name tells.
    private func isYounger(_ sibling: Sibling, than birth: Int64, among found: [Sibling]) -> Bool {
        if birth > 0 { return sibling.facts.identity.birth >= birth }
        let known = found.filter { $0.path != settings.path && isKnown($0.facts.identity) }
        guard let youngest = known.map(age).max() else { return false }
        return sibling.path != settings.path && youngest < age(sibling)
    }

    /// Where the name of a rotated file stands among the others.
    func age(_ sibling: Sibling) -> RotationAge {
        RotatedName.age(of: PathParts(sibling.path).name, log: PathParts(settings.path).name)
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
        guard let mine = try? files.bytes(of: live.handle, at: 0, count: count) else { return true }
        return (try? files.bytes(of: handle, at: 0, count: count)) == mine
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
            if isOfPattern(sibling.path) { openCopies(before: sibling, youngerThan: birth, among: found, now: now) }
            append(file)
            events.append(.recovered(path: sibling.path))
            return sibling.facts.size - position.offset
        }
        return 0
    }

    /// Opens copies that came between the youngest file known and a copy that is about to be: what they hold came and
    /// went while nobody looked, and as soon as a younger one is known, nothing tells that they were not read.
    private mutating func openCopies(
        before copy: Sibling, youngerThan birth: Int64, among found: [Sibling], now: Int64
    ) {
        let between =
            found
            .filter { isOfPattern($0.path) && !isKnown($0.facts.identity) && $0.path != settings.path }
            .filter { (birth..<max(birth, copy.facts.identity.birth)).contains($0.facts.identity.birth) }
            .sorted { $0.facts.identity.birth < $1.facts.identity.birth }
        for sibling in between where hasRoom {
            guard let handle = try? openSame(sibling, followingLinks: false) else { continue }
            guard (try? isCopy(handle)) == false else {
                files.close(handle: handle)
                continue
            }
            append(fresh(handle: handle, facts: sibling.facts, path: sibling.path, isRotated: true, now: now))
        }
    }

    /// Opens a file beside the log; `nil` if it is gone or not ours to read.
    func openSibling(_ sibling: Sibling, isPacked: Bool = false) throws(FileError) -> Int32? {
        do throws(FileError) {
            return try openSame(sibling, followingLinks: false, isPacked: isPacked)
        } catch {
            guard error.isMissing || error.isRefusal else { throw error }
            return nil
        }
    }

    /// Opens a file that was looked at before.
    ///
    /// - Throws: Also if its path leads to another file by now, as when the log was rotated in between.
    private func openSame(
        _ sibling: Sibling, followingLinks: Bool, isPacked: Bool = false
    ) throws(FileError) -> Int32 {
        let handle = try openFile(sibling.path, followingLinks: followingLinks, isPacked: isPacked)
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
    func openFile(_ path: String, followingLinks: Bool, isPacked: Bool = false) throws(FileError) -> Int32 {
        try settings.open(path, followingLinks: followingLinks, isPacked: isPacked, on: files)
    }

    /// The file at its committed offset, if the bytes before it are those that were read.
    ///
    /// - Throws: They could not be read, which proves nothing.
    func proven(
        _ position: FilePosition, handle: Int32, facts: FileFacts, path: String, now: Int64
    ) throws(FileError) -> TailedFile? {
        try TailedFile.resumed(
            at: position, handle: handle, facts: facts, path: path, settings: settings, files: files, now: now)
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
        guard let last = try files.bytes(of: file.handle, at: file.size - span, count: Int(span)) else { return file }
        // Without a newline in reach the rest of the line is rejected as one.
        let lineStart = last.lastIndex(of: 10).map { $0 + 1 } ?? (span < file.size ? last.count : 0)
        let offset = file.size - span + UInt64(lineStart)
        let head =
            try files.bytes(of: file.handle, at: 0, count: Int(min(offset, UInt64(IngestLimits.headBytes)))) ?? []
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
                let head = try files.bytes(of: handle, at: 0, count: IngestLimits.headBytes)
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
    /// More has to be decompressed than is done at once; the same call again goes on with it.
    static let working = FileError(code: -3)

    /// What is wrong, in words.
    var words: String {
        switch self {
        case .outside: "it lies outside of the directories that links may lead into"
        case .own: "it is a file of the daemon's own"
        case .working: "what follows it was compressed and is searched"
        default: reason(code)
        }
    }

    /// Whether there is nothing at the path.
    var isMissing: Bool { code == ENOENT || code == ENOTDIR }
    /// Whether we are not allowed to, which does not pass by itself.
    var isRefusal: Bool { code == EACCES || code == EPERM || self == .outside || self == .own }
}
