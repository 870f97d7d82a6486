import Events

/// What a schema asks of records, field by field, and where it goes.
struct SchemaColumns {
    /// One field of a record.
    struct Field {
        var path: [String]
        var action: FieldAction
        var column: RecordColumn
        var scale = 1.0
    }

    /// One column of a table of instances.
    struct Cell {
        /// Index among the schema's inputs, followed by its outputs.
        var payload: Int
        var key: String
        var action: FieldAction
        var column: RecordColumn
        var scale = 1.0
    }

    /// A numeric column that is measured from another moment.
    struct Difference {
        /// Index among the numeric columns.
        var column: Int
        /// Index among the hidden numbers; `nil` for the time of the record.
        var hidden: Int?
    }

    var fields: [Field] = []
    var cells: [Cell] = []
    var differences: [Difference] = []
    private let payloads: [[String]]
    private var hiddenPaths: [(path: [String], scale: Double)] = []
    private(set) var numbers: Int32 = 0
    private(set) var texts: Int32 = 0
    private(set) var hidden: Int32 = 0

    /// Every column of a batch of this schema.
    var all: [RecordColumn] {
        [.timestamp, .identifier, .model, .version, .status] + (0..<numbers).map { .number($0) }
            + (0..<texts).map { .text($0) } + (0..<hidden).map { .hidden($0) }
    }

    init(_ schema: Schema) {
        payloads = schema.inputs + schema.outputs
        for signal in schema.signals {
            var (action, column): (FieldAction, RecordColumn)
            switch signal.kind {
            case .numeric:
                (action, column) = (.number, .number(numbers))
                numbers += 1
            case .categorical:
                (action, column) = (.text, .text(texts))
                texts += 1
            }
            if signal.kind == .numeric, signal.source != .value {
                action = signal.source == .length ? .length : .moment
            }
            add(signal.path, action, column, scale: signal.scale)
            if case .since(let path) = signal.source, case .number(let index) = column {
                subtract(path, from: Int(index), scale: signal.scale, schema)
            }
        }
        add(schema.timestamp, .timestamp, .timestamp)
        add(schema.identifier, .identifier, .identifier)
        add(schema.model, .text, .model)
        add(schema.version, .text, .version)
        add(schema.status, .status, .status)
        for (index, path) in payloads.enumerated() {
            add(path, .payload, .payload(Int32(truncatingIfNeeded: index)))
        }
    }

    /// Adds a field of the record, or a column of one of its tables.
    private mutating func add(_ path: [String]?, _ action: FieldAction, _ column: RecordColumn, scale: Double = 1) {
        guard let path, let key = path.last else { return }
        let table = payloads.firstIndex { !$0.isEmpty && $0.elementsEqual(path.dropLast()) }
        if let table {
            cells.append(Cell(payload: table, key: key, action: action, column: column, scale: scale))
        } else {
            fields.append(Field(path: path, action: action, column: column, scale: scale))
        }
    }

    private mutating func subtract(_ path: [String], from column: Int, scale: Double, _ schema: Schema) {
        if path == schema.timestamp {
            differences.append(Difference(column: column, hidden: nil))
            return
        }
        if let known = hiddenPaths.firstIndex(where: { $0.path == path && $0.scale == scale }) {
            differences.append(Difference(column: column, hidden: known))
            return
        }
        hiddenPaths.append((path, scale))
        differences.append(Difference(column: column, hidden: Int(hidden)))
        add(path, .moment, .hidden(hidden), scale: scale)
        hidden += 1
    }
}
