/// What a pattern stands for at one moment.
struct PathScan {
    /// Paths, sorted.
    private(set) var paths: [String] = []
    /// Directories that were read, in which a path may appear.
    private(set) var directories: [String] = []
    /// Whether nothing can have been missed: every directory could be read, and no limit was reached.
    private(set) var isComplete = true
    /// Nanoseconds it took.
    private var elapsed: Int64 = 0

    /// Looks for what a pattern with wildcards stands for, level by level.
    ///
    /// A directory that is missing holds nothing; one that cannot be read makes the scan incomplete.
    init(_ pattern: PathPattern, files: any FileSystem) {
        let start = files.time()
        var level = [pattern.base]
        for (depth, name) in pattern.names.enumerated() {
            var next: [String] = []
            for directory in level {
                let place = PathParts(directory: directory)
                // A fixed name below a wildcard need not be looked for to go further down.
                if let literal = name.literal, depth + 1 < pattern.names.count {
                    next.append(place.sibling(String(decoding: literal, as: UTF8.self)))
                    continue
                }
                for found in read(directory, files: files) where name.matches(found.utf8) {
                    next.append(place.sibling(found))
                }
            }
            level = next
        }
        paths = level.sorted()
        elapsed = min(max(0, files.time() &- start), IngestLimits.scanInterval)
    }

    /// When to look again: later where looking takes long.
    func next(after now: Int64) -> Int64 { now + max(IngestLimits.scanInterval, elapsed * IngestLimits.scanShare) }

    private mutating func read(_ directory: String, files: any FileSystem) -> [String] {
        guard directories.count < IngestLimits.scannedDirectories else {
            isComplete = false
            return []
        }
        do throws(FileError) {
            let names = try files.names(directory: directory, limit: IngestLimits.directoryEntries)
            directories.append(directory)
            if names.count >= IngestLimits.directoryEntries { isComplete = false }
            return names
        } catch {
            if !error.isMissing { isComplete = false }
            return []
        }
    }
}
