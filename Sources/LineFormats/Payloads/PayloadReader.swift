import Events

/// Hands the values of payloads to a sink, instance by instance.
///
/// Rows without names go by their place. What a model answered with one number or text per instance is its prediction;
/// of several numbers per instance the largest is the score, and its place the predicted class.
struct PayloadReader {
    let survey: PayloadSurvey
    let numbers: DecimalReader

    private var scanner: JSONScanner { survey.scanner }
    private var bytes: ByteWindow { survey.scanner.bytes }

    /// Reads all values of a table; `rows` is the number of instances of the record.
    func read(_ table: PayloadTable, rows: Int, into sink: inout some PayloadSink) throws(RejectionReason) {
        // The text ends where its quotes did, and nothing may look beyond.
        let behind = bytes[table.to]
        bytes[table.to] = Byte.newline
        defer { bytes[table.to] = behind }
        switch table.shape {
        case .rows(let first):
            var (at, row) = (first, 0)
            while bytes[at] != Byte.closeBracket {
                at = try survey.nextElement(try element(table, row, at, names: nil, into: &sink))
                row &+= 1
            }
        case .named(let columns, let first):
            var (at, row) = (first, 0)
            while bytes[at] != Byte.closeBracket {
                at = try survey.nextElement(try element(table, row, at, names: columns, into: &sink))
                row &+= 1
            }
        case .tensors(let first): try tensors(table, first, into: &sink)
        case .tensor(let values, let names, let width):
            try flat(table, values, names: names, width: width, into: &sink)
        case .object(let start): _ = try element(table, 0, start, names: nil, into: &sink)
        case .documents:
            var (at, row) = (table.from, 0)
            while at < table.to {
                at = survey.trimmed(try element(table, row, at, names: nil, into: &sink), table.to).0
                row &+= 1
            }
        case .spans(let first):
            var row = 0
            try OTLPSpans(survey: survey).each(first) { (span) throws(RejectionReason) in
                try OTLPSpans(survey: survey).read(span, table, row, into: &sink)
                row &+= 1
            }
        case .lines: try lines(table, rows: rows, into: &sink)
        }
    }

    // MARK: - JSON

    /// Reads one instance, of any type, and returns the offset behind it.
    private func element(
        _ table: PayloadTable, _ row: Int, _ start: Int, names: Int?, into sink: inout some PayloadSink
    ) throws(RejectionReason) -> Int {
        switch bytes[start] {
        case Byte.openBrace:
            if let (values, end) = try onlyValues(start) {
                _ = try array(table, row, values, names: names, into: &sink)
                return end
            }
            return try object(table, row, start, into: &sink)
        case Byte.openBracket: return try array(table, row, start, names: names, into: &sink)
        default: return try sink.json(table.payload, table.isOutput ? .prediction : .index(0), row, start)
        }
    }

    /// The array that is all that an instance holds, as `features` or `values`, and the offset behind the instance.
    private func onlyValues(_ start: Int) throws(RejectionReason) -> (values: Int, end: Int)? {
        let key = survey.inside(start)
        guard bytes[key] == Byte.quote else { return nil }
        let end = try scanner.end(key)
        guard survey.is_(key &+ 1, end &- 1, "features") || survey.is_(key &+ 1, end &- 1, "values") else { return nil }
        let values = try scanner.colon(end)
        guard bytes[values] == Byte.openBracket else { return nil }
        let behind = bytes.skippingSpaces(try scanner.end(values))
        return bytes[behind] == Byte.closeBrace ? (values, behind &+ 1) : nil
    }

    /// Reads the members of an instance; each is checked before it is taken, for a key with escapes is no longer one
    /// once they are resolved.
    private func object(
        _ table: PayloadTable, _ row: Int, _ start: Int, into sink: inout some PayloadSink
    ) throws(RejectionReason) -> Int {
        var at = survey.inside(start)
        while bytes[at] != Byte.closeBrace {
            guard bytes[at] == Byte.quote else { throw .malformedPayload }
            let key = try scanner.string(at &+ 1)
            let value = try scanner.colon(key.end)
            at = bytes.skippingSpaces(try sink.json(table.payload, .name(key.from, key.to), row, value))
            if bytes[at] == Byte.comma {
                at = bytes.skippingSpaces(at &+ 1)
            } else if bytes[at] != Byte.closeBrace {
                throw .malformedPayload
            }
        }
        return at &+ 1
    }

    private func array(
        _ table: PayloadTable, _ row: Int, _ start: Int, names: Int?, into sink: inout some PayloadSink
    ) throws(RejectionReason) -> Int {
        if table.isOutput, names == nil { return try answer(table, row, start, into: &sink) }
        var at = survey.inside(start)
        var name = names
        var index = 0
        while bytes[at] != Byte.closeBracket {
            var key = PayloadKey.index(index)
            if let place = name {
                guard bytes[place] == Byte.quote else { throw .malformedPayload }
                let end = try scanner.end(place)
                key = .name(place &+ 1, end &- 1)
                name = try survey.nextElement(end)
            }
            at = try survey.nextElement(try sink.json(table.payload, key, row, at))
            index &+= 1
        }
        return at &+ 1
    }

    /// Reads what a model answered to one instance with an array.
    private func answer(
        _ table: PayloadTable, _ row: Int, _ start: Int, into sink: inout some PayloadSink
    ) throws(RejectionReason) -> Int {
        let first = survey.inside(start)
        if bytes[first] == Byte.closeBracket { return first &+ 1 }
        if bytes[first] != Byte.openBracket {
            let behind = try survey.nextElement(try scanner.end(first))
            if bytes[behind] == Byte.closeBracket {
                _ = try sink.json(table.payload, .prediction, row, first)
                return behind &+ 1
            }
        }
        var best = LargestNumber()
        var at = first
        while bytes[at] != Byte.closeBracket {
            at = try survey.nextElement(try candidate(at, row, &best, into: &sink))
        }
        report(best, table, row, into: &sink)
        return at &+ 1
    }

    /// Adds the value at `at` to those of which the largest is the answer, and returns the offset behind it.
    private func candidate(
        _ at: Int, _ row: Int, _ best: inout LargestNumber, into sink: inout some PayloadSink
    ) throws(RejectionReason) -> Int {
        var end = at
        if let number = numbers.readJSON(bytes, &end) {
            sink.candidate(best, row, at, end)
            best.add(number, at: at)
        } else {
            end = try scanner.end(at)
            best.addOther(at: at)
        }
        return end
    }

    private func report(
        _ best: LargestNumber, _ table: PayloadTable, _ row: Int, into sink: inout some PayloadSink
    ) {
        guard best.isKnown else { return sink.depends() }
        sink.answer(table.payload, .prediction, row, best, .place)
        sink.answer(table.payload, .score, row, best, .value)
    }

    // MARK: - Tensors

    private func tensors(
        _ table: PayloadTable, _ first: Int, into sink: inout some PayloadSink
    ) throws(RejectionReason) {
        var at = first
        while bytes[at] != Byte.closeBracket {
            guard bytes[at] == Byte.openBrace, let tensor = try survey.tensor(at) else { throw .malformedPayload }
            let next = try survey.nextElement(tensor.end)
            // Values that travel as raw bytes beside the JSON are not here.
            if tensor.data > 0 {
                guard tensor.rows == table.rows else { throw .malformedPayload }
                if bytes[tensor.shape] != Byte.closeBracket {
                    sink.count(tensor.shape, try scanner.end(tensor.shape))
                }
                let isOnly = at == first && bytes[next] == Byte.closeBracket
                try values(table, tensor, isOnly: isOnly, into: &sink)
            }
            at = next
        }
    }

    /// Hands on the values of a tensor, whose data may be flat or nested: brackets say nothing that its shape does not.
    private func values(
        _ table: PayloadTable, _ tensor: PayloadSurvey.Tensor, isOnly: Bool, into sink: inout some PayloadSink
    ) throws(RejectionReason) {
        sink.beginTensor(table.payload, tensor.nameFrom, tensor.nameTo, width: tensor.width)
        let isAnswer = table.isOutput && (isOnly || tensor.width > 1)
        let key = PayloadKey.name(tensor.nameFrom, tensor.nameTo)
        var (at, row, column, open) = (tensor.data, 0, 0, 1)
        var best = LargestNumber()
        while open > 0 {
            switch bytes[at] {
            case Byte.openBracket:
                open &+= 1
                if open > EventLimits.depth { throw .tooDeep }
                at &+= 1
            case Byte.closeBracket:
                open &-= 1
                at &+= 1
            case Byte.comma: at &+= 1
            case Byte.newline: throw .malformedPayload
            default:
                guard row < tensor.rows else { throw .malformedPayload }
                if isAnswer, tensor.width > 1 {
                    at = try candidate(at, row, &best, into: &sink)
                } else {
                    at = try sink.json(table.payload, isAnswer ? .prediction : .element(column), row, at)
                }
                column &+= 1
                if column == tensor.width {
                    if isAnswer, tensor.width > 1 {
                        if isOnly {
                            report(best, table, row, into: &sink)
                        } else if best.isKnown {
                            sink.answer(table.payload, key, row, best, .value)
                        } else {
                            sink.depends()
                        }
                        best = LargestNumber()
                    }
                    (row, column) = (row &+ 1, 0)
                }
            }
            if open > 0 { at = bytes.skippingSpaces(at) }
        }
        guard row == tensor.rows, column == 0 else { throw .malformedPayload }
    }

    /// Seldon's tensor: all values in one array.
    private func flat(
        _ table: PayloadTable, _ first: Int, names: Int?, width: Int, into sink: inout some PayloadSink
    ) throws(RejectionReason) {
        var (at, row, column, name) = (first, 0, 0, names)
        var best = LargestNumber()
        while bytes[at] != Byte.closeBracket {
            guard row < table.rows else { throw .malformedPayload }
            if table.isOutput, names == nil, width > 1 {
                at = try candidate(at, row, &best, into: &sink)
                if best.isMixed { throw .malformedPayload }
            } else {
                var key = table.isOutput && names == nil ? PayloadKey.prediction : .index(column)
                if let place = name {
                    let end = try scanner.end(place)
                    key = .name(place &+ 1, end &- 1)
                    name = try survey.nextElement(end)
                }
                at = try sink.json(table.payload, key, row, at)
            }
            at = try survey.nextElement(at)
            column &+= 1
            if column == width {
                if table.isOutput, names == nil, width > 1 {
                    report(best, table, row, into: &sink)
                    best = LargestNumber()
                }
                (row, column, name) = (row &+ 1, 0, names)
            }
        }
        guard row == table.rows else { throw .malformedPayload }
    }

    // MARK: - Text

    /// Reads lines of comma-separated values; an answer in one line may hold one value for each instance.
    private func lines(
        _ table: PayloadTable, rows: Int, into sink: inout some PayloadSink
    ) throws(RejectionReason) {
        var (at, row) = (table.from, 0)
        while at < table.to {
            let end = CSVRecord.end(bytes, at, table.to, Byte.comma)
            var record = CSVRecord(bytes, at, end, Byte.comma)
            // Before quotes are resolved, in place.
            let fieldCount = table.isOutput ? record.fieldCount : 0
            at = end &+ 1
            guard let first = record.next() else { throw .malformedPayload }
            let second = record.next()
            if second == nil, !record.isMalformed, first.from == first.to { continue }
            if table.isOutput {
                try answers(
                    first, second, &record, fieldCount: fieldCount, table, row, rows: rows, into: &sink)
            } else {
                try sink.text(table.payload, .index(0), row, first.from, first.to)
                var (index, next) = (1, second)
                while let field = next {
                    try sink.text(table.payload, .index(index), row, field.from, field.to)
                    (index, next) = (index &+ 1, record.next())
                }
            }
            if record.isMalformed { throw .malformedPayload }
            row &+= 1
        }
    }

    /// Reads an answer: one value, several of which the largest counts, a class and its score, or one per instance.
    private func answers(
        _ first: CSVRecord.Field, _ second: CSVRecord.Field?, _ record: inout CSVRecord, fieldCount: Int,
        _ table: PayloadTable, _ row: Int, rows: Int, into sink: inout some PayloadSink
    ) throws(RejectionReason) {
        var best = LargestNumber()
        var next: CSVRecord.Field? = first
        let isEach = table.rows == 1 && rows > 1 && fieldCount == rows
        var index = 0
        while let field = next {
            if isEach {
                try sink.text(table.payload, .prediction, index, field.from, field.to)
            } else {
                best.add(bytes, field.from, field.to, numbers)
            }
            index &+= 1
            next = index == 1 ? second : record.next()
        }
        if isEach { return }
        guard second == nil || best.isMixed else { return report(best, table, row, into: &sink) }
        try sink.text(table.payload, .prediction, row, first.from, first.to)
        if let second { try sink.text(table.payload, .score, row, second.from, second.to) }
    }
}
