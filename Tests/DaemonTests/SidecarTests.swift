import Events
import Exposition
import Foundation
import Logging
import Monitor
import StateCodec
import Synchronization
import Testing

@testable import Daemon

/// The daemon in this process: real threads, files and sockets, no signals.
@Suite(.serialized) struct SidecarTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.file("state"), withIntermediateDirectories: false)
    }

    /// What was logged, whole.
    private final class Lines: Sendable {
        private let bytes = Mutex([UInt8]())
        func append(_ line: [UInt8]) { bytes.withLock { $0 += line } }
        var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
    }

    private final class Running {
        let sidecar: Sidecar
        let lines = Lines()
        let wakes = Mutex(0)

        init(_ options: RunOptions) throws {
            let lines = lines
            sidecar = try Sidecar(
                options: options, log: Log.make(LogConfiguration(), sink: { lines.append($0) }), wake: {})
            try sidecar.start()
        }

        deinit { sidecar.stop() }

        var status: StatusDocument { sidecar.status() }

        /// A metric's samples by their labels, from a scrape of now.
        func samples(_ name: String) throws -> [String: Double] {
            let body = try #require(sidecar.exposition(.init(format: .text, isCompressed: false), scraper: nil)).bytes
            var samples: [String: Double] = [:]
            for line in String(decoding: body, as: UTF8.self).split(separator: "\n") where line.hasPrefix(name) {
                let rest = line.dropFirst(name.count)
                guard rest.first == "{" || rest.first == " ", let space = rest.lastIndex(of: " ") else { continue }
                samples[String(rest[..<space])] = Double(rest[rest.index(after: space)...])
            }
            return samples
        }

        func total(_ name: String) throws -> Double { try samples(name).values.reduce(0, +) }

        /// Waits for a condition that other threads bring about; fails the test after 20 s.
        func wait(_ what: String, _ condition: () throws -> Bool) throws {
            let end = Date().addingTimeInterval(20)
            while try !condition() {
                try #require(Date() < end, "\(what)\n\(lines.text)")
                usleep(5_000)
            }
        }
    }

    private func config(_ more: String = "", interval: String = "100ms") throws -> String {
        try folder.write(
            """
            listen: 127.0.0.1:0
            state_dir: state
            commit_interval: \(interval)
            \(more)
            sources:
              - tail: log.jsonl
                schema:
                  timestamp: ts
                  features: {x: numeric}
                  prediction: y
            """, to: "t.yaml")
    }

    private func append(_ lines: Range<Int>) throws {
        let path = folder.file("log.jsonl")
        if !FileManager.default.fileExists(atPath: path) { try folder.write("", to: "log.jsonl") }
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seekToEnd()
        let text = lines.map { #"{"ts":\#(1_767_225_600 + $0 / 100),"x":\#($0 % 100),"y":"c\#($0 % 3)"}"# + "\n" }
        try file.write(contentsOf: Data(text.joined().utf8))
        try file.close()
    }

    private let accepted = "telltale_events_accepted_total"

    @Test func countsSurviveARestart() throws {
        try append(0..<500)
        let options = RunOptions(config: try config())
        do {
            let running = try Running(options)
            try running.wait("500 lines") { try running.total(accepted) == 500 }
            #expect(running.sidecar.obstacle() == nil)
            #expect(try running.total("model_prediction_class_total") == 500)
        }
        try append(500..<700)
        let running = try Running(options)
        #expect(try running.total(accepted) >= 500, "the first scrape after the start is the last commit")
        try running.wait("700 lines") { try running.total(accepted) == 700 }
        #expect(running.lines.text.contains("going on from the last commit"))
    }

    /// While the disk fails, publication goes on; the next start has no counter slightly below one scraped before.
    @Test func failingDisk() throws {
        try append(0..<300)
        let options = RunOptions(config: try config())
        let obstacle = folder.file("state/state.tmp")
        do {
            let running = try Running(options)
            try running.wait("300 lines") { try running.total(accepted) == 300 }
            try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
            try append(300..<400)
            try running.wait("publication goes on") { try running.total(accepted) == 400 }
            #expect(try running.total("telltale_commit_failures_total") > 0)
            #expect(running.lines.text.contains("begins counters at zero"))
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("state"))
            #expect(Set(names).isSuperset(of: ["state.behind.bin"]) && !names.contains("state.bin"))
        }
        try FileManager.default.removeItem(atPath: obstacle)
        do {
            let running = try Running(options)
            #expect(running.lines.text.contains("counters begin at zero"))
            // Positions went on from the last commit, so only what came after it is counted.
            try running.wait("the lines after the last commit") { try running.total(accepted) == 100 }
            #expect(try running.total("model_predictions_total") == 100)
            #expect(FileManager.default.fileExists(atPath: folder.file("state/state.bin")))
        }
        let running = try Running(options)
        #expect(try running.total(accepted) == 100, "durable again: counters go on")
    }

    /// A disk that works again is used again, without a restart.
    @Test func recoveringDisk() throws {
        try append(0..<10)
        let obstacle = folder.file("state/state.tmp")
        let running = try Running(RunOptions(config: try config()))
        try running.wait("10 lines") { try running.total(accepted) == 10 }
        try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
        try append(10..<20)
        try running.wait("a failure") { try running.total("telltale_commit_failures_total") > 0 }
        try FileManager.default.removeItem(atPath: obstacle)
        try running.wait("recovery") { running.lines.text.contains("state is durable again") }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("state"))
        #expect(names.contains("state.bin") && !names.contains("state.behind.bin"))
    }

    @Test func damagedState() throws {
        try append(0..<50)
        let options = RunOptions(config: try config())
        do {
            let running = try Running(options)
            try running.wait("50 lines") { try running.total(accepted) == 50 }
        }
        let path = folder.file("state/state.bin")
        var bytes = try #require(folder.bytes("state/state.bin"))
        bytes[bytes.count / 2] ^= 1
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.write(contentsOf: Data(bytes))
        try file.close()
        let running = try Running(options)
        #expect(running.lines.text.contains("state.bad.bin"))
        #expect(try running.total(accepted) <= 50)
        #expect(FileManager.default.fileExists(atPath: folder.file("state/state.bad.bin")))
    }

    /// A reload takes what it may, keeps counters, and refuses what it cannot take as a whole.
    @Test func reload() throws {
        try append(0..<100)
        let running = try Running(RunOptions(config: try config("windows: [5m, 1h]")))
        try running.wait("100 lines") { try running.total(accepted) == 100 }
        func reload() throws -> String? {
            let answer = Mutex<String??>(nil)
            let answered = DispatchSemaphore(value: 0)
            running.sidecar.reload { problem in
                answer.withLock { $0 = .some(problem) }
                answered.signal()
            }
            try #require(answered.wait(timeout: .now() + 20) == .success)
            return try #require(answer.withLock { $0 })
        }
        try folder.write("windows: [soon]", to: "t.yaml")
        #expect(try reload()?.contains("t.yaml:1: windows[0]: \"soon\"") == true)
        try running.wait("the failure in a metric") { try running.total("telltale_config_last_reload_successful") == 0 }
        _ = try config("windows: [10m, 1h]\nenable_lifecycle: true")
        #expect(try reload() == nil)
        #expect(running.sidecar.isLifecycleEnabled)
        try running.wait("the new windows") {
            try running.samples("model_window_events").keys.contains { $0.contains("10m") }
        }
        #expect(try running.total("telltale_config_last_reload_successful") == 1)
        #expect(try running.total(accepted) == 100)
        #expect(running.lines.text.contains("the windows changed"))
        try folder.write("listen: 127.0.0.1:1\nstate_dir: other\nsources: [{tail: other.jsonl}]", to: "t.yaml")
        #expect(try reload() == "a restart is needed to change listen, state_dir, sources")
        try append(100..<150)
        try running.wait("150 lines") { try running.total(accepted) == 150 }
    }

    /// Without sources, with a taken port, a missing directory or a locked state: one sentence and status 2.
    @Test func unusable() throws {
        let running = try Running(RunOptions(config: try config()))
        let port = try #require(running.sidecar.endpoint?.port)
        let cases: [(RunOptions, String)] = [
            (RunOptions(listen: "127.0.0.1:0"), "no source"),
            (RunOptions(udps: ["127.0.0.1:0"], listen: "127.0.0.1:\(port)"), "cannot listen on 127.0.0.1:\(port)"),
            (RunOptions(tails: [folder.file("none/log")], listen: "127.0.0.1:0"), "none"),
            (
                RunOptions(udps: ["127.0.0.1:0"], listen: "127.0.0.1:0", stateDirectory: folder.file("state")),
                "another telltale"
            ),
            (RunOptions(udps: ["127.0.0.1:0"], listen: "127.0.0.1:0", stateDirectory: folder.file("gone")), "gone"),
        ]
        for (options, words) in cases {
            let failure = try #require(throws: Failure.self) {
                try Sidecar(options: options, log: Log.make(LogConfiguration(), sink: { _ in }), wake: {})
            }
            #expect(failure.status == 2 && failure.message.contains(words), "\(failure.message)")
        }
    }

    @Test func statusTellsSourcesAndModels() throws {
        try append(0..<20)
        let running = try Running(RunOptions(config: try config()))
        try running.wait("20 lines") { try running.total(accepted) == 20 }
        let status = running.status
        #expect(status.ready && status.sources.map(\.name) == ["file:" + folder.file("log.jsonl")])
        #expect(status.sources.first?.state == "reading" && status.sources.first?.lag_bytes == 0)
        #expect(status.sources.first?.schema?.map(\.name) == ["x", "prediction"])
        #expect(status.models.map(\.model) == ["default"])
        #expect(status.models.first?.reference_state == "learning" && status.models.first?.learned == 20)
        let json = try #require(JSONSerialization.jsonObject(with: Data(status.json())) as? [String: Any])
        #expect(json["ready"] as? Bool == true)
    }
}
