// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that measuring never becomes part of the product: `swift build -c release` here builds the
// pure core as the daemon has it, without the shell around it. `run.sh` is the way in.
let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "telltale", path: "../..")],
    targets: [
        .executableTarget(
            name: "bench",
            dependencies: [.product(name: "TelltaleCore", package: "telltale")],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
                .strictMemorySafety(),
                .treatAllWarnings(as: .error),
            ])
    ],
    swiftLanguageModes: [.v6]
)
