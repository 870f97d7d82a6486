import Events
import LineFormats
import Monitor
import Sketches
import Statistics

extension FuzzChecks {
    /// Lines several times over: what is remembered of tags, signals, clocks and names changes nothing.
    ///
    /// Once by one decoder in batches as large as they get; once each line by a decoder and in a batch of its own,
    /// where there is nothing to be remembered.
    ///
    /// - Returns: What differs; `nil` if nothing does.
    static func remembering(_ bytes: [UInt8], options: StatsDOptions) -> String? {
        // Records go before the lines of their batch, which is another order.
        let lines = bytes.split(separator: 0x0A).filter { $0.first != 0x7B }
        var settings = MonitorSettings()
        settings.sources = ["fuzz"]
        settings.limits.models = 3
        settings.limits.signalsPerModel = 6
        settings.limits.categoriesPerSignal = 3
        settings.learning.events = bytes.count % 8
        let together = Array(repeatElement(lines, count: 4).joined().joined(separator: [0x0A]))
        let known = Applied([together], options: options, settings: settings, batchObservations: 40)
        let unknown = Applied(
            Array(repeatElement(lines, count: 4).joined()).map { Array($0) }, options: options, settings: settings,
            batchObservations: 40)
        guard known.receipt.accepted == unknown.receipt.accepted, known.receipt.rejected == unknown.receipt.rejected
        else { return "lines are taken otherwise when they come again" }
        guard known.state.count == unknown.state.count else { return "models differ" }
        for (one, other) in zip(known.state, unknown.state) where one != other {
            return "\(one) is \(other) when nothing is remembered"
        }
        return nil
    }

    /// What lines come to.
    private struct Applied {
        var receipt = Receipt()
        /// Everything that is counted, in words.
        var state: [String] = []

        /// - Parameter chunks: Lines; each chunk is decoded by a decoder of its own.
        init(_ chunks: [[UInt8]], options: StatsDOptions, settings: MonitorSettings, batchObservations: Int) {
            let schema = Schema(signals: [Signal(name: "n", role: .feature, kind: .numeric)])
            let now = Instant(wall: 1_767_225_600_000_000_000, monotonic: 0)
            var monitor = Monitor(settings: settings, at: now)
            let longest = chunks.map(\.count).max() ?? 0
            let batch = EventBatch(
                source: 0, schema: schema, rowCapacity: 1, observationCapacity: batchObservations,
                byteCapacity: max(1, longest))
            for chunk in chunks {
                var decoder = StatsDDecoder(options: options)
                var records = RecordDecoder(schema: schema)
                for i in chunk.indices { unsafe batch.bytes.storeBytes(of: chunk[i], toByteOffset: i, as: UInt8.self) }
                var at = 0
                while at < chunk.count {
                    batch.clear()
                    at += decoder.decodeLines(in: batch, from: at, to: chunk.count, records: &records)
                    receipt.add(batch.receipt)
                    monitor.apply(batch, at: now)
                }
            }
            let cut = monitor.cut(at: now)
            state = cut.state.models.flatMap { Self.words($0) } + ["overflows \(cut.state.overflows)"]
        }

        private static func words(_ model: ModelState) -> [String] {
            var words = [
                "model \(model.model) version \(model.version) predictions \(model.predictions) "
                    + "\(model.lastPrediction ?? 0) late \(model.lateEvents) classes \(model.classes) "
                    + "\(model.classCounts) worth \(model.worth.events) learning \(model.learner != nil) \(model.clock)"
            ]
            for signal in model.signals {
                words.append(
                    "\(signal.role) \(signal.name) \(signal.kind) \(signal.observations) \(signal.issues) "
                        + "\(signal.bins) \(signal.carriedWeight) \(signal.histogram?.counts ?? [])")
            }
            for tier in model.panes.tiers {
                for pane in tier.panes where pane.index != Pane.vacant {
                    words.append("pane \(pane.index) of \(tier.minutes) \(pane.worth.events)")
                    for (number, signal) in pane.signals.enumerated() where !signal.isEmpty {
                        let cells = signal.cells.reversed().drop { $0 == 0 }
                        // Sums are added up in another order, and rounded otherwise.
                        let moments = signal.moments
                        words.append(
                            "\(number): \(signal.observations) \(signal.missing) \(signal.invalid) \(Array(cells)) "
                                + "\(moments.count) \(moments.minimum) \(moments.maximum) "
                                + "\(signal.sketch.positiveBuckets) \(signal.sketch.negativeBuckets) "
                                + "\(signal.sketch.zeroCount) \(signal.distinct.exactHashes)")
                    }
                }
            }
            return words
        }
    }
}
