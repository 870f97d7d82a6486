internal import Events
internal import Ingest
internal import LineFormats
internal import Monitor

/// The files of a replay, and what is known of their records.
struct ReplayFiles {
    /// Most files: each holds about 3 MB.
    static let limit = 64

    /// Files of predictions, and of outcomes that came later.
    let files: [String]
    let outcomes: [String]
    /// Serving system whose records they are.
    let preset: String?
    /// Model of records that name none.
    let model: String?

    /// Makes a source of each file.
    ///
    /// - Parameter configuration: Its first source of records says which field is which.
    /// - Throws: `Failure` with exit status 2.
    func sources(_ configuration: Configuration) throws(Failure) -> [ReplaySource] {
        let paths = files + outcomes
        guard paths.count <= Self.limit else {
            throw Failure.usage("\(paths.count) files; not more than \(Self.limit) are read side by side")
        }
        var seen: Set<String> = []
        for path in paths where !seen.insert(path).inserted { throw Failure.usage("\(path) is given twice") }
        let known = configuration.sources.first(where: \.input.carriesRecords)
        let preset = preset.flatMap(Preset.init(rawValue:)) ?? known?.preset
        var sources: [ReplaySource] = []
        for (number, path) in paths.enumerated() {
            let isOutcomes = number >= files.count
            var schema = known?.schema
            if isOutcomes, schema != nil {
                schema = .outcomes(of: schema, defaultModel: model ?? known?.model ?? "default")
            }
            var hints = preset?.hints ?? SchemaHints()
            if let known { hints = hints.overridden(by: known.hints) }
            if isOutcomes {
                hints = SchemaHints()
            } else if let folder = preset?.schemaDirectory(besides: Sources.directory(of: path)),
                let found = SchemaLog.hints(in: folder)
            {
                hints = found.overridden(by: hints)
            }
            let file = RecordFile(
                path: path, schema: schema, hints: hints, source: number,
                defaults: (model ?? known?.model, known?.version))
            let name = path == RecordInput.standardInput ? "stdin" : "file:" + path
            sources.append(ReplaySource(path: path, name: name, file: file))
        }
        return sources
    }
}
