internal import Events
internal import FoundationEssentials
internal import Monitor

/// The result of a replay, for people and for programs.
struct ReplayReport {
    private let outcome: Replay.Outcome
    private let receipt: Receipt
    private let history: HistoryFile?
    private let stepSeconds: Int64

    /// Takes a result.
    ///
    /// - Parameters:
    ///   - receipt: What became of the lines of all files.
    ///   - history: What was written; `nil` for nothing.
    init(_ outcome: Replay.Outcome, receipt: Receipt, history: HistoryFile?, stepSeconds: Int64) {
        (self.outcome, self.receipt, self.history, self.stepSeconds) = (outcome, receipt, history, stepSeconds)
    }

    private var rejected: UInt64 { receipt.rejected.reduce(0, &+) }

    // MARK: Text

    /// A table of the alarms in the order in which they were raised, and a summary.
    var text: String {
        let head = ["raised", "over", "onset", "model", "version", "signal", "psi", "at least"]
        let rows = outcome.alarms.map { alarm -> [String] in
            let raised = alarm.raised
            return [
                Timestamps.text(raised.time), alarm.end.map(Timestamps.text) ?? "-",
                raised.onset.map(Timestamps.text) ?? "-", Escaping.printable(raised.model, limit: 32),
                Escaping.printable(raised.version, limit: 16),
                "\(raised.kind.label) \(Escaping.printable(raised.name, limit: 32))",
                TableText.fixed(raised.effect?.psiExcess ?? 0, digits: 3),
                TableText.fixed(raised.effect?.psiExcessLower ?? 0, digits: 3),
            ]
        }
        let table = rows.isEmpty ? [] : [head] + rows
        let widths = head.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        var lines = table.map { row in
            row.indices.map { TableText.padded(row[$0], widths[$0], right: $0 >= head.count - 2) }
                .joined(separator: "  ")
        }
        let open = outcome.alarms.count { $0.end == nil }
        var summary = "\(outcome.alarms.count) alarms"
        if open > 0 { summary += ", \(open) of them not over" }
        summary += "; \(outcome.predictions) predictions in \(outcome.rows) records"
        if outcome.rows > 0 {
            summary += " from \(Timestamps.text(outcome.begin)) to \(Timestamps.text(outcome.end))"
        }
        if rejected > 0 { summary += "; \(rejected) lines rejected" }
        lines.append(summary)
        if let history {
            lines.append(
                "\(history.samples) samples of \(history.series) series, every \(stepSeconds) s, in "
                    + Escaping.printable(history.path))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: JSON

    private struct Document: Encodable {
        struct Alarm: Encodable {
            var model, version, kind, feature: String
            var start: String
            var end, onset: String?
            var log_evidence, psi_excess, psi_excess_lower: Double
            var observations: UInt64
        }

        struct History: Encodable {
            var path: String
            var samples, series, steps: Int
            var step_seconds: Int64
            var bytes: UInt64
        }

        var alarms: [Alarm]
        var references: [String]
        var records, predictions, rejected_lines: UInt64
        var from, to: String?
        var history: History?
    }

    /// One JSON object, pretty, sorted keys.
    var json: String {
        let hasRows = outcome.rows > 0
        let document = Document(
            alarms: outcome.alarms.map { alarm in
                let raised = alarm.raised
                return Document.Alarm(
                    model: raised.model, version: raised.version, kind: raised.kind.label, feature: raised.name,
                    start: Timestamps.text(raised.time), end: alarm.end.map(Timestamps.text),
                    onset: raised.onset.map(Timestamps.text), log_evidence: raised.logEvidence,
                    psi_excess: raised.effect?.psiExcess ?? 0, psi_excess_lower: raised.effect?.psiExcessLower ?? 0,
                    observations: raised.effect?.events ?? 0)
            },
            references: outcome.references, records: outcome.rows, predictions: outcome.predictions,
            rejected_lines: rejected, from: hasRows ? Timestamps.text(outcome.begin) : nil,
            to: hasRows ? Timestamps.text(outcome.end) : nil,
            history: history.map {
                Document.History(
                    path: $0.path, samples: $0.samples, series: $0.series, steps: $0.steps, step_seconds: stepSeconds,
                    bytes: $0.bytes)
            })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Every number in here is finite, so encoding cannot fail.
        return String(decoding: (try? encoder.encode(document)) ?? Data("{}".utf8), as: UTF8.self) + "\n"
    }
}
