internal import Events

/// Which models a file of records is about, and the rows of one of them.
struct ModelFilter {
    /// Most names that are remembered.
    private static let limit = 1_000

    /// Names in the records, each once, in order of appearance.
    private(set) var names: [String] = []
    /// Whether some record names no model.
    private(set) var hasUnnamed = false
    private var seen: Set<String> = []
    /// The model whose rows are wanted; `nil` for all.
    let wanted: String?

    init(wanted: String?) { self.wanted = wanted }

    /// The first names, for a sentence.
    var list: String { names.prefix(10).map { Escaping.printable($0, limit: 80) }.joined(separator: ", ") }

    /// Refuses records of several models: what is normal for one is not for another.
    ///
    /// - Throws: `Failure` with exit status 2.
    func requireOneModel() throws(Failure) {
        guard names.count > 1 || (names.count == 1 && hasUnnamed) else { return }
        throw Failure.usage("the records are of several models (\(list)); choose one with --model")
    }

    /// Notes the models of a batch and, with a wanted model, keeps only its rows and those that name none.
    mutating func apply(to batch: EventBatch) {
        let target = wanted.map { Array($0.utf8) }
        var kept = 0
        for row in 0..<batch.rowCount {
            let range = unsafe batch.models[row]
            var isWanted = true
            if range.isPresent {
                let name = unsafe UnsafeRawBufferPointer(
                    start: UnsafeRawPointer(batch.bytes.advanced(by: Int(range.offset))), count: Int(range.length))
                note(unsafe String(decoding: name, as: UTF8.self))
                if let target { isWanted = unsafe name.elementsEqual(target) }
            } else {
                hasUnnamed = true
            }
            guard isWanted else { continue }
            if kept < row { batch.move(row: row, to: kept) }
            kept += 1
        }
        batch.rowCount = kept
    }

    private mutating func note(_ name: String) {
        if names.count < Self.limit, seen.insert(name).inserted { names.append(name) }
    }
}

extension EventBatch {
    /// Copies a row over another one.
    func move(row: Int, to place: Int) {
        unsafe timestamps[place] = timestamps[row]
        unsafe identifiers[place] = identifiers[row]
        unsafe models[place] = models[row]
        unsafe versions[place] = versions[row]
        unsafe statuses[place] = statuses[row]
        for column in 0..<numberColumnCount {
            let base = column * rowCapacity
            unsafe numbers[base + place] = numbers[base + row]
        }
        for column in 0..<textColumnCount {
            let base = column * rowCapacity
            unsafe texts[base + place] = texts[base + row]
        }
    }
}
