import Events

/// The tables of instances that the records of one decoder have, and how they become rows.
///
/// Owns its memory, is made once per decoder and never shared, which is what makes `@unchecked Sendable` true.
@safe
struct InstanceTables: ~Copyable, @unchecked Sendable {
    /// The columns of each table; empty if records have none.
    let columns: [PayloadColumns]
    let places: PayloadPlaces
    /// The columns that are the record's own.
    private let envelope: [RecordColumn]
    /// Room for what is found out about the tables of a record.
    private let tables: UnsafeMutablePointer<PayloadTable>
    private let numbers = DecimalReader()
    private let isLearning: Bool

    /// - Parameter isLearning: Whether forms are remembered, which changes nothing but the time it takes.
    init(_ schema: Schema, isLearning: Bool) {
        let all = SchemaColumns(schema)
        columns = (schema.inputs + schema.outputs).indices.map { index in
            let isOutput = index >= schema.inputs.count
            let names = isOutput ? [] : schema.format.columns
            return PayloadColumns(all, payload: index, isOutput: isOutput, names: names)
        }
        let ofTables = Set(all.cells.map(\.column))
        envelope = all.all.filter { !ofTables.contains($0) }
        self.isLearning = isLearning
        let room = max(1, columns.count)
        let views = UnsafeMutablePointer<PayloadView>.allocate(capacity: room)
        for (index, table) in columns.enumerated() { unsafe (views + index).initialize(to: table.view) }
        let places = UnsafeMutablePointer<PayloadPlaces.Place>.allocate(capacity: room)
        unsafe places.initialize(repeating: .none, count: room)
        let cleared = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        unsafe cleared.initialize(to: 1)
        self.places = unsafe PayloadPlaces(
            places: places, count: columns.count, cleared: cleared, views: views)
        unsafe tables = .allocate(capacity: room)
    }

    deinit {
        unsafe places.places.deallocate()
        unsafe places.cleared.deallocate()
        unsafe places.views.deallocate()
        unsafe tables.deallocate()
    }

    /// Whether records have no tables.
    var isEmpty: Bool { columns.isEmpty }

    /// Points the columns to those of a batch.
    func bind(_ rows: RowWriter) {
        for table in columns { table.fields.bind(rows) }
    }

    /// What writes the values of tables into the rows of a batch.
    func cells(_ scanner: JSONScanner, _ rows: RowWriter, _ times: TimeForm) -> PayloadCells {
        unsafe PayloadCells(
            tables: columns, views: places.views, json: JSONCells(scanner: scanner, numbers: numbers, times: times),
            text: TextCells(rows: rows, numbers: numbers, times: times))
    }

    /// Makes a row of each instance of the record that was read into `row`, and returns their number; 0 if there is not
    /// room for all.
    @inline(__always)
    func expand(
        _ reader: RecordReader, row: Int, isEmpty: Bool, into sink: inout PayloadCells
    ) throws(RejectionReason) -> Int {
        if hasOne { return 1 }
        return try expandAll(reader, row: row, isEmpty: isEmpty, into: &sink)
    }

    /// Whether all tables that the record has are read already, and have one instance.
    @inline(__always)
    private var hasOne: Bool {
        for index in 0..<places.count where places[index].rows != 1 && places[index].to > 0 { return false }
        return true
    }

    @inline(never)
    private func expandAll(
        _ reader: RecordReader, row: Int, isEmpty: Bool, into sink: inout PayloadCells
    ) throws(RejectionReason) -> Int {
        let survey = PayloadSurvey(scanner: reader.scanner, numbers: numbers)
        var unread = 0
        var (inputRows, outputRows): (Int?, Int?) = (nil, nil)
        var drafts: [Draft] = []
        for index in 0..<places.count where places[index].to > places[index].from {
            var rows = places[index].rows
            if rows == 0 {
                draft(index, survey, into: &drafts)
                let place = places[index]
                let table = try survey.table(
                    index, isOutput: columns[index].isOutput, place.from, place.to,
                    isValue: !isText(index, survey.scanner.bytes))
                unsafe (tables + unread).initialize(to: table)
                unread &+= 1
                rows = table.rows
            }
            if columns[index].isOutput {
                outputRows = max(outputRows ?? 0, rows)
            } else {
                inputRows = max(inputRows ?? 0, rows)
            }
        }
        // A record without tables is one event, such as a request that failed.
        guard let count = inputRows ?? outputRows else { return 1 }
        guard count > 0 else { throw .noSignal }
        for index in 0..<places.count where places[index].rows > 0 && places[index].rows != count {
            throw .malformedPayload
        }
        for index in 0..<unread where unsafe tables[index].rows != count {
            if case .lines = unsafe tables[index].shape, unsafe tables[index].isOutput, unsafe tables[index].rows == 1 {
                continue
            }
            throw .malformedPayload
        }
        if count > reader.rows.stride &- row {
            if isEmpty { throw .tooManyRows }
            return 0
        }
        unsafe reader.rows.clear(row, through: row &+ count, &places.cleared.pointee)
        if count > 1 {
            for column in envelope { reader.rows.spread(column, row, to: row &+ count) }
        }
        sink.firstRow = row
        let read = PayloadReader(survey: survey, numbers: numbers)
        for index in 0..<unread {
            let table = unsafe tables[index]
            let draft = drafts.first { $0.table == table.payload }
            sink.recording = draft == nil ? nil : PayloadRecording()
            try read.read(table, rows: count, into: &sink)
            if let draft, let recording = sink.recording {
                let columns = columns[table.payload]
                columns.forms.learn(
                    TableFormBuilder.form(
                        draft.bytes, isQuoted: draft.isQuoted, recording, table, columns.fields.lookup))
            }
        }
        return count
    }

    // MARK: - Forms

    /// A table of which the form is to be learned, as it was before anybody looked at it.
    private struct Draft {
        var table: Int
        var bytes: [UInt8]
        /// Whether it is a text of the record, whose escapes are resolved.
        var isQuoted: Bool
    }

    private func draft(_ index: Int, _ survey: PayloadSurvey, into drafts: inout [Draft]) {
        let (from, to) = survey.trimmed(places[index].from, places[index].to)
        let bytes = survey.scanner.bytes
        guard isLearning, isJSON(bytes[from]), columns[index].forms.wantsToLearn(bytes: to &- from) else { return }
        drafts.append(Draft(table: index, bytes: (from..<to).map { bytes[$0] }, isQuoted: isText(index, bytes)))
    }

    /// Whether a table is a text: it ends at its quote, and nothing else does.
    private func isText(_ index: Int, _ bytes: ByteWindow) -> Bool { bytes[places[index].to] == Byte.quote }

    private func isJSON(_ first: UInt8) -> Bool { first == Byte.openBrace || first == Byte.openBracket }
}
