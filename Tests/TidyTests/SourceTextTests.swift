import Foundation
import Testing

/// Rules of the sources that neither the compiler nor the formatter checks.
@Suite struct SourceTextTests {
    static let lengthLimit = 120
    static let fileLimit = 500

    /// Files of the whole tree that people write by hand.
    static let written = Repository.files(
        in: ["Package.swift", "Sources", "Tests", "deploy", "prometheus", "alertmanager"],
        suffixes: [".swift", ".c", ".h", ".sh"])

    /// Files with types that are `Sendable` by our word and not the compiler's, each with the reason.
    static let unchecked: [String: String] = [
        "Sources/Events/EventBatch.swift": "has one owner at a time, and is handed over through a queue",
        "Sources/Exposition/OutputBytes.swift": "not copyable: its storage moves with its one owner",
        "Sources/Ingest/Queue/Guarded.swift": "is a mutex",
        "Sources/Ingest/SourceThread.swift": "started once; all that is shared is behind a mutex",
        "Sources/Ingest/Sockets/DatagramSocket.swift": "belongs to the one thread that drains it",
        "Sources/LineFormats/FieldTable.swift": "not copyable: its storage moves with its one owner",
        "Sources/LineFormats/HiddenNumbers.swift": "not copyable: its storage moves with its one owner",
        "Sources/LineFormats/Payloads/InstanceTables.swift": "not copyable: its memory belongs to one decoder",
        "Sources/LineFormats/Payloads/PayloadColumns.swift": "belongs to one decoder, which has one owner at a time",
        "Sources/LineFormats/PowersOfTen.swift": "constant tables, never freed",
        "Sources/LineFormats/RecordPlan.swift": "not copyable: its storage moves with its one owner",
    ]

    /// The tree was found at all, else every other test here passes on nothing.
    @Test func findsTheTree() {
        #expect(Repository.sources.count > 20)
        #expect(Self.written.count > Repository.sources.count)
    }

    /// Lines have at most 120 columns, no tab and no blank at the end; files end with one newline.
    @Test(arguments: written)
    func layout(file: Repository.File) {
        for (number, line) in zip(1..., file.lines) {
            // Characters are counted only where bytes leave room for a doubt: it is slow.
            let isShort = line.utf8.count <= Self.lengthLimit || line.count <= Self.lengthLimit
            if !isShort { Issue.record("\(file.path):\(number) has \(line.count) columns") }
            if line.utf8.contains(UInt8(ascii: "\t")) { Issue.record("\(file.path):\(number) has a tab") }
            if line.last?.isWhitespace == true { Issue.record("\(file.path):\(number) ends with a blank") }
        }
        #expect(file.text.hasSuffix("\n") && !file.text.hasSuffix("\n\n"), "\(file.path)")
    }

    /// A file of one idea has room in 500 lines.
    @Test(arguments: written)
    func size(file: Repository.File) {
        #expect(file.lines.count - 1 <= Self.fileLimit, "\(file.path)")
    }

    /// Nothing is left for later.
    @Test(arguments: written)
    func nothingIsPostponed(file: Repository.File) {
        for word in ["FIX" + "ME", "TO" + "DO", "XX" + "X", "HA" + "CK", "Place" + "holder:"] {
            #expect(!file.text.contains(word), "\(file.path): \(word)")
        }
    }

    /// No byte of input reaches a trap (invariant I8): no forced unwrapping, cast or `try`, no unconditional stop.
    @Test(arguments: Repository.sources)
    func noForcedTraps(file: Repository.File) throws {
        let forced = try Regex("[\\w)\\]}>?]!(?!=)")
        let stops = try Regex("\\bfatalError\\b")
        for (number, line) in SwiftText(file.text).lines {
            // A regular expression is slow: only lines that may match are shown to it.
            let isForced = line.utf8.contains(UInt8(ascii: "!")) && line.firstMatch(of: forced) != nil
            let isStop = line.contains("fatalError") && line.firstMatch(of: stops) != nil
            if isForced || isStop { Issue.record("\(file.path):\(number): \(line)") }
        }
    }

    /// Promises the compiler cannot check are rare and known.
    @Test(arguments: Repository.sources)
    func uncheckedPromisesAreListed(file: Repository.File) {
        let code = SwiftText(file.text).code
        let promises = code.contains("@unchecked Sendable") || code.contains("nonisolated(unsafe)")
        #expect(promises == (Self.unchecked[file.path] != nil), "\(file.path)")
    }
}
