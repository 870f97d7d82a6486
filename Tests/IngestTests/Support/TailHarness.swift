import Events
import LineFormats

@testable import Ingest

/// What a monitor would hold: counts and positions that change together.
struct Ledger {
    var receipt = Receipt()
    var positions: [FileIdentity: FilePosition] = [:]
    /// Number of rows, sum of their `seq`, and rows by `seq` mod 97: a loss and a duplicate cannot cancel in all three.
    var rows: UInt64 = 0
    var sum: Double = 0
    var classes = [UInt64](repeating: 0, count: 97)
    /// Values in the order of arrival.
    var values: [Double] = []

    /// What exactly `1...count` leads to.
    static func exact(_ count: Int) -> (rows: UInt64, sum: Double, classes: [UInt64]) {
        var classes = [UInt64](repeating: 0, count: 97)
        for seq in 1...max(1, count) where seq <= count { classes[seq % 97] += 1 }
        return (UInt64(count), Double(count) * Double(count + 1) / 2, classes)
    }

    /// Whether exactly `1...count` have arrived, in whatever order.
    func isExact(_ count: Int) -> Bool { (rows, sum, classes) == Self.exact(count) }

    mutating func apply(_ batch: EventBatch) {
        receipt.add(batch.receipt)
        for row in 0..<batch.rowCount {
            let value = unsafe batch.numbers[row]
            rows += 1
            sum += value
            // Only what a damaged file holds is no number from 1 on.
            if let seq = Int(exactly: value), seq >= 0 { classes[seq % 97] += 1 }
            values.append(value)
        }
        for update in batch.positions {
            switch update {
            case .reached(let position): positions[position.identity] = position
            case .finished(let identity): positions[identity] = nil
            }
        }
    }
}

/// A tail driven by hand.
struct TailHarness: ~Copyable {
    static let path = "/log/app.log"
    static let schema = Schema(signals: [Signal(name: "seq", role: .feature, kind: .numeric)])

    let files: SimulatedFileSystem
    var settings: TailSettings
    var logs: any LineFiles
    var decoder = LineDecoder(schema: TailHarness.schema)
    var ledger = Ledger()
    var committed = Ledger()
    var events: [SourceEvent] = []
    /// Monotonic nanoseconds.
    var now: Int64 = 0
    private var steps = 0

    init(
        files: SimulatedFileSystem = SimulatedFileSystem(), path: String = TailHarness.path,
        startAt: StartAt = .beginning,
        batchBytes: Int = 8_192, batchRows: Int = 16, lineBytes: Int = 32_768
    ) {
        self.files = files
        settings = TailSettings(path: path)
        settings.batchBytes = batchBytes
        settings.batchRows = batchRows
        settings.lineBytes = lineBytes
        logs = Self.logs(settings, files: files, resume: [], startAt: startAt)
    }

    /// Begins anew with changed settings, before anything was read.
    mutating func rebuild() { logs = Self.logs(settings, files: files, resume: [], startAt: .beginning) }

    /// Fills one batch and applies it.
    ///
    /// False if there was nothing.
    mutating func step() -> Bool {
        precondition(steps < 100_000, "reading does not come to an end")
        steps += 1
        let batch = EventBatch(
            source: 0, schema: Self.schema, rowCapacity: settings.batchRows, observationCapacity: 0,
            byteCapacity: settings.batchBytes)
        switch logs.fill(batch, decoder: &decoder, now: now) {
        case .filled: ledger.apply(batch)
        case .idle: return false
        case .working: break
        case .needsLargeBatch:
            let large = EventBatch(
                source: 0, schema: Self.schema, rowCapacity: settings.batchRows, observationCapacity: 0,
                byteCapacity: logs.largeBatchBytes)
            guard logs.fill(large, decoder: &decoder, now: now) == .filled else { return false }
            ledger.apply(large)
        }
        return true
    }

    /// Looks, then reads until nothing is left.
    ///
    /// `seconds` pass before.
    mutating func drain(after seconds: Int64 = 0) {
        now += seconds * 1_000_000_000
        logs.look(now: now)
        while step() {}
        events += logs.events
        logs.events = []
    }

    /// Makes the state durable.
    mutating func commit() { committed = ledger }

    /// `kill -9` and a start from the last commit.
    mutating func restart(startAt: StartAt = .beginning) {
        logs.close()
        ledger = committed
        decoder = LineDecoder(schema: Self.schema)
        logs = Self.logs(settings, files: files, resume: Array(committed.positions.values), startAt: startAt)
    }

    static func logs(
        _ settings: TailSettings, files: any FileSystem, resume: [FilePosition], startAt: StartAt
    ) -> any LineFiles {
        do throws(PathPatternError) {
            let pattern = try PathPattern(settings.path)
            let files = UnpackingFiles(files)
            if ArchiveSet.isNamed(by: pattern) {
                return ArchiveSet(
                    settings: settings, pattern: pattern, files: files, resume: resume, startAt: startAt)
            }
            return LogSet(settings: settings, pattern: pattern, files: files, resume: resume, startAt: startAt)
        } catch {
            preconditionFailure("\(settings.path) \(error)")
        }
    }
}

/// Lines `{"seq":n}` for a range.
func lines(_ range: ClosedRange<Int>) -> String { range.map { "{\"seq\":\($0)}\n" }.joined() }
