/// Patterns of fields between dots, as a tree of their fields: one walk finds every pattern that matches.
struct GlobTrie: Sendable {
    private struct Node: Sendable {
        var children: [[UInt8]: Int] = [:]
        var wildcard: Int?
        /// Number of the first pattern that ends here.
        var pattern: Int?
    }

    private var nodes = [Node()]

    /// Adds a pattern; of equal ones the first counts.
    mutating func insert(_ text: String, pattern: Int) {
        var node = 0
        for field in text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            let isWildcard = field.elementsEqual("*".utf8)
            let key = Array(field)
            if let next = isWildcard ? nodes[node].wildcard : nodes[node].children[key] {
                node = next
                continue
            }
            let next = nodes.count
            nodes.append(Node())
            if isWildcard { nodes[node].wildcard = next } else { nodes[node].children[key] = next }
            node = next
        }
        if nodes[node].pattern == nil { nodes[node].pattern = pattern }
    }

    /// The pattern that matches a name: the first one that was added, or without order the one that is most specific
    /// from the left.
    ///
    /// No node is visited twice, because one way leads to each.
    func match(_ fields: [ArraySlice<UInt8>], isOrdered: Bool) -> (pattern: Int, captures: [[UInt8]])? {
        var best: (pattern: Int, captures: [[UInt8]])?
        var waiting: [(node: Int, field: Int, captures: [[UInt8]])] = [(0, 0, [])]
        while let (node, field, captures) = waiting.popLast() {
            if field == fields.count {
                guard let pattern = nodes[node].pattern, pattern < best?.pattern ?? .max else { continue }
                best = (pattern, captures)
                if !isOrdered { return best }
                continue
            }
            // The last one in is looked at first.
            if let next = nodes[node].wildcard { waiting.append((next, field + 1, captures + [Array(fields[field])])) }
            if let next = nodes[node].children[Array(fields[field])] { waiting.append((next, field + 1, captures)) }
        }
        return best
    }
}

/// Patterns in the order of their rules: globs come first, then regular expressions.
public struct PatternSet: Sendable {
    private var tries = [GlobTrie](repeating: GlobTrie(), count: NameType.allCases.count)
    private var expressions: [(number: Int, type: NameType?, program: RegexProgram)] = []
    private let isOrdered: Bool

    /// Makes patterns ready.
    ///
    /// - Parameter isOrdered: Whether the first glob that matches counts; else the most specific one.
    public init(_ patterns: [NamePattern], isOrdered: Bool = true) {
        self.isOrdered = isOrdered
        for (number, pattern) in patterns.enumerated() {
            if let program = pattern.program {
                expressions.append((number, pattern.type, program))
            } else {
                for type in NameType.allCases where pattern.type ?? type == type {
                    tries[Int(type.rawValue)].insert(pattern.text, pattern: number)
                }
            }
        }
    }

    /// The pattern that a name matches; `nil` if there is none.
    ///
    /// Time is bounded by the number of nodes, and by the length of the name times the steps of the expressions.
    public func match(_ name: [UInt8], type: NameType) -> NameMatch? {
        guard name.count <= PatternLimits.nameBytes else { return nil }
        let fields = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if let (pattern, captures) = tries[Int(type.rawValue)].match(fields, isOrdered: isOrdered) {
            return NameMatch(pattern: pattern, captures: [name] + captures, names: captures.map { _ in nil })
        }
        for (number, wanted, program) in expressions where wanted ?? type == type {
            guard let ends = program.match(name) else { continue }
            let captures = stride(from: 0, to: ends.count, by: 2).map { group in
                ends[group] >= 0 && ends[group + 1] >= ends[group] ? Array(name[ends[group]..<ends[group + 1]]) : []
            }
            return NameMatch(pattern: number, captures: captures, names: program.names)
        }
        return nil
    }
}
