// swift-tools-version: 6.2
import PackageDescription

/// One set of rules for every target: Swift 6 mode, explicit imports, every unsafe expression marked.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// A source target that names what it may see, and nothing else.
func module(_ name: String, sees dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one source target; they may see what it sees.
func tests(_ name: String, sees dependencies: [Target.Dependency], goldens: Bool = false) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: dependencies + ["TestKit"],
        resources: goldens ? [.copy("Golden")] : [], swiftSettings: settings)
}

let package = Package(
    name: "telltale",
    products: [
        .executable(name: "telltale", targets: ["telltale"]),
        // What `Tests/Benchmarks` measures, a package of its own: the core without the shell.
        .library(
            name: "TelltaleCore",
            targets: [
                "Events", "LineFormats", "Sketches", "Statistics", "Monitor", "StateCodec", "Exposition", "Catalog",
                "Patterns",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        // Pure: no I/O, no clock, no randomness, no logger, no Foundation.
        module("Events"),
        module("LineFormats", sees: ["Events"]),
        module("Sketches"),
        module("Statistics", sees: ["Sketches"]),
        module("Patterns"),
        module("Monitor", sees: ["Events", "Sketches", "Statistics", "Patterns"]),
        module("StateCodec", sees: ["Events", "Sketches", "Statistics", "Monitor"]),
        module("Exposition", sees: ["Sketches"]),
        module("Catalog", sees: ["Events", "Sketches", "Statistics", "Monitor", "Exposition"]),
        module("Scenarios"),

        // Shell: files, sockets, clocks, configuration, HTTP.
        module("Ingest", sees: ["Events", "LineFormats", "CLinux", "CZlib"]),
        module(
            "Daemon",
            sees: [
                "Events", "LineFormats", "Sketches", "Statistics", "Monitor", "StateCodec", "Exposition", "Catalog",
                "Patterns", "Scenarios", "Ingest", "CLinux", "CYaml", "CZlib",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .executableTarget(name: "telltale", dependencies: ["Daemon"], swiftSettings: settings),

        // What Swift's C library module does not import, and two system libraries.
        .target(name: "CLinux"),
        .systemLibrary(name: "CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // Tests: one suite per source file, goldens beside it.
        .target(name: "TestKit", dependencies: ["Events"], path: "Tests/TestKit", swiftSettings: settings),
        tests("Events", sees: ["Events"]),
        tests("LineFormats", sees: ["LineFormats", "Events"]),
        tests("Sketches", sees: ["Sketches"], goldens: true),
        tests("Statistics", sees: ["Statistics", "Sketches"], goldens: true),
        tests("Patterns", sees: ["Patterns"]),
        tests("Monitor", sees: ["Monitor", "Events", "Sketches", "Statistics", "LineFormats", "Patterns"]),
        tests("StateCodec", sees: ["StateCodec", "Monitor", "Events", "Sketches"]),
        tests("Exposition", sees: ["Exposition"]),
        tests(
            "Catalog", sees: ["Catalog", "Exposition", "Monitor", "Events", "Sketches", "Statistics"], goldens: true),
        tests("Scenarios", sees: ["Scenarios"]),
        tests("Ingest", sees: ["Ingest", "LineFormats", "Events", "CLinux", "CZlib"]),
        tests(
            "Daemon",
            sees: [
                "Daemon", "Patterns", "Catalog", "Monitor", "Events", "Exposition", "Sketches", "Statistics",
                "StateCodec", "Ingest", "LineFormats",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ], goldens: true),
        // The core, the tail and the state store together, under histories drawn from seeds.
        tests(
            "Simulation", sees: ["Daemon", "Ingest", "LineFormats", "StateCodec", "Monitor", "Events", "CZlib"]),
        .testTarget(name: "TidyTests", dependencies: ["Catalog", "Exposition"], swiftSettings: settings),
        .testTarget(
            name: "EndToEndTests", dependencies: ["telltale", "Scenarios", "TestKit"], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
