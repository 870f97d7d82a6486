public import LineFormats

/// The files beside a log that say what its fields are.
public enum SchemaLog {
    /// Files of the directory that are looked into.
    private static let fileLimit = 64

    /// What the files of a directory say; `nil` if none says anything.
    public static func hints(in directory: String) -> SchemaHints? {
        hints(in: directory, from: LinuxFileSystem())
    }

    /// What the files of a directory say, the one with the highest name winning; `nil` if none says anything.
    ///
    /// A directory that is not there yet is one of no files: BentoML writes it with the first record.
    static func hints(in directory: String, from files: any FileSystem) -> SchemaHints? {
        let names = try? files.names(directory: directory, limit: IngestLimits.directoryEntries)
        let logs = (names ?? []).filter { $0.hasSuffix(".log") }.sorted().suffix(fileLimit)
        for name in logs.reversed() {
            if let hints = hints(path: directory + "/" + name, from: files) { return hints }
        }
        return nil
    }

    private static func hints(path: String, from files: any FileSystem) -> SchemaHints? {
        guard let handle = try? files.open(path: path, followingLinks: true) else { return nil }
        defer { files.close(handle: handle) }
        guard let facts = try? files.facts(handle: handle), facts.isRegular else { return nil }
        // The last line counts.
        let count = min(facts.size, UInt64(IngestLimits.sampleBytes))
        var bytes = [UInt8](repeating: 0, count: Int(clamping: count))
        let read = unsafe bytes.withUnsafeMutableBytes { buffer in
            (try? unsafe files.read(handle: handle, at: facts.size - count, into: buffer)) ?? 0
        }
        return SchemaHints.bentoML(schemaLog: Array(bytes.prefix(read)))
    }
}
