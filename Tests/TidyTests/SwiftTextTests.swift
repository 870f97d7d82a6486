import Testing

/// The reader of sources itself: a rule that sees nothing never fails.
@Suite struct SwiftTextTests {
    @Test func commentsVanish() {
        let text = SwiftText("a // b!\n/* c! /* d */ e! */f\n/// g\nh")
        #expect(text.code == "a \nf\n\nh")
    }

    @Test func stringsVanishAndAreKept() {
        let text = SwiftText(#"let a = "x // y\"!" + b!"#)
        #expect(text.code == "let a =   + b!")
        #expect(text.literals == [#"x // y\"!"#])
    }

    @Test func interpolationIsCode() {
        let text = SwiftText(#"f("a \(g("b")!) c")"#)
        #expect(text.code == "f( (g( )!) )")
        #expect(Set(text.literals) == ["b", "a  c"])
    }

    @Test func rawAndLongStrings() {
        let text = SwiftText("x(#\"a\"b\\(c)\"#)\n\"\"\"\n d \"e\"\n\"\"\" f")
        #expect(text.literals == ["a\"b\\(c)", "\n d \"e\"\n"])
        #expect(text.code == "x( )\n \n\n f")
    }

    @Test func manifestIsUnderstood() {
        let manifest = Manifest(
            """
            module("A"), module("B", sees: ["A"]),
            module(
                "C", sees: ["A", .product(name: "P", package: "swift-p")]),
            .executableTarget(name: "d", dependencies: ["C"], swiftSettings: settings)
            """)
        #expect(manifest.imports == ["A": [], "B": ["A"], "C": ["A", "P"], "d": ["C"]])
    }
}
