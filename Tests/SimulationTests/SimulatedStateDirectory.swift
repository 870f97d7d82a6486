import Glibc
import TestKit

@testable import Daemon

/// A state directory in memory on a device that may fail, be full, or lose power, and under a process that may die at
/// any call.
final class SimulatedStateDirectory: StateDirectory {
    /// A file, whatever names it has.
    private final class Node {
        var bytes: [UInt8] = []
        var isSynced = false
    }

    /// What goes wrong from the `after`-th call on.
    struct Fault {
        var after: Int
        /// Error number of the failing calls.
        var code: Int32
        /// How many calls fail; the process is dead for good.
        var calls: Int
        /// Whether the process dies instead.
        var isDeath = false
    }

    let path = "/state"
    var weakness: String? { nil }
    var isWritable: Bool { !isDead }
    /// Calls so far.
    private(set) var calls = 0
    /// Whether the process has died in one of them; all others do nothing then.
    private(set) var isDead = false
    /// What goes wrong next.
    var fault: Fault?
    /// Bytes that one call writes at most.
    var writeLimit = Int.max
    /// Whether a sync of the names has failed since one succeeded: what a power failure leaves is then anybody's guess.
    private(set) var isUncertain = false

    private var names: [String: Node] = [:]
    private var handles: [Int32: Node] = [:]
    private var nextHandle: Int32 = 3
    /// What the names were after each change since they were last durable, oldest first.
    private var history: [[String: Node]] = [[:]]

    /// Names of files that exist.
    var files: [String] { names.keys.sorted() }

    /// Counts a call, and fails it if that is its fate.
    private func enter(_ action: String) throws(SystemError) {
        calls += 1
        if isDead { throw SystemError(action: action, path: path, code: EIO) }
        guard let fault, calls >= fault.after else { return }
        if fault.isDeath { isDead = true }
        if calls >= fault.after + fault.calls { self.fault = nil }
        guard fault.isDeath || calls < fault.after + fault.calls else { return }
        throw SystemError(action: action, path: path, code: fault.code)
    }

    private func changed() { history.append(names) }

    // MARK: - What the store asks

    func read(_ name: String, limit: Int) throws(SystemError) -> [UInt8]? {
        try enter("read")
        return names[name]?.bytes
    }

    func exists(_ name: String) throws(SystemError) -> Bool {
        try enter("inspect")
        return names[name] != nil
    }

    func create(_ name: String) throws(SystemError) -> Int32 {
        try enter("create")
        guard names[name] == nil else { throw SystemError(action: "create", path: path, code: EEXIST) }
        let node = Node()
        names[name] = node
        changed()
        nextHandle += 1
        handles[nextHandle] = node
        return nextHandle
    }

    func write(_ bytes: ArraySlice<UInt8>, to file: Int32) throws(SystemError) -> Int {
        try enter("write")
        let count = min(bytes.count, writeLimit)
        handles[file]?.bytes += bytes.prefix(count)
        handles[file]?.isSynced = false
        return count
    }

    func sync(_ file: Int32) throws(SystemError) {
        try enter("sync")
        handles[file]?.isSynced = true
    }

    func close(_ file: Int32) throws(SystemError) {
        handles[file] = nil
        try enter("close")
    }

    func remove(_ name: String) throws(SystemError) {
        try enter("remove")
        if names.removeValue(forKey: name) != nil { changed() }
    }

    func link(_ name: String, to other: String) throws(SystemError) {
        try enter("link")
        guard let node = names[name], names[other] == nil else {
            throw SystemError(action: "link", path: path, code: EEXIST)
        }
        names[other] = node
        changed()
    }

    func rename(_ name: String, to other: String) throws(SystemError) {
        try enter("rename")
        guard let node = names.removeValue(forKey: name) else {
            throw SystemError(action: "rename", path: path, code: ENOENT)
        }
        names[other] = node
        changed()
    }

    func sync() throws(SystemError) {
        do throws(SystemError) {
            try enter("sync")
        } catch {
            isUncertain = true
            throw error
        }
        isUncertain = false
        history = [names]
    }

    // MARK: - What happens to it

    /// The process is gone; what it wrote is still there.
    func restart() {
        isDead = false
        handles = [:]
        fault = nil
        writeLimit = .max
    }

    /// The power was gone: names are those of some moment since they were durable, and files that were not synced lost
    /// their end.
    func losePower(_ random: inout SplitMix64) {
        names = history[Int(random.next() % UInt64(history.count))]
        for node in names.values where !node.isSynced {
            node.bytes.removeLast(Int(random.next() % UInt64(node.bytes.count + 1)))
        }
        history = [names]
        isUncertain = false
    }

    /// Changes one bit of a file, or cuts it short.
    func damage(_ name: String, _ random: inout SplitMix64) {
        guard let old = names[name], !old.bytes.isEmpty else { return }
        let node = Node()
        (node.bytes, node.isSynced) = (old.bytes, true)
        let place = Int(random.next() % UInt64(node.bytes.count))
        if random.next() % 2 == 0 {
            node.bytes[place] ^= 1 << UInt8(random.next() % 8)
        } else {
            node.bytes.removeLast(node.bytes.count - place)
        }
        names[name] = node
        history = [names]
    }
}
