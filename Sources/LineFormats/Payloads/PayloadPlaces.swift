import Events

/// Where the tables of the record at hand are, and what has been read of them.
///
/// Plain pointers, for the hot path; `InstanceTables` owns what they point to.
@safe
struct PayloadPlaces {
    /// One table.
    struct Place: BitwiseCopyable {
        var from = 0
        /// 0 if the record lacks it.
        var to = 0
        /// Number of its instances if it has been read already, or 0.
        var rows = 0

        static let none = Place()
    }

    let places: UnsafeMutablePointer<Place>
    let count: Int
    /// Rows from the record's first one on that are cleared or written for it.
    let cleared: UnsafeMutablePointer<Int>
    /// The columns and the forms of each.
    let views: UnsafeMutablePointer<PayloadView>

    subscript(index: Int) -> Place {
        get { unsafe places[index] }
        nonmutating set { unsafe places[index] = newValue }
    }

    /// Begins a record, whose first row is cleared.
    @inline(__always)
    func begin() {
        unsafe cleared.pointee = 1
        for index in 0..<count { unsafe places[index] = .none }
    }

    /// Reads a table whose form is known, and returns the offset behind it.
    ///
    /// - Parameter isQuoted: Whether it is a text, whose quote is at `start`.
    func read(
        _ index: Int, _ start: Int, isQuoted: Bool, row: Int, _ rows: RowWriter, _ cells: JSONCells
    ) -> Int? {
        guard
            let read = unsafe views[index].forms.pointee.read(
                start, isQuoted: isQuoted, row: row, cleared: &cleared.pointee, rows, cells)
        else { return nil }
        unsafe places[index] = Place(from: start, to: read.end, rows: read.rows)
        return read.end
    }

    /// Takes a table back: a key given twice counts as given last.
    @inline(__always)
    func forget(_ index: Int, row: Int) {
        if unsafe places[index].to > 0 { forgetRead(index, row: row) }
    }

    @inline(never)
    private func forgetRead(_ index: Int, row: Int) {
        let rows = unsafe places[index].rows
        unsafe places[index] = .none
        guard rows > 0 else { return }
        let lookup = unsafe views[index].lookup
        for target in 0..<lookup.count {
            for other in row..<(row &+ rows) { unsafe lookup.targets[target].clear(other) }
        }
    }
}
