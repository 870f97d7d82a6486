internal import Monitor

/// Which signals of which models `/api/v1/drift` is asked for.
struct DriftFilter: Equatable, Sendable {
    /// Names that a query may have.
    static let names = ["model", "version", "feature", "kind", "drifted"]

    var model: String?
    var version: String?
    var feature: String?
    var kind: DriftKind?
    /// Signals that have drifted, or those that have not.
    var drifted: Bool?

    /// Everything.
    init() {}

    /// Reads a query.
    ///
    /// - Throws: A sentence about the first thing wrong with it.
    init(query: String) throws(QueryProblem) {
        guard let pairs = QueryText.pairs(query) else { throw QueryProblem("The query cannot be decoded.") }
        var seen: Set<String> = []
        for (name, value) in pairs {
            guard Self.names.contains(name) else {
                throw QueryProblem("The query may have \(Self.names.joined(separator: ", ")).")
            }
            guard seen.insert(name).inserted else { throw QueryProblem("\(name) is given twice.") }
            switch name {
            case "model": model = value
            case "version": version = value
            case "feature": feature = value
            case "kind":
                kind = DriftKind.allCases.first { $0.label == value }
                guard kind != nil else {
                    let kinds = DriftKind.allCases.map(\.label).joined(separator: ", ")
                    throw QueryProblem("kind is one of \(kinds).")
                }
            default:
                guard value == "true" || value == "false" else { throw QueryProblem("drifted is true or false.") }
                drifted = value == "true"
            }
        }
    }

    /// Whether a model is asked for.
    func admits(_ snapshot: ModelSnapshot) -> Bool {
        (model ?? snapshot.model) == snapshot.model && (version ?? snapshot.version) == snapshot.version
    }

    /// Whether a signal of such a model is asked for; only compared ones are.
    func admits(_ signal: SignalSnapshot) -> Bool {
        guard let itsKind = DriftKind(signal.role), let evidence = signal.evidence else { return false }
        return (feature ?? signal.name) == signal.name && (kind ?? itsKind) == itsKind
            && (drifted ?? evidence.isDrifted) == evidence.isDrifted
    }
}

/// What is wrong with a query: a sentence for who asked.
struct QueryProblem: Error, Equatable {
    var sentence: String

    init(_ sentence: String) { self.sentence = sentence }
}
