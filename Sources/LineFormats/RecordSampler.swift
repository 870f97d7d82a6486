import Events

/// Takes one JSON record apart into its leaves, for inference: slow, general and as strict as the decoder.
struct RecordSampler {
    /// A value that is neither an object nor null, or one of those.
    enum Value: Equatable {
        case null, boolean, list
        /// A number and its spelling.
        case number(Double, String)
        case text(String)
    }

    /// One leaf of a record.
    struct Leaf: Equatable {
        var path: [String]
        var value: Value
    }

    /// The leaves of the record in `line`, in their order, or `nil` if the line is not a record.
    ///
    /// An empty object has no leaves; members of arrays are not looked at.
    static func leaves(_ line: UnsafeRawBufferPointer) -> [Leaf]? {
        withTerminated(unsafe Array(line)) { bytes, count in
            try? leaves(bytes, count)
        }
    }

    private static func leaves(_ bytes: ByteWindow, _ count: Int) throws(RejectionReason) -> [Leaf] {
        let resolved = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        unsafe resolved.initialize(to: 0)
        defer { unsafe resolved.deallocate() }
        let scanner = unsafe JSONScanner(bytes, resolved: resolved)
        let numbers = DecimalReader()
        var start = 0
        if bytes.half(0) & 0xFF_FFFF == 0xBF_BBEF { start = 3 }
        while bytes[start] == 0, start < count { start &+= 1 }
        var at = bytes.skippingSpaces(start)
        guard bytes[at] == Byte.openBrace else { throw .notAnObject }
        var keys = 0
        var path: [String] = []
        var leaves: [Leaf] = []
        at = bytes.skippingSpaces(at &+ 1)
        var isEmpty = bytes[at] == Byte.closeBrace
        while true {
            if !isEmpty {
                guard bytes[at] == Byte.quote else { throw .malformedJSON }
                keys &+= 1
                guard keys <= EventLimits.keysPerRecord else { throw .tooManyKeys }
                let key = try scanner.string(at &+ 1)
                at = try scanner.colon(key.end)
                path.append(bytes.string(key.from, key.to))
                if bytes[at] == Byte.openBrace {
                    guard path.count < EventLimits.depth else { throw .tooDeep }
                    at = bytes.skippingSpaces(at &+ 1)
                    isEmpty = bytes[at] == Byte.closeBrace
                    continue
                }
                let value = try OtherValue(scanner, at, depth: path.count, &keys, numbers)
                leaves.append(Leaf(path: path, value: sample(value, bytes, numbers)))
                at = value.end
                path.removeLast()
            }
            isEmpty = false
            // Behind a member: the next one, or ends of objects, which are members themselves.
            while true {
                at = bytes.skippingSpaces(at)
                if bytes[at] == Byte.comma {
                    at = bytes.skippingSpaces(at &+ 1)
                    break
                }
                guard bytes[at] == Byte.closeBrace else { throw .malformedJSON }
                at = bytes.skippingSpaces(at &+ 1)
                if path.isEmpty {
                    guard bytes[at] == Byte.newline else { throw .malformedJSON }
                    return leaves
                }
                path.removeLast()
            }
        }
    }

    private static func sample(_ value: OtherValue, _ bytes: ByteWindow, _ numbers: DecimalReader) -> Value {
        switch value.kind {
        case .null: return .null
        case .yes, .no: return .boolean
        case .container: return .list
        case .nonfinite: return .number(.nan, "NaN")
        case .text: return value.isEmptyText ? .null : .text(bytes.string(value.from, value.to))
        case .number:
            let number = value.number(bytes, numbers) ?? .nan
            guard let spelling = value.spelling(bytes) else { return .number(number, "") }
            return .number(number, bytes.string(Int(spelling.offset), Int(spelling.offset) &+ Int(spelling.length)))
        }
    }
}
