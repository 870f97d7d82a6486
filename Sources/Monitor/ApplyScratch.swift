import Events
import Sketches

/// A run of rows of one batch that belong to one model and one pane, and are treated alike.
struct RowGroup {
    /// What sets the rows apart.
    struct Treatment: OptionSet {
        let rawValue: UInt8
        /// The reference is learned from them, so they are not compared with it.
        static let learning = Treatment(rawValue: 1)
        /// They are older than every pane.
        static let late = Treatment(rawValue: 2)
        /// They carry an outcome and nothing else: ground truth that came later, no prediction.
        static let outcomeOnly = Treatment(rawValue: 4)
    }

    /// In place of the model's number for a row that is of no group.
    static let noSlot: Int32 = -1

    var slot: Int
    /// Tier of the pane; -1 when no pane holds the rows.
    var tier: Int
    var index: Int64
    var treatment: Treatment
    /// Hour of the week; -1 if the model's reference does not tell hours apart.
    var hour: Int
    /// Minute of the row added last.
    var newestMinute: Int64
    var start = 0
    var count = 0
    /// The group of the same model found before; -1 for the first.
    var previous: Int
}

/// Storage that applying a batch needs, allocated once.
@safe
struct ApplyScratch: ~Copyable {
    private(set) var rowCapacity: Int
    /// Per row: number of its model, or `RowGroup.noSlot`.
    let slots: UnsafeMutablePointer<Int32>
    /// Per row: minute of its pane.
    let minutes: UnsafeMutablePointer<Int64>
    /// Per row: its treatment.
    let treatments: UnsafeMutablePointer<UInt8>
    /// Per row: its group.
    let groups: UnsafeMutablePointer<Int32>
    /// Rows by group.
    let order: UnsafeMutablePointer<Int32>
    /// Per row: whether a field is missing (1) or of the wrong type (2).
    let issues: UnsafeMutablePointer<UInt8>
    /// Finite numbers of one column of a group.
    let numbers: UnsafeMutablePointer<Double>
    /// Texts of one column of a group.
    let spans: UnsafeMutablePointer<CategoryTable.Span>
    /// Per text: its place in the group.
    let places: UnsafeMutablePointer<Int32>
    /// Per text: its number in a table.
    let ids: UnsafeMutablePointer<Int32>
    /// Per text: its hash.
    let hashes: UnsafeMutablePointer<UInt64>
    /// Predicted class per place in a group; -1 for none.
    let predicted: UnsafeMutablePointer<Int32>
    /// Actual class per place in a group; -1 for none.
    let actual: UnsafeMutablePointer<Int32>
    /// Counts per cell, all 0 between uses.
    let cells: UnsafeMutablePointer<UInt64>
    /// Numbers of single observations that are held back until they make a column, `heldLength` for each signal.
    let held: UnsafeMutablePointer<Double>
    /// How many of them there are for each signal, all 0 between uses.
    let heldCounts: UnsafeMutablePointer<Int>

    /// Numbers that are held back for one signal.
    static let heldLength = 64
    /// Signals of one model for which numbers are held back; those of further ones are taken one by one.
    static let heldSignals = 256

    init(rowCapacity: Int) {
        self.rowCapacity = rowCapacity
        unsafe slots = .allocate(capacity: rowCapacity)
        unsafe minutes = .allocate(capacity: rowCapacity)
        unsafe treatments = .allocate(capacity: rowCapacity)
        unsafe groups = .allocate(capacity: rowCapacity)
        unsafe order = .allocate(capacity: rowCapacity)
        unsafe issues = .allocate(capacity: rowCapacity)
        unsafe numbers = .allocate(capacity: rowCapacity)
        unsafe spans = .allocate(capacity: rowCapacity)
        unsafe places = .allocate(capacity: rowCapacity)
        unsafe ids = .allocate(capacity: rowCapacity)
        unsafe hashes = .allocate(capacity: rowCapacity)
        unsafe predicted = .allocate(capacity: rowCapacity)
        unsafe actual = .allocate(capacity: rowCapacity)
        unsafe cells = .allocate(capacity: Reference.cellLimit)
        unsafe held = .allocate(capacity: Self.heldSignals * Self.heldLength)
        unsafe heldCounts = .allocate(capacity: Self.heldSignals)
        unsafe heldCounts.initialize(repeating: 0, count: Self.heldSignals)
        unsafe issues.initialize(repeating: 0, count: rowCapacity)
        unsafe cells.initialize(repeating: 0, count: Reference.cellLimit)
    }

    deinit {
        unsafe slots.deallocate()
        unsafe minutes.deallocate()
        unsafe treatments.deallocate()
        unsafe groups.deallocate()
        unsafe order.deallocate()
        unsafe issues.deallocate()
        unsafe numbers.deallocate()
        unsafe spans.deallocate()
        unsafe places.deallocate()
        unsafe ids.deallocate()
        unsafe hashes.deallocate()
        unsafe predicted.deallocate()
        unsafe actual.deallocate()
        unsafe cells.deallocate()
        unsafe held.deallocate()
        unsafe heldCounts.deallocate()
    }
}
