import Events

extension SchemaHints {
    /// What the schema log of a BentoML monitor says about its data log: roles and types of the columns.
    ///
    /// A process writes one line when it has its first record; the last one counts.
    ///
    /// - Parameter log: The lines of `schema.N.log`.
    /// - Returns: `nil` if no line names columns.
    public static func bentoML(schemaLog log: [UInt8]) -> SchemaHints? {
        var found: SchemaHints?
        for line in log.split(separator: Byte.newline) {
            // The columns are looked for by their place, as many as a schema may have.
            let places = (0..<EventLimits.signals).map { Field(path: ["columns", "\($0)", "name"]) }
            guard let sample = RecordSampler.sample(Array(line), hints: SchemaHints(fields: places)) else { continue }
            var columns: [String: [String: String]] = [:]
            var order: [String] = []
            for leaf in sample.leaves where leaf.path.count == 3 && leaf.path[0] == "columns" {
                guard case .text(let text) = leaf.value else { continue }
                if columns[leaf.path[1]] == nil { order.append(leaf.path[1]) }
                columns[leaf.path[1], default: [:]][leaf.path[2]] = text
            }
            let fields = order.compactMap { columns[$0].flatMap(field) }
            if !fields.isEmpty { found = SchemaHints(fields: fields, isComplete: true) }
        }
        return found
    }

    private static func field(_ column: [String: String]) -> Field? {
        guard let name = column["name"], !name.isEmpty else { return nil }
        let kind: SignalKind? =
            switch column["type"] {
            case "numerical": .numeric
            case "categorical": .categorical
            default: nil
            }
        // Lists of numbers have no single value.
        if column["type"] == "numerical_sequence" { return Field(path: [name], meaning: .ignore) }
        switch column["role"] {
        case "feature": return Field(path: [name], meaning: .feature, name: name, kind: kind)
        case "prediction": return Field(path: [name], meaning: .prediction, kind: kind)
        case "target": return Field(path: [name], meaning: .outcome, kind: kind)
        default: return Field(path: [name], meaning: .ignore)
        }
    }
}
