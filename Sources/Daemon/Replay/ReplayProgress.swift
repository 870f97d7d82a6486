/// A bar on standard error, where that is a terminal.
final class ReplayProgress {
    /// Nanoseconds between two drawings.
    private static let interval: Int64 = 200_000_000
    /// Characters of the bar.
    private static let width = 30

    private let begin = Clock.uptime()
    private var drawn: Int64 = 0

    /// `nil` if nobody would see it.
    init?() { guard StandardError.isTerminal else { return nil } }

    /// Draws how far it is, from time to time.
    func show(rows: UInt64, sources: [ReplaySource]) {
        let now = Clock.uptime()
        guard now &- drawn >= Self.interval else { return }
        drawn = now
        StandardError.write(
            "\r\u{1B}[K" + Self.line(rows: rows, elapsed: Double(now &- begin) / 1e9, sources.map(\.progress)))
    }

    /// Takes the bar away.
    func clear() { if drawn > 0 { StandardError.write("\r\u{1B}[K") } }

    /// The bar as text.
    ///
    /// - Parameters:
    ///   - elapsed: Seconds since the beginning.
    ///   - files: Bytes read of each, and its size where that is known.
    static func line(rows: UInt64, elapsed: Double, _ files: [(position: UInt64, size: UInt64?)]) -> String {
        let rate = UInt64((Double(rows) / max(elapsed, 0.001)).clampedForCount)
        var text = "\(rows) records, \(rate)/s"
        let sizes = files.compactMap(\.size)
        let total = sizes.reduce(0, &+)
        guard sizes.count == files.count, total > 0 else { return text }
        let read = min(files.reduce(0) { $0 &+ $1.position }, total)
        let part = Double(read) / Double(total)
        let full = Int((part * Double(width)).clampedForCount)
        let bar = String(repeating: "#", count: full) + String(repeating: ".", count: width - full)
        text = "[\(bar)] \(Int((part * 100).clampedForCount)) %  " + text
        if part > 0.01 { text += ", \(Int((elapsed / part - elapsed).clampedForCount)) s left" }
        return text
    }
}
