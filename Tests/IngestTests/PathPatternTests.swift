import Testing

@testable import Ingest

@Suite("Patterns of paths")
struct PathPatternTests {
    @Test(
        "A wildcard stands for bytes of one name",
        arguments: [
            ("/log/*.log", "/log/app.log", true), ("/log/*.log", "/log/a/app.log", false),
            ("/log/*.log", "/log/app.log.1", false), ("/log/*.log", "/log/.app.log", false),
            ("/log/.*.log", "/log/.app.log", true), ("/log/?.log", "/log/a.log", true),
            ("/log/?.log", "/log/ab.log", false), ("/log/?.log", "/log/.log", false),
            ("/pods/*/model/*.log", "/pods/a_b_c/model/0.log", true),
            ("/pods/*/model/*.log", "/pods/a_b_c/other/0.log", false),
            ("/pods/*/model/*.log", "/pods/model/0.log", false),
            ("/log/app[0-9].log", "/log/app7.log", true), ("/log/app[0-9].log", "/log/appx.log", false),
            ("/log/app[!0-9].log", "/log/appx.log", true), ("/log/app[^0-9].log", "/log/app7.log", false),
            ("/log/[]x]", "/log/]", true), ("/log/[a-]", "/log/-", true), ("/log/a\\*b*", "/log/a*bc", true),
            ("/log/a\\*b*", "/log/axbc", false), ("/log/*", "/logs/x", false), ("*.log", "x.log", true),
            ("*.log", "/x.log", false), ("/*", "/x", true), ("//log//*", "/log/x", true),
            ("/log/*a*b*c", "/log/xxaabbcbc", true), ("/log/*a*b*c", "/log/xxaabbcbd", false),
            ("/log/app.log", "/log/app.log", true), ("/log/app.log", "/log/appxlog", false),
            ("/log/a\\[1\\].log", "/log/a[1\\].log", true), ("/w\\*/x*", "/w*/xy", true),
        ] as [(String, String, Bool)])
    func matches(text: String, path: String, isMatch: Bool) throws {
        #expect(try PathPattern(text).matches(path) == isMatch)
    }

    @Test("The directory before the first wildcard is where to look")
    func base() throws {
        #expect(try PathPattern("/var/log/pods/*/m/*.log").base == "/var/log/pods")
        #expect(try PathPattern("*.log").base == ".")
        #expect(try PathPattern("/*.log").base == "/")
        #expect(try PathPattern("logs/*.log").base == "logs")
        #expect(try PathPattern("/var/log/app.log").literal == "/var/log/app.log")
        #expect(try PathPattern("/x/a\\[1].log").literal == "/x/a[1].log")
        #expect(try PathPattern(PathPattern.escaped("/x[1]/*") + "/*").base == "/x[1]/*")
    }

    @Test("What is wrong is said", arguments: ["/log/**/x", "/log/[a", "/log/x[b-a]", "/log/*\\", "/log/[!]"])
    func refused(text: String) {
        #expect(throws: PathPatternError.self) { try PathPattern(text) }
    }

    @Test("A hostile pattern takes no longer than the product of the lengths")
    func backtracking() throws {
        let pattern = try PathPattern("/" + String(repeating: "*a", count: 100) + "b")
        #expect(!pattern.matches("/" + String(repeating: "a", count: 255)))
    }

    @Test("What rotation made of a name")
    func origins() {
        func origins(_ name: String) -> [String] { RotatedName.origins(of: name) }
        #expect(origins("app.log.1") == ["app.log"])
        #expect(origins("app.log-20260101") == ["app.log"])
        #expect(origins("0.log.20260101-120000") == ["0.log", "0.log.20260101"])
        #expect(origins("app.log.2026-01-01T12:00:00Z").first == "app.log")
        // Not a rotation: another log.
        for name in ["service-b", "service-2", "app.log", "app.log.err", "a-b.log", ".1", "app.log.gz"] {
            #expect(origins(name).isEmpty, "\(name)")
        }
    }
}
