import Events

/// Takes the values of tables for the inference of a schema: slow and general.
struct PayloadSampler: PayloadSink {
    /// One value of one instance.
    struct Cell {
        var payload: Int
        var row: Int
        var key: String
        var value: RecordSampler.Value
    }

    let scanner: JSONScanner
    let numbers: DecimalReader
    /// Names of the columns that have none in the record.
    let names: [String]
    private(set) var cells: [Cell] = []
    private var tensor = ""
    private var width = 1

    init(scanner: JSONScanner, numbers: DecimalReader, names: [String]) {
        (self.scanner, self.numbers, self.names) = (scanner, numbers, names)
    }

    mutating func beginTensor(_ payload: Int, _ from: Int, _ to: Int, width: Int) {
        (tensor, self.width) = (scanner.bytes.string(from, to), width)
    }

    private func name(_ key: PayloadKey) -> String {
        switch key {
        case .index(let index): PayloadNames.place(index, names)
        case .element(let index): PayloadNames.element(tensor, index, width: width)
        case .name(let from, let to): scanner.bytes.string(from, to)
        case .prediction: PayloadNames.prediction
        case .score: PayloadNames.score
        }
    }

    private mutating func add(_ payload: Int, _ key: PayloadKey, _ row: Int, _ value: RecordSampler.Value) {
        cells.append(Cell(payload: payload, row: row, key: name(key), value: value))
    }

    mutating func json(_ payload: Int, _ key: PayloadKey, _ row: Int, _ at: Int) throws(RejectionReason) -> Int {
        var keys = 0
        let value = try OtherValue(scanner, at, depth: 1, &keys, numbers)
        add(payload, key, row, RecordSampler.sample(value, scanner.bytes, numbers))
        return value.end
    }

    mutating func text(
        _ payload: Int, _ key: PayloadKey, _ row: Int, _ from: Int, _ to: Int
    ) throws(RejectionReason) {
        guard to > from else { return }
        add(payload, key, row, SchemaInference.typed(scanner.bytes.string(from, to)))
    }

    mutating func answer(
        _ payload: Int, _ key: PayloadKey, _ row: Int, _ answer: LargestNumber, _ part: LargestNumber.Part
    ) {
        let number = answer.number(part)
        add(payload, key, row, .number(number, "\(number)"))
    }
}
