import Catalog
import Events
import Monitor
import Sketches
import Statistics

/// A small daemon made by hand, in which every family of the catalogue has a series.
enum ExampleSnapshot {
    static let snapshot = MonitorSnapshot(
        taken: Instant(wall: 1_767_225_600_250_000_000, monotonic: 5), generation: 7, models: [fraud, price, silent],
        sources: [file, socket, stream], overflows: [("models", 0), ("categories_per_signal", 12)])

    static var daemon: DaemonStatus {
        var status = DaemonStatus()
        status.build.version = "0.1.0"
        status.build.revision = "abc1234"
        status.build.swiftVersion = "6.3"
        status.reload.lastSuccess = 1_767_225_000_000_000_000
        status.commits.duration.add(seconds: 0.0125)
        status.commits.duration.add(seconds: 0.0075)
        status.commits.sizeBytes = 40_960
        status.commits.lastSuccess = 1_767_225_600_260_000_000
        status.commits.fail(.diskFull)
        status.http.requests = [
            RequestCount(path: "/metrics", code: 200, count: 41), RequestCount(path: "other", code: 404, count: 1),
        ]
        status.http.connections = 2
        status.http.scrapes.add(seconds: 0.0005)
        var connections = ConnectionTotals()
        for _ in 0..<3 { connections.begin() }
        connections.end(.idle)
        var files = FileTotals()
        (files.open, files.suspended, files.isNotified) = (2, 7, true)
        files.behind = [FileBehind(path: "/var/log/\"model\"\\predictions.jsonl", bytes: 1_024, seconds: 0.25)]
        status.sources = [
            SourceStatus(
                name: "file:/var/log/\"model\"\\predictions.jsonl", queueLength: 1, queueCapacity: 4, lagBytes: 1_024,
                lagSeconds: 0.25, files: files),
            SourceStatus(name: "udp:127.0.0.1:8125", queueLength: 0, queueCapacity: 4),
            SourceStatus(name: "unix:/run/statsd.sock", queueLength: 0, queueCapacity: 4, connections: connections),
        ]
        status.process.startTimeSeconds = 1_767_220_000.5
        status.process.cpuSeconds = 1.25
        status.process.residentBytes = 12_582_912
        status.process.openDescriptors = 17
        status.process.maxDescriptors = 1_024
        status.seriesLimit = 50_000
        return status
    }

    // MARK: A classifier with a reference from a file

    private static var fraud: ModelSnapshot {
        var setting = ModelSetting(name: "fraud", type: "classification", environment: "production", owner: "risk")
        setting.thresholds = [AlertThreshold(signal: "latency_p99_seconds", severity: "warning", value: 0.25)]
        var model = ModelSnapshot(model: "fraud", version: "3", setting: setting)
        let amount = SignalReference(
            kind: .input, name: "amount", layout: .numeric(edges: [10, 20.5]), counts: [400, 300, 200, 100],
            range: 0...1_000, mean: 25, standardDeviation: 30, interquartileRange: 20)
        // Categories that are spelled like other cells, or like nothing.
        let country = SignalReference(
            kind: .input, name: "country", layout: .categorical(names: ["DE", "other", "missing", "", "=", "a\"b"]),
            counts: [500, 100, 100, 100, 100, 50, 0, 50])
        let prediction = SignalReference(
            kind: .prediction, name: "prediction", layout: .categorical(names: ["approve", "decline"]),
            counts: [900, 100, 0, 0])
        model.reference = Reference(
            model: "fraud", version: nil, hash: "0123456789ab", source: .file, created: 1_766_000_000_000_000_000,
            events: 1_000, signals: [amount, country, prediction])
        model.referenceState = .ready
        model.predictions = [990, 5, 3, 2]
        model.lastPrediction = 1_767_225_599_500_000_000
        model.latency = HistogramSnapshot(
            bounds: [0.005, 0.1, 1], counts: [700, 250, 49, 1], sum: 12.75, native: sketch)
        model.score = HistogramSnapshot(bounds: [0.5, 1], counts: [900, 100, 0], sum: 123.5, native: sketch)
        model.classes = [("approve", 900), ("decline", 99), ("__other__", 1)]
        (model.lateEvents, model.missingFields, model.unexpectedFields, model.wrongTypes) = (4, 3, 2, 1)
        model.joinedOutcomes = 80
        model.outcomes.orphans = 7
        model.outcomes.expired = 6
        model.outcomes.evicted = 5
        model.outcomes.duplicates = 4
        model.outcomes.corrections = 3
        model.outcomes.incomparable = 2
        model.pendingPredictions = 42
        model.outcomeDelay = HistogramSnapshot(
            bounds: [60, 86_400], counts: [20, 10, 1], sum: 100_000, native: sketch)
        model.confusion = [
            ("approve", "approve", 70), ("approve", "decline", 2), ("decline", "approve", 1), ("decline", "decline", 7),
        ]
        model.signals = [
            signal(
                "amount", .feature, .numeric, reference: amount, bins: [350, 300, 340, 10],
                expected: [330.5, 329.5, 330, 10]),
            signal("country", .feature, .categorical, reference: country, bins: [900, 10, 20, 30, 5, 5, 25, 5]),
            signal("prediction", .prediction, .categorical, reference: prediction, bins: [900, 99, 1, 0]),
            signal("score", .score, .numeric), signal("outcome", .outcome, .categorical),
            signal("latency", .latency, .numeric),
        ]
        (model.evidenceThreshold, model.effectThreshold) = (15.5, 0.1)
        model.detectors = [
            DetectorSnapshot(kind: .cumulativeSum, signal: "amount", score: 2.5, threshold: 12.75, alarms: 1)
        ]
        var effect = DriftEffect()
        (effect.events, effect.psiExcess, effect.psiExcessLower, effect.missingGrowth) = (2_500, 0.25, 0.1875, 0.03125)
        (effect.size, effect.sizeLower) = (0.25, 0.1875)
        model.signals[0].evidence = EvidenceSnapshot(
            logEvidence: 31.25, logEvidenceLimit: 88.5, effect: effect, isDrifted: true, hasQualityProblem: true,
            onset: 1_767_220_000_500_000_000, alarms: 2, referenceEvents: 912)
        model.signals[0].evidence?.moved = [
            CellContribution(cell: 2, part: 0.75, referenceShare: 0.2, currentShare: 0.375),
            CellContribution(cell: 3, part: -0.25, referenceShare: 0.1, currentShare: 0.015625),
        ]
        model.signals[0].windows[0].shift = NumberShift(
            mean: NumberShift.Pair(reference: 25, current: 17),
            quantiles: [(0.5, NumberShift.Pair(reference: 12, current: 20))],
            scale: 16)
        for place in 1...2 {
            model.signals[place].evidence = EvidenceSnapshot(
                logEvidence: 0, logEvidenceLimit: 12.5, alarms: 0, referenceEvents: 5_000)
        }
        model.windows = [
            ModelWindow(
                label: "5m", events: 95,
                performance: [
                    PerformanceValue(metric: "accuracy", value: 0.9625, lower: 0.89, upper: 0.99),
                    PerformanceValue(metric: "f1_macro", value: 0.88, lower: nil, upper: nil),
                ]),
            ModelWindow(label: "1h", events: 1_000, performance: []),
        ]
        model.windows[0].outcomes = 80
        for repeats in [0, 0, 0, 1, 2] as [UInt64] { model.windows[0].worth.insert(earlier: repeats) }
        model.repeats = 250
        return model
    }

    // MARK: A regression that still learns its reference

    private static var price: ModelSnapshot {
        var model = ModelSnapshot(model: "price", version: "", setting: ModelSetting(name: "price"))
        model.referenceState = .learning(events: 1_200, of: 5_000)
        model.predictions = [1_200, 0, 0, 0]
        model.lastPrediction = 1_767_225_598_000_000_000
        model.value = HistogramSnapshot(bounds: [], counts: [1_200], sum: 250_000.125, native: sketch)
        var errors = ErrorSums()
        (errors.count, errors.absolute, errors.squared, errors.signed) = (50, 12.5, 4.25, -1)
        model.errors = errors
        model.joinedOutcomes = 50
        var area = signal("area", .feature, .numeric)
        area.values = HistogramSnapshot(bounds: [], counts: [1_200], sum: 96_000, native: sketch)
        var balance = signal("balance", .feature, .numeric)
        var negative = sketch
        for value in [-1.0, 4] { negative.insert(value) }
        balance.values = HistogramSnapshot(bounds: [], counts: [2], sum: 3, native: negative)
        model.signals = [area, balance]
        model.windows = [
            ModelWindow(
                label: "5m", events: 1_200,
                performance: [PerformanceValue(metric: "mae", value: 0.25, lower: 0.2, upper: 0.3)])
        ]
        return model
    }

    // MARK: A model that is configured and has not been seen

    private static var silent: ModelSnapshot {
        ModelSnapshot(model: "silent\nmodel", version: "1", setting: ModelSetting(name: "silent\nmodel"))
    }

    private static var sketch: QuantileSketch { QuantileSketch() }

    private static func signal(
        _ name: String, _ role: Role, _ kind: SignalKind, reference: SignalReference? = nil, bins: [UInt64] = [],
        expected: [Double] = []
    ) -> SignalSnapshot {
        var issues = SignalIssues()
        (issues.missing, issues.invalid, issues.aboveMaximum, issues.unseenCategory) = (10, 2, 5, 7)
        let isNumeric = kind == .numeric
        var moments = Moments()
        for value in [1.0, 2, 3, 6] { moments.insert(value) }
        let drift = DriftStatistics(
            psi: 0.1875, psiExcess: 0.125, jensenShannon: 0.15, kolmogorovSmirnov: isNumeric ? 0.14 : nil,
            wasserstein: isNumeric ? 0.4 : nil, hellinger: 0.13, totalVariation: 0.14, chiSquareScore: 5.5,
            chiSquare: 60, degreesOfFreedom: 3, currentEvents: 100, referenceEvents: 1_000, psiExcessLower: 0.0625)
        let full = SignalWindow(
            label: "5m", observations: 100, missing: 2, invalid: 1, moments: isNumeric ? moments : nil,
            quantiles: isNumeric ? [(0.5, 2.5), (0.99, 5.97)] : [], distinct: 4.02,
            drift: reference == nil ? nil : drift)
        // Below the minimum sample: its size is shown and nothing else.
        let small = SignalWindow(
            label: "1h", observations: 3, missing: 0, invalid: 0, moments: nil, quantiles: [], distinct: nil, drift: nil
        )
        return SignalSnapshot(
            role: role, name: name, kind: kind, observations: 1_000, issues: issues, bins: bins, expected: expected,
            reference: reference,
            values: nil, windows: [full, small])
    }

    // MARK: Sources

    private static var file: SourceSnapshot {
        var receipt = Receipt()
        receipt.accept(2_190)
        receipt.reject(.malformedJSON)
        receipt.reject(.lineTooLong)
        receipt.ignore(.blankLine, count: 3)
        receipt.bytesRead = 1_048_576
        receipt.lostBytes[Int(LossReason.truncated.rawValue)] = 512
        (receipt.truncations, receipt.rotations) = (1, 2)
        return SourceSnapshot(
            name: "file:/var/log/\"model\"\\predictions.jsonl", receipt: receipt, schema: nil, positions: [])
    }

    private static var socket: SourceSnapshot {
        var receipt = Receipt()
        receipt.accept(10)
        receipt.drop(.queueFull, count: 5)
        receipt.ignore(.unmapped)
        receipt.kernelDrops = 9
        receipt.bytesRead = 700
        return SourceSnapshot(name: "udp:127.0.0.1:8125", receipt: receipt, schema: nil, positions: [])
    }

    private static var stream: SourceSnapshot {
        var receipt = Receipt()
        receipt.accept(3)
        receipt.reject(.partialLine)
        receipt.bytesRead = 100
        return SourceSnapshot(name: "unix:/run/statsd.sock", receipt: receipt, schema: nil, positions: [])
    }
}
