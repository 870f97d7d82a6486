import Events

/// What to do with the value of a field.
enum FieldAction: UInt8 {
    /// Nothing asks for it, and that is known.
    case skip
    /// Only its members are asked for.
    case descend
    case number, text, timestamp, identifier, model, version, status
}

/// One key at one place of a record.
struct RecordField {
    var action = FieldAction.descend
    /// Whether a true or text value means that the call failed (`error`).
    var namesAnError = false
    /// Offset of the key and its closing quote in the plan's key bytes.
    var key: Int32 = 0
    /// Bytes of the key without the quote.
    var keyLength: Int32 = 0
    /// Mask of the bytes of the last, partial word of key and quote; 0 if there is none.
    var lastMask: UInt64 = 0
    /// Whether the key can stand in JSON as it is, so that raw bytes may be compared.
    var isPlain = true
    /// The field that followed this one when it was last looked up, or -1.
    var next: Int32 = -1
    /// The object this is a member of.
    var object: Int32 = 0
    /// The object this leads to, or -1.
    var child: Int32 = -1
    /// Index among the batch's numeric or text columns.
    var column: Int32 = -1
    /// Factor from the unit of the record to that of the signal.
    var scale = 1.0
    /// Hash of the key.
    var hash: UInt64 = 0
}

/// One object at one place of a record: its known members in a hash table.
struct RecordObject {
    /// The field that came first when it was last looked up, or -1.
    var first: Int32 = -1
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

/// A schema compiled into the tables that a record is decoded with.
///
/// Owns its memory; made once per decoder.
@safe
struct RecordPlan: ~Copyable, @unchecked Sendable {
    let fields: UnsafeMutablePointer<RecordField>
    let objects: UnsafeMutablePointer<RecordObject>
    /// Field index plus one, or 0, in open addressing.
    let slots: UnsafeMutablePointer<Int32>
    /// The keys, each with a closing quote and padded to whole words.
    let keys: ByteWindow
    let fieldCount: Int
    let numberColumns: Int
    let textColumns: Int

    /// Compiles a schema.
    ///
    /// Of two uses of one path the first wins; a path that is empty is left out.
    init(_ schema: Schema) {
        var builder = PlanBuilder()
        var (numbers, texts) = (0, 0)
        for signal in schema.signals {
            switch signal.kind {
            case .numeric:
                builder.add(signal.path, .number, column: numbers, scale: signal.scale)
                numbers += 1
            case .categorical:
                builder.add(signal.path, .text, column: texts)
                texts += 1
            }
        }
        builder.add(schema.timestamp, .timestamp)
        builder.add(schema.identifier, .identifier)
        builder.add(schema.model, .model)
        builder.add(schema.version, .version)
        builder.add(schema.status, .status)
        for path in schema.featureObjects { builder.addObject(path) }
        for path in schema.ignored { builder.add(path, .skip) }
        let flat = builder.flattened()
        fieldCount = flat.fields.count
        (numberColumns, textColumns) = (numbers, texts)
        unsafe fields = Self.copy(flat.fields)
        unsafe objects = Self.copy(flat.objects)
        unsafe slots = Self.copy(flat.slots)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: flat.keys.count + EventBatch.padding, alignment: 64)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: flat.keys.count + EventBatch.padding)
        keys = unsafe ByteWindow(memory)
        for i in flat.keys.indices { keys[i] = flat.keys[i] }
    }

    deinit {
        unsafe fields.deallocate()
        unsafe objects.deallocate()
        unsafe slots.deallocate()
        unsafe keys.base.deallocate()
    }

    private static func copy<T: BitwiseCopyable>(_ elements: [T]) -> UnsafeMutablePointer<T> {
        let memory = UnsafeMutablePointer<T>.allocate(capacity: max(1, elements.count))
        for i in elements.indices { unsafe (memory + i).initialize(to: elements[i]) }
        return unsafe memory
    }

    /// Whether the key that begins at `at` is that of the field, by its raw bytes with the closing quote.
    @inline(__always)
    func matches(_ field: Int, _ bytes: ByteWindow, _ at: Int) -> Bool {
        let length = unsafe Int(fields[field].keyLength) &+ 1
        let key = unsafe Int(fields[field].key)
        guard unsafe fields[field].isPlain else { return false }
        var i = 0
        while i &+ 8 <= length {
            // A word that matches holds no newline, so the next load stays inside the window's padding.
            if bytes.word(at &+ i) != keys.word(key &+ i) { return false }
            i &+= 8
        }
        return unsafe (bytes.word(at &+ i) ^ keys.word(key &+ i)) & fields[field].lastMask == 0
    }

    /// The member of `object` whose key is `from..<to`, unescaped, or -1.
    func find(_ object: Int, _ bytes: ByteWindow, _ from: Int, _ to: Int) -> Int {
        let hash = IdentifierHash.hash(bytes, from, to &- from)
        let (table, mask) = unsafe (Int(objects[object].table), Int(objects[object].mask))
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = unsafe Int(slots[table &+ slot]) &- 1
            if entry < 0 { return -1 }
            if unsafe fields[entry].hash == hash && holds(entry, bytes, from, to) { return entry }
            slot = (slot &+ 1) & mask
        }
    }

    private func holds(_ field: Int, _ bytes: ByteWindow, _ from: Int, _ to: Int) -> Bool {
        let key = unsafe Int(fields[field].key)
        guard unsafe Int(fields[field].keyLength) == to &- from else { return false }
        for i in 0..<(to &- from) where bytes[from &+ i] != keys[key &+ i] { return false }
        return true
    }
}

/// Builds the tree of keys that a schema's paths span.
private struct PlanBuilder {
    private struct Member {
        var key: String
        var field = RecordField()
        var isLeaf = false
        var child: Int?
    }

    private struct Object {
        var members: [Member] = []
        var countsUnknown = false
    }

    /// The record itself is the first.
    private var objects: [Object] = [Object(countsUnknown: true)]

    mutating func add(_ path: [String]?, _ action: FieldAction, column: Int = -1, scale: Double = 1) {
        guard let path, let last = path.last, path.count <= EventLimits.depth else { return }
        let object = descend(path.dropLast())
        let index = member(last, of: object)
        guard !objects[object].members[index].isLeaf else { return }
        objects[object].members[index].isLeaf = true
        objects[object].members[index].field.action = action
        objects[object].members[index].field.column = Int32(truncatingIfNeeded: column)
        objects[object].members[index].field.scale = scale
        objects[object].members[index].field.namesAnError = action == .status && StatusNames.namesAnError(last)
    }

    mutating func addObject(_ path: [String]) {
        guard !path.isEmpty, path.count < EventLimits.depth else { return }
        objects[descend(path[...])].countsUnknown = true
    }

    private mutating func descend(_ path: ArraySlice<String>) -> Int {
        var object = 0
        for key in path {
            let index = member(key, of: object)
            if let child = objects[object].members[index].child {
                object = child
            } else {
                objects.append(Object())
                objects[object].members[index].child = objects.count - 1
                object = objects.count - 1
            }
        }
        return object
    }

    private mutating func member(_ key: String, of object: Int) -> Int {
        let known = objects[object].members.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
        if let known { return known }
        objects[object].members.append(Member(key: key))
        return objects[object].members.count - 1
    }

    struct Flat {
        var fields: [RecordField] = []
        var objects: [RecordObject] = []
        var slots: [Int32] = []
        var keys: [UInt8] = []
    }

    /// The tree in arrays; the fields of an object and of all below it lie together.
    func flattened() -> Flat {
        var flat = Flat()
        flat.objects = [RecordObject](repeating: RecordObject(), count: objects.count)
        place(0, in: &flat)
        return flat
    }

    /// Recursion is as deep as the schema's paths, at most `EventLimits.depth`.
    private func place(_ index: Int, in flat: inout Flat) {
        let object = objects[index]
        flat.objects[index].countsUnknown = object.countsUnknown
        flat.objects[index].firstField = Int32(truncatingIfNeeded: flat.fields.count)
        var capacity = 4
        while capacity < 2 * object.members.count { capacity *= 2 }
        flat.objects[index].mask = Int32(truncatingIfNeeded: capacity - 1)
        flat.objects[index].table = Int32(truncatingIfNeeded: flat.slots.count)
        flat.slots.append(contentsOf: repeatElement(0, count: capacity))
        var previous: Int?
        for member in object.members {
            var field = member.field
            let position = flat.fields.count
            field.object = Int32(truncatingIfNeeded: index)
            field.child = Int32(truncatingIfNeeded: member.child ?? -1)
            appendKey(member.key, to: &flat, &field)
            insert(position, hash: field.hash, into: &flat, object: index, capacity: capacity)
            flat.fields.append(field)
            if let previous {
                flat.fields[previous].next = Int32(truncatingIfNeeded: position)
            } else {
                flat.objects[index].first = Int32(truncatingIfNeeded: position)
            }
            previous = position
            if let child = member.child { place(child, in: &flat) }
        }
        flat.objects[index].endField = Int32(truncatingIfNeeded: flat.fields.count)
    }

    private func appendKey(_ key: String, to flat: inout Flat, _ field: inout RecordField) {
        let bytes = Array(key.utf8)
        field.key = Int32(truncatingIfNeeded: flat.keys.count)
        field.keyLength = Int32(truncatingIfNeeded: bytes.count)
        field.isPlain = !bytes.contains { $0 < 0x20 || $0 == Byte.quote || $0 == Byte.backslash }
        field.hash = withTerminated(bytes) { IdentifierHash.hash($0, 0, $1) }
        let rest = (bytes.count + 1) % 8
        field.lastMask = rest == 0 ? 0 : 1 &<< UInt64(8 * rest) &- 1
        flat.keys.append(contentsOf: bytes)
        flat.keys.append(Byte.quote)
        while flat.keys.count % 8 != 0 { flat.keys.append(0) }
    }

    private func insert(_ position: Int, hash: UInt64, into flat: inout Flat, object: Int, capacity: Int) {
        let table = Int(flat.objects[object].table)
        var slot = Int(truncatingIfNeeded: hash) & (capacity - 1)
        while flat.slots[table + slot] != 0 { slot = (slot + 1) & (capacity - 1) }
        flat.slots[table + slot] = Int32(truncatingIfNeeded: position + 1)
    }
}
