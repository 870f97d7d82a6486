import Events
import Foundation
import Monitor
import Sketches
import Statistics
import TestKit
import Testing

@testable import Daemon

/// `/api/v1/drift`: the document, and what may be asked of it.
@Suite struct DriftDocumentTests {
    // MARK: Queries

    @Test func filters() throws {
        let filter = try DriftFilter(query: "model=fr%61ud+2&version=&feature=a%26b&kind=score&drifted=true&")
        #expect(filter.model == "fraud 2" && filter.version == "" && filter.feature == "a&b")
        #expect(filter.kind == .score && filter.drifted == true)
        #expect(try DriftFilter(query: "") == DriftFilter())
    }

    @Test(arguments: [
        "x=1", "model=%zz", "model=%f", "model=%ff", "kind=inputs", "drifted=1", "model=a&model=b", "=a",
        (0..<33).map { _ in "model=a" }.joined(separator: "&"),
    ])
    func refuses(query: String) {
        #expect(throws: QueryProblem.self) { try DriftFilter(query: query) }
    }

    // MARK: The document

    private static func signal(_ name: String, evidence: Double, isDrifted: Bool, role: Role = .feature)
        -> SignalSnapshot
    {
        let reference = SignalReference(
            kind: DriftKind(role) ?? .input, name: name, layout: .numeric(edges: [10, 20.5]),
            counts: [400, 300, 300, 0],
            range: 0...1_000, mean: 25, standardDeviation: 30, interquartileRange: 20)
        var window = SignalWindow(
            label: "5m", observations: 100, missing: 2, invalid: 1, moments: nil, quantiles: [], distinct: nil,
            drift: DriftStatistics(
                psi: 0.1875, psiExcess: 0.125, jensenShannon: 0.15, kolmogorovSmirnov: 0.5, wasserstein: nil,
                hellinger: 0.13, totalVariation: 0.25, chiSquareScore: 5.5, chiSquare: 60, degreesOfFreedom: 3,
                currentEvents: 97, referenceEvents: 1_000, psiExcessLower: 0.0625))
        window.moved = [CellContribution(cell: 3, part: 1, referenceShare: 0, currentShare: 0.5)]
        window.shift = NumberShift(
            mean: .init(reference: 25, current: 17), quantiles: [(0.25, .init(reference: 5, current: 9))], scale: 16)
        let small = SignalWindow(
            label: "1h", observations: 3, missing: 0, invalid: 0, moments: nil, quantiles: [], distinct: nil, drift: nil
        )
        var signal = SignalSnapshot(
            role: role, name: name, kind: .numeric, observations: 1_000, issues: SignalIssues(), bins: [],
            reference: reference, values: nil, windows: [window, small])
        var evidence = EvidenceSnapshot(
            logEvidence: evidence, logEvidenceLimit: 88.5, isDrifted: isDrifted, alarms: 2, referenceEvents: 912)
        if isDrifted {
            var effect = DriftEffect()
            (effect.events, effect.psiExcess, effect.psiExcessLower) = (2_500, 0.25, 0.1875)
            (effect.size, effect.sizeLower) = (0.3125, 0.21875)
            evidence.effect = effect
            evidence.onset = 1_767_220_000_500_000_000
            evidence.moved = [
                CellContribution(cell: 2, part: 0.75, referenceShare: 0.25, currentShare: 0.5),
                CellContribution(cell: 0, part: -0.25, referenceShare: 0.5, currentShare: 0.25),
            ]
        }
        signal.evidence = evidence
        return signal
    }

    private static func model(_ name: String, _ signals: [SignalSnapshot]) -> ModelSnapshot {
        var model = ModelSnapshot(model: name, version: "3", setting: ModelSetting(name: name))
        model.reference = Reference(
            model: name, version: nil, hash: "0123456789ab", source: .file, created: 1_766_000_000_000_000_000,
            events: 1_000, signals: signals.compactMap(\.reference))
        model.referenceState = .ready
        model.signals = signals
        (model.evidenceThreshold, model.effectThreshold) = (15.5, 0.125)
        return model
    }

    private static func document(
        _ models: [ModelSnapshot], _ query: String = ""
    ) throws -> DriftDocument {
        let snapshot = MonitorSnapshot(
            taken: Instant(wall: 1_767_225_600_250_000_000, monotonic: 5), generation: 7, models: models, sources: [],
            overflows: [])
        return DriftDocument(snapshot, settings: MonitorSettings(), filter: try DriftFilter(query: query))
    }

    /// Every field of the document, as clients see it; `UPDATE_GOLDEN=1 swift test` rewrites it.
    @Test func golden() throws {
        let amount = Self.signal("amount", evidence: 31.25, isDrifted: true)
        let score = Self.signal("score", evidence: 0, isDrifted: false, role: .score)
        let bytes = Data(try Self.document([Self.model("fraud", [amount, score])]).json())
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
            try bytes.write(to: folder.appending(path: "drift.json"))
            return
        }
        let expected = try Data(contentsOf: Bundle.module.bundleURL.appending(path: "Golden/drift.json"))
        #expect(String(decoding: bytes, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
    }

    /// The page says what the document says; names come from outside, and never become markup.
    @Test func page() throws {
        let amount = Self.signal("amount<script>", evidence: 31.25, isDrifted: true)
        let score = Self.signal("score", evidence: 0, isDrifted: false, role: .score)
        let document = try Self.document([Self.model("<b>fraud", [amount, score])])
        let page = DriftPage.html(document)
        #expect(!page.contains("<script") && !page.contains("<b>") && page.contains("amount&lt;script&gt;"))
        #expect(!page.contains("src=") && !page.contains("http:") && !page.contains("https:"))
        #expect(page.contains("input: 1 of 1 drifted") && page.contains("score: 0 of 1 drifted"))
        #expect(page.contains("2025-12-31T22:26:40.500Z") && page.contains("0.250, 0.188"))
        #expect(page.contains("≥ 20.5: 25.0 → 50.0 %") && page.contains("&lt; 10: 50.0 → 25.0 %"))
        #expect(page.contains("5m: mean 25 → 17, p25 5 → 9"))
        #expect(page.contains("width:75px") && page.contains("b l\" style=\"width:25px"))
        let empty = DriftDocument(nil, settings: MonitorSettings(), filter: DriftFilter())
        #expect(DriftPage.html(empty).contains("Nothing has been committed yet."))
    }

    @Test func whatIsAskedFor() throws {
        let x = Self.signal("x", evidence: 3, isDrifted: false)
        let y = Self.signal("y", evidence: 20, isDrifted: true)
        let models = [
            Self.model("a", [x, y]), Self.model("b", [Self.signal("x", evidence: 9, isDrifted: false)]),
        ]
        func names(_ query: String) throws -> [String] {
            try Self.document(models, query).models.flatMap { model in
                model.signals.map { "\(model.model).\($0.feature)" }
            }
        }
        #expect(try names("") == ["a.y", "a.x", "b.x"], "the drifted one first")
        #expect(try names("model=b") == ["b.x"])
        #expect(try names("feature=x") == ["a.x", "b.x"])
        #expect(try names("drifted=true") == ["a.y"] && names("drifted=false") == ["a.x", "b.x"])
        #expect(try names("kind=score").isEmpty && names("version=4").isEmpty && names("version=3").count == 3)
        // Verdicts about a kind are about all of its signals, whatever is asked for.
        #expect(try Self.document(models, "feature=x").models.first?.kinds.first?.drifted_signals == 1)
        #expect(try Self.document(models, "model=b").models.count == 1)
    }

    /// However many signals there are, the answer stays small, and keeps what matters.
    @Test func bounded() throws {
        let limit = DriftDocument.signalLimit
        let calm = (0..<limit).map { Self.signal("s\($0)", evidence: 1, isDrifted: false) }
        let last = Self.signal("last", evidence: 0.5, isDrifted: true)
        let document = try Self.document([Self.model("a", calm), Self.model("b", [last])])
        #expect(document.omitted_signals == 1)
        #expect(document.models.map(\.signals.count) == [limit - 1, 1])
        #expect(document.models.last?.signals.first?.feature == "last")
    }

    @Test func beforeTheFirstCommit() throws {
        let document = DriftDocument(nil, settings: MonitorSettings(), filter: DriftFilter())
        #expect(document.models.isEmpty && document.taken == nil)
        #expect(String(decoding: document.json(), as: UTF8.self).contains(#""omitted_signals" : 0"#))
    }

    /// A number that JSON cannot say does not take the document away.
    @Test func notFinite() throws {
        var signal = Self.signal("x", evidence: .infinity, isDrifted: false)
        signal.windows[0].shift = NumberShift(
            mean: .init(reference: .infinity, current: 1),
            quantiles: [(0.5, .init(reference: 0, current: .greatestFiniteMagnitude))],
            scale: 1e-300)
        let text = String(decoding: try Self.document([Self.model("m", [signal])]).json(), as: UTF8.self)
        #expect(text.contains(#""feature" : "x""#) && text.contains(#""statistic" : "p50""#))
        #expect(!text.contains(#""statistic" : "mean""#))
    }
}
