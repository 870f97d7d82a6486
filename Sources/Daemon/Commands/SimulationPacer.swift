internal import Glibc
internal import Scenarios

/// Lets a simulated stream run at its rate, and says how far it is.
struct SimulationPacer {
    /// Records made in one go: a tick's worth at high rates.
    private static let recordsPerTick: UInt64 = 10_000
    /// Nanoseconds between ticks.
    private static let tick: Int64 = 10_000_000
    /// Nanoseconds between lines of progress.
    private static let progressInterval: Int64 = 500_000_000

    private let rate: Double
    private let total: UInt64?
    private let isFast: Bool
    private let form: SimulateCommand.Form
    private let firstEvent: Int64
    private var traffic: Traffic
    private let target: SimulationTarget
    private var buffer: [UInt8] = []
    private var ends: [Int] = []

    init(command: SimulateCommand, traffic: Traffic, target: SimulationTarget) {
        (rate, isFast, form) = (command.rate, command.fast, command.format)
        (self.traffic, self.target) = (traffic, target)
        total = command.duration.map { UInt64(max(0, ($0 * command.rate).rounded(.up)).clampedForCount) }
        if let start = command.start {
            firstEvent = Int64(min(start, 9e9) * 1e9)
        } else {
            let past = command.fast ? (command.duration ?? 0) : 0
            firstEvent = Clock.wall() &- Int64(min(past, 9e9) * 1e9)
        }
    }

    /// Runs to the end of the stream.
    mutating func run() throws(SystemError) {
        let begin = Clock.monotonic()
        var (made, lastProgress): (UInt64, Int64) = (0, begin)
        while total.map({ made < $0 }) ?? true {
            let now = Clock.monotonic()
            let elapsed = Double(now &- begin) / 1e9
            let due = isFast ? .max : UInt64((elapsed * rate).clampedForCount) &+ 1
            let goal = min(due, total ?? .max, made &+ Self.recordsPerTick)
            if goal > made {
                try make(made..<goal)
                made = goal
            }
            if StandardError.isTerminal, now &- lastProgress >= Self.progressInterval {
                lastProgress = now
                StandardError.write("\r\u{1B}[K\(made) records, second \(Int((Double(made) / rate).clampedForCount))")
            }
            if goal == due { sleep(until: now &+ Self.tick) }
        }
        if StandardError.isTerminal { StandardError.write("\r\u{1B}[K") }
        var text = "telltale: \(made) records written"
        if target.refused > 0 { text += "; \(target.refused) datagrams found nobody listening" }
        StandardError.write(text + "\n")
    }

    private mutating func make(_ records: Range<UInt64>) throws(SystemError) {
        buffer.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        for index in records {
            let elapsed = Double(index) / rate
            switch form {
            case .json:
                traffic.appendRecord(at: firstEvent &+ Int64(elapsed * 1e9), elapsed: elapsed, to: &buffer)
            case .statsd: traffic.appendLines(elapsed: elapsed, to: &buffer)
            }
            ends.append(buffer.count)
        }
        guard target.isDatagram else { return try target.write(buffer[...]) }
        var start = 0
        for (i, end) in ends.enumerated() {
            let next = i + 1 < ends.count ? ends[i + 1] : end
            if i + 1 == ends.count || next - start > SimulationTarget.datagramBytes {
                if end > start { try target.write(buffer[start..<end]) }
                start = end
            }
        }
    }

    private func sleep(until deadline: Int64) {
        let wait = deadline &- Clock.monotonic()
        guard wait > 0 else { return }
        var time = timespec(tv_sec: Int(wait / 1_000_000_000), tv_nsec: Int(wait % 1_000_000_000))
        unsafe nanosleep(&time, nil)
    }
}

extension Double {
    /// The number, kept where its conversion to a 64-bit integer is exact enough and cannot trap.
    var clampedForCount: Double { isFinite ? Swift.min(Swift.max(self, 0), 9e15) : 0 }
}
