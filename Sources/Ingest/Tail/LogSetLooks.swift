import Events

/// Looking at the logs there are.
extension LogSet {
    /// Looks at every log, and for new ones when that is due.
    mutating func look(now: Int64) {
        let time = files.time() - Self.clockGrain
        lookAtAll(now: now)
        // What comes after the first look is ours, even if nothing is here yet to tell younger from older.
        if !hasLooked, horizon == nil, isPattern || (isFirstStart && registry.descriptors == 0) { setHorizon(time) }
        hasLooked = true
        if isScanComplete { startAt = .beginning } else { missedAt = missedAt ?? time }
    }

    private mutating func lookAtAll(now: Int64) {
        let isScan = now >= nextScan
        let archives = isScan ? scan(now: now) : [:]
        // A change of a suspended log is told, or found with the next scan.
        for place in logs.indices where isScan || logs[place].tailer != nil {
            look(place, now: now)
            logs[place].keepTime(now: now)
        }
        for (path, archives) in archives { considerNews(archives, of: path, now: now) }
        forgetAbsent(now: now)
        _ = resumeWaiting(now: now)
        measure()
        if !isPattern, isHorizonKept, let horizon, registry.descriptors > 0 {
            // From now on the files that are known tell younger from older.
            pendingPositions.append(.finished(FilePosition.horizon(horizon, path: settings.path).identity))
            isHorizonKept = false
        }
    }

    /// Looks at what a change in a directory may concern.
    mutating func look(at changes: some Sequence<DirectoryChange>, now: Int64) {
        var places: Set<Int> = []
        for change in changes {
            let path = PathParts(directory: change.directory).sibling(change.name)
            if let place = index[path] {
                places.insert(place)
                continue
            }
            // A rotated file, or what a link leads to.
            for (place, log) in logs.enumerated() {
                let beside = [PathParts(log.path)] + (log.target.map { [$0] } ?? [])
                if beside.contains(where: {
                    $0.directory == change.directory && (change.name == $0.name || $0.isRotatedName(change.name))
                }) {
                    places.insert(place)
                }
            }
            if change.isName { nextScan = 0 }
        }
        if now >= nextScan, isPattern { return look(now: now) }
        for place in places { look(place, now: now) }
        _ = resumeWaiting(now: now)
        measure()
    }

    /// Looks at one log.
    mutating func look(_ place: Int, now: Int64) {
        guard logs[place].tailer != nil else { return inspect(place, now: now) }
        let before = logs[place].tailer?.open.last?.identity
        logs[place].tailer?.look(now: now)
        while logs[place].tailer?.wantsRoom ?? false, makeRoom(now: now) {
            logs[place].tailer?.look(now: now)
        }
        guard let tailer = logs[place].tailer else { return }
        logs[place].isReady = !tailer.open.isEmpty || tailer.hasPending
        if tailer.open.last?.identity != before { findTarget(place) }
        if tailer.pathState == .missing {
            logs[place].missingSince = logs[place].missingSince ?? now
        } else {
            logs[place].missingSince = nil
        }
        events += tailer.events
        logs[place].tailer?.events = []
    }

    /// Looks at a suspended log.
    private mutating func inspect(_ place: Int, now: Int64) {
        do throws(FileError) {
            let facts = try files.facts(path: logs[place].path, followingLinks: true)
            logs[place].missingSince = nil
            if facts.identity != logs[place].positions.last?.identity || facts.size != logs[place].size {
                logs[place].isWaiting = true
            }
        } catch {
            // Not there: what became of it is found out by resuming it.
            if error.isMissing { logs[place].isWaiting = true }
        }
    }

    private mutating func findTarget(_ place: Int) {
        let path = logs[place].path
        let target = files.resolved(path: path).map { PathParts($0) }
        logs[place].target = target?.directory == PathParts(path).directory ? nil : target
    }

    /// Directories in which a change may concern a log.
    var directories: Set<String> {
        var all = Set(scanned)
        for log in logs {
            all.insert(PathParts(log.path).directory)
            if let target = log.target { all.insert(target.directory) }
        }
        return all
    }
}
