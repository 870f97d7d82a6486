import Events

/// Finding what was rotated and then compressed while nobody looked.
///
/// Compressing makes a new file, so nothing but the content tells what it was: its first bytes, and those before the
/// offset. A file that is proven in this way is read on under its old identity. What was compressed and is younger, by
/// name, than the youngest file known was never read, and is read whole.
extension FileTailer {
    /// Whether a name is that of a compressed rotated form of the log.
    private func isArchive(_ path: String) -> Bool {
        guard RotatedName.isPacked(path) else { return false }
        let (log, place) = (PathParts(settings.path), PathParts(path))
        let name = RotatedName.unpacked(place.name)
        guard name != log.name else { return true }
        return log.isRotatedName(name)
            && (settings.pattern == nil || RotatedName.origins(of: name).contains(log.name))
    }

    /// Compressed rotated forms of the log that no position speaks of, youngest first.
    private func archives(among found: [Sibling]) -> [Sibling] {
        found.filter { sibling in
            isArchive(sibling.path) && !resume.contains { $0.identity.isSameFile(as: sibling.facts.identity) }
                && !open.contains { $0.path == sibling.path }
        }
        .sorted { age($1) < age($0) }
    }

    /// Goes on with a file that is gone in the compressed file that it became; `nil` if that is not found.
    ///
    /// - Throws: Also `working`: a later look goes on with it.
    mutating func adoptArchive(
        of position: FilePosition, among found: [Sibling], now: Int64
    ) throws(FileError) -> Sibling? {
        // Fewer bytes may agree by chance.
        guard !position.isPacked, position.tailLength >= Self.provingBytes else { return nil }
        for sibling in archives(among: found) where hasRoom {
            guard let handle = try openSibling(sibling, isPacked: true) else { continue }
            let facts = FileFacts(identity: position.identity, size: 0, isRegular: true)
            let file = try closing(handle) { () throws(FileError) in
                try proven(position, handle: handle, facts: facts, path: sibling.path, now: now)
            }
            guard let file else {
                files.close(handle: handle)
                continue
            }
            append(file)
            events.append(.continued(path: settings.path, archive: sibling.path))
            return sibling
        }
        return nil
    }

    /// Opens the compressed files that are younger than the one which the youngest file known became.
    mutating func adoptArchives(after archive: Sibling, among found: [Sibling], now: Int64) throws(FileError) {
        for sibling in archives(among: found).reversed() where age(archive) < age(sibling) {
            guard hasRoom, let handle = try openSibling(sibling, isPacked: true) else {
                // No later start tells it from one that was read.
                pending.lostBytes[Int(LossReason.removed.rawValue)] &+= sibling.facts.size
                continue
            }
            let facts = FileFacts(identity: sibling.facts.identity, size: 0, isRegular: true)
            var file = fresh(handle: handle, facts: facts, path: sibling.path, isRotated: true, now: now)
            file.isPacked = true
            append(file)
        }
    }

    /// Counts a compressed file that is closed.
    mutating func account(forPacked file: TailedFile) {
        guard let facts = files.packed(handle: file.handle) else { return }
        pending.archives[Int((facts.end ?? .truncated).rawValue)] &+= 1
        pending.lostBytes[Int(LossReason.corrupt.rawValue)] &+= facts.remaining
    }

    /// Lets the state forget a compressed file that is read.
    ///
    /// Not before the file that proves its place is forgotten itself: else the next start would find it beside that
    /// again, and read it again.
    mutating func releaseArchive(_ identity: FileIdentity) {
        heldArchives.append(identity)
        releaseHeldArchives()
    }

    /// Whether a file is read in the compressed one that it became.
    private func isContinuation(_ file: TailedFile) -> Bool {
        !file.isPacked && files.packed(handle: file.handle) != nil
    }

    /// Lets the state forget compressed files as soon as nothing leads to them.
    mutating func releaseHeldArchives() {
        guard retained == nil, !open.contains(where: isContinuation) else { return }
        for identity in heldArchives { finish(identity) }
        heldArchives = []
    }
}
