import Catalog
import Foundation
import Testing

@testable import Daemon

@Suite struct StateStoreTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func store() throws -> StateStore { try StateStore(LinuxStateDirectory(path: folder.path)) }

    /// What a start finds; everything but `bad` is readable.
    private func found() throws -> StateStore.Found {
        try store().load { $0 == Array("bad".utf8) ? .nothing : .state }
    }

    private func overwrite(_ name: String, _ text: String) throws {
        let mode = [FileAttributeKey.posixPermissions: 0o600]
        try? FileManager.default.removeItem(atPath: folder.file(name))
        #expect(FileManager.default.createFile(atPath: folder.file(name), contents: Data(text.utf8), attributes: mode))
    }

    @Test func nothingYet() throws {
        let found = try found()
        #expect(found.standing == .none && found.bytes == nil && found.notes.isEmpty)
    }

    @Test func commitsKeepTwoGenerations() throws {
        do {
            let store = try store()
            for text in ["one", "two", "three"] { try store.commit(Array(text.utf8)) }
        }
        #expect(folder.names == ["state.bin", "state.prev.bin"])
        #expect(folder.bytes("state.bin") == Array("three".utf8))
        #expect(folder.bytes("state.prev.bin") == Array("two".utf8))
        let found = try found()
        #expect(found.standing == .current && found.bytes == Array("three".utf8) && found.notes.isEmpty)
    }

    @Test func filesArePrivate() throws {
        try store().commit([1])
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("state.bin"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    /// A damaged state is kept, and the generation before it goes on with counters at zero.
    @Test func damaged() throws {
        try store().commit(Array("one".utf8))
        try store().commit(Array("bad".utf8))
        let found = try found()
        #expect(found.standing == .behind && found.bytes == Array("one".utf8))
        #expect(found.notes.count == 2)
        #expect(folder.bytes("state.bad.bin") == Array("bad".utf8))
        #expect(folder.bytes("state.bin") == nil)
    }

    @Test func allDamaged() throws {
        for name in ["state.bin", "state.prev.bin", "state.behind.bin"] { try overwrite(name, "bad") }
        let found = try found()
        #expect(found.standing == .none && found.bytes == nil && found.notes.count == 3)
    }

    /// After a failed write the state is marked: the next start must not go on with its counters.
    @Test func markedBehind() throws {
        do {
            let store = try store()
            try store.commit(Array("one".utf8))
            try store.commit(Array("two".utf8))
            #expect(store.markBehind())
            #expect(store.markBehind())
        }
        #expect(folder.names == ["state.behind.bin", "state.prev.bin"])
        #expect(folder.bytes("state.behind.bin") == Array("two".utf8), "the last good state is byte for byte as it was")
        let store = try store()
        let found = store.load { _ in .state }
        #expect(found.standing == .behind && found.bytes == Array("two".utf8))
        try store.commit(Array("three".utf8))
        #expect(folder.names == ["state.bin", "state.prev.bin"])
    }

    @Test func markWithoutState() throws {
        #expect(try store().markBehind())
        #expect(try found().standing == .none)
    }

    /// What a crash in the middle of a commit may have left is no obstacle.
    @Test func leftoversOfACrash() throws {
        try store().commit(Array("one".utf8))
        try overwrite("state.tmp", "half")
        try overwrite("state.behind.bin", "older")
        let store = try store()
        #expect(store.load { _ in .state }.standing == .current)
        try store.commit(Array("two".utf8))
        #expect(folder.bytes("state.bin") == Array("two".utf8))
        #expect(!folder.names.contains("state.tmp"))
    }

    @Test func secondDaemonIsRefused() throws {
        let first = try store()
        let error = try #require(throws: SystemError.self) { try LinuxStateDirectory(path: folder.path) }
        #expect(error.description.contains("another telltale"))
        try first.commit([1])
        #expect(folder.bytes("state.bin") == [1])
    }

    /// Links named like our files, in a directory others may write to: the victim is untouched and nothing is read.
    @Test func links() throws {
        let victims = try TemporaryFolder()
        let victim = try victims.write("victim", to: "victim")
        for name in ["state.tmp", "state.bin", "state.prev.bin"] {
            try FileManager.default.createSymbolicLink(atPath: folder.file(name), withDestinationPath: victim)
        }
        _ = unsafe chmod(folder.path, 0o777)
        let store = try store()
        #expect(store.weakness != nil)
        let found = store.load { _ in .state }
        #expect(found.standing == .none && !found.notes.isEmpty)
        try store.commit([1])
        try store.commit([2])
        #expect(victims.bytes("victim") == Array("victim".utf8))
        #expect(folder.bytes("state.bin") == [2])
    }

    @Test func filesOthersMayWriteAreNotTrusted() throws {
        try store().commit([1])
        _ = unsafe chmod(folder.file("state.bin"), 0o666)
        #expect(try found().standing == .none)
    }

    @Test(arguments: ["missing", "file"])
    func noDirectory(name: String) throws {
        try folder.write("", to: "file")
        let error = try #require(throws: SystemError.self) { try LinuxStateDirectory(path: folder.file(name)) }
        #expect(error.description.contains(folder.file(name)))
    }

    /// A full disk: the commit fails, what was there stays, and the mark still succeeds.
    @Test func failedWrites() throws {
        let store = try store()
        try store.commit(Array("one".utf8))
        // A directory in the place of the temporary file fails every creation, for root as well.
        try FileManager.default.createDirectory(atPath: folder.file("state.tmp"), withIntermediateDirectories: false)
        #expect(throws: SystemError.self) { try store.commit(Array("two".utf8)) }
        #expect(folder.bytes("state.bin") == Array("one".utf8))
        #expect(store.markBehind())
        try FileManager.default.removeItem(atPath: folder.file("state.tmp"))
        try store.commit(Array("three".utf8))
        #expect(folder.names == ["state.bin"])
    }

    @Test(arguments: [
        (ENOSPC, "disk_full"), (EROFS, "permission"), (EACCES, "permission"), (EIO, "input_output"),
    ])
    func reasons(code: Int32, reason: String) {
        #expect(CommitFailure(SystemError(action: "write", path: "p", code: code)).label == reason)
    }
}
