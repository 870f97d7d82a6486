import Events

extension RecordDecoder {
    /// Decodes a record whose opening brace is behind us into the next row, without taking the row, and returns the
    /// offset behind its closing brace.
    mutating func record(
        _ bytes: ByteWindow, _ start: Int, _ rows: RowWriter, _ tally: inout Tally
    ) throws(RejectionReason) -> Int {
        let row = tally.rows
        let scanner = JSONScanner(bytes)
        rows.clear(row)
        record &+= 1
        var (object, depth, keys) = (0, 0, 0)
        var unexpected: UInt64 = 0
        var hasValue = false
        var previous = -1
        var predicted = unsafe Int(plan.objects[0].first)
        var at = bytes.skippingSpaces(start)
        var isEmpty = bytes[at] == Byte.closeBrace
        record: while true {
            if !isEmpty {
                guard bytes[at] == Byte.quote else { throw .malformedJSON }
                at &+= 1
                keys &+= 1
                if keys > EventLimits.keysPerRecord { throw .tooManyKeys }
                var field = predicted
                if field >= 0 && plan.matches(field, bytes, at) {
                    at = unsafe at &+ Int(plan.fields[field].keyLength) &+ 1
                } else {
                    let key = try scanner.string(at)
                    at = key.end
                    field = plan.find(object, bytes, key.from, key.to)
                    if field >= 0 { learn(field, after: previous, in: object) }
                }
                at = try scanner.colon(at)
                if field >= 0 {
                    previous = field
                    predicted = unsafe Int(plan.fields[field].next)
                    let child = unsafe Int(plan.fields[field].child)
                    if child >= 0 {
                        forgetRepeated(child, rows, row)
                        if bytes[at] == Byte.openBrace {
                            path[depth] = field
                            depth &+= 1
                            object = child
                            previous = -1
                            predicted = unsafe Int(plan.objects[child].first)
                            at = bytes.skippingSpaces(at &+ 1)
                            isEmpty = bytes[at] == Byte.closeBrace
                            continue record
                        }
                    }
                    at = try value(field, scanner, at, rows, row, depth: depth &+ 1, &keys, &hasValue)
                } else {
                    unexpected &+= unsafe plan.objects[object].countsUnknown ? 1 : 0
                    at = try scanner.skip(at, depth: depth &+ 1, keys: &keys, numbers: numbers)
                }
            }
            isEmpty = false
            // Behind a member: the next one, or ends of objects.
            while true {
                at = bytes.skippingSpaces(at)
                if bytes[at] == Byte.comma {
                    at = bytes.skippingSpaces(at &+ 1)
                    continue record
                }
                guard bytes[at] == Byte.closeBrace else { throw .malformedJSON }
                at &+= 1
                if depth == 0 {
                    guard hasValue else { throw .noSignal }
                    tally.unexpected &+= unexpected
                    return at
                }
                depth &-= 1
                previous = path[depth]
                predicted = unsafe Int(plan.fields[previous].next)
                object = unsafe Int(plan.fields[previous].object)
            }
        }
    }

    @inline(never)
    private func learn(_ field: Int, after previous: Int, in object: Int) {
        if previous >= 0 {
            unsafe plan.fields[previous].next = Int32(truncatingIfNeeded: field)
        } else {
            unsafe plan.objects[object].first = Int32(truncatingIfNeeded: field)
        }
    }

    /// A key given twice counts as given last: what an earlier object of this record left is taken back.
    @inline(__always)
    private func forgetRepeated(_ object: Int, _ rows: RowWriter, _ row: Int) {
        if unsafe plan.objects[object].lastRecord == record { forget(object, rows, row) }
        unsafe plan.objects[object].lastRecord = record
    }

    @inline(never)
    private func forget(_ object: Int, _ rows: RowWriter, _ row: Int) {
        let fields = unsafe Int(plan.objects[object].firstField)..<Int(plan.objects[object].endField)
        for field in fields { unsafe rows.clear(plan.fields[field], row) }
    }

    /// Decodes the value of a field into its cell and returns the offset behind it.
    @inline(__always)
    private func value(
        _ field: Int, _ scanner: JSONScanner, _ start: Int, _ rows: RowWriter, _ row: Int, depth: Int,
        _ keys: inout Int, _ hasValue: inout Bool
    ) throws(RejectionReason) -> Int {
        let bytes = scanner.bytes
        let first = bytes[start]
        var at = start
        switch unsafe plan.fields[field].action {
        case .number:
            let column = unsafe Int(plan.fields[field].column)
            if first == Byte.minus || Byte.isDigit(first), let number = numbers.readJSON(bytes, &at) {
                let value = unsafe number * plan.fields[field].scale
                guard value.magnitude < .infinity else { throw .nonfinite }
                rows.setNumber(value, column, row)
                hasValue = true
                return at
            }
        case .text:
            if first == Byte.quote {
                let text = try scanner.string(at &+ 1)
                unsafe rows.setText(
                    text.to > text.from ? text.range : .missing, Int(plan.fields[field].column), row)
                hasValue = hasValue || text.to > text.from
                return text.end
            }
        case .timestamp:
            if first == Byte.quote {
                let text = try scanner.string(at &+ 1)
                unsafe rows.timestamps[row] = try timestamp(bytes, text)
                return text.end
            }
        case .identifier:
            if first == Byte.quote {
                let text = try scanner.string(at &+ 1)
                unsafe rows.identifiers[row] =
                    text.to > text.from ? IdentifierHash.hash(bytes, text.from, text.to &- text.from) : 0
                return text.end
            }
        case .model:
            if first == Byte.quote {
                let text = try scanner.string(at &+ 1)
                unsafe rows.models[row] = text.to > text.from ? text.range : .missing
                return text.end
            }
        case .version:
            if first == Byte.quote {
                let text = try scanner.string(at &+ 1)
                unsafe rows.versions[row] = text.to > text.from ? text.range : .missing
                return text.end
            }
        case .status: break
        case .skip, .descend: return try scanner.skip(at, depth: depth, keys: &keys, numbers: numbers)
        }
        return try unusualValue(field, scanner, at, rows, row, depth: depth, &keys, &hasValue)
    }

    @inline(__always)
    private func timestamp(_ bytes: ByteWindow, _ text: JSONScanner.Text) throws(RejectionReason) -> Int64 {
        if let timestamp = TimestampReader.timestamp(bytes, text.from, text.to) { return timestamp }
        if text.to == text.from { return EventBatch.noTimestamp }
        var at = text.from
        guard let number = numbers.read(bytes, &at, .json), at == text.to,
            let timestamp = TimestampReader.timestamp(number, timestampUnit)
        else { throw .invalidTimestamp }
        return timestamp
    }

    /// A value of another type than the field usually has.
    @inline(never)
    private func unusualValue(
        _ field: Int, _ scanner: JSONScanner, _ start: Int, _ rows: RowWriter, _ row: Int, depth: Int,
        _ keys: inout Int, _ hasValue: inout Bool
    ) throws(RejectionReason) -> Int {
        let bytes = scanner.bytes
        let target = unsafe plan.fields[field]
        let value = try OtherValue(scanner, start, depth: depth, &keys, numbers)
        if case .null = value.kind {
            rows.clear(target, row)
            return value.end
        }
        switch target.action {
        case .skip, .descend: break
        case .number:
            let cell = value.number(bytes, numbers).map { $0 * target.scale }
            if case .number = value.kind, let cell, !cell.isFinite { throw .nonfinite }
            if value.isEmptyText {
                rows.clear(target, row)
            } else {
                rows.setNumber(cell.flatMap { $0.isFinite ? $0 : nil } ?? NumberMark.invalid, Int(target.column), row)
                hasValue = true
            }
        case .text:
            rows.setText(value.spelling(bytes) ?? .invalid, Int(target.column), row)
            hasValue = true
        case .timestamp:
            guard case .number = value.kind, let number = value.number(bytes, numbers),
                let timestamp = TimestampReader.timestamp(number, timestampUnit)
            else { throw .invalidTimestamp }
            unsafe rows.timestamps[row] = timestamp
        case .identifier:
            let spelling = value.spelling(bytes)
            unsafe rows.identifiers[row] =
                spelling.map { IdentifierHash.hash(bytes, Int($0.offset), Int($0.length)) } ?? 0
        case .model: unsafe rows.models[row] = value.spelling(bytes) ?? .invalid
        case .version: unsafe rows.versions[row] = value.spelling(bytes) ?? .invalid
        case .status:
            if value.isEmptyText { return value.end }
            unsafe rows.statuses[row] = value.status(bytes, numbers, namesAnError: target.namesAnError).rawValue
            hasValue = true
        }
        return value.end
    }
}

/// A value by its type, for the places where any type may come.
struct OtherValue {
    enum Kind {
        case null, yes, no, number, nonfinite, text, container
    }

    var kind: Kind
    /// The value without quotes.
    var from: Int
    var to: Int
    /// Offset behind the value.
    var end: Int

    /// Reads the value at `start`.
    init(
        _ scanner: JSONScanner, _ start: Int, depth: Int, _ keys: inout Int, _ numbers: DecimalReader
    ) throws(RejectionReason) {
        switch scanner.bytes[start] {
        case Byte.quote:
            let text = try scanner.string(start &+ 1)
            self.init(kind: .text, from: text.from, to: text.to, end: text.end)
        case Byte.openBrace, Byte.openBracket:
            let end = try scanner.skip(start, depth: depth, keys: &keys, numbers: numbers)
            self.init(kind: .container, from: start, to: end, end: end)
        default:
            if let end = numbers.skipJSON(scanner.bytes, start) {
                self.init(kind: .number, from: start, to: end, end: end)
                return
            }
            let (literal, end) = try scanner.literal(start, allowsNonfinite: true)
            let kinds: Kind =
                switch literal {
                case .null: .null
                case .yes: .yes
                case .no: .no
                case .nonfinite: .nonfinite
                }
            self.init(kind: kinds, from: start, to: end, end: end)
        }
    }

    private init(kind: Kind, from: Int, to: Int, end: Int) {
        (self.kind, self.from, self.to, self.end) = (kind, from, to, end)
    }

    var isEmptyText: Bool { kind == .text && from == to }

    /// The number it is or spells, infinite if too large; `nil` if none.
    func number(_ bytes: ByteWindow, _ numbers: DecimalReader) -> Double? {
        switch kind {
        case .yes: return 1
        case .no: return 0
        case .number, .text:
            var at = from
            guard let number = numbers.read(bytes, &at, .json), at == to else { return nil }
            return number
        case .null, .nonfinite, .container: return nil
        }
    }

    /// The bytes that name it; `nil` if it has no name.
    func spelling(_ bytes: ByteWindow) -> ByteRange? {
        var end = to
        switch kind {
        case .null, .nonfinite, .container: return nil
        case .text where from == to: return .missing
        case .text, .yes, .no: break
        case .number: end = WholeNumber.shorten(bytes, from, to)
        }
        return ByteRange(
            offset: UInt32(truncatingIfNeeded: from), length: UInt32(truncatingIfNeeded: end &- from))
    }

    /// What it says about the call.
    func status(_ bytes: ByteWindow, _ numbers: DecimalReader, namesAnError: Bool) -> Status {
        switch kind {
        case .yes: return namesAnError ? .error : .success
        case .no: return namesAnError ? .success : .error
        case .null: return .success
        case .nonfinite: return .error
        case .container: return .error
        case .number: return number(bytes, numbers).flatMap { StatusNames.status(code: $0) } ?? .error
        case .text:
            if let status = StatusNames.status(bytes, from, to) { return status }
            return number(bytes, numbers).flatMap { StatusNames.status(code: $0) } ?? .error
        }
    }
}

/// One spelling for one whole number, so that `1`, `1.0` and `10e-1` are one category.
enum WholeNumber {
    /// Rewrites the JSON number `from..<to` in place if it is whole and its digits fit, and returns its new end.
    static func shorten(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Int {
        guard let scanned = DecimalReader().scan(bytes, from, .json), !scanned.isTruncated else { return to }
        var (mantissa, exponent) = (scanned.mantissa, scanned.exponent)
        if mantissa == 0 {
            bytes[from] = Byte.zero
            return from &+ 1
        }
        while exponent < 0 && mantissa % 10 == 0 {
            mantissa /= 10
            exponent &+= 1
        }
        guard exponent >= 0, exponent < 20 else { return to }
        let digits = digitCount(mantissa)
        let start = from &+ (scanned.isNegative ? 1 : 0)
        guard start &+ digits &+ exponent <= to else { return to }
        for i in 0..<digits {
            bytes[start &+ digits &- 1 &- i] = Byte.zero &+ UInt8(truncatingIfNeeded: mantissa % 10)
            mantissa /= 10
        }
        for i in 0..<exponent { bytes[start &+ digits &+ i] = Byte.zero }
        return start &+ digits &+ exponent
    }

    private static func digitCount(_ value: UInt64) -> Int {
        var (count, rest) = (1, value / 10)
        while rest > 0 {
            count &+= 1
            rest /= 10
        }
        return count
    }
}
