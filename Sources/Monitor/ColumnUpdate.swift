import Events
import Sketches
import Statistics

/// What one column of a group of rows came to.
struct ColumnTally {
    /// Values that are there and of the right type.
    var valid = 0
    /// Null or lacking.
    var missing = 0
    /// Of the wrong type.
    var invalid = 0
    /// Values of classes beyond the limit.
    var unlisted: UInt64 = 0
}

/// Why a column of a schema goes unmeasured, in place of the number of a signal.
enum UnmeasuredColumn {
    /// The model has as many signals as it may.
    static let signalsPerModel = -1
    /// The signal's time series would not fit.
    static let series = -2
    /// The model has the signal with the other kind.
    static let otherKind = -3
}

extension ModelSlot {
    /// Takes the rows of one group.
    ///
    /// - Parameters:
    ///   - rows: The rows, as numbers in the batch.
    ///   - identifiers: Hash of the identifier per row of the batch; `nil` if they do not tell events apart.
    ///   - columns: The columns of the schema.
    ///   - signals: Number of the model's signal per column.
    ///   - overflows: Counts per `MonitorLimit`.
    mutating func absorb(
        _ batch: EventBatch, rows: UnsafeBufferPointer<Int32>, group: RowGroup,
        identifiers: UnsafePointer<UInt64>?, columns: [BoundColumn],
        signals: [Int32], settings: borrowing MonitorSettings, scratch: borrowing ApplyScratch,
        overflows: inout [UInt64]
    ) {
        isDirty = true
        let isOutcomeOnly = group.treatment.contains(.outcomeOnly)
        let isLearning = group.treatment.contains(.learning)
        hour = group.hour
        var pane = lend(tier: group.tier, index: group.index)
        if !isOutcomeOnly {
            pane.worth.merge(unsafe countPredictions(identifiers: identifiers, rows: rows))
        }
        var prediction: BoundColumn?
        var outcome: BoundColumn?
        var hasIssues = false
        for place in columns.indices {
            let column = columns[place]
            if isOutcomeOnly, column.role != .outcome { continue }
            let number = Int(signals[place])
            guard number >= 0 else {
                if number == UnmeasuredColumn.signalsPerModel {
                    overflows[Int(MonitorLimit.signalsPerModel.rawValue)] &+= UInt64(rows.count)
                } else if number == UnmeasuredColumn.series {
                    overflows[Int(MonitorLimit.series.rawValue)] &+= UInt64(rows.count)
                }
                continue
            }
            let start = column.place &* batch.rowCapacity
            // A second prediction or outcome is measured like a feature; classes and comparisons are those of the
            // first.
            let isFirst =
                column.role == .prediction && prediction == nil || column.role == .outcome && outcome == nil
            let tally: ColumnTally
            switch column.kind {
            case .numeric:
                tally = unsafe numbers(
                    batch.numbers + start, rows: rows, signal: number, pane: &pane.signals[number],
                    isCompared: !isLearning, scratch: scratch)
            case .categorical:
                tally = unsafe texts(
                    batch, batch.texts + start, rows: rows, signal: number, pane: &pane.signals[number],
                    isCompared: !isLearning, isClass: isFirst, scratch: scratch)
                overflows[Int(MonitorLimit.categoriesPerSignal.rawValue)] &+= tally.unlisted
            }
            if isLearning { unsafe learn(batch, rows: rows, place: place, signal: number) }
            if isFirst, column.role == .prediction { prediction = column }
            if isFirst, column.role == .outcome { outcome = column }
            let isExpected = column.role == .feature || column.role == .prediction
            if tally.valid < rows.count, isExpected, state.signals[number].hasValues {
                hasIssues = true
                unsafe noteIssues(batch, column, rows: rows, issues: scratch.issues)
            }
        }
        if hasIssues { unsafe countIssues(rows: rows, issues: scratch.issues) }
        if let prediction, let outcome, !isOutcomeOnly {
            unsafe compare(
                batch, prediction: prediction, outcome: outcome, rows: rows, pane: &pane, settings: settings,
                scratch: scratch)
        }
        restore(pane, tier: group.tier, index: group.index)
    }

    /// Takes a numeric column.
    private mutating func numbers(
        _ column: UnsafePointer<Double>, rows: UnsafeBufferPointer<Int32>, signal: Int, pane: inout SignalPane,
        isCompared: Bool, scratch: borrowing ApplyScratch
    ) -> ColumnTally {
        var tally = ColumnTally()
        let numbers = unsafe scratch.numbers
        for i in 0..<rows.count {
            let value = unsafe column[Int(rows[i])]
            unsafe numbers[tally.valid] = value
            tally.valid &+= value.isFinite ? 1 : 0
            tally.missing &+= value.bitPattern == NumberMark.missingBits ? 1 : 0
        }
        tally.invalid = rows.count - tally.valid - tally.missing
        forgetUnknown(&tally, signal: signal)
        count(tally, signal: signal, pane: &pane)
        let values = unsafe UnsafeBufferPointer(start: UnsafePointer(numbers), count: tally.valid)
        unsafe measure(
            values, missing: tally.missing, signal: signal, pane: &pane, isCompared: isCompared, scratch: scratch)
        return tally
    }

    /// Takes finite numbers that came one by one, each for one event; they are compared with the reference.
    mutating func take(
        _ values: UnsafeBufferPointer<Double>, signal: Int, pane: inout SignalPane, scratch: borrowing ApplyScratch
    ) {
        count(ColumnTally(valid: values.count), signal: signal, pane: &pane)
        unsafe measure(values, missing: 0, signal: signal, pane: &pane, isCompared: true, scratch: scratch)
    }

    /// Adds finite numbers to everything that is kept of a signal's values.
    private mutating func measure(
        _ values: UnsafeBufferPointer<Double>, missing: Int, signal: Int, pane: inout SignalPane, isCompared: Bool,
        scratch: borrowing ApplyScratch
    ) {
        if !watched.isEmpty { unsafe watch(values, signal: signal) }
        unsafe pane.moments.insert(contentsOf: values)
        unsafe pane.sketch.insert(contentsOf: values)
        if state.signals[signal].role == .feature { unsafe pane.distinct.insert(contentsOf: values) }
        unsafe state.signals[signal].histogram?.insert(contentsOf: values)
        guard isCompared, let bins = compiled[signal].bins else { return }
        let (minimum, maximum) = (compiled[signal].minimum, compiled[signal].maximum)
        var (below, above) = (0, 0)
        for i in 0..<values.count {
            below &+= unsafe values[i] < minimum ? 1 : 0
            above &+= unsafe values[i] > maximum ? 1 : 0
        }
        state.signals[signal].issues.belowMinimum &+= UInt64(below)
        state.signals[signal].issues.aboveMaximum &+= UInt64(above)
        let cells = unsafe UnsafeMutableBufferPointer(start: scratch.cells, count: compiled[signal].cellCount)
        unsafe bins.count(values, into: cells)
        unsafe bookCells(cells, missing: missing, signal: signal, pane: &pane)
    }

    /// Takes a categorical column.
    private mutating func texts(
        _ batch: EventBatch, _ column: UnsafePointer<ByteRange>, rows: UnsafeBufferPointer<Int32>, signal: Int,
        pane: inout SignalPane, isCompared: Bool, isClass: Bool, scratch: borrowing ApplyScratch
    ) -> ColumnTally {
        var tally = ColumnTally()
        let role = state.signals[signal].role
        // Names too long to be looked up come behind the others, where only their hashes are of use.
        var long = rows.count
        for i in 0..<rows.count {
            let cell = unsafe column[Int(rows[i])]
            guard let text = unsafe batch.text(cell) else {
                if cell == .missing { tally.missing &+= 1 }
                continue
            }
            guard text.count <= EventLimits.nameBytes else {
                long &-= 1
                unsafe scratch.hashes[long] = ByteHash.hash(of: text)
                continue
            }
            unsafe scratch.spans[tally.valid] = CategoryTable.Span(offset: cell.offset, length: cell.length)
            unsafe scratch.places[tally.valid] = Int32(truncatingIfNeeded: i)
            tally.valid &+= 1
        }
        let spans = unsafe UnsafeBufferPointer(start: UnsafePointer(scratch.spans), count: tally.valid)
        let tooLong = rows.count - long
        tally.invalid = rows.count - tally.valid - tally.missing - tooLong
        forgetUnknown(&tally, signal: signal)
        if isClass {
            tally.unlisted = unsafe classes(
                batch, spans, rows: rows.count, role: role, tooLong: tooLong, scratch: scratch)
        }
        if isCompared, let categories = compiled[signal].categories {
            unsafe categories.find(
                spans, in: UnsafeRawPointer(batch.bytes), ids: scratch.ids, hashes: scratch.hashes)
            let cells = unsafe UnsafeMutableBufferPointer(start: scratch.cells, count: compiled[signal].cellCount)
            let other = cells.count - 2
            for i in 0..<spans.count {
                let id = unsafe Int(scratch.ids[i])
                unsafe cells[id < 0 ? other : id] &+= 1
            }
            unsafe cells[other] &+= UInt64(tooLong)
            state.signals[signal].issues.unseenCategory &+= unsafe cells[other]
            unsafe bookCells(cells, missing: tally.missing, signal: signal, pane: &pane)
        } else if role == .feature {
            for i in 0..<spans.count {
                let text = unsafe UnsafeRawBufferPointer(
                    start: UnsafeRawPointer(batch.bytes) + Int(spans[i].offset), count: Int(spans[i].length))
                unsafe scratch.hashes[i] = ByteHash.hash(of: text)
            }
        }
        if role == .feature {
            let hashes = unsafe UnsafePointer(scratch.hashes)
            unsafe pane.distinct.insert(hashes: UnsafeBufferPointer(start: hashes, count: spans.count))
            unsafe pane.distinct.insert(hashes: UnsafeBufferPointer(start: hashes + long, count: tooLong))
        }
        tally.valid += tooLong
        count(tally, signal: signal, pane: &pane)
        return tally
    }

    /// Numbers the classes of a column, counts predicted ones, and returns how many values are of none that is listed.
    private mutating func classes(
        _ batch: EventBatch, _ spans: UnsafeBufferPointer<CategoryTable.Span>, rows: Int, role: Role, tooLong: Int,
        scratch: borrowing ApplyScratch
    ) -> UInt64 {
        unsafe classTable.insert(
            spans, in: UnsafeRawPointer(batch.bytes), ids: scratch.ids, hashes: scratch.hashes)
        listNewClasses()
        let classes = unsafe role == .prediction ? scratch.predicted : scratch.actual
        for i in 0..<rows { unsafe classes[i] = -1 }
        var unlisted = UInt64(tooLong)
        for i in 0..<spans.count {
            // The number after the table's; one that is in no table is -1 there and 0 here.
            let number = unsafe scratch.ids[i] &+ 1
            unsafe classes[Int(scratch.places[i])] = number
            unlisted &+= number == 0 ? 1 : 0
            if role == .prediction { state.classCounts[Int(number)] &+= 1 }
        }
        if role == .prediction { state.classCounts[0] &+= UInt64(tooLong) }
        return unlisted
    }

    /// Takes missing outcomes out of a tally: they are not known yet, which is no fault of the data and no drift.
    private func forgetUnknown(_ tally: inout ColumnTally, signal: Int) {
        if state.signals[signal].role == .outcome { tally.missing = 0 }
    }

    private mutating func count(_ tally: ColumnTally, signal: Int, pane: inout SignalPane) {
        let observations = tally.valid + tally.missing + tally.invalid
        pane.observations &+= UInt64(observations)
        pane.missing &+= UInt64(tally.missing)
        pane.invalid &+= UInt64(tally.invalid)
        state.signals[signal].observations &+= UInt64(observations)
        state.signals[signal].issues.missing &+= UInt64(tally.missing)
        state.signals[signal].issues.invalid &+= UInt64(tally.invalid)
    }

    /// Adds counts per cell to the pane and to the totals, and clears them.
    private mutating func bookCells(
        _ cells: UnsafeMutableBufferPointer<UInt64>, missing: Int, signal: Int, pane: inout SignalPane
    ) {
        guard let last = cells.indices.last else { return }
        unsafe cells[last] = UInt64(missing)
        if pane.cells.count < cells.count {
            pane.cells.append(contentsOf: repeatElement(0, count: cells.count - pane.cells.count))
        }
        var values: UInt64 = 0
        for i in 0..<cells.count {
            unsafe values &+= cells[i]
            unsafe pane.cells[i] &+= cells[i]
            unsafe state.signals[signal].bins[i] &+= cells[i]
            unsafe cells[i] = 0
        }
        if hour >= 0 { expect(values, signal: signal, pane: &pane) }
    }

    /// Adds what the reference expects of as many values at this hour of the week.
    mutating func expect(_ values: UInt64, signal: Int, pane: inout SignalPane) {
        let cellCount = compiled[signal].cellCount
        let begin = hour &* cellCount
        guard hour >= 0, compiled[signal].hourShares.count >= begin + cellCount,
            state.signals[signal].expected.count == cellCount
        else { return }
        if pane.expected.count < cellCount {
            pane.expected.append(contentsOf: repeatElement(0, count: cellCount - pane.expected.count))
        }
        for cell in 0..<cellCount {
            let expected = Double(values) * compiled[signal].hourShares[begin + cell]
            pane.expected[cell] += expected
            state.signals[signal].expected[cell] += expected
        }
    }

    /// Marks rows whose cell is missing or invalid.
    private func noteIssues(
        _ batch: EventBatch, _ column: BoundColumn, rows: UnsafeBufferPointer<Int32>,
        issues: UnsafeMutablePointer<UInt8>
    ) {
        let start = column.place &* batch.rowCapacity
        for i in 0..<rows.count {
            let row = unsafe Int(rows[i])
            switch column.kind {
            case .numeric:
                let value = unsafe batch.numbers[start &+ row]
                if !value.isFinite { unsafe issues[row] |= value.bitPattern == NumberMark.missingBits ? 1 : 2 }
            case .categorical:
                let cell = unsafe batch.texts[start &+ row]
                if !cell.isPresent { unsafe issues[row] |= cell == .missing ? 1 : 2 }
            }
        }
    }

    /// Counts marked rows and clears the marks.
    private mutating func countIssues(rows: UnsafeBufferPointer<Int32>, issues: UnsafeMutablePointer<UInt8>) {
        for i in 0..<rows.count {
            let row = unsafe Int(rows[i])
            state.missingFields &+= unsafe UInt64(issues[row] & 1)
            state.wrongTypes &+= unsafe UInt64(issues[row] >> 1)
            unsafe issues[row] = 0
        }
    }

    /// Feeds a column to the reference being learned.
    private mutating func learn(_ batch: EventBatch, rows: UnsafeBufferPointer<Int32>, place: Int, signal: Int) {
        let known = state.signals[signal]
        guard let kind = DriftKind(known.role),
            let column = state.learner?.builder.column(kind: kind, name: known.name, signalKind: known.kind)
        else { return }
        for i in 0..<rows.count {
            unsafe state.learner?.builder.insert(row: Int(rows[i]), of: batch, signal: place, into: column)
        }
    }

    /// Compares predictions with the outcomes in the same rows.
    private mutating func compare(
        _ batch: EventBatch, prediction: BoundColumn, outcome: BoundColumn, rows: UnsafeBufferPointer<Int32>,
        pane: inout Pane,
        settings: borrowing MonitorSettings, scratch: borrowing ApplyScratch
    ) {
        switch (prediction.kind, outcome.kind) {
        case (.categorical, .categorical):
            let limit = Int32(clamping: settings.limits.confusionClasses)
            for i in 0..<rows.count {
                var (predicted, actual) = unsafe (scratch.predicted[i], scratch.actual[i])
                guard predicted >= 0, actual >= 0 else { continue }
                if predicted > limit { predicted = 0 }
                if actual > limit { actual = 0 }
                state.joinedOutcomes &+= 1
                state.confusion.insert(actual: Int(actual), predicted: Int(predicted))
                pane.confusion.insert(actual: Int(actual), predicted: Int(predicted))
                watch(error: actual == predicted ? 0 : 1)
            }
        case (.numeric, .numeric):
            let predictions = unsafe batch.numbers + prediction.place &* batch.rowCapacity
            let outcomes = unsafe batch.numbers + outcome.place &* batch.rowCapacity
            for i in 0..<rows.count {
                let row = unsafe Int(rows[i])
                let error = unsafe predictions[row] - outcomes[row]
                guard error.isFinite, (error * error).isFinite else { continue }
                state.joinedOutcomes &+= 1
                state.errors.insert(error)
                pane.errors.insert(error)
                watch(error: error)
            }
        default: break
        }
    }
}

extension ErrorSums {
    /// Adds one finite error with a finite square.
    ///
    /// A sum stays at the largest finite number rather than overflow.
    mutating func insert(_ error: Double) {
        let largest = Double.greatestFiniteMagnitude
        count &+= 1
        absolute = min(absolute + error.magnitude, largest)
        squared = min(squared + error * error, largest)
        signed = min(max(signed + error, -largest), largest)
    }

    /// Adds other sums.
    mutating func merge(_ other: ErrorSums) {
        let largest = Double.greatestFiniteMagnitude
        count &+= other.count
        absolute = min(absolute + other.absolute, largest)
        squared = min(squared + other.squared, largest)
        signed = min(max(signed + other.signed, -largest), largest)
    }
}
