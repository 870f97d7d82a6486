import Events
import Monitor

@testable import Ingest

/// What is wrong, and where in the history.
struct Violation: Error, CustomStringConvertible {
    var description: String
}

/// What the monitor has to have counted, reckoned anew from the batches: who was counted, and how often.
struct Shadow {
    static let classes = 7
    /// Lines of the file that are accounted for.
    private(set) var seen: Set<Int> = []
    /// Sums over the file's lines since counters began.
    private(set) var rows: UInt64 = 0
    private(set) var sum: Double = 0
    private(set) var classCounts = [UInt64](repeating: 0, count: Shadow.classes)
    /// Which beginning of the counters these are.
    private(set) var epoch = 0
    /// Accounts of the sources since counters began.
    private(set) var receipts = [Receipt(), Receipt()]

    /// Takes the same batch as the monitor.
    mutating func apply(_ batch: EventBatch) throws(Violation) {
        receipts[batch.source].add(batch.receipt)
        guard batch.source == 0 else { return }
        for row in 0..<batch.rowCount {
            let value = unsafe batch.numbers[row]
            let line = Int(value)
            guard seen.insert(line).inserted else { throw Violation(description: "line \(line) was counted twice") }
            rows += 1
            sum += value
            classCounts[line % Self.classes] += 1
        }
    }

    /// Counters begin at zero; what was read stays read.
    mutating func resetCounters(epoch: Int) {
        self.epoch = epoch
        (rows, sum) = (0, 0)
        classCounts = [UInt64](repeating: 0, count: Self.classes)
        receipts = [Receipt(), Receipt()]
    }

    /// Compares what is published with the reckoning, and checks the conservation law (I2).
    func check(_ snapshot: MonitorSnapshot) throws(Violation) {
        for (number, source) in snapshot.sources.enumerated() {
            let receipt = source.receipt
            let right = [receipt.rejected, receipt.dropped, receipt.ignored].reduce(receipt.accepted) {
                $0 + $1.reduce(0, +)
            }
            guard receipt.received == right else {
                throw Violation(description: "\(source.name): received \(receipt.received), accounted for \(right)")
            }
            guard receipt == receipts[number] else {
                throw Violation(description: "\(source.name): \(receipt), not \(receipts[number])")
            }
        }
        guard let model = snapshot.models.first(where: { $0.model == World.model }) else {
            if rows > 0 { throw Violation(description: "the model is missing") }
            return
        }
        var counts = [UInt64](repeating: 0, count: Self.classes)
        for (name, count) in model.classes {
            if let k = Int(name.dropFirst()), counts.indices.contains(k) { counts[k] = count }
        }
        guard counts == classCounts else { throw Violation(description: "classes \(counts), not \(classCounts)") }
        guard model.predictions.reduce(0, +) == rows else {
            throw Violation(description: "\(model.predictions) predictions, not \(rows)")
        }
        let values = model.signals.first { $0.name == "seq" }?.values
        guard values?.sum ?? 0 == sum, values?.count ?? 0 == rows else {
            throw Violation(description: "sum \(values?.sum ?? 0), not \(sum)")
        }
    }
}

/// Every counter of a snapshot, by a name of its own.
func counters(_ snapshot: MonitorSnapshot) -> [String: Double] {
    var found: [String: Double] = [:]
    func add(_ name: String, _ counts: [UInt64]) {
        for (number, count) in counts.enumerated() { found["\(name) \(number)"] = Double(count) }
    }
    for source in snapshot.sources {
        let receipt = source.receipt
        add(
            source.name,
            [receipt.received, receipt.accepted, receipt.bytesRead, receipt.truncations, receipt.rotations]
                + receipt.rejected + receipt.dropped + receipt.ignored + receipt.lostBytes)
    }
    for model in snapshot.models {
        add("\(model.model) predictions", model.predictions + [model.lateEvents, model.missingFields])
        for (name, count) in model.classes { found["\(model.model) class \(name)"] = Double(count) }
        for signal in model.signals {
            add("\(model.model) \(signal.name)", [signal.observations, signal.issues.missing, signal.issues.invalid])
            guard let values = signal.values else { continue }
            add("\(model.model) \(signal.name) bucket", values.counts)
            found["\(model.model) \(signal.name) sum"] = values.sum
        }
    }
    return found
}
