import Events

/// Room for numbers that other columns are measured from, as long as the columns of the batch at hand.
///
/// Owns its memory and belongs to one decoder, which is what makes `@unchecked Sendable` true.
@safe
struct HiddenNumbers: ~Copyable, @unchecked Sendable {
    private var memory: UnsafeMutablePointer<Double>?
    private var capacity = 0

    init() {}

    deinit { unsafe memory?.deallocate() }

    /// The columns of a batch, and `columns` hidden ones beside them.
    mutating func rows(_ batch: EventBatch, columns: Int) -> RowWriter {
        guard columns > 0 else { return unsafe RowWriter(batch) }
        let needed = columns * batch.rowCapacity
        if capacity < needed {
            unsafe memory?.deallocate()
            unsafe memory = .allocate(capacity: needed)
            capacity = needed
        }
        return unsafe RowWriter(batch, hidden: memory, hiddenColumns: columns)
    }
}
