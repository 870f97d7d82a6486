import Events

/// The fields of a schema by their names, dots between the keys: for records without nesting.
///
/// Owns its memory, is made once per decoder and never shared, which is what makes `@unchecked Sendable` true.
@safe
struct FieldTable: ~Copyable, @unchecked Sendable {
    /// What finds fields; valid as long as the table.
    let lookup: FieldLookup

    /// What to do with each field, in the order of the schema.
    var targets: UnsafeMutablePointer<TextTarget> { unsafe lookup.targets }
    var count: Int { lookup.count }

    /// One field: its name, and what to do with it.
    struct Entry {
        var name: String
        var draft: FieldDraft
    }

    /// The fields of a schema; of two with one name the first wins.
    init(_ columns: SchemaColumns) {
        self.init(
            columns.fields.map { field in
                var draft = FieldDraft()
                (draft.action, draft.column, draft.scale) = (field.action, field.column, field.scale)
                draft.namesAnError = field.action == .status && StatusNames.namesAnError(field.path.last ?? "")
                return Entry(name: field.path.joined(separator: "."), draft: draft)
            })
    }

    init(_ entries: [Entry]) {
        var known: Set<String> = []
        let entries = entries.filter { known.insert($0.name).inserted }
        let count = entries.count
        var capacity = 8
        while capacity < 2 * entries.count { capacity *= 2 }
        let mask = capacity - 1
        let bytes = entries.reduce(0) { $0 + $1.name.utf8.count + 8 } + EventBatch.padding
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        let names = unsafe ByteWindow(memory)
        let targets = UnsafeMutablePointer<TextTarget>.allocate(capacity: max(1, count))
        let fields = UnsafeMutablePointer<FieldName>.allocate(capacity: count + 1)
        let slots = UnsafeMutablePointer<Int32>.allocate(capacity: capacity)
        unsafe slots.initialize(repeating: 0, count: capacity)
        var at = 0
        for (index, entry) in entries.enumerated() {
            let start = at
            for byte in entry.name.utf8 {
                names[at] = byte
                at += 1
            }
            names[at] = Byte.equals
            let name = FieldName(names, start, at, none: count)
            unsafe (fields + index).initialize(to: name)
            unsafe (targets + index).initialize(to: TextTarget(entry.draft, cells: memory))
            var slot = Int(truncatingIfNeeded: name.hash) & mask
            while unsafe slots[slot] != 0 { slot = (slot + 1) & mask }
            unsafe slots[slot] = Int32(truncatingIfNeeded: index + 1)
            at = (at + 8) / 8 * 8
        }
        unsafe (fields + count).initialize(to: FieldName(none: count))
        lookup = unsafe FieldLookup(
            targets: targets, count: count, names: names, fields: fields, slots: slots, mask: mask)
    }

    deinit {
        unsafe lookup.targets.deallocate()
        unsafe lookup.fields.deallocate()
        unsafe lookup.slots.deallocate()
        unsafe lookup.names.base.deallocate()
    }

    /// Points the fields to the columns of a batch.
    func bind(_ rows: RowWriter) {
        for i in 0..<count { unsafe targets[i].cells = rows.cells(targets[i].column) }
    }

    /// Index of the field of this name, or `nil` (allocates).
    func find(_ name: String) -> Int? {
        withTerminated(Array(name.utf8)) { bytes, count in lookup.find(bytes, 0, count) }
    }
}
