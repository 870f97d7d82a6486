import Events

/// Builds the tree of keys that a schema's paths span.
struct PlanBuilder {
    private struct Member {
        var key: String
        var field = FieldDraft()
        var isLeaf = false
    }

    private struct Object {
        var members: [Member] = []
        var countsUnknown = false
    }

    /// The record itself is the first.
    private var objects: [Object] = [Object(countsUnknown: true)]

    /// Adds a field; the first use of a path wins.
    mutating func add(_ path: [String]?, _ action: FieldAction, _ column: RecordColumn, scale: Double = 1) {
        guard let path, let last = path.last, path.count <= EventLimits.depth else { return }
        let object = descend(path.dropLast())
        let index = member(last, of: object)
        guard !objects[object].members[index].isLeaf else { return }
        objects[object].members[index].isLeaf = true
        objects[object].members[index].field.action = action
        objects[object].members[index].field.column = column
        objects[object].members[index].field.scale = scale
        objects[object].members[index].field.namesAnError = action == .status && StatusNames.namesAnError(last)
    }

    /// Adds an object whose unknown members are counted.
    mutating func addObject(_ path: [String]) {
        guard !path.isEmpty, path.count < EventLimits.depth else { return }
        objects[descend(path[...])].countsUnknown = true
    }

    private mutating func descend(_ path: ArraySlice<String>) -> Int {
        var object = 0
        for key in path {
            let index = member(key, of: object)
            if let child = objects[object].members[index].field.child {
                object = child
            } else {
                objects.append(Object())
                objects[object].members[index].field.child = objects.count - 1
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

    /// The tree in arrays.
    struct Flat {
        var fields: [FieldDraft] = []
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
        for member in object.members {
            var field = member.field
            field.object = index
            appendKey(member.key, to: &flat, &field)
            insert(flat.fields.count, hash: field.hash, into: &flat, object: index, capacity: capacity)
            flat.fields.append(field)
            if let child = field.child { place(child, in: &flat) }
        }
        flat.objects[index].endField = Int32(truncatingIfNeeded: flat.fields.count)
    }

    private func appendKey(_ key: String, to flat: inout Flat, _ field: inout FieldDraft) {
        let bytes = Array(key.utf8)
        let needle = bytes + [Byte.quote, Byte.colon]
        field.key = flat.keys.count
        field.keyLength = needle.count
        field.isPlain = !bytes.contains { $0 < 0x20 || $0 == Byte.quote || $0 == Byte.backslash }
        field.hash = withTerminated(bytes) { IdentifierHash.hash($0, 0, $1) }
        flat.keys.append(contentsOf: needle)
        while flat.keys.count % 8 != 0 { flat.keys.append(0) }
    }

    private func insert(_ position: Int, hash: UInt64, into flat: inout Flat, object: Int, capacity: Int) {
        let table = Int(flat.objects[object].table)
        var slot = Int(truncatingIfNeeded: hash) & (capacity - 1)
        while flat.slots[table + slot] != 0 { slot = (slot + 1) & (capacity - 1) }
        flat.slots[table + slot] = Int32(truncatingIfNeeded: position + 1)
    }
}
