import Events

/// Where the named values of one line go.
@safe
struct KeyedCells {
    private let cells: TextCells
    private let bytes: ByteWindow
    private let targets: UnsafeMutablePointer<TextTarget>
    private var row = 0
    /// Whether there was something measured.
    private(set) var hasValue = false

    init(cells: TextCells, bytes: ByteWindow, targets: UnsafeMutablePointer<TextTarget>) {
        (self.cells, self.bytes) = (cells, bytes)
        unsafe self.targets = targets
    }

    /// Goes on with a row, of which nothing is known.
    @inline(__always)
    mutating func begin(_ row: Int) {
        (self.row, hasValue) = (row, false)
        cells.rows.clear(row)
    }

    /// Writes a value of the field with this index.
    @inline(__always)
    mutating func set(_ index: Int, _ from: Int, _ to: Int) throws(RejectionReason) {
        guard to > from else { return }
        if unsafe try cells.set(targets + index, bytes, from, to, row) { hasValue = true }
    }

    /// Writes the number that begins at `at`, if the field takes numbers and it ends with the word, and moves behind
    /// it.
    @inline(__always)
    mutating func setNumber(_ index: Int, _ at: inout Int) throws(RejectionReason) -> Bool {
        let target = unsafe targets + index
        var end = at
        guard unsafe target.pointee.action == .number, let number = cells.numbers.readJSON(bytes, &end),
            bytes[end] <= Byte.space
        else { return false }
        let value = unsafe number * target.pointee.scale
        guard value.magnitude < .infinity else { throw .nonfinite }
        unsafe target.pointee.set(value, row)
        (at, hasValue) = (end, true)
        return true
    }

    /// Writes a value that a line may lack, of a field that the schema may lack.
    mutating func set(_ index: Int, _ word: TextWords.Word?) throws(RejectionReason) {
        guard index != TextFieldIndices.none, let word else { return }
        try set(index, word.from, word.to)
    }

    /// Writes a value that is only there.
    mutating func setTrue(_ index: Int) {
        let target = unsafe targets[index]
        switch target.action {
        case .number: target.set(target.scale, row)
        case .status:
            let status = target.namesAnError ? Status.error : .success
            target.set(status.rawValue, row)
        default: return
        }
        hasValue = true
    }
}
