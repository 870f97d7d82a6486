import Monitor
import Sketches

// Predictions and outcomes that wait for each other. Each writer stands beside its reader.

extension StateWriter {
    mutating func waiting(_ model: ModelState) {
        let totals = model.outcomes
        for value in [
            totals.orphans, totals.expired, totals.evicted, totals.duplicates, totals.corrections, totals.incomparable,
        ] { count(value) }
        optional(model.outcomeDelay) { $0.histogram($1) }
        // Neighbours are of nearly the same time.
        var (time, arrival): (Int64, UInt32) = (0, 0)
        list(model.pending.inOrder) { writer, prediction in
            writer.long(prediction.id)
            writer.signed(prediction.time &- time)
            writer.count(UInt64(prediction.arrival &- arrival))
            writer.count(UInt64(prediction.predicted + 1))
            if prediction.predicted < 0 { writer.number(prediction.number) }
            (time, arrival) = (prediction.time, prediction.arrival)
        }
    }

    mutating func held(_ held: HeldOutcomes) {
        list(held.names.names) { $0.text($1) }
        list(held.models.names) { $0.text($1) }
        var (time, arrival): (Int64, UInt32) = (0, 0)
        list(held.table.inOrder) { writer, outcome in
            writer.long(outcome.id)
            writer.signed(outcome.time &- time)
            writer.count(UInt64(outcome.arrival &- arrival))
            writer.signed(Int64(outcome.name))
            writer.flag(!outcome.number.isNaN)
            if !outcome.number.isNaN { writer.number(outcome.number) }
            writer.count(UInt64(outcome.model))
            writer.flag(outcome.isScoped)
            writer.signed(Int64(outcome.met))
            writer.count(UInt64(outcome.duplicates))
            writer.count(UInt64(outcome.corrections))
            (time, arrival) = (outcome.time, outcome.arrival)
        }
    }
}

extension StateReader {
    /// Reads what waits into a model whose classes are known.
    mutating func waiting(into model: inout ModelState) throws(StateError) {
        model.outcomes.orphans = try count()
        model.outcomes.expired = try count()
        model.outcomes.evicted = try count()
        model.outcomes.duplicates = try count()
        model.outcomes.corrections = try count()
        model.outcomes.incomparable = try count()
        model.outcomeDelay = try optional { (reader) throws(StateError) in try reader.histogram() }
        guard model.outcomeDelay.map({ $0.bounds == ValueHistogram.delayBounds }) ?? true else {
            throw .malformed("impossible delays of outcomes")
        }
        var (time, arrival): (Int64, UInt32) = (0, 0)
        let classes = model.classes.count
        let pending = try list("pending predictions", size: 11) { (reader) throws(StateError) in
            let id = try reader.long()
            time &+= try reader.signed()
            arrival &+= UInt32(truncatingIfNeeded: try reader.count())
            let predicted = Int32(truncatingIfNeeded: try reader.count(upTo: classes + 1, "classes")) - 1
            let number = predicted < 0 ? try reader.finite("a predicted number") : 0
            return PendingPrediction(id: id, time: time, number: number, predicted: predicted, arrival: arrival)
        }
        model.pending = try valid(WaitingTable(pending: pending), "pending predictions")
    }

    mutating func held() throws(StateError) -> HeldOutcomes {
        let names = try list("names of outcomes") { (reader) throws(StateError) in try reader.text() }
        let models = try list("names of models") { (reader) throws(StateError) in try reader.text() }
        var (time, arrival): (Int64, UInt32) = (0, 0)
        let outcomes = try list("outcomes", size: 16) { (reader) throws(StateError) in
            let id = try reader.long()
            time &+= try reader.signed()
            arrival &+= UInt32(truncatingIfNeeded: try reader.count())
            let name = try reader.number32("the name of an outcome")
            let number = try reader.flag() ? try reader.finite("an outcome") : .nan
            var outcome = HeldOutcome(
                id: id, time: time, number: number, name: name,
                model: Int32(truncatingIfNeeded: try reader.count(upTo: HeldOutcomes.modelLimit, "models")),
                arrival: arrival, isScoped: try reader.flag())
            outcome.met = try reader.number32("the model of an outcome")
            outcome.duplicates = UInt16(
                truncatingIfNeeded: try reader.count(upTo: Int(UInt16.max), "repeats of an outcome"))
            outcome.corrections = UInt16(
                truncatingIfNeeded: try reader.count(upTo: Int(UInt16.max), "repeats of an outcome"))
            return outcome
        }
        return try valid(HeldOutcomes(outcomes: outcomes, names: names, models: models), "outcomes")
    }

    private mutating func number32(_ what: String) throws(StateError) -> Int32 {
        try valid(Int32(exactly: try signed()), what)
    }
}
