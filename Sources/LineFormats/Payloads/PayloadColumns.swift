import Events

/// Which columns of a batch the columns of a record's tables go to.
///
/// Made once per decoder and never shared, which is what makes `@unchecked Sendable` true.
@safe
final class PayloadColumns: @unchecked Sendable {
    /// Tensors whose names are remembered; further ones are looked up each time.
    private static let tensorLimit = 64

    let isOutput: Bool
    /// The columns by name.
    let fields: FieldTable
    /// What finds columns; valid as long as this.
    let view: PayloadView
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
        let count = max(EventLimits.signals, names.count)
        let places = UnsafeMutablePointer<Int32>.allocate(capacity: count)
        for index in 0..<count {
            let column = fields.find(PayloadNames.place(index, names))
            unsafe (places + index).initialize(to: Int32(truncatingIfNeeded: column ?? -1))
        }
        view = unsafe PayloadView(
            lookup: fields.lookup, prediction: fields.find(PayloadNames.prediction) ?? -1,
            score: fields.find(PayloadNames.score) ?? -1, places: places, placeCount: count,
            forms: forms.state)
    }

    deinit { unsafe view.places.deallocate() }

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

/// The columns of a table as plain values; -1 is none.
@safe
struct PayloadView {
    let lookup: FieldLookup
    let prediction: Int
    let score: Int
    /// Columns by their place in a row without names.
    let places: UnsafeMutablePointer<Int32>
    let placeCount: Int
    /// The forms of its tables.
    let forms: UnsafeMutablePointer<TableForms.State>
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
@safe
struct PayloadCells: PayloadSink {
    private let tables: [PayloadColumns]
    private let views: UnsafeMutablePointer<PayloadView>
    let scanner: JSONScanner
    let json: JSONCells
    let text: TextCells
    /// The row of the first instance.
    var firstRow = 0
    /// What is handed on, if that is to be remembered.
    var recording: PayloadRecording?
    private var tensor: [Int32] = []

    /// - Parameter views: Those of the tables.
    init(tables: [PayloadColumns], views: UnsafeMutablePointer<PayloadView>, json: JSONCells, text: TextCells) {
        (self.tables, self.json, self.text) = (tables, json, text)
        unsafe self.views = views
        scanner = json.scanner
    }

    mutating func beginTensor(_ payload: Int, _ from: Int, _ to: Int, width: Int) {
        tensor = tables[payload].columns(of: scanner.bytes, from, to, width: width)
    }

    /// The index of a column, or a negative number.
    private func find(_ payload: Int, _ key: PayloadKey) -> Int {
        let view = unsafe views + payload
        switch key {
        case .index(let index):
            return unsafe index < view.pointee.placeCount ? Int(view.pointee.places[index]) : -1
        case .element(let index): return index < tensor.count ? Int(tensor[index]) : -1
        case .name(let from, let to): return unsafe view.pointee.lookup.find(scanner.bytes, from, to) ?? -1
        case .prediction: return unsafe view.pointee.prediction
        case .score: return unsafe view.pointee.score
        }
    }

    mutating func json(_ payload: Int, _ key: PayloadKey, _ row: Int, _ at: Int) throws(RejectionReason) -> Int {
        let index = find(payload, key)
        guard index >= 0 else {
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
        let index = to > from ? find(payload, key) : -1
        guard index >= 0 else { return }
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
        let index = find(payload, key)
        guard index >= 0 else { return }
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
