internal import Events
internal import Monitor

extension Schema {
    /// The schema with the signals of a reference in the reference's types.
    ///
    /// Records that are to be compared with a reference must be read as it was: a feature that happens to look like
    /// codes, prose or identifiers in these records is still what it was, and a feature that is gone is missing in
    /// every record, which is a finding.
    func fitting(_ reference: Reference) -> Schema {
        var schema = self
        for wanted in reference.signals {
            let kind: SignalKind
            switch wanted.layout {
            case .numeric: kind = .numeric
            case .categorical: kind = .categorical
            }
            let place = schema.signals.firstIndex { $0.name == wanted.name && DriftKind($0.role) == wanted.kind }
            if let place {
                schema.signals[place].kind = kind
            } else if wanted.kind == .input, schema.signals.count < EventLimits.signals {
                let path = (featureObjects.first ?? []) + [wanted.name]
                guard !schema.signals.contains(where: { $0.path == path }), !schema.identityPaths.contains(path) else {
                    continue
                }
                schema.ignored.removeAll { $0 == path }
                schema.signals.append(Signal(name: wanted.name, role: .feature, kind: kind, path: path))
            }
        }
        return schema
    }

    /// Fields that say what a record is about, and are not measured.
    private var identityPaths: [[String]] { [timestamp, identifier, model, version, status].compactMap { $0 } }
}
