import Events

/// What to do with the value of a field.
enum FieldAction: UInt8 {
    /// Nothing asks for it, and that is known.
    case skip
    /// Only its members are asked for.
    case descend
    /// A table of instances, looked into when the rest of the record is known.
    case payload
    case number, text, timestamp, identifier, status
    /// A text, of which the length counts.
    case length
    /// A number, or a date and time in seconds.
    case moment
}

/// One key at one place of a record, and where its values go.
///
/// Every object has one more at its head, which stands for its opening brace and has no key.
@safe
struct RecordField {
    /// The key, its closing quote and the colon, among the keys of the plan.
    var name: ExpectedBytes
    /// The field that followed this one when it was last looked up, or the one that nothing matches.
    var next: UnsafeMutablePointer<RecordField>
    /// The one before that: logs alternate between orders, and leave fields out.
    var other: UnsafeMutablePointer<RecordField>
    /// The first cell of its column in the batch at hand.
    var cells: UnsafeMutableRawPointer
    /// Factor from the unit of the record to that of the signal.
    var scale: Double
    var action: FieldAction
    /// Whether a value counts as something measured.
    var isSignal: Bool
    /// Whether the key can stand in JSON as it is, so that raw bytes may be compared.
    var isPlain: Bool
    /// Whether a true or text value means that the call failed (`error`).
    var namesAnError: Bool
    /// The head of the object this leads to.
    var child: UnsafeMutablePointer<RecordField>?
    /// The object this is a member of.
    var object: Int32
    /// Hash of the key.
    var hash: UInt64
    /// Which column of the batch.
    var column: RecordColumn
}

/// A column of a batch.
enum RecordColumn: Hashable {
    case none, timestamp, identifier, model, version, status
    /// By its index among the numeric or the text columns.
    case number(Int32), text(Int32)
    /// A number that others are measured from, by its index; no column of a batch.
    case hidden(Int32)
    /// A table, by its index among the payloads.
    case payload(Int32)

    /// Whether a value in it counts as something measured.
    var isSignal: Bool {
        switch self {
        case .number, .text, .status: true
        case .none, .timestamp, .identifier, .model, .version, .hidden, .payload: false
        }
    }
}

/// One object at one place of a record: its known members in a hash table.
struct RecordObject {
    /// Where its table starts among the plan's slots.
    var table: Int32 = 0
    /// Number of slots minus one; a power of two minus one.
    var mask: Int32 = 0
    /// Whether an unknown member is counted as unexpected.
    var countsUnknown = false
    /// The record in which it was last seen.
    var lastRecord: UInt64 = 0
    /// Fields of its own and of the objects below it.
    var firstField: Int32 = 0
    var endField: Int32 = 0
}

/// The tables that a record is decoded with, as plain pointers: copying them costs nothing and counts nothing.
@safe
struct RecordTables {
    /// The fields, then the heads of the objects, then one that nothing matches.
    let fields: UnsafeMutablePointer<RecordField>
    let objects: UnsafeMutablePointer<RecordObject>
    /// Field index plus one, or 0, in open addressing.
    let slots: UnsafeMutablePointer<Int32>
    /// The keys, each with its quote and colon and padded to whole words.
    let keys: ByteWindow
    /// Room for the members that lead to the current object, outermost first; as many as `EventLimits.depth`.
    let path: UnsafeMutablePointer<UnsafeMutablePointer<RecordField>>
    /// Where the scanner resolved its last escape.
    let resolved: UnsafeMutablePointer<Int>
    let fieldCount: Int

    /// Head of the record itself.
    @inline(__always)
    var root: UnsafeMutablePointer<RecordField> { unsafe fields + fieldCount }

    /// Whether the key that begins at `at` is that of the field, by its raw bytes with quote and colon.
    @inline(__always)
    func matches(_ field: UnsafeMutablePointer<RecordField>, _ bytes: ByteWindow, _ at: Int) -> Bool {
        unsafe field.pointee.name.stand(bytes, at, in: keys)
    }

    /// The member of `object` whose key is `from..<to`, unescaped, or `nil`.
    func find(
        _ object: Int, _ bytes: ByteWindow, _ from: Int, _ to: Int
    ) -> UnsafeMutablePointer<RecordField>? {
        let hash = IdentifierHash.hash(bytes, from, to &- from)
        let (table, mask) = unsafe (Int(objects[object].table), Int(objects[object].mask))
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = unsafe Int(slots[table &+ slot]) &- 1
            if entry < 0 { return nil }
            if unsafe fields[entry].hash == hash && holds(entry, bytes, from, to) { return unsafe fields + entry }
            slot = (slot &+ 1) & mask
        }
    }

    /// The member of `object` that a path names by the index of an element, or `nil`.
    func find(_ object: Int, index: Int) -> UnsafeMutablePointer<RecordField>? {
        for i in unsafe Int(objects[object].firstField)..<Int(objects[object].endField)
        where unsafe fields[i].object == object {
            var (rest, isIndex) = (index, true)
            let key = unsafe Int(fields[i].name.from)
            var at = unsafe key &+ Int(fields[i].name.length) &- 2
            repeat {
                at &-= 1
                isIndex = at >= key && keys[at] == Byte.zero &+ UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while isIndex && rest > 0
            if isIndex, at == key { return unsafe fields + i }
        }
        return nil
    }

    private func holds(_ field: Int, _ bytes: ByteWindow, _ from: Int, _ to: Int) -> Bool {
        let key = unsafe Int(fields[field].name.from)
        guard unsafe Int(fields[field].name.length) &- 2 == to &- from else { return false }
        for i in 0..<(to &- from) where bytes[from &+ i] != keys[key &+ i] { return false }
        return true
    }

    /// Remembers that `field` follows `previous`, which may be the head of their object.
    ///
    /// A key that raw bytes cannot be compared with is found by its hash every time.
    func learn(_ field: UnsafeMutablePointer<RecordField>, after previous: UnsafeMutablePointer<RecordField>) {
        guard unsafe field.pointee.isPlain else { return }
        unsafe previous.pointee.other = previous.pointee.next
        unsafe previous.pointee.next = field
    }

    /// Points the fields to the columns of a batch.
    func bind(_ rows: RowWriter) {
        for i in 0..<fieldCount { unsafe fields[i].cells = rows.cells(fields[i].column) }
    }
}

/// A schema compiled into tables.
///
/// Owns their memory, is made once per decoder and never shared, which is what makes `@unchecked Sendable` true.
@safe
struct RecordPlan: ~Copyable, @unchecked Sendable {
    let tables: RecordTables
    let numberColumns: Int
    let textColumns: Int
    let hiddenColumns: Int
    let differences: [SchemaColumns.Difference]

    /// Compiles a schema.
    ///
    /// Of two uses of one path the first wins; a path that is empty is left out.
    init(_ schema: Schema) {
        var builder = PlanBuilder()
        let columns = SchemaColumns(schema)
        for field in columns.fields { builder.add(field.path, field.action, field.column, scale: field.scale) }
        for path in schema.featureObjects { builder.addObject(path) }
        for path in schema.ignored { builder.add(path, .skip, .none) }
        let flat = builder.flattened()
        (numberColumns, textColumns) = (Int(columns.numbers), Int(columns.texts))
        (hiddenColumns, differences) = (Int(columns.hidden), columns.differences)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: flat.keys.count + EventBatch.padding, alignment: 64)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: flat.keys.count + EventBatch.padding)
        let keys = unsafe ByteWindow(memory)
        for i in flat.keys.indices { keys[i] = flat.keys[i] }
        let fields = UnsafeMutablePointer<RecordField>.allocate(capacity: flat.fields.count + flat.objects.count + 1)
        let heads = unsafe fields + flat.fields.count
        let nothing = unsafe heads + flat.objects.count
        for i in 0...(flat.fields.count + flat.objects.count) {
            var draft = FieldDraft()
            if i < flat.fields.count {
                draft = flat.fields[i]
            } else if i < flat.fields.count + flat.objects.count {
                draft.object = i - flat.fields.count
            }
            let child = unsafe draft.child.map { unsafe heads + $0 }
            // A head and the last one have no key.
            let name =
                draft.keyLength > 0 ? ExpectedBytes(keys, draft.key, draft.key + draft.keyLength) : ExpectedBytes.never
            unsafe (fields + i).initialize(to: draft.field(name: name, next: nothing, child: child, cells: memory))
        }
        tables = unsafe RecordTables(
            fields: fields, objects: Self.copy(flat.objects), slots: Self.copy(flat.slots), keys: keys,
            path: .allocate(capacity: EventLimits.depth), resolved: Self.copy([0]),
            fieldCount: flat.fields.count)
        // The order of the schema is the first guess.
        for i in flat.fields.indices.reversed() {
            let head = unsafe heads + flat.fields[i].object
            unsafe fields[i].next = head.pointee.next
            unsafe tables.learn(fields + i, after: head)
        }
    }

    deinit {
        unsafe tables.fields.deallocate()
        unsafe tables.objects.deallocate()
        unsafe tables.slots.deallocate()
        unsafe tables.path.deallocate()
        unsafe tables.resolved.deallocate()
        unsafe tables.keys.base.deallocate()
    }

    private static func copy<T: BitwiseCopyable>(_ elements: [T]) -> UnsafeMutablePointer<T> {
        let memory = UnsafeMutablePointer<T>.allocate(capacity: max(1, elements.count))
        for i in elements.indices { unsafe (memory + i).initialize(to: elements[i]) }
        return unsafe memory
    }
}

/// What a field is made of before its neighbours have addresses.
struct FieldDraft {
    /// Bytes of the key, the quote and the colon.
    var keyLength = 0
    /// Offset of those in the plan's key bytes.
    var key = 0
    var hash: UInt64 = 0
    var action = FieldAction.descend
    var column = RecordColumn.none
    var scale = 1.0
    var isPlain = true
    var namesAnError = false
    var object = 0
    var child: Int?

    func field(
        name: ExpectedBytes, next: UnsafeMutablePointer<RecordField>, child: UnsafeMutablePointer<RecordField>?,
        cells: UnsafeMutableRawPointer
    ) -> RecordField {
        unsafe RecordField(
            name: name, next: next, other: next, cells: cells, scale: scale, action: action, isSignal: column.isSignal,
            isPlain: isPlain, namesAnError: namesAnError, child: child, object: Int32(truncatingIfNeeded: object),
            hash: hash, column: column)
    }
}
