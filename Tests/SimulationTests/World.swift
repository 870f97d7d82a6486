import Events
import Glibc
import Monitor
import TestKit

@testable import Daemon
@testable import Ingest

/// One history, drawn from a seed: a writer, a daemon, its disk and its clocks, and everything that may happen to them.
///
/// After every step that publishes something:
///
/// - I1: no counter is below what was published before, unless it began at zero; a start goes on with counters only
///   from a state that is at least as new as what was published.
/// - I2: received = accepted + rejected + dropped + ignored, and every figure is that of a second reckoning.
/// - I3: open files, batches and positions stay within their limits.
///
/// No line is ever counted twice. At the end the daemon is left in peace, and every line that was in some file for long
/// enough has been counted.
final class World {
    static let model = "simulated"
    private static let second: Int64 = 1_000_000_000

    private var random: SplitMix64
    private let files = SimulatedFileSystem()
    private let faulty: FaultyFiles
    private let directory = SimulatedStateDirectory()
    private var writer: LogWriter
    private var life: Life?
    private var shadow = Shadow()
    /// The reckoning at each commit that a start may find.
    private var shadows: [UInt64: Shadow] = [:]
    /// Lines that need not be counted: the file that had them is gone, or no commit ever knew of it.
    private var excused: Set<Int> = []
    private var published: [String: Double] = [:]
    private var publishedGeneration: UInt64 = 0
    private var publishedEpoch = 0
    private var epochs = 0
    /// Whether the disk refused even the mark that says what was published.
    private var isUnmarked = false
    /// Lines given to the socket in this life.
    private var sent: UInt64 = 0
    private var receivedAtStart: UInt64 = 0
    private var settings = MonitorSettings()
    private let rowsPerBatch: Int
    /// The instant since when every file is read, if no file was known at the start of this life.
    private var horizon: Int64?
    /// Whether rotated files may have been closed, so that nobody may write to them any more.
    private var isLate = true
    /// What happened, for the report.
    private(set) var steps: [String] = []
    /// Far before any real clock, so that no wait for a batch is ever a real one.
    private var now = Instant(wall: 1_767_225_600 * World.second, monotonic: -(1 << 60))

    init(seed: UInt64) {
        // Neighbouring seeds of SplitMix64 are shifted copies of each other.
        var spread = SplitMix64(seed: seed &* 0xD134_2543_DE82_EF95 ^ 0x5851_F42D_4C95_7F2D)
        random = SplitMix64(seed: spread.next() ^ spread.next() << 1)
        faulty = FaultyFiles(files, seed: random.next())
        let kind = LogWriter.Kind(rawValue: random.next() % UInt64(LogWriter.Kind.allCases.count)) ?? .rename
        writer = LogWriter(files, kind: kind)
        rowsPerBatch = [2, 8, 64][Int(random.next() % 3)]
        settings.windows = [WindowSetting(label: "1h", seconds: 3_600)]
        settings.sources = [LogWriter.source, "udp:simulated"]
        settings.learning.events = Int(random.next() % 3) * 40
        settings.exposedValues = ["seq"]
        faulty.meanwhile = { [unowned self] in rotate() }
    }

    /// Lives through a history of `count` steps and its end.
    func run(steps count: Int) throws(Violation) {
        note("\(writer.kind), \(rowsPerBatch) rows to a batch")
        for _ in 0..<count { try step() }
        try end()
    }

    // MARK: - Chance

    private func chance(_ oneIn: UInt64) -> Bool { random.next() % oneIn == 0 }
    private func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(random.next() % UInt64(range.count))
    }
    private func note(_ text: String) { steps.append(text) }

    // MARK: - Steps

    private func step() throws(Violation) {
        pass(Int64(number(0...200)) * 1_000_000)
        guard life != nil else { return try stepOfTheDead() }
        switch number(0...99) {
        case 0..<22: write()
        case 22..<27: writeLate()
        case 27..<34: rotate()
        case 34..<36: remove()
        case 36..<46: look()
        case 46..<60: read(number(1...6))
        case 60..<70: try apply(number(1...6))
        case 70..<81: try commit()
        case 81..<85: try commitWithFault()
        case 85..<88: die(in: "a commit")
        case 88..<91: die(in: nil)
        case 91: losePower()
        case 92: damage()
        case 93: try stop()
        case 94: try reload()
        case 95: try stepClock()
        case 96: try jump()
        case 97: flake()
        case 98: send(number(1...40))
        default: if chance(3) { flood() }
        }
        try checkBounds()
    }

    private func stepOfTheDead() throws(Violation) {
        switch number(0...9) {
        case 0..<2: write()
        case 2: writeLate()
        case 3: rotate()
        case 4: compress()
        default: try start()
        }
    }

    private func write() {
        let (count, held) = (number(1...12), chance(3) ? number(1...19) : 0)
        note("write \(count)\(held > 0 ? " and a half" : "")")
        writer.write(count, holding: held)
    }

    private func writeLate() {
        guard !isLate else { return }
        note("write late")
        writer.writeLate(number(1...4))
    }

    private func rotate() {
        guard writer.fileCount < IngestLimits.openFiles / 2 else { return }
        note("rotate")
        writer.rotate()
        isLate = false
        // No look has succeeded yet: what is rotated away meanwhile looks like an old archive.
        if let horizon, files.openCount == 0 { writer.orphanLast(bornBefore: horizon) }
    }

    private func compress() {
        let isDelayed = chance(2)
        note("compress\(isDelayed ? ", all but the youngest" : "")")
        writer.compress(delaying: isDelayed)
    }

    private func remove() {
        note("remove the oldest")
        writer.removeOldest()
    }

    private func look() {
        note("look")
        life?.loop.look(now: now.monotonic)
    }

    private func read(_ times: Int) {
        note("read \(times)")
        for _ in 0..<times { _ = life?.loop.step(now: now.monotonic) }
    }

    private func apply(_ limit: Int) throws(Violation) {
        guard let life else { return }
        note("apply \(limit)")
        for _ in 0..<limit {
            guard life.queue.count > 0, let batch = life.queue.next(deadline: now.monotonic) else { return }
            try shadow.apply(batch)
            life.monitor.apply(batch, at: now)
            life.queue.recycle(batch)
        }
    }

    private func send(_ count: Int) {
        guard let life else { return }
        note("send \(count)")
        let text = (0..<count).map { "{\"k\":\"c\($0 % 7)\",\"seq\":\($0)}" }.joined(separator: "\n")
        unsafe Array(text.utf8).withUnsafeBytes { bytes in
            unsafe life.intake.take(bytes, length: bytes.count, now: now.monotonic)
        }
        sent += UInt64(count)
        _ = life.intake.tick(now: now.monotonic)
    }

    /// More than the batches hold.
    private func flood() {
        note("flood")
        writer.write(200, holding: 0)
        for _ in 0..<5 { send(400) }
    }

    private func pass(_ nanoseconds: Int64) {
        now.wall &+= nanoseconds
        now.monotonic &+= nanoseconds
    }

    /// Long enough for rotated files to be given up.
    private func jump() throws(Violation) {
        note("61 seconds")
        (faulty.oneIn, faulty.meanwhileOneIn) = (0, 0)
        writer.finishAll()
        isLate = true
        look()
        // What was written to a rotated file a moment before is found by the first look after it.
        read(4)
        pass(61 * Self.second)
        look()
    }

    /// The wall clock is set: nothing that was counted changes, and no window loses an event (P12).
    private func stepClock() throws(Violation) {
        guard let life else { return }
        let before = life.monitor.cut(at: now).snapshot.models.map { $0.windows.map(\.events) }
        let walls = [
            now.wall &+ 3_600 * Self.second, now.wall &- 3_600 * Self.second, 0, 4_102_444_800 * Self.second,
            now.wall &- 1,
        ]
        now.wall = walls[number(0...walls.count - 1)]
        note("the clock says \(now.wall / Self.second)")
        let after = life.monitor.cut(at: now).snapshot.models.map { $0.windows.map(\.events) }
        guard before == after else { throw Violation(description: "a clock step changed \(before) to \(after)") }
    }

    private func flake() {
        faulty.oneIn = faulty.oneIn == 0 ? UInt64(number(3...30)) : 0
        faulty.meanwhileOneIn = faulty.meanwhileOneIn == 0 && chance(2) ? UInt64(number(5...40)) : 0
        note("one call in \(faulty.oneIn) fails, before one in \(faulty.meanwhileOneIn) the log is rotated")
    }

    private func reload() throws(Violation) {
        guard let life else { return }
        note("reload")
        let hours = Int64(number(1...3))
        settings.windows = [WindowSetting(label: "\(hours)h", seconds: hours * 3_600)]
        settings.learning.events = number(0...2) * 40
        _ = life.monitor.reconfigure(settings, at: now)
        try shadow.check(life.monitor.cut(at: now).snapshot)
    }

    // MARK: - Commits

    private func commit() throws(Violation) {
        guard let life else { return }
        note("commit")
        let cut = life.monitor.cut(at: now)
        try publish(cut) { life.commit(cut) }
    }

    private func commitWithFault() throws(Violation) {
        let codes = [ENOSPC, EIO, EROFS, EDQUOT]
        let fault = SimulatedStateDirectory.Fault(
            after: directory.calls + number(1...14), code: codes[number(0...3)],
            calls: chance(3) ? 1_000 : number(1...6))
        directory.fault = fault
        directory.writeLimit = chance(2) ? number(1...400) : .max
        note("call \(fault.after - directory.calls) and \(fault.calls) in all fail")
        try commit()
        if chance(2) { try commit() }
        if chance(2) { directory.fault = nil }
    }

    /// Checks a cut against the second reckoning, commits it, and checks what became visible.
    private func publish(_ cut: MonitorCut, _ commit: () -> CommitSequence.Outcome) throws(Violation) {
        try shadow.check(cut.snapshot)
        shadows[cut.state.generation] = shadow
        let outcome = commit()
        guard !directory.isDead else { return bury() }
        if case .failed(_, let isMarked) = outcome { isUnmarked = !isMarked } else { isUnmarked = false }
        try show(cut.snapshot)
    }

    private func show(_ snapshot: MonitorSnapshot) throws(Violation) {
        let new = counters(snapshot)
        for (name, value) in published {
            guard let found = new[name] else { continue }
            guard found >= value else { throw Violation(description: "\(name) fell from \(value) to \(found)") }
        }
        for name in published.keys where new[name] == nil {
            throw Violation(description: "\(name) has disappeared")
        }
        published = new
        publishedGeneration = snapshot.generation
        publishedEpoch = shadow.epoch
    }

    // MARK: - Lives

    private func start() throws(Violation) {
        note("start")
        var isCommitted = false
        let deaths = chance(6) ? directory.calls + number(1...20) : .max
        if deaths != .max { directory.fault = .init(after: deaths, code: EIO, calls: .max >> 1, isDeath: true) }
        let life = try Life(
            faulty, directory, settings: settings, at: now, rowsPerBatch: rowsPerBatch
        ) { cut, standing, restored, positions, carrier throws(Violation) in
            guard !directory.isDead else { return }
            try resume(standing, from: restored, positions)
            let known = cut.state.sources.first?.positions ?? []
            horizon = known.allSatisfy(\.isHorizon) ? known.first?.identity.birth : nil
            if let carrier { try shadow.apply(carrier) }
            try shadow.check(cut.snapshot)
            shadows[cut.state.generation] = shadow
            isCommitted = true
        }
        guard isCommitted, !directory.isDead, let snapshot = life.publication.snapshot else {
            note("died in its first commit")
            life.loop.close()
            return directory.restart()
        }
        directory.fault = nil
        self.life = life
        sent = 0
        receivedAtStart = shadow.receipts[1].received
        try show(snapshot)
    }

    /// What a start found decides what is expected of it.
    private func resume(
        _ standing: StateStore.Standing, from restored: UInt64?, _ positions: [FilePosition]
    ) throws(Violation) {
        note("\(standing)")
        shadow = restored.flatMap { shadows[$0] } ?? Shadow()
        if standing != .current {
            epochs += 1
            shadow.resetCounters(epoch: epochs)
        }
        if shadow.epoch > publishedEpoch {
            // They begin at zero: Prometheus sees a reset.
            published = [:]
        } else if shadow.epoch < publishedEpoch || restored ?? 0 < publishedGeneration {
            guard isUnmarked else {
                throw Violation(
                    description: "counters go on from commit \(restored ?? 0), but \(publishedGeneration) was shown")
            }
            published = [:]
        }
        // What a file that is gone had, and a commit later than this one knew, cannot be read again.
        excused.formUnion(writer.gone.subtracting(shadow.seen))
        // A state that knew no file, because no look had succeeded, cannot tell a rotated file from an old archive.
        if standing == .none || positions.allSatisfy(\.isHorizon) { writer.orphanPast() }
        excused.formUnion(Set(writer.unrecognised(by: positions)).subtracting(shadow.seen))
    }

    /// SIGKILL, at rest or at some call of a commit.
    private func die(in place: String?) {
        guard let life else { return }
        note("die\(place.map { " in \($0)" } ?? "")")
        if place != nil {
            directory.fault = .init(
                after: directory.calls + number(1...16), code: EIO, calls: .max >> 1, isDeath: true)
            let cut = life.monitor.cut(at: now)
            shadows[cut.state.generation] = shadow
            life.commit(cut)
            if !directory.isDead {
                published = counters(cut.snapshot)
                (publishedGeneration, publishedEpoch) = (cut.state.generation, shadow.epoch)
            }
        }
        bury()
    }

    private func bury() {
        life?.loop.close()
        life = nil
        directory.restart()
    }

    private func losePower() {
        note("power failure")
        bury()
        isUnmarked = isUnmarked || directory.isUncertain
        directory.losePower(&random)
    }

    private func damage() {
        note("die, and the state is damaged")
        bury()
        directory.damage(StateStore.Name.current, &random)
    }

    /// SIGTERM: what was received is accounted for, and nothing is published that is not durable.
    private func stop() throws(Violation) {
        guard let life else { return }
        note("stop")
        life.intake.finish(now: now.monotonic)
        try apply(.max)
        let received = shadow.receipts[1].received - receivedAtStart
        guard received == sent else { throw Violation(description: "\(sent) lines sent, \(received) accounted for") }
        try commit()
        bury()
    }

    // MARK: - Judgement

    private func checkBounds() throws(Violation) {
        guard let life else { return }
        guard files.openCount <= IngestLimits.openFiles + 1 else {
            throw Violation(description: "\(files.openCount) files are open")
        }
        // One batch of each source may be made for the occasion, and one of counts alone.
        for (source, limit) in [(0, IngestLimits.batchesPerTail), (1, IngestLimits.batchesPerSocket)] {
            let count = life.queue.count(of: source)
            guard count <= limit + 2 else { throw Violation(description: "\(count) batches of source \(source)") }
        }
    }

    /// Peace: all that is wrong ends, and enough time passes for everything that can be read to be read.
    private func end() throws(Violation) {
        note("peace")
        directory.restart()
        (faulty.oneIn, faulty.meanwhileOneIn) = (0, 0)
        writer.finishAll()
        while life == nil { try start() }
        directory.restart()
        for _ in 0..<4 {
            var rounds = 0
            look()
            while life?.loop.step(now: now.monotonic) == false || (life?.queue.count ?? 0) > 0 {
                try apply(.max)
                rounds += 1
                guard rounds < 10_000 else { throw Violation(description: "reading does not come to an end") }
            }
            pass(61 * Self.second)
        }
        try commit()
        excused.formUnion(writer.gone.subtracting(shadow.seen))
        let missing = Set(0...writer.last).subtracting(shadow.seen).subtracting(excused)
            .subtracting(writer.orphanLines + [0])
        guard missing.isEmpty else {
            throw Violation(description: "never counted: \(missing.sorted().prefix(20)) of \(writer.last)")
        }
        guard files.openCount <= 1 else { throw Violation(description: "\(files.openCount) files stay open") }
        try stop()
    }
}
