import Testing

@testable import Patterns

/// Which rule a name belongs to, and what becomes of its captures.
@Suite struct PatternSetTests {
    static func globs(_ patterns: [String], isOrdered: Bool = true) throws -> PatternSet {
        PatternSet(
            try patterns.map { pattern throws(PatternError) in try NamePattern(glob: pattern) }, isOrdered: isOrdered)
    }

    static func match(_ set: PatternSet, _ name: String, _ type: NameType = .counter) -> [String]? {
        set.match(Array(name.utf8), type: type).map { match in
            ["\(match.pattern)"] + match.captures.dropFirst().map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test(
        arguments: [
            ("a.b", ["0"]), ("a.x.c", ["1", "x"]), ("a.b.c", ["1", "b"]), ("a", nil), ("a.b.c.d", ["3", "b", "d"]),
            ("x.y", ["4", "x", "y"]), ("a.", ["4", "a", ""]), ("..", nil), ("", nil), ("a-b.c_d", ["4", "a-b", "c_d"]),
        ] as [(String, [String]?)])
    func firstRuleCounts(name: String, expected: [String]?) throws {
        let set = try Self.globs(["a.b", "a.*.c", "a.b.c", "a.*.c.*", "*.*"])
        #expect(Self.match(set, name) == expected)
    }

    /// As statsd_exporter documents both orders for these rules.
    @Test func mostSpecificRuleCountsWithoutOrder() throws {
        let rules = ["*.foo.*", "*.foo.bar.*", "client.*.*", "client.*.bar.*"]
        let specific = ["*.foo.*", "client.foo.*", "client.*.bar"]
        #expect(Self.match(try Self.globs(rules), "client.foo.x") == ["0", "client", "x"])
        #expect(Self.match(try Self.globs(rules, isOrdered: false), "client.foo.x") == ["2", "foo", "x"])
        #expect(Self.match(try Self.globs(specific, isOrdered: false), "client.foo.bar") == ["1", "bar"])
        // The way over `client.foo` ends, and the other one is taken.
        let detour = try Self.globs(["client.foo.a", "client.*.b"], isOrdered: false)
        #expect(Self.match(detour, "client.foo.b") == ["1", "foo"])
    }

    @Test func typesAreToldApart() throws {
        let set = PatternSet([
            try NamePattern(glob: "a.*", type: .counter), try NamePattern(glob: "a.*", type: .observer),
            try NamePattern(regex: "^a", type: .gauge), try NamePattern(regex: "^a"),
        ])
        let found = NameType.allCases.map { Self.match(set, "a.b", $0)?.first }
        #expect(found == ["0", "2", "1", "3"])
    }

    /// Regular expressions come after all globs, wherever they stand.
    @Test func globsComeFirst() throws {
        let set = PatternSet([try NamePattern(regex: "a\\.(.*)"), try NamePattern(glob: "a.*")])
        #expect(Self.match(set, "a.b") == ["1", "b"])
        #expect(Self.match(set, "a.b.c") == ["0", "b.c"])
        #expect(Self.match(set, String(repeating: "a", count: PatternLimits.nameBytes + 1)) == nil)
    }

    @Test(arguments: ["", ".", "a..b", "a.**", "a.b*", "9a.b", "-a", "a b", "a.*.é", "a.", "*a"])
    func refusesGlobs(text: String) { #expect(throws: PatternError.self) { try NamePattern(glob: text) } }

    @Test(arguments: ["a", "*", "a.9b", "_a-b.*.c", "*.*", "a.b-"])
    func takesGlobs(text: String) { #expect(throws: Never.self) { try NamePattern(glob: text) } }

    /// A thousand rules that share fields are walked once, not multiplied.
    @Test func manyWildcardsStayCheap() throws {
        var patterns: [String] = []
        for i in 0..<1_024 {
            patterns.append((0..<10).map { i >> $0 & 1 == 0 ? "*" : "a" }.joined(separator: "."))
        }
        let name = (0..<10).map { _ in "a" }.joined(separator: ".")
        #expect(Self.match(try Self.globs(patterns), name)?.first == "0")
        #expect(Self.match(try Self.globs(patterns, isOrdered: false), name) == ["1023"])
    }

    @Test(arguments: [
        ("$1", "one"), ("${1}_x", "one_x"), ("$1_x", ""), ("$2$1", "twoone"), ("$0", "all"), ("a", "a"), ("$$1", "$1"),
        ("$9", ""), ("$n", "two"), ("${n}${1}", "twoone"), ("${nope}", ""), ("a$", "a$"), ("${1", "${1"), ("$-", "$-"),
        ("", ""), ("é$1", "éone"),
    ])
    func templates(text: String, expected: String) {
        let match = NameMatch(pattern: 0, captures: ["all", "one", "two"].map { Array($0.utf8) }, names: [nil, "n"])
        #expect(NameTemplate(text).text(for: match) == expected)
        #expect(NameTemplate(text).text == text)
    }
}
