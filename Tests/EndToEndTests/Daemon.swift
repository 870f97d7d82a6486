import Foundation
import Testing

/// A running `telltale`, its log, and the ways to talk to it.
///
/// It is killed when the last reference goes.
final class Daemon {
    private let process: Process
    private let log: URL

    /// The binary under test: the one beside the test bundle, or `TELLTALE_BINARY`.
    static var binary: URL {
        if let path = ProcessInfo.processInfo.environment["TELLTALE_BINARY"] { return URL(filePath: path) }
        let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return bundle.deletingLastPathComponent().appending(path: "telltale")
    }

    /// Starts the binary with `arguments`; its log goes to a file in `folder`.
    ///
    /// `tracer` is a command that starts the command behind it.
    init(_ arguments: [String], under tracer: [String] = [], in folder: TemporaryFolder) throws {
        log = folder.file("log.\(UUID().uuidString)")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        process = Process()
        let command = tracer + [Self.binary.path] + arguments
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// Everything logged so far.
    var logged: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// Whether the process lives.
    var isRunning: Bool { process.isRunning }

    /// Sends a signal.
    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for the end of the process and returns its exit status; a signal counts as `128 + signal`.
    func exitStatus(within limit: Duration = .seconds(10)) async throws -> Int32 {
        try await eventually("the end of the process", within: limit, describe: { self.logged }) {
            self.process.isRunning ? nil : true
        }
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }

    /// The port a listener was given, from the log: of HTTP, or of UDP.
    func port(udp: Bool = false) async throws -> Int { try await port(of: udp ? "udp:" : nil) }

    /// The port that a listener with this prefix was given, from the log; without a prefix, that of HTTP.
    func port(of prefix: String?) async throws -> Int {
        let address = try Regex("([a-z]+:)?127\\.0\\.0\\.1:([1-9][0-9]*)", as: (Substring, Substring?, Substring).self)
        return try await eventually("an address in the log", describe: { self.logged }) {
            guard self.process.isRunning else { return nil }
            let found = self.logged.matches(of: address).first { $0.output.1.map(String.init) == prefix }
            return found.flatMap { Int($0.output.2) }
        }
    }

    /// Answer to a request to the daemon.
    func get(_ path: String, method: String = "GET", accept: String? = nil) async throws -> Response {
        try await HTTP.request(port: try await port(), path, method: method, accept: accept)
    }

    /// The metrics of now, as Prometheus would read them.
    ///
    /// - Parameter asScraper: Whether to say so, as Prometheus does: counters then begin at 0.
    func scrape(asScraper: Bool = false) async throws -> Scrape {
        let response = try await HTTP.request(port: try await port(), "/metrics", asScraper: asScraper)
        #expect(response.status == 200)
        return try Scrape(response.body)
    }

    /// The first scrape that meets a condition; the test fails after the limit with the log of the daemon.
    @discardableResult
    func scrape(
        until what: String, within limit: Duration = .seconds(30), _ condition: (Scrape) -> Bool
    ) async throws -> Scrape {
        try await eventually(what, within: limit, describe: { self.logged }) {
            guard self.isRunning, let scrape = try? await self.scrape() else { return nil }
            return condition(scrape) ? scrape : nil
        }
    }
}

/// What a program prints and returns when it is run to its end.
struct Run {
    var status: Int32
    var output: String
    var errors: String

    /// Runs a program; standard input is `input`.
    init(_ program: URL, _ arguments: [String], input: String = "") throws {
        let folder = try TemporaryFolder()
        let files = ["in", "out", "err"].map(folder.file)
        try input.write(to: files[0], atomically: false, encoding: .utf8)
        for file in files[1...] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        status = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        output = try String(contentsOf: files[1], encoding: .utf8)
        errors = try String(contentsOf: files[2], encoding: .utf8)
    }

    /// Runs `telltale`.
    static func telltale(_ arguments: String...) throws -> Run { try Run(Daemon.binary, arguments) }
}
