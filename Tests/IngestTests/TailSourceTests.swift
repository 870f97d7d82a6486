import Events
import Foundation
import Synchronization
import Testing

@testable import Ingest

@Suite("A tail on a thread and real files")
struct TailSourceTests {
    private static let schema = SourceSchema.fixed(TailHarness.schema)

    /// Takes batches until so many rows have come; fails the test rather than wait for ever.
    private func take(_ rows: UInt64, from queue: BatchQueue, into ledger: inout Ledger) {
        let deadline = MonotonicClock.now() + 20_000_000_000
        while ledger.rows < rows, let batch = queue.next(deadline: deadline) {
            ledger.apply(batch)
            queue.recycle(batch)
        }
        #expect(ledger.rows == rows)
    }

    @Test("Lines written before, while and after rotations are counted once, through stop and start")
    func followed() throws {
        let directory = try TemporaryDirectory()
        let queue = BatchQueue()
        var ledger = Ledger()
        let settings = TailSettings(path: directory.file("app.log"), rotatedQuiet: 50_000_000, pollInterval: 5_000_000)
        try directory.append(lines(1...5_000), to: "app.log")
        var next = 5_001
        for round in 0..<5 {
            let tail = try TailSource(
                source: 0, settings: settings, schema: Self.schema, resume: Array(ledger.positions.values), queue: queue
            )
            try tail.start()
            try directory.append(lines(next...next + 99), to: "app.log")
            take(UInt64(next + 99), from: queue, into: &ledger)
            try directory.rename("app.log", to: "app.log.\(9 - round)")
            try directory.append(lines(next + 100...next + 199), to: "app.log")
            take(UInt64(next + 199), from: queue, into: &ledger)
            tail.stop()
            #expect(tail.status.activity == .stopped)
            while let batch = queue.next(deadline: 0) {
                ledger.apply(batch)
                queue.recycle(batch)
            }
            next += 200
            try directory.append(lines(next...next + 9), to: "app.log")
            next += 10
        }
        let tail = try TailSource(
            source: 0, settings: settings, schema: Self.schema, resume: Array(ledger.positions.values), queue: queue)
        try tail.start()
        take(UInt64(next - 1), from: queue, into: &ledger)
        tail.stop()
        #expect(ledger.isExact(next - 1))
        #expect(ledger.receipt.isBalanced)
    }

    @Test("The first look says where each file begins, and reads nothing")
    func firstLook() throws {
        let directory = try TemporaryDirectory()
        try directory.append(lines(1...10), to: "app.log")
        let settings = TailSettings(path: directory.file("app.log"))
        func positions(_ resume: [FilePosition], _ startAt: StartAt) throws -> [FilePosition] {
            let tail = try TailSource(
                source: 2, settings: settings, schema: Self.schema, resume: resume, startAt: startAt,
                queue: BatchQueue())
            defer { tail.stop() }
            guard let batch = tail.firstLook() else { return [] }
            #expect(batch.source == 2 && batch.rowCount == 0 && batch.receipt.received == 0)
            return batch.positions.compactMap { if case .reached(let position) = $0 { position } else { nil } }
        }
        let beginning = try positions([], .beginning)
        #expect(beginning.map(\.offset) == [0])
        #expect(try positions([], .end).map(\.offset) == [UInt64(lines(1...10).utf8.count)])
        // Rotated before anything of it was read: the next start knows it by its identity alone.
        try directory.rename("app.log", to: "app.log.1")
        try directory.append(lines(11...12), to: "app.log")
        let later = try positions(beginning, .beginning)
        #expect(later.map(\.path) == [directory.file("app.log"), directory.file("app.log")])
        #expect(later.map(\.offset) == [0, 0])
    }

    /// Waits until a status holds; fails the test rather than wait for ever.
    private func wait(_ tail: TailSource, until holds: (SourceStatus) -> Bool) {
        let deadline = MonotonicClock.now() + 20_000_000_000
        while !holds(tail.status), MonotonicClock.now() < deadline { sched_yield() }
        #expect(holds(tail.status))
    }

    @Test("The directory of the log is replaced by another one: both files are read, and changes are told of again")
    func directorySwap() throws {
        let directory = try TemporaryDirectory()
        let queue = BatchQueue()
        var ledger = Ledger()
        let hub = try ChangeHub()
        defer { hub.stop() }
        let create = { (name: String) in
            try FileManager.default.createDirectory(atPath: directory.file(name), withIntermediateDirectories: true)
        }
        try create("log")
        try directory.append(lines(1...100), to: "log/app.log")
        let tail = try TailSource(
            source: 0, settings: TailSettings(path: directory.file("log/app.log"), pollInterval: 20_000_000),
            schema: Self.schema, hub: hub, queue: queue)
        try tail.start()
        take(100, from: queue, into: &ledger)
        var next = 101
        for round in 1...4 {
            // Not all of it is read when the directory goes.
            try directory.append(lines(next...next + 499), to: "log/app.log")
            try directory.rename("log", to: "log.\(round)")
            try directory.append(lines(next + 500...next + 599), to: "log.\(round)/app.log")
            if round % 2 == 0 { wait(tail) { $0.activity == .waiting } }
            try create("log")
            try directory.append(lines(next + 600...next + 699), to: "log/app.log")
            next += 700
            take(UInt64(next - 1), from: queue, into: &ledger)
        }
        wait(tail) { $0.isNotified }
        tail.stop()
        #expect(ledger.isExact(next - 1))
        #expect(ledger.receipt.received == UInt64(next - 1))
    }

    @Test("The directory is a link that is led elsewhere, as deployments do it")
    func linkedDirectory() throws {
        let directory = try TemporaryDirectory()
        let queue = BatchQueue()
        var ledger = Ledger()
        let hub = try ChangeHub()
        defer { hub.stop() }
        let manager = FileManager.default
        func lead(to release: Int) throws {
            try manager.createDirectory(atPath: directory.file("\(release)"), withIntermediateDirectories: true)
            try manager.createSymbolicLink(
                atPath: directory.file("next"), withDestinationPath: directory.file("\(release)"))
            // `rename` replaces the link at once, which FileManager does not.
            #expect(unsafe rename(directory.file("next"), directory.file("current")) == 0)
        }
        try lead(to: 0)
        try directory.append(lines(1...10), to: "0/app.log")
        let tail = try TailSource(
            source: 0, settings: TailSettings(path: directory.file("current/app.log"), pollInterval: 20_000_000),
            schema: Self.schema, hub: hub, queue: queue)
        try tail.start()
        var next = 11
        for release in 1...5 {
            take(UInt64(next - 1), from: queue, into: &ledger)
            try lead(to: release)
            // The old process goes on for a while.
            try directory.append(lines(next...next + 49), to: "\(release - 1)/app.log")
            try directory.append(lines(next + 50...next + 99), to: "\(release)/app.log")
            next += 100
        }
        take(UInt64(next - 1), from: queue, into: &ledger)
        wait(tail) { $0.isNotified }
        tail.stop()
        #expect(ledger.isExact(next - 1))
    }

    @Test("A schema is inferred from the first records, none of which is lost")
    func inferred() throws {
        let directory = try TemporaryDirectory()
        let queue = BatchQueue()
        let seen = Mutex([SourceEvent]())
        let tail = try TailSource(
            source: 3, settings: TailSettings(path: directory.file("app.log"), defaultModel: "fraud"), schema: .infer,
            queue: queue, onEvent: { event in seen.withLock { $0.append(event) } })
        try directory.append("not a record\n" + lines(1...2_500), to: "app.log")
        try tail.start()
        var ledger = Ledger()
        take(2_500, from: queue, into: &ledger)
        tail.stop()
        #expect(ledger.isExact(2_500))
        #expect(ledger.receipt.received == 2_501)
        #expect(tail.status.schema?.defaultModel == "fraud")
        #expect(tail.status.lagBytes == 0)
        #expect(seen.withLock { $0 }.contains { if case .schemaInferred = $0 { true } else { false } })
    }

    @Test("With no free batch it waits, and stops at once when asked")
    func backPressure() throws {
        let directory = try TemporaryDirectory()
        let queue = BatchQueue()
        try directory.append(lines(1...100_000), to: "app.log")
        let tail = try TailSource(
            source: 0, settings: TailSettings(path: directory.file("app.log")), schema: Self.schema, queue: queue)
        try tail.start()
        var ledger = Ledger()
        let deadline = MonotonicClock.now() + 20_000_000_000
        while queue.count < IngestLimits.batchesPerTail, MonotonicClock.now() < deadline { sched_yield() }
        tail.stop()
        #expect(queue.count == IngestLimits.batchesPerTail)
        while let batch = queue.next(deadline: 0) { ledger.apply(batch) }
        let resumed = try TailSource(
            source: 0, settings: TailSettings(path: directory.file("app.log")), schema: Self.schema,
            resume: Array(ledger.positions.values), queue: queue)
        try resumed.start()
        take(100_000, from: queue, into: &ledger)
        resumed.stop()
        #expect(ledger.isExact(100_000))
    }

    @Test("What cannot be tailed is said in one sentence")
    func refused() throws {
        let directory = try TemporaryDirectory()
        let queue = BatchQueue()
        func refusal(_ path: String) -> IngestError? {
            do throws(IngestError) {
                _ = try TailSource(source: 0, settings: TailSettings(path: path), schema: .infer, queue: queue)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal(directory.file("none/app.log")) == .missingDirectory(path: directory.file("none/app.log")))
        #expect(refusal(directory.path) == .notARegularFile(path: directory.path))
        #expect(refusal(directory.file("app.log")) == nil)
        try directory.append("", to: "secret.log")
        unsafe chmod(directory.file("secret.log"), 0)
        if getuid() != 0 {
            #expect(refusal(directory.file("secret.log")) == .permissionDenied(path: directory.file("secret.log")))
        }
    }
}

@Suite("The real file system")
struct LinuxFileSystemTests {
    @Test("An inode number used again comes with another birth")
    func births() throws {
        let directory = try TemporaryDirectory()
        let files = LinuxFileSystem()
        var seen = Set<FileIdentity>()
        for _ in 0..<20 {
            try directory.append("x", to: "a")
            seen.insert(try files.facts(path: directory.file("a"), followingLinks: true).identity)
            try FileManager.default.removeItem(atPath: directory.file("a"))
            // The kernel's clock for files ticks every few milliseconds.
            usleep(5_000)
        }
        #expect(seen.count == 20)
    }

    @Test("Reading beyond the end gives what there is")
    func reading() throws {
        let directory = try TemporaryDirectory()
        let files = LinuxFileSystem()
        try directory.append("0123456789", to: "a")
        let handle = try files.open(path: directory.file("a"), followingLinks: true)
        defer { files.close(handle: handle) }
        var buffer = [UInt8](repeating: 0, count: 8)
        func read(at offset: UInt64) throws -> Int {
            try unsafe buffer.withUnsafeMutableBytes { unsafe try files.read(handle: handle, at: offset, into: $0) }
        }
        #expect(try read(at: 0) == 8)
        #expect(try read(at: 7) == 3)
        #expect(buffer.prefix(3) == Array("789".utf8)[...])
        #expect(try read(at: 99) == 0)
        #expect(throws: FileError.self) { try read(at: .max) }
    }

    @Test("Errors keep their numbers")
    func errors() throws {
        let files = LinuxFileSystem()
        #expect(throws: FileError(code: ENOENT)) { try files.facts(path: "/nonexistent/file", followingLinks: true) }
        #expect(throws: FileError(code: ENOENT)) { try files.open(path: "/nonexistent/file", followingLinks: true) }
        #expect(throws: FileError(code: ENOTDIR)) { try files.names(directory: "/dev/null", limit: 1) }
        #expect(try files.names(directory: "/", limit: 2).count == 2)
        #expect(files.resolved(path: "/nonexistent") == nil)
    }
}
