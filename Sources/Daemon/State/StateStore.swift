internal import Monitor

/// The state files of one daemon, in a directory that it locks.
///
/// Files (mode 0600), newest first:
///
/// - `state.bin`: the last commit. While it has this name, nothing newer was ever published.
/// - `state.behind.bin`: the last commit that could be written before writing failed and newer figures were published
///   all the same. Renaming needs no space, so a full disk can still tell the next start that counters must not go on
///   from here.
/// - `state.prev.bin`: the commit before the last one, used when `state.bin` cannot be read.
/// - `state.bad.bin`: a state that could not be read, kept for inspection.
/// - `state.other-version.bin`: the last state of another version, kept for going back to that version.
///
/// A commit is: temporary file, write, fsync, hard link of the old state to `state.prev.bin`, rename, fsync of the
/// directory. A temporary file that failed is removed and never written to again: after a failed fsync the kernel may
/// have dropped its pages. The store belongs to one thread at a time.
final class StateStore {
    /// How a start goes on.
    enum Standing: Equatable {
        /// No state at all.
        case none
        /// Exactly what was last published: counters go on.
        case current
        /// Older than what was published, or possibly so: positions, windows and references go on, counters begin at 0.
        case behind
        /// Of another version: positions go on, and nothing else.
        case foreign
    }

    /// What bytes turn out to be.
    enum Content {
        /// A state that can be restored.
        case state
        /// A state of another version, of which the positions can be restored.
        case positions
        /// Neither.
        case nothing
    }

    /// What a start found.
    struct Found {
        /// How to go on.
        var standing: Standing
        /// The state; `nil` with `Standing.none`.
        var bytes: [UInt8]?
        /// What was given up, for the log and to be counted.
        var notes: [StateReset]
    }

    /// Names of the files.
    enum Name {
        static let current = "state.bin"
        static let behind = "state.behind.bin"
        static let previous = "state.prev.bin"
        static let bad = "state.bad.bin"
        static let foreign = "state.other-version.bin"
        static let temporary = "state.tmp"
    }

    /// Most bytes of a state file that are read.
    static let maximumBytes = 1 << 30

    private let directory: any StateDirectory
    /// Whether no `state.bin` claims to be what was last published, because something newer was.
    private var isMarkedBehind = false
    /// Whether a `state.behind.bin` may be there.
    private var hasBehind = true

    /// A store in a directory.
    init(_ directory: any StateDirectory) { self.directory = directory }

    /// What is unsafe about the directory, as a sentence; `nil` if nothing is.
    ///
    /// State files are created anew, never through a link, and read only if they are ours, so this is a warning and no
    /// error: a volume of Kubernetes is writable by its group.
    var weakness: String? { directory.weakness }

    /// Finds the state to go on from.
    ///
    /// - Parameter content: What bytes are; the last ones asked about are those found.
    func load(_ content: ([UInt8]) -> Content) -> Found {
        var notes: [StateReset] = []
        for (name, standing) in [(Name.current, Standing.current), (Name.behind, .behind), (Name.previous, .behind)] {
            do throws(SystemError) {
                guard let bytes = try directory.read(name, limit: Self.maximumBytes) else { continue }
                let path = "\(directory.path)/\(name)"
                let found = content(bytes)
                if found == .nothing {
                    notes.append(
                        StateReset(
                            .unreadable, "\(path) is damaged or of an unknown version; it is kept as \(Name.bad)"))
                    try? directory.rename(name, to: Name.bad)
                    continue
                }
                isMarkedBehind = name == Name.behind
                if found == .positions {
                    notes.append(
                        StateReset(
                            .version, "\(path) is of another version; of it only positions go on, and it is kept"))
                    keepForeign(name)
                    return Found(standing: .foreign, bytes: bytes, notes: notes)
                }
                var standing = standing
                if standing == .current, !directory.isWritable {
                    standing = .behind
                    notes.append(
                        StateReset(
                            .counters, "\(directory.path) is not writable, so newer figures may have been published"))
                } else if standing == .behind {
                    notes.append(StateReset(.counters, "\(path) is older than what was published"))
                }
                return Found(standing: standing, bytes: bytes, notes: notes)
            } catch {
                notes.append(StateReset(.unreadable, error.description))
            }
        }
        return Found(standing: .none, bytes: nil, notes: notes)
    }

    /// Makes a state durable.
    ///
    /// - Throws: `SystemError`. The state files are then as they were, or `state.bin` is the new state but may not
    ///   survive a power failure.
    func commit(_ bytes: [UInt8]) throws(SystemError) {
        try directory.remove(Name.temporary)
        let file = try directory.create(Name.temporary)
        do throws(SystemError) {
            do throws(SystemError) {
                var written = 0
                while written < bytes.count { written += try directory.write(bytes[written...], to: file) }
                try directory.sync(file)
            } catch {
                try? directory.close(file)
                throw error
            }
            try directory.close(file)
            keepPrevious()
            try directory.rename(Name.temporary, to: Name.current)
        } catch {
            try? directory.remove(Name.temporary)
            throw error
        }
        isMarkedBehind = false
        try directory.sync()
        // Only now: until here it was what the next start would have gone on from.
        if hasBehind, (try? directory.remove(Name.behind)) != nil { hasBehind = false }
    }

    /// Says on disk that newer figures than the state file's are about to be published.
    ///
    /// - Returns: Whether the next start will know. It will not on a device that refuses even a rename; if the process
    ///   is then killed and the device works again at the next start, counters go on from the last commit.
    func markBehind() -> Bool {
        if isMarkedBehind { return true }
        do throws(SystemError) {
            hasBehind = true
            if try directory.exists(Name.current) {
                try directory.rename(Name.current, to: Name.behind)
                try? directory.sync()
            }
            isMarkedBehind = true
            return true
        } catch {
            return false
        }
    }

    /// Keeps a state of another version for those who go back to that version.
    ///
    /// It stays in its place as well, until the first commit: a start that ends before that finds the positions again.
    private func keepForeign(_ name: String) {
        try? directory.remove(Name.foreign)
        try? directory.link(name, to: Name.foreign)
    }

    /// Keeps the state that is about to be replaced as the previous generation.
    ///
    /// A hard link leaves `state.bin` in place at every moment. Without links there is no previous generation, which
    /// costs a fallback and no correctness.
    private func keepPrevious() {
        do throws(SystemError) {
            guard try directory.exists(Name.current) else { return }
            try directory.remove(Name.previous)
            try directory.link(Name.current, to: Name.previous)
        } catch {
            return
        }
    }
}
