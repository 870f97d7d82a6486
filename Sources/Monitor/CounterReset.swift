import Events
import Statistics

extension MonitorState {
    /// Sets every counter that is exposed as a counter to zero, and keeps all else: positions, windows, references,
    /// what is being learned, event time.
    ///
    /// For a start from a state that is older than what was published. A counter that went on from here would be
    /// slightly below the last scraped value, and Prometheus would take that for a reset and add the whole value again;
    /// from zero it adds only what is new.
    public mutating func resetCounters() {
        for limit in overflows.indices { overflows[limit] = 0 }
        for source in sources.indices { sources[source].receipt = Receipt() }
        for model in models.indices { models[model].resetCounters() }
        custom.resetCounters()
        // They are shown as 0 once more: even one that is soon above its old value is then seen to have begun anew.
        shown = .none
    }
}

extension CustomState {
    /// See `MonitorState.resetCounters`: gauges and what is recent go on.
    mutating func resetCounters() {
        evictions = 0
        for number in series.indices where metrics.indices.contains(series[number].metric) {
            if metrics[series[number].metric].kind == .counter { series[number].number = ExactSum() }
            if let bounds = series[number].histogram?.bounds {
                series[number].histogram = CustomHistogram(bounds: bounds)
            }
            series[number].summary?.resetTotals()
        }
    }
}

extension ModelState {
    /// See `MonitorState.resetCounters`.
    mutating func resetCounters() {
        for status in predictions.indices { predictions[status] = 0 }
        worth = SampleWorth()
        lateEvents = 0
        missingFields = 0
        unexpectedFields = 0
        wrongTypes = 0
        joinedOutcomes = 0
        outcomes = OutcomeTotals()
        outcomeDelay = nil
        for number in classCounts.indices { classCounts[number] = 0 }
        confusion = ConfusionCounts()
        errors = ErrorSums()
        for number in watches.indices { watches[number].alarms = 0 }
        for number in signals.indices {
            signals[number].observations = 0
            signals[number].issues = SignalIssues()
            for cell in signals[number].bins.indices { signals[number].bins[cell] = 0 }
            for cell in signals[number].expected.indices { signals[number].expected[cell] = 0 }
            signals[number].driftAlarms = 0
            if var evidence = signals[number].evidence {
                evidence.counted = signals[number].bins
                evidence.countedExpected = signals[number].expected
                evidence.countedInvalid = 0
                evidence.countedWorth = worth
                signals[number].evidence = evidence
            }
            if let bounds = signals[number].histogram?.bounds {
                signals[number].histogram = ValueHistogram(bounds: bounds)
            }
        }
    }
}
