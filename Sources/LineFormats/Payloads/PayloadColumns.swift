import Events

/// Which columns of a batch the columns of a record's tables go to.
///
/// Made once per decoder and never shared, which is what makes `@unchecked Sendable` true.
final class PayloadColumns: @unchecked Sendable {
    /// Tensors whose names are remembered; further ones are looked up each time.
    private static let tensorLimit = 64

    let isOutput: Bool
    /// The columns by name.
    let fields: FieldTable
    let prediction: Int?
    let score: Int?
    /// Columns by their place in a row without names.
    let places: [Int32]
    /// The forms of its tables.
    let forms = TableForms()
    private var tensors: [Tensor] = []

    private struct Tensor {
        var name: [UInt8]
        var width: Int
        var columns: [Int32]
    }

    /// The columns of one payload.
    init(_ columns: SchemaColumns, payload: Int, isOutput: Bool, names: [String]) {
        self.isOutput = isOutput
        fields = FieldTable(
            columns.cells.filter { $0.payload == payload }.map { cell in
                var draft = FieldDraft()
                (draft.action, draft.column, draft.scale) = (cell.action, cell.column, cell.scale)
                return FieldTable.Entry(name: cell.key, draft: draft)
            })
        prediction = fields.find(PayloadNames.prediction)
        score = fields.find(PayloadNames.score)
        var places: [Int32] = []
        for index in 0..<max(EventLimits.signals, names.count) {
            places.append(Int32(truncatingIfNeeded: fields.find(PayloadNames.place(index, names)) ?? -1))
        }
        self.places = places
    }

    /// The columns that a tensor's values go to.
    func columns(of bytes: ByteWindow, _ from: Int, _ to: Int, width: Int) -> [Int32] {
        for tensor in tensors where tensor.width == width && tensor.name.count == to &- from {
            var isSame = true
            for i in 0..<tensor.name.count where tensor.name[i] != bytes[from &+ i] { isSame = false }
            if isSame { return tensor.columns }
        }
        var columns: [Int32] = []
        let name = bytes.string(from, to)
        for index in 0..<min(width, EventLimits.signals) {
            let key = PayloadNames.element(name, index, width: width)
            columns.append(Int32(truncatingIfNeeded: fields.find(key) ?? -1))
        }
        if tensors.count < Self.tensorLimit {
            tensors.append(Tensor(name: Array(name.utf8), width: width, columns: columns))
        }
        return columns
    }
}

/// Names of the columns that have none.
enum PayloadNames {
    static let prediction = "prediction"
    static let score = "score"

    /// The column at a place of a row without names.
    static func place(_ index: Int, _ names: [String]) -> String {
        index < names.count ? names[index] : "feature_\(index)"
    }

    /// A value of a tensor by its place in a row: the tensor's name if that has one value.
    static func element(_ tensor: String, _ index: Int, width: Int) -> String {
        width == 1 ? tensor : "\(tensor)_\(index)"
    }
}

/// Writes the values of tables into the rows of a batch.
struct PayloadCells: PayloadSink {
    private let tables: [PayloadColumns]
    private let views: [View]
    let scanner: JSONScanner
    let json: JSONCells
    let text: TextCells
    /// The row of the first instance.
    var firstRow: Int
    /// What is handed on, if that is to be remembered.
    var recording: PayloadRecording?
    private var tensor: [Int32] = []

    /// A table's columns as plain values.
    private struct View {
        var lookup: FieldLookup
        var prediction: Int?
        var score: Int?
        var places: [Int32]
    }

    init(tables: [PayloadColumns], json: JSONCells, text: TextCells, firstRow: Int) {
        (self.tables, self.json, self.text, self.firstRow) = (tables, json, text, firstRow)
        scanner = json.scanner
        views = tables.map {
            View(lookup: $0.fields.lookup, prediction: $0.prediction, score: $0.score, places: $0.places)
        }
    }

    mutating func beginTensor(_ payload: Int, _ from: Int, _ to: Int, width: Int) {
        tensor = tables[payload].columns(of: scanner.bytes, from, to, width: width)
    }

    private func find(_ payload: Int, _ key: PayloadKey) -> Int? {
        switch key {
        case .index(let index):
            guard index < views[payload].places.count, views[payload].places[index] >= 0 else { return nil }
            return Int(views[payload].places[index])
        case .element(let index):
            guard index < tensor.count, tensor[index] >= 0 else { return nil }
            return Int(tensor[index])
        case .name(let from, let to): return views[payload].lookup.find(scanner.bytes, from, to)
        case .prediction: return views[payload].prediction
        case .score: return views[payload].score
        }
    }

    mutating func json(_ payload: Int, _ key: PayloadKey, _ row: Int, _ at: Int) throws(RejectionReason) -> Int {
        guard let index = find(payload, key) else {
            var keys = 0
            let end = try scanner.skip(at, depth: 1, keys: &keys, numbers: json.numbers)
            recording?.add(.value, at, end, row: row)
            return end
        }
        let end = try set(unsafe views[payload].lookup.targets[index], row, at)
        recording?.add(.value, at, end, target: index, row: row)
        return end
    }

    /// Writes the value at `at` and returns the offset behind it.
    private func set(_ target: TextTarget, _ row: Int, _ at: Int) throws(RejectionReason) -> Int {
        var (end, keys) = (at, 0)
        if target.action == .number, let number = json.numbers.readJSON(scanner.bytes, &end) {
            let value = number * target.scale
            guard value.magnitude < .infinity else { throw .nonfinite }
            target.set(value, firstRow &+ row)
            return end
        }
        let value = try OtherValue(scanner, at, depth: 1, &keys, json.numbers)
        if value.kind != .null, !value.isEmptyText { _ = try json.set(target, value, firstRow &+ row) }
        return value.end
    }

    mutating func text(
        _ payload: Int, _ key: PayloadKey, _ row: Int, _ from: Int, _ to: Int
    ) throws(RejectionReason) {
        depends()
        guard to > from, let index = find(payload, key) else { return }
        guard UTF8Sequence.isValid(scanner.bytes, from, to) else { throw .invalidUTF8 }
        _ = unsafe try text.set(
            UnsafePointer(views[payload].lookup.targets + index), scanner.bytes, from, to, firstRow &+ row)
    }

    mutating func candidate(_ answer: LargestNumber, _ row: Int, _ from: Int, _ to: Int) {
        recording?.add(.candidate(isFirst: answer.count == 0), from, to, row: row)
    }

    mutating func count(_ from: Int, _ to: Int) { recording?.add(.count, from, to) }

    mutating func answer(
        _ payload: Int, _ key: PayloadKey, _ row: Int, _ answer: LargestNumber, _ part: LargestNumber.Part
    ) {
        guard let index = find(payload, key) else { return }
        recording?.addAnswer(part, target: index, row: row)
        let target = unsafe views[payload].lookup.targets[index]
        switch target.action {
        case .number: target.set(answer.number(part) * target.scale, firstRow &+ row)
        case .text where part == .place:
            target.set(scanner.bytes.writeDigits(answer.index, at: answer.first), firstRow &+ row)
        case .text: target.set(ByteRange.invalid, firstRow &+ row)
        default: break
        }
    }

    mutating func passed(_ from: Int, _ to: Int) { recording?.add(.passed, from, to) }

    mutating func depends() { recording?.depends() }
}
