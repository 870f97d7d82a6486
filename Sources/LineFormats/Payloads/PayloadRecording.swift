/// What a sink was handed of one table, value by value, so that the next table of the same form can be read at once.
struct PayloadRecording {
    /// What became of a stretch of bytes.
    enum Part: Equatable {
        /// A value of a column, or of none.
        case value
        /// One of the numbers of an answer, of which only the largest counts.
        case candidate(isFirst: Bool)
        /// No bytes: the place of the largest number, or its value, is that of a column.
        case answer(LargestNumber.Part)
        /// The number of instances.
        case count
        /// Nothing looked at it.
        case passed
    }

    /// One stretch.
    struct Entry {
        var part: Part
        /// In the bytes of the batch.
        var from: Int
        var to: Int
        /// Index of the column among those of the table, if it is one.
        var target: Int?
        /// Its instance; -1 if it is about all of them.
        var row: Int
    }

    private(set) var entries: [Entry] = []
    /// Whether the next table of the same form is read in the same way.
    private(set) var isUsable = true

    mutating func add(_ part: Part, _ from: Int, _ to: Int, target: Int? = nil, row: Int = -1) {
        guard isUsable else { return }
        if entries.count == TableForm.steps {
            depends()
        } else {
            entries.append(Entry(part: part, from: from, to: to, target: target, row: row))
        }
    }

    /// Adds what is computed from the numbers that were added last.
    mutating func addAnswer(_ part: LargestNumber.Part, target: Int, row: Int) {
        guard let end = entries.last?.to else { return }
        add(.answer(part), end, end, target: target, row: row)
    }

    /// Forgets it all.
    mutating func depends() {
        isUsable = false
        entries = []
    }
}
