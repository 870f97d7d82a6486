internal import Exposition
internal import Glibc

/// A history on its way to a file: samples come in step by step, OpenMetrics goes out, in bounded memory.
///
/// OpenMetrics wants all samples of a metric together, so samples wait as records in a file without a name beside the
/// result, in sorted runs that are merged at the end. The result appears under its name when it is whole.
final class HistoryFile {
    /// Records held in memory: 16 MiB, and as much again while they are sorted.
    static let recordLimit = 1 << 20
    /// Bytes of text held in memory.
    private static let textBytes = 1 << 20
    /// Bytes that all runs together read ahead while they are merged.
    private static let mergeBytes = 8 << 20

    /// The path of the result.
    let path: String
    /// Samples written; 0 before the end.
    private(set) var samples = 0
    /// Bytes written; 0 before the end.
    private(set) var bytes: UInt64 = 0
    /// Steps taken.
    private(set) var steps = 0

    private let temporary: String
    private let result: Int32
    private let spill: HistorySpill
    private let recordLimit: Int
    private var index: SeriesIndex
    private var records: [HistoryRecord] = []
    private let stepSeconds: Int64
    /// Number of the first step.
    private var origin: Int64 = 0
    private let labels: [(name: String, value: String)]
    private var isFinished = false

    /// Series so far.
    var series: Int { index.count }

    /// Begins a history.
    ///
    /// - Parameters:
    ///   - families: In the order of the result.
    ///   - labels: Labels that every series gets.
    ///   - recordLimit: Records held in memory, at least 1.
    /// - Throws: The file, or one beside it, cannot be made.
    init(
        path: String, families: [FamilyDescriptor], stepSeconds: Int64, labels: [(name: String, value: String)] = [],
        recordLimit: Int = HistoryFile.recordLimit
    ) throws(SystemError) {
        self.path = path
        (self.stepSeconds, self.labels, self.recordLimit) = (stepSeconds, labels, max(1, recordLimit))
        index = SeriesIndex(families: families)
        temporary = path + ".tmp"
        spill = try HistorySpill(beside: path)
        result = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard result >= 0 else { throw .current("create", temporary) }
    }

    deinit {
        guard result >= 0 else { return }
        close(result)
        if !isFinished { _ = unsafe unlink(temporary) }
    }

    /// Takes the samples of a step over.
    ///
    /// - Parameter step: Number of the step, above those before.
    /// - Throws: `Failure` with exit status 1: no room.
    func add(_ writer: borrowing ExpositionWriter, step: Int64) throws(Failure) {
        if steps == 0 { origin = step }
        index.add(writer, step: Int32(clamping: step &- origin), to: &records)
        steps += 1
        guard records.count >= recordLimit else { return }
        do throws(SystemError) {
            try spill.append(index.sorted(records))
        } catch {
            throw Failure.running(error.description)
        }
        records.removeAll(keepingCapacity: true)
    }

    /// Writes the result and gives it its name.
    ///
    /// - Throws: `Failure` with exit status 1: no room.
    func finish() throws(Failure) {
        do throws(SystemError) {
            try merge()
            guard fsync(result) == 0 else { throw .current("write", temporary) }
            guard unsafe rename(temporary, path) == 0 else { throw .current("rename", temporary) }
        } catch {
            throw Failure.running(error.description)
        }
        isFinished = true
    }

    private func merge() throws(SystemError) {
        var text = HistoryText(index, origin: origin, stepSeconds: stepSeconds, labels: labels)
        let ranks = index.ranks
        let last = index.sorted(records)
        records = []
        var runs = spill.runs(readAhead: Self.mergeBytes)
        var place = 0
        var metrics = [Int](repeating: 0, count: ranks.count)
        for (metric, rank) in ranks.enumerated() { metrics[rank] = metric }
        for metric in metrics {
            for run in runs.indices {
                while let record = try runs[run].peek(), index.metric(of: record) == metric {
                    text.add(record)
                    runs[run].advance()
                    if text.count >= Self.textBytes { try write(&text) }
                }
            }
            while place < last.count, index.metric(of: last[place]) == metric {
                text.add(last[place])
                place += 1
                if text.count >= Self.textBytes { try write(&text) }
            }
        }
        text.finish()
        try write(&text)
        samples = text.samples
    }

    private func write(_ text: inout HistoryText) throws(SystemError) {
        bytes &+= UInt64(text.count)
        try unsafe text.take { (buffer) throws(SystemError) in
            try unsafe SystemError.writeAll(buffer, to: result, path: temporary)
        }
    }
}
