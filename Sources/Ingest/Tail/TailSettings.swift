import Events
public import LineFormats

/// Where a log is and how it is followed.
public struct TailSettings: Sendable, Equatable {
    /// Path of the log as its writer opens it, or a pattern of such paths.
    ///
    /// It may not exist yet; its directory must.
    public var path: String
    /// Patterns of what not to read though `path` stands for it: of names, or, with a `/`, of paths.
    public var exclude: [PathPattern] = []
    /// Directories that a link found by a pattern may lead into, beside the one before its first wildcard.
    public var linkRoots: [String] = []
    /// Files and directories that are never read, whatever leads to them: those of the daemon's own.
    public var ownPaths: [String] = []
    /// Files held open at most.
    public var openFiles = IngestLimits.sourceOpenFiles
    /// Logs followed at most.
    public var logs = IngestLimits.sourceLogs
    /// Nanoseconds a rotated file must have been quiet before it is closed.
    public var rotatedQuiet: Int64
    /// Nanoseconds between two looks that nothing asked for.
    public var pollInterval: Int64
    /// Model of the records that name none, for an inferred schema.
    public var defaultModel: String
    /// What is known of its records, for an inferred schema.
    public var hints: SchemaHints
    /// Directory of files that say what the fields are, as BentoML writes them; `nil` for none.
    public var schemaDirectory: String?
    /// The pattern that `path` was found by; `nil` if it was given.
    var pattern: PathPattern?
    /// Longest line in bytes, its newline not counted.
    var lineBytes = EventLimits.lineBytes
    /// Bytes of an ordinary batch.
    var batchBytes = EventLimits.batchBytes
    /// Rows of a batch.
    var batchRows = EventLimits.batchRows

    /// Settings with the usual intervals: rotated files are kept 60 s, files are looked at every 250 ms.
    public init(
        path: String, rotatedQuiet: Int64 = 60_000_000_000, pollInterval: Int64 = IngestLimits.pollInterval,
        defaultModel: String = "default", hints: SchemaHints = SchemaHints(), schemaDirectory: String? = nil
    ) {
        self.path = path
        self.rotatedQuiet = rotatedQuiet
        self.pollInterval = pollInterval
        self.defaultModel = defaultModel
        self.hints = hints
        self.schemaDirectory = schemaDirectory
    }
}

extension TailSettings {
    /// Opens a file, unless it is one that must not be read.
    func open(
        _ path: String, followingLinks: Bool, isPacked: Bool = false, on files: any FileSystem
    ) throws(FileError) -> Int32 {
        let handle =
            isPacked
            ? try files.openPacked(path: path, followingLinks: followingLinks)
            : try files.open(path: path, followingLinks: followingLinks)
        guard let refusal = refusal(of: handle, on: files) else { return handle }
        files.close(handle: handle)
        throw refusal
    }

    /// Why an open file must not be read; asked of the file itself, so that no change of the path comes between.
    private func refusal(of handle: Int32, on files: any FileSystem) -> FileError? {
        guard pattern != nil || !ownPaths.isEmpty else { return nil }
        guard let path = files.resolved(handle: handle) else { return pattern == nil ? nil : .outside }
        let place = { (root: String) in files.resolved(path: root) ?? root }
        if ownPaths.contains(where: { PathParts.is(path, in: place($0)) }) { return .own }
        guard let pattern else { return nil }
        let roots = [pattern.base] + linkRoots
        return roots.contains { PathParts.is(path, in: place($0)) } ? nil : .outside
    }

    /// Whether a file that the pattern stands for is to be read.
    func accepts(_ path: String, of pattern: PathPattern) -> Bool {
        let name = PathParts(path).name
        if RotatedName.isForeign(name), !RotatedName.isForeign(String(decoding: pattern.suffix, as: UTF8.self)) {
            return false
        }
        return !exclude.contains { $0.text.utf8.contains(0x2F) ? $0.matches(path) : $0.matches(name) }
    }
}
