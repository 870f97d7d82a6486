internal import ArgumentParser

/// The command `telltale version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version and exit.")

    func run() throws {
        let revision = Build.revision.isEmpty ? "" : ", revision \(Build.revision)"
        StandardOutput.write("telltale \(Build.version) (Swift \(Build.swiftVersion)\(revision))\n")
    }
}
