import Events

/// Decodes single records: everything that the hot path touches, as plain values.
///
/// Made for one call of the decoder. Passing it on costs no more than its pointers, whereas the decoder itself owns
/// memory and would be copied around every call.
@safe
struct RecordReader {
    let tables: RecordTables
    let scanner: JSONScanner
    let rows: RowWriter
    let numbers: DecimalReader
    let times: TimeForm
    /// Whether a record without an identifier is rejected.
    let needsIdentifier: Bool
    /// Where the tables of the record at hand are.
    let payloads: PayloadPlaces

    /// Decodes a record whose opening brace is behind us into the next row, without taking the row, and returns the
    /// offset behind its closing brace.
    ///
    /// - Parameters:
    ///   - start: Offset behind the brace.
    ///   - row: Where it goes.
    ///   - serial: Number of the record, another one for every record of the decoder.
    ///   - unexpectedFields: Raised by the number of its unknown fields, if the record is well.
    @inline(__always)
    func record(
        _ start: Int, row: Int, serial: UInt64, _ unexpectedFields: inout UInt64
    ) throws(RejectionReason) -> Int {
        let bytes = scanner.bytes
        rows.clear(row)
        // Members taken here and keys in values that are stepped over; checked together.
        var (members, keys, depth) = (0, 0, 0)
        var unexpected: UInt64 = 0
        var hasValue = false
        var previous = unsafe tables.root
        var at = bytes.skippingSpaces(start)
        guard bytes[at] == Byte.quote else { throw bytes[at] == Byte.closeBrace ? .noSignal : .malformedJSON }
        at &+= 1
        member: while true {
            members &+= 1
            let predicted = unsafe previous.pointee.next
            if unsafe tables.matches(predicted, bytes, at) {
                at = unsafe bytes.skippingSpaces(at &+ Int(predicted.pointee.name.length))
                unsafe previous = predicted
            } else {
                if members &+ keys > EventLimits.keysPerRecord { throw .tooManyKeys }
                let found: UnsafeMutablePointer<RecordField>?
                unsafe (found, at) = try lookUp(at, previous)
                if let found = unsafe found {
                    unsafe previous = found
                } else {
                    let object = unsafe Int(previous.pointee.object)
                    unexpected &+= unsafe tables.objects[object].countsUnknown ? 1 : 0
                    at = try scanner.skip(at, depth: depth &+ 1, keys: &keys, numbers: numbers)
                    at = unsafe try behind(at, &depth, &previous)
                    if at < 0 { break member }
                    continue member
                }
            }
            // The usual types here, the others out of line.
            let field = unsafe previous
            if unsafe field.pointee.action == .number, let number = numbers.readJSON(bytes, &at) {
                let value = unsafe number * field.pointee.scale
                guard value.magnitude < .infinity else { throw .nonfinite }
                unsafe field.pointee.set(value, row)
                hasValue = true
            } else if bytes[at] == Byte.quote, unsafe field.pointee.action.rawValue > FieldAction.number.rawValue {
                let text = try scanner.string(at &+ 1)
                at = text.end
                if unsafe field.pointee.action == .text && text.to > text.from {
                    unsafe field.pointee.set(text.range, row)
                    hasValue = unsafe hasValue || field.pointee.isSignal
                } else {
                    hasValue = unsafe try set(field, text, row) || hasValue
                }
            } else if bytes[at] == Byte.openBrace, let head = unsafe field.pointee.child {
                unsafe forgetRepeated(Int(head.pointee.object), row, serial)
                unsafe tables.path[depth] = field
                depth &+= 1
                at = bytes.skippingSpaces(at &+ 1)
                unsafe previous = head
                if bytes[at] == Byte.quote {
                    at &+= 1
                    continue member
                }
                guard bytes[at] == Byte.closeBrace else { throw .malformedJSON }
            } else {
                at = unsafe try unusualValue(field, at, row, serial, depth: depth &+ 1, &keys, &hasValue)
            }
            let separator = bytes.half(at)
            if separator & 0xFFFF == 0x222C {  // ,"
                at &+= 2
                continue member
            }
            if separator & 0xFF_FFFF == 0x22_202C {  // , "
                at &+= 3
                continue member
            }
            at = unsafe try behind(at, &depth, &previous)
            if at < 0 { break member }
        }
        at = -at
        if members &+ keys > EventLimits.keysPerRecord { throw .tooManyKeys }
        guard hasValue else { throw .noSignal }
        if needsIdentifier, unsafe rows.identifiers[row] == 0 { throw .noIdentifier }
        unexpectedFields &+= unexpected
        return at
    }

    /// Steps from behind a member to the next one's key, leaving objects that end.
    ///
    /// - Returns: The offset behind the key's quote; the negative offset behind the record if that ends.
    @inline(never)
    private func behind(
        _ start: Int, _ depth: inout Int, _ previous: inout UnsafeMutablePointer<RecordField>
    ) throws(RejectionReason) -> Int {
        let bytes = scanner.bytes
        var at = start
        while true {
            at = bytes.skippingSpaces(at)
            if bytes[at] == Byte.comma {
                at = bytes.skippingSpaces(at &+ 1)
                guard bytes[at] == Byte.quote else { throw .malformedJSON }
                return at &+ 1
            }
            guard bytes[at] == Byte.closeBrace else { throw .malformedJSON }
            at &+= 1
            if depth == 0 { return -at }
            depth &-= 1
            unsafe previous = tables.path[depth]
        }
    }

    /// Finds the field of the key at `at`, which is not the one that was expected, and the offset of its value.
    @inline(never)
    private func lookUp(
        _ at: Int, _ previous: UnsafeMutablePointer<RecordField>
    ) throws(RejectionReason) -> (UnsafeMutablePointer<RecordField>?, Int) {
        let other = unsafe previous.pointee.other
        if unsafe tables.matches(other, scanner.bytes, at) {
            unsafe tables.learn(other, after: previous)
            return unsafe (other, scanner.bytes.skippingSpaces(at &+ Int(other.pointee.name.length)))
        }
        let key = try scanner.string(at)
        let field = unsafe tables.find(Int(previous.pointee.object), scanner.bytes, key.from, key.to)
        if let field = unsafe field { unsafe tables.learn(field, after: previous) }
        return unsafe (field, try scanner.colon(key.end))
    }

    /// Takes back what an earlier object of this record left: a key given twice counts as given last.
    @inline(__always)
    private func forgetRepeated(_ object: Int, _ row: Int, _ serial: UInt64) {
        if unsafe tables.objects[object].lastRecord == serial { forget(object, row) }
        unsafe tables.objects[object].lastRecord = serial
    }

    @inline(never)
    private func forget(_ object: Int, _ row: Int) {
        let fields = unsafe Int(tables.objects[object].firstField)..<Int(tables.objects[object].endField)
        for field in fields {
            unsafe tables.fields[field].clear(row)
            if case .payload(let index) = unsafe tables.fields[field].column { payloads.forget(Int(index), row: row) }
        }
    }

    /// Writes a text into a field that is not a category, or an empty one; whether it is something measured.
    @inline(__always)
    private func set(
        _ field: UnsafeMutablePointer<RecordField>, _ text: JSONScanner.Text, _ row: Int
    ) throws(RejectionReason) -> Bool {
        if text.to == text.from {
            unsafe field.pointee.clear(row)
            return false
        }
        switch unsafe field.pointee.action {
        case .timestamp: unsafe field.pointee.set(try timestamp(text), row)
        case .identifier:
            unsafe field.pointee.set(IdentifierHash.hash(scanner.bytes, text.from, text.to &- text.from), row)
        case .status:
            let names = unsafe field.pointee.namesAnError
            let status = OtherValue(text).status(scanner.bytes, numbers, namesAnError: names)
            unsafe field.pointee.set(status.rawValue, row)
            return true
        case .length:
            let scalars = Double(UTF8Sequence.scalars(scanner.bytes, text.from, text.to))
            unsafe field.pointee.set(scalars * field.pointee.scale, row)
            return true
        case .moment:
            let scale = unsafe field.pointee.scale
            let moment = times.moment(scanner.bytes, text.from, text.to, numbers, scale: scale)
            unsafe field.pointee.set(moment ?? NumberMark.invalid, row)
            return unsafe field.pointee.isSignal
        case .skip, .descend, .payload, .number, .text: break
        }
        return false
    }

    @inline(never)
    private func timestamp(_ text: JSONScanner.Text) throws(RejectionReason) -> Int64 {
        let bytes = scanner.bytes
        if let timestamp = times.text(bytes, text.from, text.to) { return timestamp }
        var at = text.from
        guard let number = numbers.read(bytes, &at, .json), at == text.to,
            let timestamp = TimestampReader.timestamp(number, times.unit)
        else { throw .invalidTimestamp }
        return timestamp
    }

    /// Decodes a value of another type than the field usually has, and returns the offset behind it.
    @inline(never)
    private func unusualValue(
        _ field: UnsafeMutablePointer<RecordField>, _ start: Int, _ row: Int, _ serial: UInt64, depth: Int,
        _ keys: inout Int, _ hasValue: inout Bool
    ) throws(RejectionReason) -> Int {
        let bytes = scanner.bytes
        if unsafe field.pointee.action == .skip, unsafe field.pointee.child == nil {
            return try scanner.skip(start, depth: depth, keys: &keys, numbers: numbers)
        }
        if unsafe field.pointee.action == .payload {
            let end = unsafe try table(field.pointee.column, start, row, depth: depth, &hasValue)
            if end > 0 { return end }
        }
        if let end = unsafe try moment(field, start, row, &hasValue) { return end }
        let target = unsafe field.pointee
        if let head = unsafe target.child {
            unsafe forgetRepeated(Int(head.pointee.object), row, serial)
            if bytes[start] == Byte.openBracket {
                return unsafe try elements(head, start, row, serial, depth: depth, &keys, &hasValue)
            }
        }
        let value = try OtherValue(scanner, start, depth: depth, &keys, numbers)
        if value.kind == .null || value.isEmptyText {
            target.clear(row)
            return value.end
        }
        let cells = JSONCells(scanner: scanner, numbers: numbers, times: times)
        hasValue = try cells.set(TextTarget(target), value, row) || hasValue
        return value.end
    }

    /// Reads a time that is a number, and returns the offset behind it.
    private func moment(
        _ field: UnsafeMutablePointer<RecordField>, _ start: Int, _ row: Int, _ hasValue: inout Bool
    ) throws(RejectionReason) -> Int? {
        let action = unsafe field.pointee.action
        guard action == .timestamp || action == .moment else { return nil }
        var end = start
        guard let number = numbers.readJSON(scanner.bytes, &end) else { return nil }
        if action == .timestamp {
            guard let time = TimestampReader.timestamp(number, times.unit) else { throw .invalidTimestamp }
            unsafe field.pointee.set(time, row)
        } else {
            let seconds = unsafe number * field.pointee.scale
            unsafe field.pointee.set(seconds.isFinite ? seconds : NumberMark.invalid, row)
            hasValue = unsafe hasValue || field.pointee.isSignal
        }
        return end
    }

    /// Reads a table that is an object, an array or a text, or remembers where it is; returns the offset behind it, or
    /// 0 if it is none of these.
    private func table(
        _ column: RecordColumn, _ start: Int, _ row: Int, depth: Int, _ hasValue: inout Bool
    ) throws(RejectionReason) -> Int {
        guard case .payload(let payload) = column else { return 0 }
        let index = Int(payload)
        let first = scanner.bytes[start]
        payloads.forget(index, row: row)
        guard first == Byte.openBrace || first == Byte.openBracket || first == Byte.quote else { return 0 }
        let cells = JSONCells(scanner: scanner, numbers: numbers, times: times)
        if let end = payloads.read(index, start, isQuoted: first == Byte.quote, row: row, rows, cells) {
            hasValue = true
            return end
        }
        if first == Byte.quote {
            let text = try scanner.string(start &+ 1)
            if text.to > text.from {
                payloads[index] = PayloadPlaces.Place(from: text.from, to: text.to)
                hasValue = true
            }
            return text.end
        }
        let end = try scanner.extent(start, depth: depth)
        payloads[index] = PayloadPlaces.Place(from: start, to: end)
        hasValue = true
        return end
    }

    // MARK: - Inside arrays

    /// Decodes the elements of an array that a schema's paths name by their index, and returns the offset behind it.
    ///
    /// This and the two below call each other no deeper than the schema's paths.
    private func elements(
        _ head: UnsafeMutablePointer<RecordField>, _ start: Int, _ row: Int, _ serial: UInt64, depth: Int,
        _ keys: inout Int, _ hasValue: inout Bool
    ) throws(RejectionReason) -> Int {
        let bytes = scanner.bytes
        if depth >= EventLimits.depth { throw .tooDeep }
        var at = bytes.skippingSpaces(start &+ 1)
        if bytes[at] == Byte.closeBracket { return at &+ 1 }
        var index = 0
        while true {
            let field = unsafe tables.find(Int(head.pointee.object), index: index)
            at = unsafe try nested(field, at, row, serial, depth: depth &+ 1, &keys, &hasValue)
            at = bytes.skippingSpaces(at)
            if bytes[at] == Byte.closeBracket { return at &+ 1 }
            guard bytes[at] == Byte.comma else { throw .malformedJSON }
            at = bytes.skippingSpaces(at &+ 1)
            index &+= 1
        }
    }

    private func members(
        _ head: UnsafeMutablePointer<RecordField>, _ start: Int, _ row: Int, _ serial: UInt64, depth: Int,
        _ keys: inout Int, _ hasValue: inout Bool
    ) throws(RejectionReason) -> Int {
        let bytes = scanner.bytes
        if depth >= EventLimits.depth { throw .tooDeep }
        var at = bytes.skippingSpaces(start &+ 1)
        if bytes[at] == Byte.closeBrace { return at &+ 1 }
        var previous = unsafe head
        while true {
            guard bytes[at] == Byte.quote else { throw .malformedJSON }
            keys &+= 1
            if keys > EventLimits.keysPerRecord { throw .tooManyKeys }
            let predicted = unsafe previous.pointee.next
            if unsafe tables.matches(predicted, bytes, at &+ 1) {
                unsafe previous = predicted
                at = unsafe bytes.skippingSpaces(at &+ 1 &+ Int(predicted.pointee.name.length))
                at = unsafe try nested(predicted, at, row, serial, depth: depth &+ 1, &keys, &hasValue)
            } else {
                let (field, value) = unsafe try lookUp(at &+ 1, previous)
                unsafe previous = field ?? previous
                at = unsafe try nested(field, value, row, serial, depth: depth &+ 1, &keys, &hasValue)
            }
            at = bytes.skippingSpaces(at)
            if bytes[at] == Byte.closeBrace { return at &+ 1 }
            guard bytes[at] == Byte.comma else { throw .malformedJSON }
            at = bytes.skippingSpaces(at &+ 1)
        }
    }

    private func nested(
        _ field: UnsafeMutablePointer<RecordField>?, _ at: Int, _ row: Int, _ serial: UInt64, depth: Int,
        _ keys: inout Int, _ hasValue: inout Bool
    ) throws(RejectionReason) -> Int {
        guard let field = unsafe field else {
            return try scanner.skip(at, depth: depth, keys: &keys, numbers: numbers)
        }
        if scanner.bytes[at] == Byte.openBrace, let head = unsafe field.pointee.child {
            return unsafe try members(head, at, row, serial, depth: depth, &keys, &hasValue)
        }
        return unsafe try unusualValue(field, at, row, serial, depth: depth, &keys, &hasValue)
    }
}
