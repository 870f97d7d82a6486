import Testing

@testable import Daemon

@Suite struct YamlParserTests {
    private func parse(_ text: String) throws -> YamlParser.Document {
        try YamlParser(file: "t.yaml").parse(Array(text.utf8))
    }

    private func scalar(_ text: String, line: Int, quoted: Bool = false) -> YamlNode {
        YamlNode(line: line, content: .scalar(text, isQuoted: quoted))
    }

    @Test func nodesKnowTheirLines() throws {
        let document = try parse("a: 1\n\nb:\n  - x\n  - \"y\"\nc: {d: ~}\n")
        let inner = YamlMember(key: "d", line: 6, value: scalar("~", line: 6))
        #expect(
            document.root
                == YamlNode(
                    line: 1,
                    content: .mapping([
                        YamlMember(key: "a", line: 1, value: scalar("1", line: 1)),
                        YamlMember(
                            key: "b", line: 3,
                            value: YamlNode(
                                line: 4,
                                content: .sequence([scalar("x", line: 4), scalar("y", line: 5, quoted: true)]))),
                        YamlMember(key: "c", line: 6, value: YamlNode(line: 6, content: .mapping([inner]))),
                    ])))
        #expect(inner.value.isNull)
    }

    @Test(arguments: ["", "# nothing\n", "---\n...\n"])
    func emptyDocuments(text: String) throws {
        let root = try parse(text).root
        #expect(root == nil || root?.isNull == true)
    }

    /// What a configuration has no use for, or what is not YAML, is one error with its line.
    @Test(arguments: [
        ("a: &x 1\nb: *x\n", 1, "anchors"),
        ("b: *x\n", 1, "aliases"),
        ("a: !!str 1\n", 1, "tags"),
        ("a:\n\t- 1\n", 2, "not tabs"),
        ("a: [1, 2\n", 2, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "one YAML document"),
        ("{[a]: 1}\n", 1, "plain text as keys"),
        ("a: 1\nb: \u{0}\n", 2, "UTF-8"),
    ])
    func refusals(text: String, line: Int, words: String) throws {
        let error = try #require(throws: ConfigError.self) { try parse(text) }
        #expect(error.line == line)
        #expect(error.rule.contains(words), "\(error)")
        #expect(error.file == "t.yaml")
    }

    @Test func invalidUTF8HasALine() throws {
        let bytes = Array("a: 1\nb: ".utf8) + [0xFF, 0x0A]
        let error = try #require(throws: ConfigError.self) { try YamlParser(file: "t.yaml").parse(bytes) }
        #expect(error.line == 2)
    }

    /// Nine levels of nine aliases would be 387 million nodes: refused at the first anchor.
    @Test func aliasBomb() throws {
        var text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        for level in 1...9 {
            let item = "*a\(level - 1)"
            text += "a\(level): &a\(level) [" + Array(repeating: item, count: 9).joined(separator: ",") + "]\n"
        }
        let error = try #require(throws: ConfigError.self) { try parse(text) }
        #expect(error.line == 1)
    }

    @Test func depthIsBounded() throws {
        let fits = String(repeating: "[", count: YamlLimits.depth) + String(repeating: "]", count: YamlLimits.depth)
        #expect(try parse(fits).root != nil)
        let error = try #require(throws: ConfigError.self) { try parse("[" + fits + "]") }
        #expect(error.rule.contains("deeper"))
    }

    @Test func sizeIsBounded() throws {
        let many = "[" + String(repeating: "1,", count: YamlLimits.nodes) + "]"
        #expect(throws: ConfigError.self) { try parse(many) }
        let large = "# " + String(repeating: "x", count: YamlLimits.bytes)
        #expect(throws: ConfigError.self) { try parse(large) }
    }

    @Test func duplicateKeysAreAllReported() throws {
        let document = try parse("a: 1\nb: {c: 1, c: 2}\na: 2\na: 3\n")
        #expect(document.duplicates.map(\.line) == [2, 3, 4])
        #expect(document.duplicates.map(\.key) == ["c", "a", "a"])
        #expect(document.duplicates[1].rule == "is given twice in one mapping, first on line 1")
    }
}
