import Events

/// Logs that come and go: what a pattern stands for.
extension LogSet {
    /// Nanoseconds by which the birth of a file may lie before the instant it was born at.
    static let clockGrain: Int64 = 20_000_000

    /// Declares that whatever is born later is unread.
    mutating func setHorizon(_ time: Int64) {
        if let horizon {
            if time <= horizon { return }
            guard isHorizonKept else { return }
            pendingPositions.append(.finished(FilePosition.horizon(horizon, path: settings.path).identity))
        }
        horizon = time
        isHorizonKept = true
        pendingPositions.append(.reached(.horizon(time, path: settings.path)))
    }

    /// Looks for what the pattern stands for.
    ///
    /// Returns the rotated files among it, by the path of their log.
    mutating func scan(now: Int64) -> [String: Set<String>] {
        guard isPattern else {
            nextScan = .max
            return [:]
        }
        let scan = PathScan(pattern, files: files)
        nextScan = scan.next(after: now)
        scanned = scan.directories
        isScanComplete = scan.isComplete
        let found = scan.paths.filter { settings.accepts($0, of: pattern) }
        let known = Set(found).union(index.keys)
        var archives: [String: Set<String>] = [:]
        var fresh: [String] = []
        for path in found where index[path] == nil {
            let place = PathParts(path)
            if let origin = RotatedName.origins(of: place.name).map(place.sibling).first(where: known.contains) {
                archives[origin, default: []].insert(path)
            } else {
                fresh.append(path)
            }
        }
        var surplus = 0
        for path in fresh {
            guard logs.count < settings.logs || dropAbsent() else {
                surplus += 1
                continue
            }
            begin(path, archives: archives[path] ?? [], now: now)
        }
        if surplus > 0, refused == 0 { events.append(.tooManyLogs(limit: settings.logs, refused: surplus)) }
        refused = surplus
        return archives
    }

    /// Has rotated files read that hold what was never read.
    mutating func considerNews(_ archives: Set<String>, of path: String, now: Int64) {
        guard let place = index[path] else { return }
        let isNews = archives.contains { path in
            guard let facts = try? files.facts(path: path, followingLinks: false) else { return false }
            return registry.owner(of: facts.identity) == nil && !registry.remembers(facts.identity)
        }
        guard isNews, logs[place].tailer != nil || resume(place, now: now) else { return }
        logs[place].tailer?.openNews(among: archives, now: now)
        logs[place].isReady = true
    }

    /// Follows a log that was not known before.
    private mutating func begin(_ path: String, archives: Set<String>, now: Int64) {
        // What was taken for a log of its own, while its origin was away, is one of its rotated files.
        var inherited: [FilePosition] = []
        for place in logs.indices.reversed() where logs[place].origins.contains(path) {
            if logs[place].tailer != nil, !suspend(place) { return }
            inherited += logs[place].positions
            for position in logs[place].positions { registry.free(position.identity) }
            remove(at: place)
        }
        guard makeRoom(now: now) else {
            isScanComplete = false
            return
        }
        let log = add(path)
        log.tailer = tailer(
            for: log, resume: inherited, archives: startAt == .beginning && isFirstStart && !hasLooked ? archives : [])
        // What is new comes before what was there at the start.
        log.lastTurn = hasLooked ? .min : now
        insert(log)
        look(logs.count - 1, now: now)
        // Beyond the limit it waits for its turn, with its position known from now on.
        if registry.descriptors >= settings.openFiles, suspend(logs.count - 1) {
            logs[logs.count - 1].isWaiting = logs[logs.count - 1].unread > 0
        }
    }

    /// Forgets logs that are gone for long.
    mutating func forgetAbsent(now: Int64) {
        guard isPattern else { return }
        for place in logs.indices.reversed() {
            guard logs[place].isAbsent, let since = logs[place].missingSince,
                now - since >= IngestLimits.forgetAfter
            else { continue }
            forget(place)
        }
    }

    /// Forgets the log that is gone for longest.
    ///
    /// False if none is gone.
    private mutating func dropAbsent() -> Bool {
        let absent = logs.indices.filter { logs[$0].isAbsent }
        guard let oldest = absent.min(by: { (logs[$0].missingSince ?? 0) < (logs[$1].missingSince ?? 0) }) else {
            return false
        }
        forget(oldest)
        return true
    }

    private mutating func forget(_ place: Int) {
        if var tailer = logs[place].tailer {
            tailer.forget()
            tailer.close()
            take(from: &tailer)
        }
        // Its rotated files must not be taken for unread if it comes back.
        setHorizon(files.time() - Self.clockGrain)
        remove(at: place)
    }
}
