import Events

/// Takes one JSON record apart into its leaves, for inference: slow, general and as strict as the decoder.
struct RecordSampler {
    /// A value that is neither an object nor null, or one of those.
    enum Value: Equatable {
        case null, boolean, list
        /// A number and its spelling.
        case number(Double, String)
        case text(String)
    }

    /// One leaf of a record.
    struct Leaf: Equatable {
        var path: [String]
        var value: Value
    }

    /// What a record is made of.
    struct Sample {
        var leaves: [Leaf] = []
        /// Values of tables of instances, by the path of the table and the name of the column.
        var cells: [Leaf] = []
        /// Paths of the tables that went in, and of those that came out.
        var inputs: [[String]] = []
        var outputs: [[String]] = []
    }

    private let scanner: JSONScanner
    private let numbers = DecimalReader()
    private let hints: SchemaHints
    private var keys = 0
    private var sample = Sample()
    private var tables: [(path: [String], table: PayloadTable)] = []

    /// The leaves of the record in `line`, in their order, or `nil` if the line is not a record.
    ///
    /// An empty object has no leaves; members of arrays are not looked at unless `hints` names them.
    static func sample(_ line: [UInt8], hints: SchemaHints) -> Sample? {
        withTerminated(line) { bytes, count in
            var resolved = 0
            return unsafe withUnsafeMutablePointer(to: &resolved) { resolved in
                let scanner = unsafe JSONScanner(bytes, resolved: resolved)
                var sampler = RecordSampler(scanner: scanner, hints: hints)
                return try? sampler.record(count)
            }
        }
    }

    /// The leaves of a record without tables.
    static func leaves(of line: [UInt8]) -> [Leaf]? { sample(line, hints: SchemaHints())?.leaves }

    private init(scanner: JSONScanner, hints: SchemaHints) { (self.scanner, self.hints) = (scanner, hints) }

    private mutating func record(_ count: Int) throws(RejectionReason) -> Sample {
        let bytes = scanner.bytes
        var start = bytes.half(0) & 0xFF_FFFF == 0xBF_BBEF ? 3 : 0
        while bytes[start] == 0, start < count { start &+= 1 }
        let at = bytes.skippingSpaces(start)
        guard bytes[at] == Byte.openBrace else { throw .notAnObject }
        let end = try object(at, [])
        guard bytes[bytes.skippingSpaces(end)] == Byte.newline else { throw .malformedJSON }
        try readTables()
        return sample
    }

    /// Goes through an object and those inside it, without recursion, and returns the offset behind it.
    private mutating func object(_ start: Int, _ base: [String]) throws(RejectionReason) -> Int {
        let bytes = scanner.bytes
        var path = base
        var at = bytes.skippingSpaces(start &+ 1)
        var isEmpty = bytes[at] == Byte.closeBrace
        while true {
            if !isEmpty {
                guard bytes[at] == Byte.quote else { throw .malformedJSON }
                keys &+= 1
                guard keys <= EventLimits.keysPerRecord else { throw .tooManyKeys }
                let key = try scanner.string(at &+ 1)
                at = try scanner.colon(key.end)
                path.append(bytes.string(key.from, key.to))
                if bytes[at] == Byte.openBrace, side(of: path, at) == nil {
                    guard path.count < EventLimits.depth else { throw .tooDeep }
                    at = bytes.skippingSpaces(at &+ 1)
                    isEmpty = bytes[at] == Byte.closeBrace
                    continue
                }
                at = try value(at, path)
                path.removeLast()
            }
            isEmpty = false
            // Behind a member: the next one, or ends of objects, which are members themselves.
            while true {
                at = bytes.skippingSpaces(at)
                if bytes[at] == Byte.comma {
                    at = bytes.skippingSpaces(at &+ 1)
                    break
                }
                guard bytes[at] == Byte.closeBrace else { throw .malformedJSON }
                at &+= 1
                if path.count == base.count { return at }
                path.removeLast()
            }
        }
    }

    /// Takes a value that is no object, or a table.
    private mutating func value(_ at: Int, _ path: [String]) throws(RejectionReason) -> Int {
        if let isOutput = side(of: path, at) { return try table(at, path, isOutput: isOutput) }
        if scanner.bytes[at] == Byte.openBracket, hints.hasElements(of: path) { return try elements(at, path) }
        let value = try OtherValue(scanner, at, depth: path.count, &keys, numbers)
        sample.leaves.append(Leaf(path: path, value: Self.sample(value, scanner.bytes, numbers)))
        return value.end
    }

    /// Takes the elements of an array that hints speak of: as deep as their paths.
    private mutating func elements(_ start: Int, _ path: [String]) throws(RejectionReason) -> Int {
        let bytes = scanner.bytes
        guard path.count < EventLimits.depth else { throw .tooDeep }
        var at = bytes.skippingSpaces(start &+ 1)
        var index = 0
        while bytes[at] != Byte.closeBracket {
            let place = path + ["\(index)"]
            if index >= EventLimits.keysPerRecord { throw .tooManyKeys }
            let isObject = bytes[at] == Byte.openBrace && side(of: place, at) == nil
            at = isObject ? try object(at, place) : try value(at, place)
            at = bytes.skippingSpaces(at)
            if bytes[at] == Byte.comma {
                at = bytes.skippingSpaces(at &+ 1)
            } else if bytes[at] != Byte.closeBracket {
                throw .malformedJSON
            }
            index &+= 1
        }
        return at &+ 1
    }

    // MARK: - Tables

    /// Whether the value at `path` is a table that came out of the model; `nil` if it is no table.
    ///
    /// By the hints, or, without any, by the names that serving protocols use.
    private func side(of path: [String], _ at: Int) -> Bool? {
        if hints.outputs.contains(path) { return true }
        if hints.inputs.contains(path) { return false }
        guard hints.inputs.isEmpty, hints.outputs.isEmpty, path.count <= 2, let key = path.last else { return nil }
        // What is made of two CloudEvents.
        if path == ["ce_request"] { return false }
        if path == ["ce_response"] { return true }
        let byte = scanner.bytes[at]
        let isList = byte == Byte.openBracket
        switch key {
        case "predictions", "outputs": return isList ? true : nil
        case "instances", "dataframe_records": return isList ? false : nil
        case "inputs": return isList ? false : nil
        case "dataframe_split": return byte == Byte.openBrace ? false : nil
        default: return nil
        }
    }

    private mutating func table(_ at: Int, _ path: [String], isOutput: Bool) throws(RejectionReason) -> Int {
        let bytes = scanner.bytes
        let (from, to, end): (Int, Int, Int)
        switch bytes[at] {
        case Byte.quote:
            let text = try scanner.string(at &+ 1)
            (from, to, end) = (text.from, text.to, text.end)
        case Byte.openBrace, Byte.openBracket:
            let behind = try scanner.extent(at, depth: path.count)
            (from, to, end) = (at, behind, behind)
        default: return try OtherValue(scanner, at, depth: path.count, &keys, numbers).end
        }
        guard to > from else { return end }
        let survey = PayloadSurvey(scanner: scanner, numbers: numbers)
        tables.append((path, try survey.table(0, isOutput: isOutput, from, to)))
        if isOutput { sample.outputs.append(path) } else { sample.inputs.append(path) }
        return end
    }

    /// Takes the values of all tables, now that the number of instances is known.
    private mutating func readTables() throws(RejectionReason) {
        let rows = tables.lazy.filter { !$0.table.isOutput }.map(\.table.rows).max()
        let reader = PayloadReader(survey: PayloadSurvey(scanner: scanner, numbers: numbers), numbers: numbers)
        for (path, table) in tables {
            var sink = PayloadSampler(
                scanner: scanner, numbers: numbers, names: table.isOutput ? [] : hints.format.columns)
            try reader.read(table, rows: rows ?? table.rows, into: &sink)
            for cell in sink.cells { sample.cells.append(Leaf(path: path + [cell.key], value: cell.value)) }
        }
    }

    static func sample(_ value: OtherValue, _ bytes: ByteWindow, _ numbers: DecimalReader) -> Value {
        switch value.kind {
        case .null: return .null
        case .yes, .no: return .boolean
        case .container: return .list
        case .nonfinite: return .number(.nan, "NaN")
        case .text: return value.isEmptyText ? .null : .text(bytes.string(value.from, value.to))
        case .number:
            let number = value.number(bytes, numbers) ?? .nan
            guard let spelling = value.spelling(bytes) else { return .number(number, "") }
            return .number(number, bytes.string(Int(spelling.offset), Int(spelling.offset) &+ Int(spelling.length)))
        }
    }
}
