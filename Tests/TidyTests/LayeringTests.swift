import Foundation
import Testing

/// The arrows between modules and the purity of the core (invariant I4), read from the sources.
@Suite struct LayeringTests {
    /// Modules that do no I/O, read no clock and know no Foundation.
    static let pure: Set<String> = [
        "Events", "LineFormats", "Sketches", "Statistics", "Monitor", "StateCodec", "Exposition", "Catalog", "Patterns",
        "Scenarios",
    ]

    /// C libraries of the platforms; in pure modules only behind `Libm.swift`.
    static let libraries: Set<String> = ["Glibc", "Musl"]

    /// What the shell may import besides its own modules and the packages it names.
    static let shellImports: Set<String> = ["FoundationEssentials", "Glibc", "Synchronization"]

    /// Calls that need no import and have no place in a pure module: output, clocks, tasks, chance.
    static let impure = [
        "print", "debugPrint", "dump", "readLine", "ContinuousClock", "SuspendingClock", "Task",
        "SystemRandomNumberGenerator", "Hasher", "random", "randomElement", "shuffle", "shuffled",
    ]

    private static let manifest = Manifest(Repository.file("Package.swift")?.text ?? "")

    /// The table was understood: every folder of `Sources` that has Swift files is a target in it.
    @Test func everyModuleIsInTheTable() {
        let folders = Set(Repository.sources.map { Self.module($0) })
        #expect(folders == Set(Self.manifest.imports.keys))
        #expect(folders.isSuperset(of: Self.pure))
    }

    /// A pure module declares pure modules only.
    @Test(arguments: pure.sorted())
    func pureModulesSeePureModules(module: String) {
        #expect(Self.manifest.imports[module]?.subtracting(Self.pure) == [])
    }

    /// A file imports what `Package.swift` allows its module, and nothing of the system that its layer must not see.
    @Test(arguments: Repository.sources)
    func importsAreDeclared(file: Repository.File) {
        let module = Self.module(file)
        var allowed = Self.manifest.imports[module] ?? []
        if !Self.pure.contains(module) { allowed.formUnion(Self.shellImports) }
        if file.name == "Libm.swift" { allowed.formUnion(Self.libraries) }
        for (number, name) in Self.imports(file) {
            #expect(allowed.contains(name), "\(file.path):\(number) imports \(name)")
        }
    }

    /// A pure module names no clock, no file, no thread, no randomness, no output.
    @Test(arguments: Repository.sources.filter { pure.contains(module($0)) })
    func pureModulesArePure(file: Repository.File) throws {
        let pattern = try Regex("(^|[^\\w`])(\(Self.impure.joined(separator: "|")))\\(")
        for (number, line) in SwiftText(file.text).lines where !line.contains("func ") {
            #expect(line.firstMatch(of: pattern) == nil, "\(file.path):\(number): \(line)")
        }
    }

    /// One file per module touches the C mathematics library.
    @Test func libmIsOneFilePerModule() {
        for file in Repository.sources where Self.pure.contains(Self.module(file)) {
            let usesC = Self.imports(file).contains { Self.libraries.contains($0.name) }
            #expect(usesC == (file.name == "Libm.swift"), "\(file.path)")
        }
    }

    private static func module(_ file: Repository.File) -> String {
        file.path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
    }

    /// The modules a file imports: `import A`, `public import A`, `@preconcurrency import struct A.B`.
    private static func imports(_ file: Repository.File) -> [(number: Int, name: String)] {
        SwiftText(file.text).lines.compactMap { number, line in
            let words = line.split(separator: " ")
            guard let keyword = words.firstIndex(of: "import"), keyword <= 2 else { return nil }
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
            let name = words[(keyword + 1)...].first { !kinds.contains($0) } ?? ""
            return (number, String(name.split(separator: ".").first ?? name))
        }
    }
}
