internal import Events
internal import FoundationEssentials
internal import Monitor
internal import Statistics

/// The result of a check, for people and for programs.
struct CheckReport {
    /// Cells that moved most in a line of text.
    private static let shownCells = 3

    private let reference: Reference
    private let findings: [ReferenceCheck.Finding]
    private let receipt: Receipt
    /// Records compared.
    let records: UInt64

    /// Takes the findings of a check.
    ///
    /// - Parameter receipt: What became of the lines of all files.
    init(check: ReferenceCheck, receipt: Receipt) {
        (records, findings) = check.findings()
        reference = check.reference
        self.receipt = receipt
    }

    private func count(_ verdict: ReferenceCheck.Verdict) -> Int { findings.count { $0.verdict == verdict } }

    /// Whether any signal could be judged.
    var isConclusive: Bool { findings.contains { $0.verdict != .scarce && $0.verdict != .absent } }

    /// Whether a signal has drifted, or one that the model reads cannot be read.
    var hasDrifted: Bool { findings.contains(where: isAlarming) }

    /// A score or an outcome may be missing by design: data are checked before the model has seen them.
    private func isAlarming(_ finding: ReferenceCheck.Finding) -> Bool {
        switch finding.verdict {
        case .drifted, .invalid: true
        case .absent: finding.kind == .input
        case .small, .stable, .scarce: false
        }
    }

    private var rejected: UInt64 { receipt.rejected.reduce(0, &+) }

    // MARK: Text

    /// A table, worst signals first, and a summary line.
    var text: String {
        let head = ["signal", "values", "missing", "psi", "excess", "z", "verdict"]
        let ordered = findings.enumerated().sorted { first, second in
            let (a, b) = (first.element, second.element)
            if isAlarming(a) != isAlarming(b) { return isAlarming(a) }
            let (x, y) = (a.drift?.psiExcess ?? -1, b.drift?.psiExcess ?? -1)
            return x == y ? first.offset < second.offset : x > y
        }
        let rows = [head] + ordered.map { cells($0.element) }
        let details = [[]] + ordered.map { Self.movement(of: $0.element) }
        let widths = head.indices.map { column in min(40, rows.map { $0[column].count }.max() ?? 0) }
        var lines = zip(rows, details).flatMap { row, details in
            let line = row.indices.map { column in
                let isText = column == 0 || column == head.count - 1
                return TableText.padded(row[column], widths[column], right: !isText)
            }.joined(separator: "  ").trimmed
            return [line] + details
        }
        let bad = findings.count(where: isAlarming)
        var summary = "\(bad) of \(findings.count) signals drifted, \(records) records against \(reference.events)"
        summary += " of reference \(reference.hash)"
        if count(.scarce) > 0 { summary += "; \(count(.scarce)) with too few values to say" }
        if rejected > 0 { summary += "; \(rejected) lines rejected" }
        lines.append(summary)
        return lines.joined(separator: "\n") + "\n"
    }

    private func cells(_ finding: ReferenceCheck.Finding) -> [String] {
        let name = "\(finding.kind.label) \(Escaping.printable(finding.name, limit: 32))"
        let lacking = Double(finding.missing &+ finding.invalid) / Double(max(1, finding.values)) * 100
        func number(_ value: Double?, _ digits: Int) -> String {
            value.map { TableText.fixed($0, digits: digits) } ?? "-"
        }
        return [
            name, "\(finding.values)", TableText.fixed(lacking, digits: 1) + " %", number(finding.drift?.psi, 3),
            number(finding.drift?.psiExcess, 3), number(finding.drift?.chiSquareScore, 1), word(finding),
        ]
    }

    private func word(_ finding: ReferenceCheck.Finding) -> String {
        switch finding.verdict {
        case .drifted: "DRIFTED"
        case .invalid: "WRONG TYPE"
        case .absent: finding.kind == .input ? "ABSENT" : "absent"
        case .small: "ok, a small change"
        case .stable: "ok"
        case .scarce: "too few"
        }
    }

    /// What moved, a line for shares and one for numbers; empty for a signal that has not drifted.
    private static func movement(of finding: ReferenceCheck.Finding) -> [String] {
        guard !finding.moved.isEmpty else { return [] }
        func percent(_ share: Double) -> String { TableText.fixed(share * 100, digits: 1) }
        let cells = finding.moved.prefix(shownCells).map { cell in
            let name = TableText.cell(cell.cell, of: finding.layout, limit: 24)
            return "\(name) \(percent(cell.referenceShare)) → \(percent(cell.currentShare)) %"
        }
        let shifts = finding.shift.map(DriftDocument.Shift.all) ?? []
        let numbers = shifts.map {
            "\($0.statistic) \(TableText.number($0.reference)) → \(TableText.number($0.current))"
        }
        let lines = [cells, numbers].filter { !$0.isEmpty }
        return lines.map { "    " + $0.joined(separator: ", ") }
    }

    // MARK: JSON

    private struct Document: Encodable {
        struct Signal: Encodable {
            var kind, name, verdict: String
            var values, missing, invalid: UInt64
            var psi, psi_excess, chi2, chi2_z, p_value, js, hellinger, tvd: Double?
            var ks, wasserstein: Double?
            /// What moved, for a signal that has drifted, and where its numbers went.
            var contributions: [DriftDocument.Contribution]
            var shifts: [DriftDocument.Shift]
        }

        var drifted: Bool
        var reference: String
        var reference_events, records, rejected_lines: UInt64
        var drifted_signals: [String]
        var signals: [Signal]
    }

    /// One JSON object, pretty, sorted keys.
    var json: String {
        let document = Document(
            drifted: hasDrifted, reference: reference.hash, reference_events: reference.events,
            records: records, rejected_lines: rejected,
            drifted_signals: findings.filter(isAlarming).map { "\($0.kind.label):\($0.name)" },
            signals: findings.map { finding in
                let drift = finding.drift
                return Document.Signal(
                    kind: finding.kind.label, name: finding.name, verdict: finding.verdict.rawValue,
                    values: finding.values, missing: finding.missing, invalid: finding.invalid, psi: drift?.psi,
                    psi_excess: drift?.psiExcess, chi2: drift?.chiSquare, chi2_z: drift?.chiSquareScore,
                    p_value: finding.probability, js: drift?.jensenShannon, hellinger: drift?.hellinger,
                    tvd: drift?.totalVariation, ks: drift?.kolmogorovSmirnov, wasserstein: drift?.wasserstein,
                    contributions: finding.moved.map { DriftDocument.Contribution($0, of: finding.layout) },
                    shifts: finding.shift.map(DriftDocument.Shift.all) ?? [])
            })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Every number in here is finite, so encoding cannot fail.
        return String(decoding: (try? encoder.encode(document)) ?? Data("{}".utf8), as: UTF8.self) + "\n"
    }
}

extension String {
    /// Without blanks at the end.
    fileprivate var trimmed: String {
        var text = self
        while text.utf8.last == UInt8(ascii: " ") { text.removeLast() }
        return text
    }
}
