import Testing

@testable import Patterns

/// The expressions of mapping files, in RE2's syntax.
@Suite struct RegexProgramTests {
    /// The whole match and its groups; `-` for a group that takes no part.
    static func match(_ pattern: String, _ text: String) throws -> [String]? {
        let bytes = Array(text.utf8)
        guard let ends = try RegexProgram(pattern).match(bytes) else { return nil }
        return stride(from: 0, to: ends.count, by: 2).map { group in
            ends[group] < 0 ? "-" : String(decoding: bytes[ends[group]..<ends[group + 1]], as: UTF8.self)
        }
    }

    @Test(
        arguments: [
            ("b", "abc", ["b"]), ("^b", "abc", nil), ("c$", "abc", ["c"]), ("", "abc", [""]), ("^$", "", [""]),
            ("a.c", "xabc", ["abc"]), ("a|ab", "ab", ["a"]), ("(a|ab)(c|bcd)", "abcd", ["abcd", "a", "bcd"]),
            ("a*", "aaa", ["aaa"]), ("a*?", "aaa", [""]), ("a+?", "aaa", ["a"]),
            ("(a+)(a*)", "aaa", ["aaa", "aaa", ""]),
            ("(a+?)(a*)", "aaa", ["aaa", "a", "aa"]), ("a{2}", "aaa", ["aa"]), ("a{2,}", "aaaa", ["aaaa"]),
            ("a{1,2}?", "aaa", ["a"]), ("a{,2}", "a{,2}", ["a{,2}"]), ("x{", "x{", ["x{"]), ("(a)|b", "b", ["b", "-"]),
            ("(a*)*", "aa", ["aa", "aa"]), ("(a|b)*", "abab", ["abab", "b"]), ("[^.]+", "a.b", ["a"]),
            ("[a-c]+", "xabcd", ["abc"]), ("[]a]+", "a]b", ["a]"]), ("[a-]+", "a-b", ["a-"]),
            ("[\\d.]+", "v1.2", ["1.2"]),
            ("[[:alpha:]_]+", "9a_Z", ["a_Z"]), ("[[:^digit:]]", "12a", ["a"]), ("[^\\W\\d]+", "12ab_", ["ab_"]),
            ("\\w+\\.\\s", "a. ", ["a. "]), ("\\S+", " ab", ["ab"]), ("\\D", "1a", ["a"]), ("\\bb", "ab b", ["b"]),
            ("a\\B.", "ab a-", ["ab"]), ("\\x41\\x{42}", "AB", ["AB"]), ("\\.\\*\\+\\[", ".*+[", [".*+["]),
            ("(?i)aB[c-d]", "AbC", ["AbC"]), ("(?i:a)b", "AB", nil), ("(?i:a)b", "Ab", ["Ab"]),
            ("(?P<x>a)(?<y>b)", "ab", ["ab", "a", "b"]), ("(?:ab)+", "ababa", ["abab"]), ("(?U)a+", "aaa", ["a"]),
            ("(?U)a+?", "aaa", ["aaa"]), ("é+", "caféé", ["éé"]), ("^.$", "é", ["é"]), ("(?s)a.b", "a\nb", ["a\nb"]),
            ("a.b", "a\nb", nil), ("(?m)^b$", "a\nb\nc", ["b"]), ("\\Ab\\z", "b", ["b"]),
            (
                "^([a-z]+)\\.(get|put)\\.(\\d{3})$", "api.get.200",
                ["api.get.200", "api", "get", "200"]
            ),
            ("test\\.dispatcher\\.(?P<job>.*)\\.(.*)", "test.dispatcher.a.b.c", ["test.dispatcher.a.b.c", "a.b", "c"]),
        ] as [(String, String, [String]?)])
    func matches(pattern: String, text: String, expected: [String]?) throws {
        #expect(try Self.match(pattern, text) == expected)
    }

    @Test(arguments: [
        "(", ")", "a)", "(a", "[a", "[z-a]", "*", "+a", "a**", "a+*", "a{2}{3}", "a{1001}", "a{3,2}", "\\", "\\p{L}",
        "\\1", "(?=a)", "(?!a)", "(?P<a>x)(?P<a>y)", "(?P<>x)", "(?P<a-b>x)", "(?x)a", "\\xZZ", "\\x{110000}", "\\Q",
        "[[:what:]]", "(?", "(?P", "(?i", "((a{100}){100}){100}", "[\\]", "x{2}**",
    ])
    func refuses(pattern: String) { #expect(throws: PatternError.self) { try RegexProgram(pattern) } }

    /// Patterns that take a backtracking matcher for ever take this one a moment.
    @Test(arguments: ["(a*)*b", "(a|aa)+b", "(a|a?)+b", "(.*)(.*)(.*)(.*)(.*)x", "(a?){50}a{50}b"])
    func timeIsBounded(pattern: String) throws {
        let text = String(repeating: "a", count: PatternLimits.nameBytes)
        #expect(try Self.match(pattern, text) == nil)
        #expect(try Self.match(pattern, text + "b") == nil, "longer than any name")
    }

    @Test func nothingIsUnrolledForEver() throws {
        #expect(try Self.match("(?:(?:(?:(?:){1000}){1000}){1000}){1000}a", "a") == ["a"])
        let deep = String(repeating: "(", count: 60) + String(repeating: ")", count: 60)
        #expect(throws: PatternError.self) { try RegexProgram(deep) }
        let long = String(repeating: "a", count: PatternLimits.bytes + 1)
        #expect(throws: PatternError.self) { try RegexProgram(long) }
    }

    @Test func textThatIsNoUTF8MatchesNothing() throws {
        #expect(try RegexProgram(".*").match([0xFF]) == nil)
    }
}
