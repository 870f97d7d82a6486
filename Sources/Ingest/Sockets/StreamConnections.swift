import CLinux
import Events
import Glibc

/// The connections of one source: who is read, who has been silent for too long, who gives way.
///
/// Used by the source's thread alone.
@safe
struct StreamConnections: ~Copyable {
    private struct Connection {
        let descriptor: Int32
        var assembler: StreamAssembler
        /// When the last byte came.
        var heard: Int64
        /// When the last whole line or frame came, or the connection if none has come.
        var completed: Int64
        /// Whether a whole line or frame has come.
        var isProven = false

        /// Who gives way first: one that has sent nothing whole yet, and then the one that is longest without.
        static func isWorse(_ one: Connection, _ other: Connection) -> Bool {
            one.isProven == other.isProven ? one.completed < other.completed : other.isProven
        }
    }

    private let settings: StreamSettings
    private let limit: Int
    private var open: [Connection] = []
    private let buffer: UnsafeMutableRawPointer
    private(set) var totals = ConnectionTotals()

    /// None yet; `limit` at one time.
    init(_ settings: StreamSettings, limit: Int) {
        (self.settings, self.limit) = (settings, limit)
        unsafe buffer = .allocate(byteCount: IngestLimits.streamReadBytes, alignment: 64)
    }

    deinit {
        for connection in open { close(connection.descriptor) }
        unsafe buffer.deallocate()
    }

    /// What to poll, in the order that `read` knows them by.
    func appendPolled(to polled: inout [pollfd]) {
        for connection in open {
            polled.append(pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0))
        }
    }

    /// Takes a new connection in, for the sake of which another one may have to go.
    mutating func add(_ descriptor: Int32, into intake: inout LineIntake, now: Int64) {
        if open.count >= limit, let worst = open.indices.min(by: { Connection.isWorse(open[$0], open[$1]) }) {
            // What it has sent counts; it may be its end, too.
            read(worst, into: &intake, now: now)
            if open.count >= limit { end(worst, .gaveWay, into: &intake, now: now) }
        }
        open.append(
            Connection(
                descriptor: descriptor, assembler: StreamAssembler(framing: settings.framing), heard: now,
                completed: now))
        totals.begin()
    }

    /// Reads once from each connection that has something: a busy one does not keep the others waiting.
    mutating func read(_ polled: ArraySlice<pollfd>, into intake: inout LineIntake, now: Int64) {
        // From the last: those that end make room without moving the ones still to come.
        for (index, entry) in zip(open.indices, polled).reversed() where entry.revents != 0 {
            read(index, into: &intake, now: now)
        }
    }

    /// Ends the connections that were silent, or busy with one line, for too long.
    mutating func expire(into intake: inout LineIntake, now: Int64) {
        for index in open.indices.reversed() {
            let connection = open[index]
            if connection.assembler.isWaiting, now - connection.assembler.since >= IngestLimits.lineTime {
                end(index, .slow, into: &intake, now: now)
            } else if settings.idle > 0, now - connection.heard >= settings.idle {
                end(index, .idle, into: &intake, now: now)
            }
        }
    }

    /// Takes what the kernel still holds, in turns, and ends all.
    mutating func finish(into intake: inout LineIntake, now: Int64) {
        var (reads, hasMore) = (0, true)
        while hasMore, reads < IngestLimits.lastReads {
            hasMore = false
            for index in open.indices.reversed() {
                if read(index, into: &intake, now: now) { hasMore = true }
                reads += 1
            }
        }
        while let last = open.indices.last { end(last, .stopped, into: &intake, now: now) }
    }

    /// Reads once; whether there may be more.
    @discardableResult
    private mutating func read(_ index: Int, into intake: inout LineIntake, now: Int64) -> Bool {
        let count = unsafe recv(
            open[index].descriptor, buffer, IngestLimits.streamReadBytes, Int32(MSG_DONTWAIT))
        if count > 0 {
            open[index].heard = now
            let bytes = unsafe UnsafeRawBufferPointer(start: buffer, count: count)
            let taken = unsafe open[index].assembler.take(bytes, into: &intake, now: now)
            if taken.hasWhole { (open[index].completed, open[index].isProven) = (now, true) }
            if let end = taken.end { self.end(index, end, into: &intake, now: now) }
            return taken.end == nil
        }
        if count == 0 {
            end(index, .closed, into: &intake, now: now)
        } else if errno != EAGAIN, errno != EINTR {
            end(index, .failed, into: &intake, now: now)
        }
        return false
    }

    private mutating func end(_ index: Int, _ reason: ConnectionEnd, into intake: inout LineIntake, now: Int64) {
        open[index].assembler.finish(into: &intake, now: now)
        close(open[index].descriptor)
        open.swapAt(index, open.count - 1)
        open.removeLast()
        totals.end(reason)
    }
}
