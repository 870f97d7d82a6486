public import Sketches
public import Statistics

/// What one pane knows about one signal.
public struct SignalPane: Sendable {
    /// Values looked at.
    public var observations: UInt64 = 0
    /// Null or lacking.
    public var missing: UInt64 = 0
    /// Of the wrong type.
    public var invalid: UInt64 = 0
    /// Counts per cell of the reference's layout; empty while there is none.
    public var cells: [UInt64] = []
    /// What the reference expects per cell of as many values at their hours; empty if it does not tell hours apart.
    public var expected: [Double] = []
    /// Moments of the numbers.
    public var moments = Moments()
    /// Distribution of the numbers.
    public var sketch = QuantileSketch()
    /// Distinct values, for features.
    public var distinct = DistinctCounter()

    /// Creates an empty pane.
    public init() {}

    /// Whether nothing was looked at.
    public var isEmpty: Bool { observations == 0 }

    /// Adds what another pane of the same signal holds.
    mutating func merge(_ other: borrowing SignalPane) {
        guard other.observations > 0 else { return }
        observations &+= other.observations
        missing &+= other.missing
        invalid &+= other.invalid
        addCells(other.cells)
        addExpected(other.expected)
        moments.merge(other.moments)
        sketch.merge(other.sketch)
        distinct.merge(other.distinct)
    }

    /// Adds counts per cell.
    mutating func addCells(_ counts: borrowing [UInt64]) {
        if cells.count < counts.count {
            cells.append(contentsOf: repeatElement(0, count: counts.count - cells.count))
        }
        for i in counts.indices { cells[i] &+= counts[i] }
    }

    /// Adds what is expected per cell.
    mutating func addExpected(_ counts: borrowing [Double]) {
        if expected.count < counts.count {
            expected.append(contentsOf: repeatElement(0, count: counts.count - expected.count))
        }
        for i in counts.indices { expected[i] += counts[i] }
    }

    /// Empties the pane and keeps its storage.
    mutating func reset() {
        observations = 0
        missing = 0
        invalid = 0
        resetCells()
        moments.reset()
        sketch.reset()
        distinct.reset()
    }

    /// Sets the counts per cell to zero.
    mutating func resetCells() {
        for i in cells.indices { cells[i] = 0 }
        for i in expected.indices { expected[i] = 0 }
    }
}

/// What one pane knows about a model: predictions, how good they were, and its signals.
public struct Pane: Sendable {
    /// Number of the pane since the epoch, in panes of its tier; `Pane.vacant` when it holds nothing.
    public var index: Int64 = Pane.vacant
    /// Predictions, and those that repeat others.
    public var worth = SampleWorth()
    /// Predictions against outcomes by class.
    public var confusion = ConfusionCounts()
    /// Sums over errors of a regression.
    public var errors = ErrorSums()
    /// Signals, as numbered by the model; may be shorter than the model's list.
    public var signals: [SignalPane] = []

    /// The index of a pane that holds nothing.
    public static let vacant = Int64.min

    /// Creates a vacant pane.
    public init() {}

    /// Makes room for the model's signals.
    mutating func reserve(signals count: Int) {
        guard signals.count < count else { return }
        signals.append(contentsOf: repeatElement(SignalPane(), count: count - signals.count))
    }

    /// Adds what another pane of the same model holds.
    mutating func merge(_ other: borrowing Pane) {
        worth.merge(other.worth)
        confusion.merge(other.confusion)
        errors.merge(other.errors)
        reserve(signals: other.signals.count)
        for i in other.signals.indices { signals[i].merge(other.signals[i]) }
    }

    /// Empties the pane and keeps its storage.
    mutating func reset() {
        index = Pane.vacant
        worth = SampleWorth()
        confusion.reset()
        errors = ErrorSums()
        for i in signals.indices { signals[i].reset() }
    }
}
